//! The hourly files of a shard, kept up by every process that follows it: begun before it is owned, told how far the log has come
//! while it is followed and while it is owned.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::log::JetStreamLog;
use crate::log::hours::{HourFolder, HourKeeper, Hours, Reached};
use crate::shard::ShardHandle;

/// How often an owner says how far its log has come: an hour that is over is in memory until its file is written.
const LOOK: Duration = Duration::from_secs(10);

/// The task that keeps them up, and how it hears of the log. Dropped, it ends.
#[derive(Debug)]
pub(super) struct KeptHours {
    reached: watch::Sender<Reached>,
    _keeper: AbortOnDropHandle<()>,
}

impl KeptHours {
    pub(super) fn begin(log: Arc<JetStreamLog>, folder: HourFolder, hours: Hours, reached: Reached) -> Self {
        let (sender, receiver) = watch::channel(reached);
        let keeper = HourKeeper { log, folder, hours, reached: receiver };
        // It ends when this is dropped; an error of its own it says and tries again.
        let keeper = AbortOnDropHandle::new(tokio::spawn(keeper.run()));
        Self { reached: sender, _keeper: keeper }
    }

    /// The log has come so far.
    pub(super) fn reached(&self, reached: Reached) {
        self.reached.send_if_modified(|known| std::mem::replace(known, reached) != reached);
    }

    /// Says how far the log of an owned shard has come, until `stop` or until the shard ends. Cancel-safe.
    pub(super) async fn run(self, handle: ShardHandle, stop: CancellationToken) {
        loop {
            tokio::select! {
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let look = |state: &crate::domain::State| Reached { head: state.head(), time: state.time() };
            match handle.query(look).await {
                Ok(reached) => self.reached(reached),
                Err(_) => return,
            }
        }
    }
}
