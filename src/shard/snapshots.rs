//! Snapshots of a shard: when one is taken of an owner's while it runs, and when one may stand, whoever takes it.
//!
//! A cut leaves the shard like any read, when what it saw is durable (design, law 3). It is written only once every output up to there is
//! in its stream: so a start from it finds what is still to be handed over in the tail of the log.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::handle::{ShardHandle, Unavailable};
use crate::agents::feed::Feeds;
use crate::domain::State;
use crate::domain::id::{Index, Name};
use crate::domain::snapshot::Cut;
use crate::keys::KeyRings;
use crate::log::snapshot::{Ends, Manifest, Shelf, SnapshotError};
use crate::log::{LastEntry, Places};
use crate::nats::streams;
use crate::outbound::WorkspaceOutboxes;
use crate::telemetry::{ErrorChain, Metrics};

/// How often it is looked whether outputs have left: a fraction of what a snapshot takes.
const LOOK: Duration = Duration::from_millis(50);

/// How long outputs may take. A stream that takes none is an alarm of its own.
pub const HAND_OVER_WAIT: Duration = Duration::from_secs(60);

/// How snapshots are taken.
#[derive(Clone, Debug)]
pub struct SnapshotPlan {
    /// Where they are; none: there are none, and each start folds the whole log.
    pub folder: Option<PathBuf>,
    /// How long after the last the next is taken, if anything was recorded since.
    pub interval: Duration,
    /// How many are kept. At least two: a damaged one is passed over.
    pub keep: usize,
    /// Whether they are copied to the object store.
    pub store: bool,
}

/// Why no snapshot was written.
#[derive(Debug, thiserror::Error)]
pub enum Untaken {
    /// The shard or the log does not answer.
    #[error("ask for what is to be written")]
    Unavailable(#[from] Unavailable),
    /// Outputs do not leave: a cut is not held for longer, as the live state takes room beside it.
    #[error("wait for the outputs before it: they are not in OUT and DEAD yet")]
    NotHandedOver,
    /// The log has not the record that the state ends with.
    #[error("the log does not have the last record of the state")]
    Unknown,
    /// It cannot be written.
    #[error("write the snapshot")]
    Unwritten(#[from] SnapshotError),
}

/// A cut with all that its snapshot says beside it, ready to be written.
#[derive(Debug)]
pub struct Draft {
    /// The state.
    pub cut: Cut,
    /// How long the cut took.
    pub cut_in: Duration,
    /// What is said beside it.
    pub beside: Beside,
}

/// What a snapshot says beside the state.
#[derive(Debug)]
pub struct Beside {
    /// The entry of the last record in it.
    pub last_entry: LastEntry,
    /// Where the entries before are.
    pub places: Places,
    /// Where OUT and DEAD ended, with all outputs of it in them.
    pub ends: Ends,
    /// What sessions may ask for again.
    pub feeds: Feeds,
}

impl Draft {
    /// Writes it to the disk, where it stands when this returns.
    ///
    /// # Errors
    /// The disk; or the task that writes has ended. The snapshots before stand.
    pub async fn write(
        self,
        shelf: &Shelf,
        keys: KeyRings,
        keep: usize,
        metrics: &Metrics,
    ) -> Result<Manifest, SnapshotError> {
        let Self { cut, cut_in, beside: Beside { last_entry, places, ends, feeds } } = self;
        let head = cut.head();
        let manifest = Manifest::new(&cut, last_entry, places, ends);
        let begun = Instant::now();
        let beside = move || Ok(feeds.stored(head).encode()?);
        let written = shelf.write(cut, beside, manifest, keys, keep).await?;
        metrics.snapshots.written(written.time.0, written.bytes());
        info!(
            entries = head.entry(),
            bytes = written.bytes(),
            cut_us = cut_in.as_micros(),
            write_ms = begun.elapsed().as_millis(),
            "snapshot written"
        );
        Ok(written)
    }
}

/// The task that takes them of a shard that is owned.
#[derive(Debug)]
pub struct Snapshots {
    /// The shard.
    pub handle: ShardHandle,
    /// Its outputs.
    pub outboxes: Vec<WorkspaceOutboxes>,
    /// Where they go.
    pub shelf: Shelf,
    /// Keys that seal them.
    pub keys: KeyRings,
    /// See [`SnapshotPlan::interval`].
    pub interval: Duration,
    /// See [`SnapshotPlan::keep`].
    pub keep: usize,
    /// Where it counts.
    pub metrics: Metrics,
}

impl Snapshots {
    /// Takes snapshots until `stop` or until the shard ends. What fails is said, and tried again after the next interval. Cancelled: what
    /// is half written never was.
    pub async fn run(self, stop: CancellationToken) {
        let mut last = None;
        loop {
            tokio::select! {
                // Cancel-safe: nothing is held.
                () = tokio::time::sleep(self.interval) => {}
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => return,
            }
            let taken = tokio::select! {
                taken = self.once(last) => taken,
                () = stop.cancelled() => return,
            };
            match taken {
                Ok(taken) => last = taken.or(last),
                Err(Untaken::Unavailable(_)) if stop.is_cancelled() => return,
                Err(error) => {
                    self.metrics.snapshots.failed();
                    warn!(error = %ErrorChain(&error), "no snapshot taken: the one before it stands");
                }
            }
        }
    }

    /// Takes one, unless nothing was recorded since the `last`. Returns the last record in it.
    ///
    /// # Errors
    /// [`Untaken`].
    pub async fn once(&self, last: Option<Index>) -> Result<Option<Index>, Untaken> {
        let cut = move |state: &State| {
            let begun = Instant::now();
            let cut = (state.head() != Index(0) && Some(state.head()) != last).then(|| state.cut());
            (cut, begun.elapsed())
        };
        let (Some(cut), cut_in) = self.handle.query(cut).await? else { return Ok(None) };
        // Its answer comes with a later turn: what was decided up to the cut is in the rings and outboxes by then.
        self.handle.query(|_| ()).await?;
        let settled = tokio::time::timeout(HAND_OVER_WAIT, self.handed_over()).await;
        let ends = settled.map_err(|_| Untaken::NotHandedOver)?;
        let head = cut.head();
        let feeds = self.handle.feeds().clone();
        let (last_entry, places) = self.handle.place_of(head).await?.ok_or(Untaken::Unknown)?;
        let draft = Draft { cut, cut_in, beside: Beside { last_entry, places, ends, feeds } };
        let written = draft.write(&self.shelf, self.keys.clone(), self.keep, &self.metrics).await?;
        let begun = Instant::now();
        match self.shelf.copy(&written, self.keep).await {
            Ok(true) => {
                info!(entries = head.entry(), copy_ms = begun.elapsed().as_millis(), "snapshot copied to the store");
            }
            Ok(false) => {}
            Err(error) => {
                self.metrics.snapshots.failed();
                warn!(error = %ErrorChain(&error), "snapshot not copied to the store: it stands on the disk");
            }
        }
        Ok(Some(head))
    }

    /// Waits until all outputs that are in an outbox by now are in their streams. Where those end then.
    async fn handed_over(&self) -> Ends {
        let boxes = || {
            self.outboxes.iter().flat_map(|ways| {
                let name = ways.workspace.as_str();
                [(streams::out_name(name), &ways.out), (streams::dead_name(name), &ways.dead)]
            })
        };
        let marks: Vec<u64> = boxes().map(|(_, outbox)| outbox.mark()).collect();
        loop {
            let settled = boxes().zip(&marks).all(|((_, outbox), mark)| outbox.has_settled(*mark));
            let ends = boxes().map(|(name, outbox)| Some((Name::new(name), outbox.end()?)));
            if let Some(ends) = ends.collect::<Option<Ends>>().filter(|_| settled) {
                return ends;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
