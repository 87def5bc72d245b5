//! Snapshots that a node writes while it stands by: it begins quickly when it is started again, and what is erased leaves its disk, too.
//!
//! As the owner's they stand only when all their outputs are in OUT and DEAD. They are not copied to the store: the owner's are.

use std::time::{Duration, Instant};

use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::{App, streams};
use crate::domain::id::Index;
use crate::domain::snapshot::Cut;
use crate::log::JetStreamLog;
use crate::log::snapshot::{Manifest, Shelf, SnapshotError};
use crate::nats::Nats;
use crate::shard::{Draft, HAND_OVER_WAIT, RecoveryError, Standby, Untaken};
use crate::telemetry::ErrorChain;

/// What is under way.
#[derive(Debug)]
enum Stage {
    /// The next is not due.
    Idle,
    /// A cut waits for its outputs.
    Cut { cut: Cut, cut_in: Duration, since: Instant },
    /// It is written. Dropped: what is half written never was.
    Writing(AbortOnDropHandle<Result<Manifest, SnapshotError>>),
}

/// The snapshots of a shard that is followed.
#[derive(Debug)]
pub(super) struct Shelving<'a> {
    app: &'a App,
    shelf: Shelf,
    stage: Stage,
    due: Instant,
    /// The last record in the one before.
    last: Option<Index>,
}

impl<'a> Shelving<'a> {
    pub(super) fn new(app: &'a App, shelf: Shelf) -> Self {
        Self { app, shelf, stage: Stage::Idle, due: Instant::now() + app.plan.snapshots.interval, last: None }
    }

    /// Begins one that is due, and goes on with one that is begun. What keeps it from being written is said, and tried again after the next
    /// interval. Cancelled: it goes on with the next look.
    ///
    /// # Errors
    /// The servers do not answer, or a stream has lost its end: what is folded is to be folded anew.
    pub(super) async fn look(&mut self, nats: &Nats, standby: &mut Standby<JetStreamLog>) -> Result<(), RecoveryError> {
        match &mut self.stage {
            Stage::Idle => {
                if Instant::now() >= self.due {
                    let begun = Instant::now();
                    self.due = begun + self.app.plan.snapshots.interval;
                    if let Some(cut) = standby.cut(self.last) {
                        self.stage = Stage::Cut { cut, cut_in: begun.elapsed(), since: begun };
                    }
                }
            }
            Stage::Cut { cut, since, .. } => {
                if since.elapsed() > HAND_OVER_WAIT {
                    self.stage = Stage::Idle;
                    self.failed(&Untaken::NotHandedOver);
                    return Ok(());
                }
                let ends = streams::ends(nats, standby.shard(), &self.app.served.configs()).await?;
                if let Some(beside) = standby.settle(cut.head(), ends).await?
                    && let Stage::Cut { cut, cut_in, .. } = std::mem::replace(&mut self.stage, Stage::Idle)
                {
                    let keys = standby.keys().rings();
                    let (shelf, keep) = (self.shelf.clone(), self.app.plan.snapshots.keep);
                    let metrics = self.app.metrics.clone();
                    self.last = Some(cut.head());
                    let draft = Draft { cut, cut_in, beside };
                    let writing = async move { draft.write(&shelf, keys, keep, &metrics).await };
                    // Owned by this, which looks what became of it.
                    self.stage = Stage::Writing(AbortOnDropHandle::new(tokio::spawn(writing)));
                }
            }
            Stage::Writing(writing) => {
                if writing.is_finished() {
                    let ended = writing.await;
                    self.stage = Stage::Idle;
                    if let Err(error) = ended.unwrap_or_else(|end| Err(end.into())) {
                        // Nothing stands for it.
                        self.last = None;
                        self.failed(&error.into());
                    }
                }
            }
        }
        Ok(())
    }

    fn failed(&self, error: &Untaken) {
        self.app.metrics.snapshots.failed();
        warn!(error = %ErrorChain(error), "no snapshot taken: the one before it stands");
    }
}
