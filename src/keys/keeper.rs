//! Makes keys ahead of the leaves that will need them.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::book::KeyBook;
use super::error::KeysError;
use crate::telemetry::{ErrorChain, Metrics, RateLimit, fields};

/// First and longest wait before the store is asked again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// The task that keeps a workspace in keys.
#[derive(Debug)]
pub struct Keeper {
    book: KeyBook,
    waits: RateLimit,
}

impl Keeper {
    /// For one workspace. Trouble is said once in `repeat_interval`.
    #[must_use]
    pub fn new(book: KeyBook, metrics: Metrics, repeat_interval: Duration) -> Self {
        Self { book, waits: RateLimit::new(repeat_interval, metrics) }
    }

    /// Makes a block whenever the last one is three quarters used, and overwrites what a crash left, until `stop`. While the store is silent it tries again: nothing
    /// is lost, new customers wait once the keys that are there are used up. Dropped: like a crash, which is safe.
    ///
    /// # Errors
    /// [`KeysError`] that needs an operator.
    pub async fn run(self, stop: CancellationToken) -> Result<(), KeysError> {
        let ring = self.book.ring();
        let mut wait = BACK_OFF.0;
        loop {
            let failed = match self.provide().await {
                Ok(()) => false,
                Err(error) if error.may_pass() => {
                    if let Some(left_out) = self.waits.pass() {
                        warn!(
                            skein.workspace = %self.book.workspace(),
                            error = %ErrorChain(&error),
                            { fields::LEFT_OUT } = left_out,
                            "no new keys yet, or destroyed ones not overwritten yet"
                        );
                    }
                    true
                }
                Err(error) => return Err(error),
            };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                // Cancel-safe: a permit that was not taken stays.
                () = ring.work.notified(), if !failed => wait = BACK_OFF.0,
                () = tokio::time::sleep(wait), if failed => wait = (wait * 2).min(BACK_OFF.1),
            }
        }
    }

    async fn provide(&self) -> Result<(), KeysError> {
        let before = self.book.ring().capacity();
        // Customers to come do not wait for what cannot be overwritten yet.
        self.book.provide(self.book.ring().used()).await?;
        let keys = self.book.ring().capacity();
        if keys > before {
            info!(skein.workspace = %self.book.workspace(), keys, "keys made for customers to come");
        }
        self.book.tidy().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::id::{LeafId, Name};
    use crate::keys::{LEAVES, MemoryKeys, WorkspaceKey};

    #[tokio::test(start_paused = true)]
    async fn keys_are_made_while_the_store_lets_nobody_overwrite_what_was_destroyed() {
        let store = MemoryKeys::default();
        let open = KeyBook::open(Name::new("acme"), WorkspaceKey::random(), Arc::new(store.clone()), Arc::default());
        let book = open.await.expect("the keys open");
        book.provide(0).await.expect("the store answers");
        store.keep_all(true);
        assert!(book.destroy(&[LeafId(7)]).await.expect_err("not overwritten").may_pass());
        book.ring().note_used(LEAVES);
        let keeper = Keeper::new(book.clone(), Metrics::new(), Duration::from_secs(1));
        let stop = CancellationToken::new();
        let kept = tokio::spawn(keeper.run(stop.clone()));
        let made = async {
            while !book.ring().has_room() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), made).await.expect("keys for customers to come");
        store.keep_all(false);
        let overwritten = async {
            while store.stored().len() > 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), overwritten).await.expect("it goes on trying");
        stop.cancel();
        kept.await.expect("no panic").expect("no error that needs an operator");
    }
}
