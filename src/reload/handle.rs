//! How others ask for a reload, and what they are told.

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};

use crate::config::Problem;
use crate::domain::id::{Index, Name};

/// Requests that wait: operators are few.
pub(super) const ASKED: usize = 8;

/// The task that reads the files has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the daemon ends, or another process owns the shard")]
pub struct Ended;

/// What became of one workspace's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In force by the record with this index.
    Applied(Index),
    /// It says what is in force.
    Unchanged,
    /// It has problems; what was in force stays.
    Refused(Vec<Problem>),
    /// It is good, but the shard or the bus does not answer: it is tried again.
    Unavailable,
}

/// A workspace and what became of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload {
    /// The workspace.
    pub workspace: Name,
    /// Its file; none: it is built in.
    pub file: Option<PathBuf>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What the daemon's own configuration says now, which changes by a restart only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daemon {
    /// Keys with another value than the running one: they take effect at the next start.
    pub differs: Vec<String>,
    /// What would keep it from starting.
    pub problems: Vec<Problem>,
}

/// What became of all that was read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Each workspace that was meant.
    pub workspaces: Vec<Reload>,
    /// The daemon's own configuration.
    pub daemon: Daemon,
}

/// One request.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) workspace: Option<Name>,
    pub(super) answer: oneshot::Sender<Reloaded>,
}

/// Asks for reloads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReloadHandle {
    asks: mpsc::Sender<Ask>,
}

impl ReloadHandle {
    pub(super) fn new() -> (Self, mpsc::Receiver<Ask>) {
        let (asks, asked) = mpsc::channel(ASKED);
        (Self { asks }, asked)
    }

    /// Reads the files again, of one workspace or of all, whether they look changed or not. Cancelled: it is done all the same. A
    /// workspace that is not served here gives no [`Reload`].
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn reload(&self, workspace: Option<Name>) -> Result<Reloaded, Ended> {
        let (answer, reloaded) = oneshot::channel();
        self.asks.send(Ask { workspace, answer }).await.map_err(|_| Ended)?;
        reloaded.await.map_err(|_| Ended)
    }
}
