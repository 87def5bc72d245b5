//! How a process becomes the owner of a shard: fold the log and follow it, take it over, say so in the first records.
//!
//! The ends of OUT and DEAD are read before the fold begins, so that no output is missed between the two, and again at the take-over. They
//! and the checkpoint are witnesses: a log that ends before them was truncated, and only an operator can say what to do.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use tracing::{info, warn};

use super::append::LogAppender;
use super::engine::{Engine, LogEnded, Step};
use super::fold::{Fold, WorkspaceBacklog};
use super::handle::Reply;
use super::snapshots::Beside;
use crate::agents::feed::{Feeds, StoredFeeds};
use crate::clock::{ShardClock, TimeSource};
use crate::domain::State;
use crate::domain::command::Command;
use crate::domain::id::{Index, Name};
use crate::domain::rejection::Rejection;
use crate::domain::snapshot::Cut;
use crate::domain::time::Timestamp;
use crate::domain::workspace::WorkspaceConfig;
use crate::keys::{KeyBooks, KeyRings, KeysError};
use crate::log::codec::CodecError;
use crate::log::hours::{Hours, Reached};
use crate::log::snapshot::{Ends, Found, Shelf};
use crate::log::{EventLog, LogError, TakeOverError, Tip, Witness, Writer};
use crate::outbound::{Anchor, OutboundError};
use crate::telemetry::ErrorChain;

/// First and longest wait before the next attempt to take over.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Attempts to take over before giving up: whoever keeps appending meanwhile is the owner.
const ATTEMPTS: u32 = 20;

/// Why a shard cannot be owned.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The log cannot be read or trusted.
    #[error("fold the log")]
    Log(#[from] LogError),
    /// A record cannot be read by this build.
    #[error("fold entry {index} of the log")]
    Record {
        /// Which.
        index: u64,
        /// Why.
        source: CodecError,
    },
    /// Somebody else owns it, or the log does not let anybody.
    #[error("own the shard")]
    TakeOver(#[from] TakeOverError),
    /// The keys cannot be read, or not be made.
    #[error("read the keys")]
    Keys(#[from] KeysError),
    /// It is not known what was handed over.
    #[error("find what is to be handed over")]
    Outbound(#[from] OutboundError),
    /// The log writer ended before the first records were appended.
    #[error("begin as the owner")]
    Ended(#[from] LogEnded),
    /// The core refuses what the configuration asks for.
    #[error("apply the configuration of workspace {workspace}")]
    Refused {
        /// Which.
        workspace: Name,
        /// Why.
        source: Rejection,
    },
}

/// A workspace as it is to be served.
#[derive(Clone, Debug)]
pub struct WorkspaceSetup {
    /// Its configuration, checked.
    pub config: WorkspaceConfig,
    /// Its IN streams: name, and when each was created (nanoseconds since 1970).
    pub streams: Vec<(Name, i64)>,
}

/// What has to be known before the fold.
#[derive(Debug)]
pub struct Before {
    /// Name of the shard.
    pub shard: Name,
    /// Where the streams of hand-over end.
    pub backlogs: Vec<WorkspaceBacklog>,
    /// Who knows how long the log is.
    pub witnesses: Vec<Witness>,
    /// For how long agents' rings are rebuilt.
    pub rings: Duration,
    /// Keys of the workspaces' content.
    pub keys: KeyBooks,
    /// Where snapshots are; none: the whole log is folded.
    pub snapshots: Option<Shelf>,
    /// Hourly files of remembered ids; none: the state remembers all of them.
    pub hours: Option<Hours>,
}

/// Who knows how long the log is: the checkpoint, and the last messages handed over.
#[must_use]
pub fn witnesses(checkpoint: Option<Witness>, backlogs: &[WorkspaceBacklog]) -> Vec<Witness> {
    let handed_over = backlogs
        .iter()
        .flat_map(|backlog| [&backlog.out, &backlog.dead])
        .filter_map(|backlog| backlog.last_position())
        .map(|position| Witness { source: "out", index: position.index.entry(), chain: None });
    checkpoint.into_iter().chain(handed_over).collect()
}

/// Where the streams of outputs end.
fn ends(backlogs: &[WorkspaceBacklog]) -> Ends {
    let all = backlogs.iter().flat_map(|backlog| [&backlog.out, &backlog.dead]);
    all.map(|backlog| (backlog.stream().clone(), backlog.end())).collect()
}

/// A shard that is owned and ready to run.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) engine: Engine<Reply>,
    pub(super) log: LogAppender,
    pub(super) clock: ShardClock,
    pub(super) backlogs: Vec<WorkspaceBacklog>,
}

/// A shard that is folded and followed, and not owned: what a process is before it owns it. Dropped: nobody notices.
#[derive(Debug)]
pub struct Standby<L> {
    log: Arc<L>,
    shard: Name,
    keys: KeyBooks,
    witnesses: Vec<Witness>,
    fold: Fold,
    tip: Tip,
    /// The entry in which the snapshot ends that it began with.
    snapshot_end: Option<Witness>,
    feeds: Feeds,
    hours: Option<Hours>,
    source: Arc<dyn TimeSource>,
}

/// What is true at the moment of a take-over, and may have been otherwise when the fold began.
#[derive(Debug, Default)]
pub struct Now {
    /// The workspaces as they are to be served.
    pub workspaces: Vec<WorkspaceSetup>,
    /// Where the streams of hand-over end, by their names.
    pub ends: Vec<(Name, Anchor)>,
    /// More of those who know how long the log is.
    pub witnesses: Vec<Witness>,
}

impl<L: EventLog> Standby<L> {
    /// Folds the log up to its end, from the newest snapshot on. Cancelled: nothing has happened.
    ///
    /// # Errors
    /// [`RecoveryError`]; those that need an operator say so.
    pub async fn begin(
        log: Arc<L>,
        before: Before,
        feeds: Feeds,
        source: Arc<dyn TimeSource>,
    ) -> Result<Self, RecoveryError> {
        let rings_from = Timestamp(source.wall_ms()) - before.rings;
        let keys = before.keys.rings();
        let mut witnesses = before.witnesses;
        let found = match before.snapshots {
            Some(shelf) => {
                let ends = ends(&before.backlogs);
                let (found, known) = shelf.newest(&keys, &ends, log.given_up().await?).await;
                // Also of those that are not used: each has seen how long the log was.
                witnesses.extend(known);
                found
            }
            None => None,
        };
        let mut snapshot_end = None;
        let (state, tip, rings) = match found {
            Some(Found { manifest, state, beside }) => {
                log.know(&manifest.places);
                snapshot_end = Some(manifest.witness());
                let rings = beside.map(|bytes| StoredFeeds::decode(&bytes)).transpose().unwrap_or_else(|error| {
                    warn!(error = %ErrorChain(&error), "what sessions may ask for again not read: they begin anew");
                    None
                });
                (state, manifest.tip, rings)
            }
            None => (State::new(before.shard.clone()), Tip::ORIGIN, None),
        };
        if let Some(rings) = &rings {
            feeds.restore(rings);
        }
        let rings_from = (rings.is_none()).then_some(rings_from);
        let mut standby = Self {
            log,
            shard: before.shard,
            witnesses,
            fold: Fold::new(state, before.backlogs, keys, feeds.clone(), rings_from),
            keys: before.keys,
            tip,
            snapshot_end,
            feeds,
            hours: before.hours,
            source,
        };
        standby.follow().await?;
        Ok(standby)
    }

    /// Folds what was appended since. Cancelled: what was folded stays folded.
    ///
    /// # Errors
    /// [`RecoveryError`]: the log cannot be read or trusted from there on. Silence of the servers may pass; all else stays.
    pub async fn follow(&mut self) -> Result<(), RecoveryError> {
        let mut replay = self.log.replay(self.tip).await?;
        // The end is fixed now, and a block is durable before a leaf of it is opened: none that is needed is missing.
        for book in self.keys.iter() {
            book.refresh().await?;
        }
        while let Some(entry) = replay.next().await? {
            let chain = replay.tip().chain;
            if let Some(known) = self.snapshot_end.as_ref().filter(|known| known.index == entry.index)
                && known.chain != Some(chain)
            {
                return Err(TakeOverError::Forked { witness: known.source, index: known.index }.into());
            }
            let folded = self.fold.entry(&entry);
            folded.map_err(|source| RecoveryError::Record { index: entry.index, source })?;
            // Entry by entry: a fold that is broken off goes on behind it.
            self.tip = replay.tip();
        }
        self.tip = replay.tip();
        if let Some(hours) = &self.hours {
            self.fold.state.archived(hours.through());
        }
        Ok(())
    }

    /// The last record that it has folded.
    #[must_use]
    pub fn reached(&self) -> Reached {
        Reached { head: self.fold.state.head(), time: self.fold.state.time() }
    }

    /// How far it has folded.
    #[must_use]
    pub fn tip(&self) -> Tip {
        self.tip
    }

    /// A cut of what is folded; none: nothing was recorded since `last`.
    pub fn cut(&mut self, last: Option<Index>) -> Option<Cut> {
        let head = self.fold.state.head();
        if head == Index(0) || Some(head) == last {
            return None;
        }
        // What is stored beside it begins no later than what follows.
        self.fold.finish();
        Some(self.fold.state.cut())
    }

    /// What a cut is written with, once all its outputs are in OUT and DEAD, which end as `now` says; none: not yet. Cancelled: to be
    /// asked again.
    ///
    /// # Errors
    /// [`RecoveryError`]: the log does not answer, or a stream has lost its end, which is to begin anew.
    pub async fn settle(&mut self, head: Index, now: Vec<(Name, Anchor)>) -> Result<Option<Beside>, RecoveryError> {
        for (stream, end) in now {
            self.fold.reread(&stream, end)?;
        }
        let mut all = self.fold.backlogs.iter().flat_map(|backlog| [&backlog.out, &backlog.dead]);
        if all.any(|backlog| backlog.has_any_of(head)) {
            return Ok(None);
        }
        let Some(last_entry) = self.log.last_entry(head.entry()).await? else { return Ok(None) };
        let (places, ends) = (self.log.places(head.entry()), ends(&self.fold.backlogs));
        Ok(Some(Beside { last_entry, places, ends, feeds: self.feeds.clone() }))
    }

    /// Name of the shard.
    #[must_use]
    pub fn shard(&self) -> &Name {
        &self.shard
    }

    /// The keys of its workspaces.
    #[must_use]
    pub fn keys(&self) -> &KeyBooks {
        &self.keys
    }

    pub(super) fn parts(&self) -> (Arc<L>, KeyRings, Feeds, Option<Hours>) {
        (Arc::clone(&self.log), self.keys.rings(), self.feeds.clone(), self.hours.clone())
    }

    async fn try_to_take_over(&mut self) -> Result<Writer, RecoveryError> {
        self.follow().await?;
        Ok(self.log.take_over(self.tip, &self.witnesses).await?)
    }

    /// Takes the log over and appends the first records. Cancelled: the log may have been taken over, which harms nobody.
    pub(super) async fn take_over(mut self, now: Now) -> Result<Owned, RecoveryError> {
        self.witnesses.extend(now.witnesses);
        for (stream, end) in now.ends {
            if let Anchor::At { position, .. } = end {
                self.witnesses.push(Witness { source: "out", index: position.index.entry(), chain: None });
            }
            self.fold.reread(&stream, end)?;
        }
        let mut wait = BACK_OFF.0;
        let mut attempt = 0;
        let writer = loop {
            match self.try_to_take_over().await {
                Ok(writer) => break writer,
                Err(error) if attempt < ATTEMPTS && may_pass(&error) => {
                    warn!(skein.shard = %self.shard, error = %ErrorChain(&error), "shard not taken over yet");
                }
                Err(error) => return Err(error),
            }
            attempt += 1;
            // Two who try at once must not go on doing so in step.
            let jitter = rand::rng().random_range(0.5..1.5);
            tokio::time::sleep(wait.mul_f64(jitter)).await;
            wait = (wait * 2).min(BACK_OFF.1);
        };
        self.fold.finish();
        let folded = self.fold.state.head();
        let mut clock = ShardClock::take_over(self.source, self.fold.state.time().0);
        let time = Timestamp(clock.now_ms());
        let outage_ms = match folded {
            Index(0) => 0,
            _ => u64::try_from(time.millis_since(self.fold.state.time())).unwrap_or(0),
        };
        info!(skein.shard = %self.shard, entries = folded.entry(), outage_ms, "shard taken over");
        let mut owned = Owned {
            engine: Engine::new(self.fold.state),
            log: LogAppender::new(self.shard, writer, self.keys.rings()),
            clock,
            backlogs: self.fold.backlogs,
        };
        for book in self.keys.iter() {
            let workspace = owned.engine.state().workspace(book.workspace());
            let leaves = workspace.map_or(0, |workspace| workspace.identities());
            book.provide(u32::try_from(leaves).unwrap_or(u32::MAX)).await?;
            book.provide_own().await?;
        }
        owned.begin(&now.workspaces, time, outage_ms).await?;
        Ok(owned)
    }
}

fn may_pass(error: &RecoveryError) -> bool {
    match error {
        RecoveryError::TakeOver(TakeOverError::Moved { .. } | TakeOverError::Unanswered)
        // Of a server that is cut off from the others: believed when it stays so.
        | RecoveryError::Log(LogError::Truncated { .. })
        | RecoveryError::TakeOver(TakeOverError::Log(LogError::Truncated { .. })) => true,
        RecoveryError::Log(LogError::Nats(error)) | RecoveryError::TakeOver(TakeOverError::Log(LogError::Nats(error))) => {
            error.is_transient()
        }
        _ => false,
    }
}

impl Owned {
    /// The first records of an owner: deadlines move on, then the configuration takes effect.
    async fn begin(
        &mut self,
        workspaces: &[WorkspaceSetup],
        now: Timestamp,
        outage_ms: u64,
    ) -> Result<(), RecoveryError> {
        let known: Vec<Name> = self.engine.state().workspaces().map(|workspace| workspace.name().clone()).collect();
        for workspace in known {
            self.must(Command::Resume { workspace, outage_ms }, now).await?;
        }
        for setup in workspaces {
            let workspace = setup.config.name.clone();
            if self.engine.state().workspace(&workspace).is_none() {
                let hash_key = rand::rng().random();
                let workspace = workspace.clone();
                self.must(Command::OpenWorkspace { workspace, hash_key }, now).await?;
            }
            self.must(
                Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(setup.config.clone()) },
                now,
            )
            .await?;
            // Before anything is looked up by what this build makes of addresses.
            while self.engine.state().workspace(&workspace).is_some_and(|space| space.wants_rekeying()) {
                self.must(Command::rekey(workspace.clone()), now).await?;
            }
            let key = rand::rng().random();
            self.must(Command::RenewReplyKey { workspace: workspace.clone(), key }, now).await?;
            for (stream, created_ns) in &setup.streams {
                // One that is bound keeps its position and its identity: what ingest compares with what it finds.
                if self.engine.state().stream(stream).is_none() {
                    self.must(
                        Command::BindStream {
                            workspace: workspace.clone(),
                            stream: stream.clone(),
                            created_ns: *created_ns,
                        },
                        now,
                    )
                    .await?;
                }
            }
        }
        Ok(self.log.send()?)
    }

    async fn must(&mut self, command: Command, now: Timestamp) -> Result<(), RecoveryError> {
        let workspace = command.workspace().clone();
        // Many workspaces may be more than the log takes at once.
        self.log.room().await?;
        match self.engine.handle(command, now, None, &mut self.log)? {
            Step::Recorded | Step::NoEffect | Step::Repeated => Ok(()),
            Step::Refused(source) => Err(RecoveryError::Refused { workspace, source }),
        }
    }
}
