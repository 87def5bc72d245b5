//! The way of a call from the port to whoever serves its shard: this process, or another node that owns it.
//!
//! A call that comes while nobody owns the shard waits a little: a take-over is a matter of seconds, and better waited for here than
//! tried again by every tool.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::Service as _;
use tonic::service::Routes;

use super::caller::WORKSPACE_METADATA;
use super::carried::Carried;
use super::drains::{Drained, Drains};
use super::local::Local;
use super::metrics::EdgeMetrics;
use super::status::{Reason, Refusal};
use crate::access::Proof;
use crate::domain::id::Name;

/// Calls about the node itself, which it answers whoever owns its shards.
const OF_THE_NODE: [&str; 3] = [
    "/skein.admin.v1.AdminService/GetLogLevel",
    "/skein.admin.v1.AdminService/SetLogLevel",
    "/skein.admin.v1.AdminService/Drain",
];
/// Calls that begin a session, which a drained node does not take.
const SESSIONS: [&str; 2] = ["/skein.agent.v1.AgentService/Session", "/skein.agent.v1.AgentService/Watch"];

/// Who owns a shard, as far as this process knows.
#[derive(Clone, Debug, Default)]
pub enum Owner {
    /// Nobody is known to.
    #[default]
    Nobody,
    /// This process.
    Here(Local),
    /// Another node.
    At {
        /// Its name.
        node: Name,
        /// How its lease stands: it has another number once the node has written it again.
        revision: u64,
    },
}

/// What is known of a shard.
#[derive(Clone, Debug, Default)]
struct Known {
    owner: Owner,
    /// The lease of an owner that could not be reached: it is no owner before it has written its lease again.
    suspected: Option<u64>,
}

/// Who owns which shard. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Directory {
    owners: Arc<BTreeMap<Name, watch::Sender<Known>>>,
    /// The shard of each workspace.
    shards: Arc<BTreeMap<Name, Name>>,
}

impl Directory {
    /// Of these workspaces and the shard of each; nobody is known to own any.
    #[must_use]
    pub fn new(shards: BTreeMap<Name, Name>) -> Self {
        let owners = shards.values().map(|shard| (shard.clone(), watch::Sender::default())).collect();
        Self { owners: Arc::new(owners), shards: Arc::new(shards) }
    }

    /// A shard is owned by somebody else from now on, or by nobody.
    pub fn set(&self, shard: &Name, owner: Owner) {
        let Some(known) = self.owners.get(shard) else { return };
        known.send_modify(|known| match owner {
            Owner::At { revision, .. } if known.suspected == Some(revision) => {}
            owner => *known = Known { owner, suspected: None },
        });
    }

    /// The owner whose lease stood so could not be reached: calls wait until it has written it again, or another owns the shard.
    fn suspect(&self, shard: &Name, revision: u64) {
        let Some(known) = self.owners.get(shard) else { return };
        known.send_if_modified(|known| {
            let is_it = matches!(&known.owner, Owner::At { revision: now, .. } if *now == revision);
            if is_it {
                *known = Known { owner: Owner::Nobody, suspected: Some(revision) };
            }
            is_it
        });
    }

    /// The shard that a call is about; none: it names no workspace, and there are several shards.
    fn shard_of(&self, workspace: Option<&str>) -> Option<&Name> {
        let named = workspace.and_then(|workspace| self.shards.get(workspace));
        // Whoever names none, or one that is not here, is answered by the one that there is.
        named.or_else(|| self.owners.keys().next().filter(|_| self.owners.len() == 1))
    }

    /// Who owns a shard now, or within `wait`.
    async fn owner(&self, shard: &Name, wait: Duration) -> Owner {
        let Some(owner) = self.owners.get(shard) else { return Owner::Nobody };
        let mut owner = owner.subscribe();
        let known = owner.wait_for(|known| !matches!(known.owner, Owner::Nobody));
        match tokio::time::timeout(wait, known).await {
            Ok(Ok(known)) => known.owner.clone(),
            Ok(Err(_)) | Err(_) => Owner::Nobody,
        }
    }
}

/// Carries calls to other nodes.
pub trait Carrier: Send + Sync + 'static {
    /// Carries a call to the node that owns a shard. Refused ([`Reason::OwnerUnreachable`], [`Reason::LimitReached`]) where it did not come to
    /// a response; a response that breaks off ends with such a status.
    fn carry(
        &self,
        node: Name,
        shard: Name,
        request: http::Request<Body>,
    ) -> BoxFuture<'static, Result<http::Response<Body>, Refusal>>;
}

/// Sends each call to whoever serves it. Cheap to clone.
#[derive(Clone)]
pub struct Front {
    /// Who owns which shard.
    pub directory: Directory,
    /// The way to other nodes.
    pub carrier: Arc<dyn Carrier>,
    /// What the node answers about itself.
    pub node: Routes,
    /// Workspaces that take no sessions now.
    pub drains: Drains,
    /// How long a call waits for an owner.
    pub owner_wait: Duration,
    /// This node is about to end: it carries nothing any longer.
    pub shutdown: CancellationToken,
    /// Counters.
    pub metrics: EdgeMetrics,
}

impl std::fmt::Debug for Front {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Front {
    pub(super) async fn answer(self, request: Request) -> Response {
        if OF_THE_NODE.contains(&request.uri().path()) {
            return served(self.node, request).await;
        }
        let workspace = workspace_of(&request);
        let Some(shard) = self.directory.shard_of(workspace.as_deref()).cloned() else {
            return self
                .refused(&Refusal::invalid(WORKSPACE_METADATA, "there are several shards: it says which is meant"));
        };
        match self.directory.owner(&shard, self.owner_wait).await {
            Owner::Here(local) => served(local.routes(), request).await,
            Owner::At { node, revision } => {
                let drained = workspace.filter(|_| SESSIONS.contains(&request.uri().path()));
                if drained.as_ref().is_some_and(|workspace| self.drains.has(workspace)) {
                    return self.refused(&drained_here());
                }
                let ending = ending(self.shutdown.clone(), self.drains.follow(), drained);
                match self.carrier.carry(node, shard.clone(), request.map(Body::new)).await {
                    Ok(carried) => carried.map(|body| axum::body::Body::new(Carried::new(body, ending.boxed()))),
                    Err(refusal) => {
                        if refusal.reason() == Reason::OwnerUnreachable {
                            self.directory.suspect(&shard, revision);
                        }
                        self.refused(&refusal)
                    }
                }
            }
            Owner::Nobody => self.refused(&Refusal::new(Reason::NotReady, "no node owns the shard at this moment")),
        }
    }

    fn refused(&self, refusal: &Refusal) -> Response {
        self.metrics.refused(refusal.reason());
        refusal.to_status().into_http::<Body>().map(axum::body::Body::new)
    }
}

/// When this node takes no part any longer in what another answers. `drained`: also when sessions of this workspace are to leave.
async fn ending(shutdown: CancellationToken, mut drains: Drained, drained: Option<Name>) -> Refusal {
    let drain = async {
        match &drained {
            Some(workspace) => drains.begins(workspace).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => Refusal::new(Reason::ShuttingDown, "the server shuts down"),
        () = drain => drained_here(),
    }
}

fn drained_here() -> Refusal {
    Refusal::new(Reason::Draining, "an operator has the workspace drained: no sessions now")
}

async fn served(mut routes: Routes, request: Request) -> Response {
    match routes.call(request).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(never) => match never {},
    }
}

/// The workspace that a call is about: by its metadata, or by its token where that is good for one alone.
fn workspace_of(request: &Request) -> Option<Name> {
    let named = request.headers().get(WORKSPACE_METADATA).and_then(|value| value.to_str().ok()).map(Name::from);
    let proven = || request.extensions().get::<Proof>()?.claimed.workspaces.only().cloned();
    named.or_else(proven)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_owner_that_could_not_be_reached_is_none_before_it_has_written_its_lease_again() {
        let (shard, wait) = (Name::new("main"), Duration::from_secs(1));
        let directory = Directory::new([(Name::new("acme"), shard.clone())].into());
        let at = |revision| Owner::At { node: Name::new("north"), revision };
        directory.set(&shard, at(7));
        directory.suspect(&shard, 6);
        assert!(matches!(directory.owner(&shard, wait).await, Owner::At { revision: 7, .. }), "it has written since");
        directory.suspect(&shard, 7);
        directory.set(&shard, at(7));
        assert!(matches!(directory.owner(&shard, wait).await, Owner::Nobody));
        directory.set(&shard, at(8));
        assert!(matches!(directory.owner(&shard, wait).await, Owner::At { revision: 8, .. }));
    }
}
