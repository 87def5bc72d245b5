//! The reader's side: what one session is told, at its own pace.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::feeds::{AgentFeed, Told};
use super::limits::FeedLimits;
use super::ring::Found;

/// The reader was so slow that it has to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reader did not keep up")]
pub struct Overrun;

/// A cursor in the ring of one agent. Dropping it frees what was kept for it.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<AgentFeed>,
    reader: u64,
    limits: FeedLimits,
}

impl Feed {
    pub(super) fn new(shared: Arc<AgentFeed>, reader: u64, limits: FeedLimits) -> Self {
        Self { shared, reader, limits }
    }

    /// Waits for the next positions: at least one, at most `items`, together about `bytes`.
    ///
    /// Cancel safe: positions are taken in the same step that returns them.
    ///
    /// # Errors
    /// When the reader has been too far behind, or full for too long.
    pub async fn next_batch(&mut self, items: usize, bytes: u64) -> Result<Vec<Told>, Overrun> {
        loop {
            let mut bell = std::pin::pin!(self.shared.bell.notified());
            // From here on a bell is not missed, although it is waited for only after the look.
            bell.as_mut().enable();
            let found = {
                let mut ring = self.shared.ring();
                ring.take(self.reader, items, bytes, &self.limits, Instant::now())
            };
            match found {
                Found::Some(batch) => return Ok(batch),
                Found::Lost => return Err(Overrun),
                Found::Nothing => bell.await,
            }
        }
    }

    /// Waits until the reader has to be ended because it is too slow. To be waited for while its peer takes nothing.
    ///
    /// Cancel safe: it only looks.
    pub async fn overrun(&self) -> Overrun {
        loop {
            let mut bell = std::pin::pin!(self.shared.bell.notified());
            bell.as_mut().enable();
            let (full_since, lost) = self.shared.ring().fullness(self.reader);
            if lost {
                return Overrun;
            }
            match full_since.map(|since| since + self.limits.full_for) {
                Some(end) if end <= Instant::now() => return Overrun,
                Some(end) => tokio::select! {
                    () = sleep_until(end) => {}
                    () = bell => {}
                },
                None => bell.await,
            }
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.ring().leave(self.reader, &self.limits);
    }
}
