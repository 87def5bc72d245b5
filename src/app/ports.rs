//! The agents' edge meets the shard and the object stores: its ports, on what this process has.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use async_nats::Client;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use tokio::io::AsyncReadExt as _;
use tonic::body::Body;
use tracing::warn;

use super::App;
use crate::agents::feed::Feeds;
use crate::agents::{
    Adapters, Carrier, CommandFailure, Media, MediaError, MediaStream, Reason, Refusal, Shard, Unavailable,
};
use crate::clock::wall_ms;
use crate::domain::command::{Answer, Command};
use crate::domain::explained::Explanation;
use crate::domain::id::{AgentId, Index, Name, RootId, WorkId};
use crate::domain::record::Record;
use crate::domain::time::Timestamp;
use crate::domain::view::{
    AgentView, AnswerAddress, ConversationView, CustomerQuery, CustomersFound, EstimateOf, EstimateView, OptionsOf,
    QueueView, ReplyOptions, TargetsView, WorkState, WorkView,
};
use crate::domain::workspace::{DispositionConfig, PresenceReasonConfig, Sight, TemplateConfig};
use crate::domain::{State, Workspace};
use crate::ingest::{Bodies, NoObject};
use crate::nats::Nats;
use crate::outbound::{AdapterHealth, typing_hint};
use crate::relay::{Relay, RelayOptions};
use crate::reload::Served;
use crate::shard::{CommandError, ShardHandle};
use crate::telemetry::ErrorChain;

/// Bytes of an attachment handed on at once.
const PIECE: usize = 64 << 10;

type Answered<T, E> = BoxFuture<'static, Result<T, E>>;

/// The shard as the edge sees it.
#[derive(Debug, Clone)]
pub(super) struct EdgeShard {
    pub(super) handle: ShardHandle,
    pub(super) served: Arc<Served>,
}

impl EdgeShard {
    fn look<T: Send + 'static>(&self, look: impl FnOnce(&State) -> T + Send + 'static) -> Answered<T, Unavailable> {
        let asked = self.handle.try_query(look);
        async move { asked.map_err(|_| Unavailable::Overloaded)?.await.map_err(|_| Unavailable::Stopped) }.boxed()
    }
}

impl Shard for EdgeShard {
    fn command(&self, command: Command) -> Answered<Answer, CommandFailure> {
        let handle = self.handle.clone();
        async move {
            let asked =
                handle.try_command(command).map_err(|_| CommandFailure::Unavailable(Unavailable::Overloaded))?;
            asked.await.map_err(|error| match error {
                CommandError::Rejected(rejection) => CommandFailure::Rejected(rejection),
                CommandError::Unavailable => CommandFailure::Unavailable(Unavailable::Stopped),
            })
        }
        .boxed()
    }

    fn agent(&self, workspace: Name, agent: Name) -> Answered<(Index, Option<AgentView>), Unavailable> {
        self.look(move |state| {
            let view = state.workspace(&workspace).and_then(|space| space.agent(&agent));
            (state.head(), view)
        })
    }

    fn shows_all(&self, workspace: &Name) -> bool {
        let served = self.served.workspaces.iter().find(|served| served.name() == *workspace);
        served.is_some_and(|served| served.shows_all())
    }

    fn sight(&self, workspace: Name, agent: Name) -> Answered<Sight, Unavailable> {
        // Of a workspace that is not here nothing is there to be seen.
        self.look(move |state| state.workspace(&workspace).map(|space| space.sight(&agent)).unwrap_or_default())
    }

    fn seen(
        &self,
        workspace: Name,
        agent: Name,
        conversation: RootId,
    ) -> Answered<(Sight, Option<ConversationView>), Unavailable> {
        self.look(move |state| {
            let seen = |space: &Workspace| (space.sight(&agent), space.conversation(conversation));
            state.workspace(&workspace).map(seen).unwrap_or_default()
        })
    }

    fn agent_names(&self, workspace: Name, agents: Vec<AgentId>) -> Answered<Vec<Option<Name>>, Unavailable> {
        self.look(move |state| {
            let space = state.workspace(&workspace);
            agents.iter().map(|agent| space.and_then(|space| space.agent_name(*agent)).cloned()).collect()
        })
    }

    fn work(&self, workspace: Name, work: WorkId) -> Answered<Option<WorkView>, Unavailable> {
        self.look(move |state| state.workspace(&workspace).and_then(|space| space.work(work)))
    }

    fn answer_address(&self, workspace: Name, work: WorkId) -> Answered<Option<AnswerAddress>, Unavailable> {
        self.look(move |state| state.workspace(&workspace).and_then(|space| space.answer_address(work)))
    }

    fn works(
        &self,
        workspace: Name,
        queue: Option<Name>,
        work_state: Option<WorkState>,
    ) -> Answered<Vec<WorkView>, Unavailable> {
        self.look(move |state| {
            state.workspace(&workspace).map(|space| space.works(queue.as_deref(), work_state)).unwrap_or_default()
        })
    }

    fn conversation(&self, workspace: Name, conversation: RootId) -> Answered<Option<ConversationView>, Unavailable> {
        self.look(move |state| state.workspace(&workspace).and_then(|space| space.conversation(conversation)))
    }

    fn customers(&self, workspace: Name, query: CustomerQuery) -> Answered<CustomersFound, Unavailable> {
        self.look(move |state| state.workspace(&workspace).map(|space| space.customers(&query)).unwrap_or_default())
    }

    fn reply_options(&self, workspace: Name, of: OptionsOf) -> Answered<Option<ReplyOptions>, Unavailable> {
        let now = Timestamp(wall_ms());
        self.look(move |state| {
            // The shard's clock is at least the time of its last record.
            let now = now.max(state.time());
            state.workspace(&workspace).and_then(|space| space.reply_options(of, now))
        })
    }

    fn templates(&self, workspace: Name, endpoint: Option<Name>) -> Answered<Option<Vec<TemplateConfig>>, Unavailable> {
        self.look(move |state| state.workspace(&workspace)?.config().templates_by(endpoint.as_deref()))
    }

    fn queues(
        &self,
        workspace: Name,
        queues: Vec<Name>,
        agent: Name,
        window_ms: i64,
    ) -> Answered<Vec<QueueView>, Unavailable> {
        let now = Timestamp(wall_ms());
        self.look(move |state| {
            let now = now.max(state.time());
            state.workspace(&workspace).map(|space| space.queues(&queues, &agent, window_ms, now)).unwrap_or_default()
        })
    }

    fn targets(&self, workspace: Name, work: WorkId) -> Answered<Option<TargetsView>, Unavailable> {
        self.look(move |state| state.workspace(&workspace)?.targets(work))
    }

    fn estimate(&self, workspace: Name, of: EstimateOf) -> Answered<Option<EstimateView>, Unavailable> {
        let now = Timestamp(wall_ms());
        self.look(move |state| {
            let now = now.max(state.time());
            state.workspace(&workspace)?.estimate(&of, now)
        })
    }

    fn explain(&self, workspace: Name, work: WorkId, agents: usize) -> Answered<Option<Explanation>, Unavailable> {
        let now = Timestamp(wall_ms());
        self.look(move |state| {
            let now = now.max(state.time());
            state.workspace(&workspace)?.explain(work, agents, now)
        })
    }

    fn dispositions(&self, workspace: Name, queue: Option<Name>) -> Answered<Vec<DispositionConfig>, Unavailable> {
        self.look(move |state| {
            state.workspace(&workspace).map(|space| space.config().listed(queue.as_deref())).unwrap_or_default()
        })
    }

    fn presence_reasons(&self, workspace: Name) -> Answered<Vec<PresenceReasonConfig>, Unavailable> {
        self.look(move |state| {
            state.workspace(&workspace).map(|space| space.config().presence_reasons.clone()).unwrap_or_default()
        })
    }

    fn read(&self, indexes: Vec<Index>) -> Answered<Vec<Option<Arc<Record>>>, Unavailable> {
        let handle = self.handle.clone();
        async move { handle.read(indexes).await.map_err(|_| Unavailable::NotReady) }.boxed()
    }

    fn feeds(&self) -> &Feeds {
        self.handle.feeds()
    }
}

/// Adapters for adapters, by a connection of the process.
#[derive(Debug, Clone)]
pub(super) struct LiveAdapters {
    pub(super) client: Client,
    pub(super) health: AdapterHealth,
}

impl Adapters for LiveAdapters {
    fn any_degraded(&self, workspace: &Name) -> bool {
        self.health.any(workspace)
    }

    fn is_degraded(&self, workspace: &Name, endpoint: &Name) -> bool {
        self.health.is_degraded(workspace, endpoint)
    }

    fn typing(&self, workspace: Name, to: AnswerAddress) -> Answered<(), Unavailable> {
        let client = self.client.clone();
        async move {
            let (subject, bytes) = typing_hint(&workspace, &to);
            client.publish(subject, bytes).await.map_err(|_| Unavailable::Stopped)
        }
        .boxed()
    }
}

/// The object stores of the workspaces.
#[derive(Debug, Clone, Default)]
pub(super) struct Stores(pub(super) Arc<BTreeMap<Name, Bodies>>);

impl Media for Stores {
    fn put(&self, workspace: Name, object: String, bytes: Bytes) -> Answered<(), MediaError> {
        let store = self.0.get(&workspace).cloned();
        async move {
            let store = store.ok_or(MediaError::Missing)?;
            store.put_new(&object, &bytes).await.map_err(|error| {
                warn!(error = %ErrorChain(&error), "an agent's attachment was not stored");
                MediaError::Unavailable
            })
        }
        .boxed()
    }

    fn open(&self, workspace: Name, object: String) -> Answered<MediaStream, MediaError> {
        let store = self.0.get(&workspace).cloned();
        async move {
            let object = store.ok_or(MediaError::Missing)?.open_object(&object).await.map_err(|error| match error {
                NoObject::Missing => MediaError::Missing,
                NoObject::Silent => MediaError::Unavailable,
            })?;
            let pieces = stream::try_unfold(object, |mut object| async move {
                let mut piece = vec![0; PIECE];
                let read = object.read(&mut piece).await.map_err(|_| MediaError::Unavailable)?;
                piece.truncate(read);
                Ok((read > 0).then(|| (Bytes::from(piece), object)))
            });
            Ok(pieces.boxed())
        }
        .boxed()
    }
}

/// The way to other nodes, once there is a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Carriage(Arc<OnceLock<Relay>>);

impl Carriage {
    /// Calls are carried from now on, by a connection of their own.
    ///
    /// # Errors
    /// There is no connection, or it takes no subscription.
    pub(super) async fn open(&self, nats: &Nats, app: &App) -> anyhow::Result<()> {
        let (node, options) = (&app.roster.me().node, RelayOptions::default());
        let relay = Relay::new(nats.open("relay").await?, node, options, app.metrics.clone()).await?;
        // Opened once for all.
        let _ = self.0.set(relay);
        Ok(())
    }
}

impl Carrier for Carriage {
    fn carry(
        &self,
        node: Name,
        shard: Name,
        request: http::Request<Body>,
    ) -> BoxFuture<'static, Result<http::Response<Body>, Refusal>> {
        let relay = self.0.get().cloned();
        async move {
            let unreached = || Refusal::new(Reason::NotReady, "there is no way yet to the node that owns the shard");
            relay.ok_or_else(unreached)?.call(&node, &shard, request).await
        }
        .boxed()
    }
}
