//! What the agents' edge needs of the rest: the shard, and the store of attachments.
//!
//! The edge sees the shard through these few requests only. Every answer is true of a durable state (design, law 3): a command's
//! answer comes when its record is durable, a read's when everything it saw is.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use super::feed::Feeds;
use crate::domain::command::{Answer, Command};
use crate::domain::explained::Explanation;
use crate::domain::id::{AgentId, Index, Name, RootId, WorkId};
use crate::domain::record::Record;
use crate::domain::rejection::Rejection;
use crate::domain::view::{
    AgentView, AnswerAddress, ConversationView, CustomerQuery, CustomersFound, EstimateOf, EstimateView, OptionsOf,
    QueueView, ReplyOptions, TargetsView, WorkState, WorkView,
};
use crate::domain::workspace::{DispositionConfig, PresenceReasonConfig, Sight, TemplateConfig};

/// The shard cannot answer now; the request may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It is not the owner yet, or no longer.
    #[error("the shard is not ready")]
    NotReady,
    /// Its queue is full.
    #[error("the shard's queue is full")]
    Overloaded,
    /// It has stopped.
    #[error("the shard has stopped")]
    Stopped,
}

/// What became of a command that has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandFailure {
    /// It was refused; nothing has changed.
    #[error("the command was refused")]
    Rejected(#[source] Rejection),
    /// It is unknown whether it was applied: repeat it with the same request id.
    #[error("the command has no answer")]
    Unavailable(#[source] Unavailable),
}

/// The shard, as the edge sees it.
///
/// All futures are cancel safe for the caller; a command may still be applied after its future is dropped. A command has its
/// place in the shard's order when its future was polled for the first time.
pub trait Shard: Send + Sync + 'static {
    /// Decided in order, answered when durable.
    fn command(&self, command: Command) -> BoxFuture<'static, Result<Answer, CommandFailure>>;
    /// The agent, with the index of the last record of the state it was read from.
    fn agent(
        &self,
        workspace: Name,
        agent: Name,
    ) -> BoxFuture<'static, Result<(Index, Option<AgentView>), Unavailable>>;
    /// Whether every queue of the workspace is shown to all its agents, as its configuration was accepted last. Mostly so, and then
    /// nothing need be asked.
    fn shows_all(&self, workspace: &Name) -> bool;
    /// What an agent may see.
    fn sight(&self, workspace: Name, agent: Name) -> BoxFuture<'static, Result<Sight, Unavailable>>;
    /// What an agent may see, and one conversation, of the same state.
    fn seen(
        &self,
        workspace: Name,
        agent: Name,
        conversation: RootId,
    ) -> BoxFuture<'static, Result<(Sight, Option<ConversationView>), Unavailable>>;
    /// Names of agents, in the order asked for.
    fn agent_names(
        &self,
        workspace: Name,
        agents: Vec<AgentId>,
    ) -> BoxFuture<'static, Result<Vec<Option<Name>>, Unavailable>>;
    /// One Work.
    fn work(&self, workspace: Name, work: WorkId) -> BoxFuture<'static, Result<Option<WorkView>, Unavailable>>;
    /// Where an answer in an owned Work goes. Asked by the call itself: the answer comes no later than that of a command given after it.
    fn answer_address(
        &self,
        workspace: Name,
        work: WorkId,
    ) -> BoxFuture<'static, Result<Option<AnswerAddress>, Unavailable>>;
    /// Works of a queue or all, in a state or any open one; in serving order, then by id.
    fn works(
        &self,
        workspace: Name,
        queue: Option<Name>,
        state: Option<WorkState>,
    ) -> BoxFuture<'static, Result<Vec<WorkView>, Unavailable>>;
    /// One conversation.
    fn conversation(
        &self,
        workspace: Name,
        conversation: RootId,
    ) -> BoxFuture<'static, Result<Option<ConversationView>, Unavailable>>;
    /// Customers that are asked for.
    fn customers(
        &self,
        workspace: Name,
        query: CustomerQuery,
    ) -> BoxFuture<'static, Result<CustomersFound, Unavailable>>;
    /// Where something could be sent now; none: there is no such open Work or customer.
    fn reply_options(
        &self,
        workspace: Name,
        of: OptionsOf,
    ) -> BoxFuture<'static, Result<Option<ReplyOptions>, Unavailable>>;
    /// Templates that an endpoint may send, or all where none is named; none: there is no such endpoint.
    fn templates(
        &self,
        workspace: Name,
        endpoint: Option<Name>,
    ) -> BoxFuture<'static, Result<Option<Vec<TemplateConfig>>, Unavailable>>;
    /// Queues: those named, or all; answers are counted over so many milliseconds. One that is not there is left out.
    fn queues(
        &self,
        workspace: Name,
        queues: Vec<Name>,
        agent: Name,
        window_ms: i64,
    ) -> BoxFuture<'static, Result<Vec<QueueView>, Unavailable>>;
    /// Where a Work can be passed on to; none: there is no such open Work.
    fn targets(&self, workspace: Name, work: WorkId) -> BoxFuture<'static, Result<Option<TargetsView>, Unavailable>>;
    /// How long a wait will be; none: there is no such open Work, or queue.
    fn estimate(
        &self,
        workspace: Name,
        of: EstimateOf,
    ) -> BoxFuture<'static, Result<Option<EstimateView>, Unavailable>>;
    /// Why a Work is where it is, with so many agents one by one at most; none: it is not known, or not any longer.
    fn explain(
        &self,
        workspace: Name,
        work: WorkId,
        agents: usize,
    ) -> BoxFuture<'static, Result<Option<Explanation>, Unavailable>>;
    /// Why Work of a queue may end, or of all.
    fn dispositions(
        &self,
        workspace: Name,
        queue: Option<Name>,
    ) -> BoxFuture<'static, Result<Vec<DispositionConfig>, Unavailable>>;
    /// Why agents may be away.
    fn presence_reasons(&self, workspace: Name) -> BoxFuture<'static, Result<Vec<PresenceReasonConfig>, Unavailable>>;
    /// Records by index, read in parallel, in the order asked for; none: no longer kept.
    fn read(&self, indexes: Vec<Index>) -> BoxFuture<'static, Result<Vec<Option<Arc<Record>>>, Unavailable>>;
    /// What agents are told.
    fn feeds(&self) -> &Feeds;
}

/// Adapters, as far as they are told something live, without a record.
pub trait Adapters: Send + Sync + 'static {
    /// Whether the adapter of any endpoint of a workspace lags or is silent: mostly none does, and then nothing else need be asked.
    fn any_degraded(&self, workspace: &Name) -> bool;
    /// Whether that of an endpoint does.
    fn is_degraded(&self, workspace: &Name, endpoint: &Name) -> bool;
    /// Tells the adapter that an answer is being written. Nobody waits for it to arrive.
    fn typing(&self, workspace: Name, to: AnswerAddress) -> BoxFuture<'static, Result<(), Unavailable>>;
}

/// Why bytes of an attachment cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// No such object: never stored, or its retention is over.
    #[error("no such object")]
    Missing,
    /// The store does not answer.
    #[error("the object store does not answer")]
    Unavailable,
}

/// Bytes of an object in order, in pieces of any size.
pub type MediaStream = BoxStream<'static, Result<Bytes, MediaError>>;

/// The store `SKEIN_MEDIA_<workspace>`.
pub trait Media: Send + Sync + 'static {
    /// Opens an object for reading from its beginning.
    fn open(&self, workspace: Name, object: String) -> BoxFuture<'static, Result<MediaStream, MediaError>>;
    /// Stores an object under a name of its own. Dropped: it may have been stored.
    fn put(&self, workspace: Name, object: String, bytes: Bytes) -> BoxFuture<'static, Result<(), MediaError>>;
}
