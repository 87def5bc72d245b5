//! The streams of each workspace: made when they are missing, refused when they differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use super::checks::QUESTIONS_MAX;
use super::declared;
use super::plan::{Plan, StreamPlan};
use crate::domain::id::Name;
use crate::domain::workspace::WorkspaceConfig;
use crate::ingest::Bodies;
use crate::keys::{JetStreamKeys, KeyBooks, KeysError, WorkspaceKey};
use crate::log::JetStreamLog;
use crate::log::checkpoint::Checkpoints;
use crate::nats::{Nats, NatsError, Objects, streams};
use crate::outbound::{Backlog, anchor};
use crate::shard::{WorkspaceBacklog, WorkspaceSetup};

/// Everything that is made at the servers before the fold, or was there.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) found: Found,
    pub(super) checkpoints: Checkpoints,
    pub(super) log: JetStreamLog,
    /// Where copies of snapshots are.
    pub(super) snapshots: Objects,
}

/// What is known of the workspaces' streams before the fold.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) setups: Vec<WorkspaceSetup>,
    pub(super) bodies: BTreeMap<Name, Bodies>,
}

/// Makes and checks all streams, and the consumers of adapters. May be repeated, also when it was broken off: what is there stays.
///
/// # Errors
/// A stream cannot be made, or exists with other settings; a question without an answer, which may be asked again.
pub(super) async fn make(nats: &Nats, plan: &Plan, workspaces: &[WorkspaceConfig]) -> Result<Made, NatsError> {
    Ok(Made {
        found: ensure(nats, &plan.streams, workspaces).await?,
        checkpoints: Checkpoints::open(nats.control(), &plan.shard, plan.streams.replicas).await?,
        log: JetStreamLog::open(nats, plan.log.clone()).await?,
        snapshots: {
            streams::ensure(nats.control(), &streams::snapshots(plan.streams.replicas)).await?;
            Objects::open(nats.control(), streams::SNAPSHOTS_BUCKET).await?
        },
    })
}

/// Makes and checks the streams of all workspaces, and the consumers of their adapters.
async fn ensure(nats: &Nats, plan: &StreamPlan, workspaces: &[WorkspaceConfig]) -> Result<Found, NatsError> {
    let client = nats.control();
    let mut found = Found { setups: Vec::new(), bodies: BTreeMap::new() };
    for workspace in workspaces {
        let name = workspace.name.as_str();
        let inbound = declared::inbound(plan, name);
        let state = streams::ensure(client, &inbound).await?;
        for declared in declared::beside(plan, name) {
            streams::ensure(client, &declared).await?;
        }
        // A loop, not a closure: what is made of one could not be sent to another thread.
        let mut adapters = Vec::new();
        for endpoint in &workspace.endpoints {
            adapters.push(streams::ensure_adapter(client, name, &endpoint.channel, &endpoint.name));
        }
        stream::iter(adapters).buffer_unordered(QUESTIONS_MAX).try_collect::<()>().await?;
        let bodies = Bodies::open(client, &streams::media_bucket(name)).await?;
        found.bodies.insert(workspace.name.clone(), bodies);
        found.setups.push(WorkspaceSetup {
            config: workspace.clone(),
            streams: vec![(Name::new(inbound.name), state.created_ns)],
        });
    }
    Ok(found)
}

/// Where OUT and DEAD of all workspaces end.
///
/// # Errors
/// They do not answer, or somebody else publishes to them.
pub(super) async fn backlogs(
    nats: &Nats,
    shard: &str,
    workspaces: &[WorkspaceConfig],
) -> Result<Vec<WorkspaceBacklog>, crate::outbound::OutboundError> {
    let mut backlogs = Vec::new();
    for workspace in workspaces {
        let name = workspace.name.as_str();
        let of = async |stream: String| {
            let end = anchor(nats.control(), &stream, shard).await?;
            Ok::<_, crate::outbound::OutboundError>(Backlog::new(Name::new(stream), end))
        };
        backlogs.push(WorkspaceBacklog {
            workspace: workspace.name.clone(),
            out: of(streams::out_name(name)).await?,
            dead: of(streams::dead_name(name)).await?,
        });
    }
    Ok(backlogs)
}

/// Reads the keys of all workspaces, whose streams exist.
///
/// # Errors
/// A workspace has no key, it does not fit, or its stored keys cannot be read.
pub(super) async fn keys(nats: &Nats, workspace_keys: &[(Name, WorkspaceKey)]) -> Result<KeyBooks, KeysError> {
    let mut books = KeyBooks::default();
    for (workspace, key) in workspace_keys {
        let store = JetStreamKeys::new(nats.control().clone(), workspace.clone());
        books.open(workspace.clone(), key.clone(), Arc::new(store)).await?;
    }
    Ok(books)
}
