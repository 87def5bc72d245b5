//! Carries erasures out (design, law 11): waits until the outputs of a customer's earlier records are handed over, destroys the
//! keys, has it recorded.
//!
//! Which customers are to be erased is folded state, so whoever owns the shard goes on where the last one stopped, and every step may
//! be repeated: the order is
//!
//! 1. the record `Erased` is durable;
//! 2. everything before it that goes to an adapter is in OUT: it would have to be read again after a crash, which needs the keys;
//! 3. the key blocks are stored without these keys, and the messages before them overwritten;
//! 4. the record `KeyDestroyed`.
//!
//! A store of keys that was put back from an older copy has destroyed ones again: so each owner begins by destroying once more
//! whatever the log says is destroyed.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::domain::State;
use crate::domain::command::Command;
use crate::domain::id::{Index, LeafId, Name};
use crate::keys::{KeyBook, KeysError};
use crate::nats::streams;
use crate::outbound::Outbox;
use crate::shard::{ShardHandle, Unavailable};
use crate::telemetry::{ErrorChain, Metrics, RateLimit, fields};

/// How often it is looked for customers to be erased: whoever asked may watch it happen, and a daemon at rest is hardly woken.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The task that erases the customers of one workspace.
#[derive(Debug)]
pub struct Eraser {
    workspace: Name,
    shard: ShardHandle,
    book: KeyBook,
    out: Arc<Outbox>,
    waits: RateLimit,
}

/// A customer whose keys are still there.
#[derive(Debug)]
struct Pending {
    erasure: Index,
    leaves: Vec<LeafId>,
    /// Whether it is recorded that later outputs are in OUT.
    handed_over: bool,
}

impl Eraser {
    /// For the workspace of these keys. Trouble is said once in `repeat_interval`.
    #[must_use]
    pub fn new(
        shard: ShardHandle,
        book: KeyBook,
        out: Arc<Outbox>,
        metrics: Metrics,
        repeat_interval: Duration,
    ) -> Self {
        let workspace = book.workspace().clone();
        Self { workspace, shard, book, out, waits: RateLimit::new(repeat_interval, metrics) }
    }

    /// Erases until `stop`, or until the shard ends. Dropped: like a crash, which is safe.
    ///
    /// # Errors
    /// [`KeysError`] that needs an operator.
    pub async fn run(self, stop: CancellationToken) -> Result<(), KeysError> {
        let mut begun = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            match self.look(&mut begun).await {
                Ok(Ok(())) => {}
                Ok(Err(Unavailable)) => return Ok(()),
                Err(error) if error.may_pass() => {
                    if let Some(left_out) = self.waits.pass() {
                        warn!(
                            skein.workspace = %self.workspace,
                            error = %ErrorChain(&error),
                            { fields::LEFT_OUT } = left_out,
                            "keys not destroyed yet"
                        );
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes every erasure as far as it goes now; those of before, where that has not `begun`.
    async fn look(&self, begun: &mut bool) -> Result<Result<(), Unavailable>, KeysError> {
        if !*begun {
            let workspace = self.workspace.clone();
            let destroyed = move |state: &State| state.workspace(&workspace).map(|space| space.destroyed().to_vec());
            match self.shard.query(destroyed).await {
                Ok(leaves) => self.book.destroy(&leaves.unwrap_or_default()).await?,
                Err(gone) => return Ok(Err(gone)),
            }
            *begun = true;
        }
        let workspace = self.workspace.clone();
        let pending = match self.shard.query(move |state| pending(state, &workspace)).await {
            Ok(pending) => pending,
            Err(gone) => return Ok(Err(gone)),
        };
        for Pending { erasure, leaves, handed_over } in pending {
            // What was put in before the answer came is all that the records before it say.
            if !handed_over && !self.out.is_settled() {
                continue;
            }
            self.book.destroy(&leaves).await?;
            self.shard.feeds().forget(&self.workspace, &leaves);
            let command = Command::KeysDestroyed { workspace: self.workspace.clone(), erasure };
            if self.shard.command(command).await.is_err() {
                return Ok(Err(Unavailable));
            }
            info!(skein.workspace = %self.workspace, skein.index = erasure.0, identities = leaves.len(), "customer erased");
        }
        Ok(Ok(()))
    }
}

fn pending(state: &State, workspace: &str) -> Vec<Pending> {
    let reached = state.handed_over(&streams::out_name(workspace)).map(|(_, position)| position.index);
    let erasures = state.workspace(workspace).into_iter().flat_map(|space| space.erasures());
    erasures
        .map(|(erasure, leaves)| Pending {
            erasure,
            leaves: leaves.to_vec(),
            handed_over: reached.is_some_and(|reached| reached >= erasure),
        })
        .collect()
}
