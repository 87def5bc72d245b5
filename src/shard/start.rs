//! Puts a shard together: recovery, the ways in, the loop.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::archive::Archive;
use super::assurance::Assurance;
use super::effects::Effects;
use super::handle::{REQUESTS, ReadRecords, SYSTEM, ShardHandle, Unavailable};
use super::inlets::{Inlet, Inlets};
use super::recovery::{Before, Now, RecoveryError, Standby};
use super::run::{Ended, Shard};
use super::tally::Tally;
use crate::agents::feed::Feeds;
use crate::clock::TimeSource;
use crate::domain::id::Index;
use crate::domain::record::Record;
use crate::domain::time::Timestamp;
use crate::keys::KeyRings;
use crate::log::{EventLog, LastEntry, Places, Progress, codec};
use crate::node::Standing;
use crate::outbound::{Outbox, WorkspaceOutboxes};
use crate::telemetry::{ErrorChain, Metrics, RateLimit, fields};

/// The ends of a shard that others hold.
#[derive(Debug)]
pub struct ShardEnds {
    /// For the edge and everybody else.
    pub handle: ShardHandle,
    /// One for each IN stream, in the order of the setups and their streams.
    pub inlets: Vec<Inlet>,
    /// Outputs to hand over, for each workspace; what a former owner left is in them.
    pub outboxes: Vec<WorkspaceOutboxes>,
    /// How the log is doing, for checkpoints and readiness.
    pub progress: watch::Receiver<Progress>,
}

/// Folds a shard's log and becomes its owner at once, sharing it with nobody: [`Standby::begin`] and [`Standby::own`].
///
/// # Errors
/// As those two.
pub async fn start<L: EventLog>(
    log: Arc<L>,
    before: Before,
    now: Now,
    source: Arc<dyn TimeSource>,
    metrics: Metrics,
    stop: CancellationToken,
) -> Result<(ShardEnds, impl Future<Output = Ended> + Send + 'static), RecoveryError> {
    // Boxed: it holds all that a start needs, and that once.
    let standby = Box::pin(Standby::begin(log, before, Feeds::default(), source)).await?;
    let (_, standing) = watch::channel(Standing::alone());
    Box::pin(standby.own(now, standing, metrics, stop)).await
}

impl<L: EventLog> Standby<L> {
    /// Becomes the owner of the shard, as sure of it as `standing` says. Returns what others hold, and the loop as a future for the task that owns it.
    ///
    /// The loop runs until `stop`; then everything that was decided becomes durable first. Dropped, it is like a crash, which is safe.
    ///
    /// # Errors
    /// [`RecoveryError`]; those that need an operator say so.
    pub async fn own(
        self,
        now: Now,
        standing: watch::Receiver<Standing>,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> Result<(ShardEnds, impl Future<Output = Ended> + Send + 'static), RecoveryError> {
        let streams = now.workspaces.iter().map(|setup| setup.streams.len()).sum();
        let (log, keys, feeds, hours) = self.parts();
        // Boxed: it holds all that a start needs, and that once.
        let owned = Box::pin(self.take_over(now)).await?;
        metrics.take_overs.inc();

        // One bell for whatever the loop waits for when it takes nothing: room in an outbox, and keys.
        let freed = keys.grown();
        let mut outboxes = Vec::new();
        for backlog in owned.backlogs {
            let ways = WorkspaceOutboxes {
                workspace: backlog.workspace,
                out: Outbox::new(Arc::clone(&freed)),
                dead: Outbox::new(Arc::clone(&freed)),
            };
            ways.out.put(&mut backlog.out.finish()?);
            ways.dead.put(&mut backlog.dead.finish()?);
            outboxes.push(ways);
        }
        let (requests_in, requests) = mpsc::channel(REQUESTS);
        let (system_in, system) = mpsc::channel(SYSTEM);
        let (inlets, inlets_out) = Inlets::new(streams);
        let progress = owned.log.writer().progress();
        let reader: Arc<dyn ReadRecords> = Arc::new(LogReader::new(log, keys, &metrics));
        let archive = hours.map(|hours| Archive::new(hours, Arc::clone(&reader)));
        let ends = ShardEnds {
            handle: ShardHandle {
                requests: requests_in,
                system: system_in,
                reader,
                feeds: feeds.clone(),
                archive: archive.clone(),
            },
            inlets,
            outboxes: outboxes.clone(),
            progress: progress.clone(),
        };
        let shard = Shard {
            engine: owned.engine,
            log: owned.log,
            progress,
            clock: owned.clock,
            effects: Effects::new(feeds, outboxes, freed),
            requests,
            assurance: Assurance::new(standing),
            system,
            inlets: inlets_out,
            batch: Vec::new().into_iter(),
            archive,
            asking: None,
            archived: Timestamp::default(),
            tally: Tally::new(metrics.clone()),
            metrics,
            keys_at: Timestamp::default(),
        };
        Ok((ends, shard.run(stop)))
    }
}

/// At most one line about reads that fail in so long: a session asks again and again.
const UNREAD_EVERY: Duration = Duration::from_secs(10);

/// Reads and decodes single records.
struct LogReader<L> {
    log: Arc<L>,
    keys: KeyRings,
    unread: RateLimit,
    undecoded: RateLimit,
}

impl<L: EventLog> LogReader<L> {
    fn new(log: Arc<L>, keys: KeyRings, metrics: &Metrics) -> Self {
        let line = || RateLimit::new(UNREAD_EVERY, metrics.clone());
        Self { log, keys, unread: line(), undecoded: line() }
    }

    fn decoded(&self, index: Index, body: &[u8]) -> Result<Option<Arc<Record>>, Unavailable> {
        codec::unpack_one(index, body, &self.keys).map(|record| record.map(Arc::new)).map_err(|error| {
            if let Some(left_out) = self.undecoded.pass() {
                tracing::error!(
                    { fields::RECORD_INDEX } = index.0,
                    { fields::LEFT_OUT } = left_out,
                    error = %ErrorChain(&error),
                    "record of the log cannot be decoded",
                );
            }
            Unavailable
        })
    }
}

impl<L: EventLog> ReadRecords for LogReader<L> {
    fn read(&self, indexes: Vec<Index>) -> BoxFuture<'_, Result<Vec<Option<Arc<Record>>>, Unavailable>> {
        async move {
            let mut numbers: Vec<u64> = indexes.iter().map(|index| index.entry()).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let entries = self.log.read(&numbers).await.map_err(|error| {
                if let Some(left_out) = self.unread.pass() {
                    tracing::warn!(
                        { fields::LEFT_OUT } = left_out,
                        error = %ErrorChain(&error),
                        "records not read from the log",
                    );
                }
                Unavailable
            })?;
            let entry = |index: Index| entries[numbers.partition_point(|number| *number < index.entry())].as_ref();
            let record = |index| entry(index).map_or(Ok(None), |entry| self.decoded(index, &entry.body));
            indexes.into_iter().map(record).collect()
        }
        .boxed()
    }

    fn place_of(&self, index: Index) -> BoxFuture<'_, Result<Option<(LastEntry, Places)>, Unavailable>> {
        async move {
            let last = self.log.last_entry(index.entry()).await.map_err(|error| {
                tracing::warn!(error = %ErrorChain(&error), "the place of a record not found in the log");
                Unavailable
            })?;
            Ok(last.map(|last| (last, self.log.places(index.entry()))))
        }
        .boxed()
    }
}
