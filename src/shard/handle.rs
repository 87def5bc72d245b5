//! How the rest of the process speaks to a shard: commands and reads from the agents' edge, inputs from ingest, the shard's own affairs.
//!
//! Three ways in, so that none starves another: requests of the edge, inputs by stream ([`super::Inlet`]), and system commands.
//! Everything is answered only when durable has reached the head it was decided at.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::archive::Archive;
use crate::agents::feed::Feeds;
use crate::domain::State;
use crate::domain::command::{Answer, Command};
use crate::domain::id::Index;
use crate::domain::record::Record;
use crate::domain::rejection::Rejection;
use crate::log::{LastEntry, Places};

/// Requests of the edge that wait for the shard: a few turns' worth; beyond it callers wait, which is the back-pressure.
pub(super) const REQUESTS: usize = 4_096;
/// Commands of the process itself that wait: a handful of tasks, each with few outstanding.
pub(super) const SYSTEM: usize = 256;

/// The shard does not answer: it ended, or another node owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shard is not available")]
pub struct Unavailable;

/// Why a command has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Refused, at a head which is durable.
    #[error("refused")]
    Rejected(#[source] Rejection),
    /// Not known whether it was applied.
    #[error("the shard is not available")]
    Unavailable,
}

impl From<Unavailable> for CommandError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Reads single durable records.
pub(super) trait ReadRecords: Send + Sync {
    fn read(&self, indexes: Vec<Index>) -> BoxFuture<'_, Result<Vec<Option<Arc<Record>>>, Unavailable>>;

    /// The entry of a durable record as the end of a snapshot, and where the entries before it are.
    fn place_of(&self, index: Index) -> BoxFuture<'_, Result<Option<(LastEntry, Places)>, Unavailable>>;
}

/// What finds an asker again.
pub(super) enum Reply {
    Command(oneshot::Sender<Result<Answer, Rejection>>),
    /// Hands out the value of a read.
    Read(Box<dyn FnOnce() + Send>),
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command(_) => "Reply::Command",
            Self::Read(_) => "Reply::Read",
        })
    }
}

/// Looks at the state and returns what hands out what it saw.
pub(super) type Look = Box<dyn FnOnce(&State) -> Box<dyn FnOnce() + Send> + Send>;

/// A request of the edge.
pub(super) enum Request {
    Command(Command, oneshot::Sender<Result<Answer, Rejection>>),
    Look(Look),
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command(..) => "Request::Command",
            Self::Look(_) => "Request::Look",
        })
    }
}

/// The way to a shard. Cheap to clone.
#[derive(Clone)]
pub struct ShardHandle {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) system: mpsc::Sender<Command>,
    pub(super) reader: Arc<dyn ReadRecords>,
    pub(super) feeds: Feeds,
    pub(super) archive: Option<Archive>,
}

impl fmt::Debug for ShardHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardHandle").finish_non_exhaustive()
    }
}

impl ShardHandle {
    /// Has a command decided on head; answered when durable. Cancelled: it may still be applied.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn command(&self, command: Command) -> Result<Answer, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request::Command(command, reply)).await.map_err(|_| Unavailable)?;
        answered(answer).await
    }

    /// Reads the state on head; the value is handed out when durable has reached that head. Keep `look` short: it runs on the
    /// shard's own task.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn query<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (look, value) = looking(look);
        self.requests.send(Request::Look(look)).await.map_err(|_| Unavailable)?;
        value.await.map_err(|_| Unavailable)
    }

    /// Like [`ShardHandle::command`], but does not wait for room: the command has its place in the shard's order when this returns.
    ///
    /// # Errors
    /// [`Unavailable`]: the queue is full, or the shard ended. Nothing was sent.
    pub fn try_command(
        &self,
        command: Command,
    ) -> Result<impl Future<Output = Result<Answer, CommandError>> + Send + use<>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(Request::Command(command, reply)).map_err(|_| Unavailable)?;
        Ok(answered(answer))
    }

    /// Like [`ShardHandle::query`], but does not wait for room.
    ///
    /// # Errors
    /// [`Unavailable`]: the queue is full, or the shard ended. Nothing was sent.
    pub fn try_query<T: Send + 'static, F: FnOnce(&State) -> T + Send + 'static>(
        &self,
        look: F,
    ) -> Result<impl Future<Output = Result<T, Unavailable>> + Send + use<T, F>, Unavailable> {
        let (look, value) = looking(look);
        self.requests.try_send(Request::Look(look)).map_err(|_| Unavailable)?;
        Ok(async move { value.await.map_err(|_| Unavailable) })
    }

    /// The entry of a durable record as the end of a snapshot, and where the entries before it are; none: the log does not have it.
    ///
    /// # Errors
    /// [`Unavailable`]: the log does not answer.
    pub(super) async fn place_of(&self, index: Index) -> Result<Option<(LastEntry, Places)>, Unavailable> {
        self.reader.place_of(index).await
    }

    /// Reads durable records by index, in the order asked for; `None` for one that the log has not, or has no longer.
    ///
    /// # Errors
    /// [`Unavailable`]: the log does not answer.
    pub async fn read(&self, indexes: Vec<Index>) -> Result<Vec<Option<Arc<Record>>>, Unavailable> {
        self.reader.read(indexes).await
    }

    /// What the core has forgotten; none: it has everything.
    pub(crate) fn archive(&self) -> Option<&Archive> {
        self.archive.as_ref()
    }

    /// Where durable records are told to agents.
    #[must_use]
    pub fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// Leaves a command of the process itself without waiting; false when there is no room, then try again later.
    pub(crate) fn leave(&self, command: Command) -> bool {
        self.system.try_send(command).is_ok()
    }
}

/// A look whose value comes by a channel.
fn looking<T: Send + 'static>(look: impl FnOnce(&State) -> T + Send + 'static) -> (Look, oneshot::Receiver<T>) {
    let (reply, value) = oneshot::channel();
    let look: Look = Box::new(move |state| {
        let seen = look(state);
        // An asker that is gone needs no value.
        Box::new(move || drop(reply.send(seen)))
    });
    (look, value)
}

async fn answered(answer: oneshot::Receiver<Result<Answer, Rejection>>) -> Result<Answer, CommandError> {
    answer.await.map_err(|_| CommandError::Unavailable)?.map_err(CommandError::Rejected)
}
