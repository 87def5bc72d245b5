//! Keeps the hourly files up: makes those that are missing from the log, whoever owns the shard, and removes those that are too old.
//!
//! An hour is written when a durable record is of a later one. Until then, and for as long as that takes, its keys are in the core.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::file::{Head, HourFile};
use super::folder::{HourError, HourFolder};
use super::hour::Hour;
use super::set::Hours;
use crate::domain::id::Index;
use crate::domain::record::Record;
use crate::domain::remembered::seen_in;
use crate::domain::time::Timestamp;
use crate::keys::KeyRings;
use crate::log::codec::{self, CodecError};
use crate::log::{EventLog, LogError};
use crate::telemetry::ErrorChain;

/// Wait before what failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How often it is looked whether the files are trusted still.
const LOOK: Duration = Duration::from_secs(30);

/// How far the log has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// A durable record, and all before it.
    pub head: Index,
    /// Its time.
    pub time: Timestamp,
}

/// Why files cannot be made now.
#[derive(Debug, thiserror::Error)]
enum Unmade {
    #[error("read the log")]
    Log(#[from] LogError),
    #[error("read entry {index} of the log")]
    Record { index: u64, source: CodecError },
    #[error("the log ends before entry {0}")]
    Ends(u64),
    #[error("use the hourly files")]
    Files(#[from] HourError),
    #[error("the task that works on the hourly files has ended")]
    Ended(#[from] tokio::task::JoinError),
}

/// What is made so far.
#[derive(Debug)]
struct Made {
    files: Vec<Arc<HourFile>>,
    /// Files found on the disk that are not used yet, by their first record.
    found: BTreeMap<Index, HourFile>,
    /// The first record that is in none.
    next: Index,
    /// Everything before is in them.
    through: Timestamp,
    /// See [`Hours::doubts`].
    doubts: u64,
}

/// The task that keeps the files up.
#[derive(Debug)]
pub struct HourKeeper<L> {
    /// The log.
    pub log: Arc<L>,
    /// Where the files are.
    pub folder: HourFolder,
    /// Who asks them.
    pub hours: Hours,
    /// How far the log has come.
    pub reached: watch::Receiver<Reached>,
}

impl<L: EventLog> HourKeeper<L> {
    /// Runs until nobody says how far the log has come. What fails is said, and tried again. Cancelled: what is half written never was.
    pub async fn run(mut self) {
        let mut made = None;
        loop {
            let wait = match self.catch_up(&mut made).await {
                Ok(()) => LOOK,
                Err(error) => {
                    warn!(error = %ErrorChain(&error), "hourly files not kept up: ids stay in memory until they are");
                    made = None;
                    AGAIN
                }
            };
            tokio::select! {
                // Cancel-safe: a change stays unseen until the next turn looks.
                changed = self.reached.changed(), if wait == LOOK => if changed.is_err() { return },
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Makes every file that can be made.
    async fn catch_up(&mut self, kept: &mut Option<Made>) -> Result<(), Unmade> {
        let reached = *self.reached.borrow_and_update();
        let (now, end) = (Hour::of(reached.time), Hour::of(reached.time).begin());
        // Who could not read one has put all away.
        let trusted = kept.take().filter(|made| made.doubts == self.hours.doubts());
        let mut made = match trusted {
            Some(made) => made,
            None if reached.head == Index(0) => return Ok(()),
            None => self.begin(reached, now.first_remembered()).await?,
        };
        while made.through < end {
            let first = made.files.partition_point(|file| file.head().hour < now.first_remembered());
            made.files.drain(..first);
            let file = match made.found.remove(&made.next) {
                Some(file) => Some(file),
                None => self.make(&mut made, end).await?,
            };
            if let Some(file) = file {
                (made.next, made.through) = (file.head().next, file.head().hour.next().begin());
                made.files.push(Arc::new(file));
            } else {
                made.through = end;
                // Whoever asked for an older one has it open.
                let (folder, first) = (self.folder.clone(), now.first_remembered());
                tokio::task::spawn_blocking(move || folder.remove_before(first)).await??;
            }
            // One by one: as each is there the core may forget what is in it.
            self.hours.put(&made.files, made.through, made.doubts);
        }
        *kept = Some(made);
        Ok(())
    }

    /// Before the first file that counts.
    async fn begin(&self, reached: Reached, first: Hour) -> Result<Made, Unmade> {
        let doubts = self.hours.doubts();
        let folder = self.folder.clone();
        let (mut found, unread) = tokio::task::spawn_blocking(move || folder.list()).await??;
        for error in unread {
            warn!(error = %ErrorChain(&error), "hourly file not used: it is made again from the log");
        }
        // The running hash before its end is that of all records before: the newest speaks for all.
        if let Some(newest) = found.last().map(|file| *file.head()) {
            let entry = self.log.last_entry(newest.next.entry()).await?;
            if entry.is_none_or(|entry| entry.tip.chain != newest.chain) {
                warn!(files = found.len(), "hourly files are of another log: they are made again");
                found.clear();
            }
        }
        let before = found.iter().rfind(|file| file.head().hour <= first).map(|file| file.head().first);
        let next = match before {
            Some(next) => next,
            None => self.first_since(first.begin(), reached.head).await?,
        };
        info!(files = found.len(), from = next.entry(), "hourly files of remembered ids");
        let found = found.into_iter().map(|file| (file.head().first, file)).collect();
        Ok(Made { files: Vec::new(), found, next, through: Timestamp::default(), doubts })
    }

    /// The first record from that time on, that the log still has.
    async fn first_since(&self, since: Timestamp, head: Index) -> Result<Index, Unmade> {
        let (mut low, mut high) = (1, head.entry());
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = match self.log.read(&[middle]).await {
                Ok(mut entries) => entries.pop().flatten(),
                // Nobody here has ever read so far back: it is before what counts, or trimmed.
                Err(LogError::Unmapped { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            let time = match entry {
                Some(entry) => records(entry.index, &entry.body)?.first().map(|record| record.time),
                None => None,
            };
            if time.is_some_and(|time| time >= since) { high = middle } else { low = middle + 1 }
        }
        Ok(Index::at(low, 0))
    }

    /// The file of the hour that the next record is in. None: that hour is not over at `end`.
    async fn make(&self, made: &mut Made, end: Timestamp) -> Result<Option<HourFile>, Unmade> {
        let first = made.next;
        let entry = self.log.last_entry(first.entry()).await?.ok_or(Unmade::Ends(first.entry()))?;
        let mut replay = self.log.replay(entry.tip).await?;
        let (mut hour, mut keys) = (None, Vec::new());
        loop {
            let chain = replay.tip().chain;
            let entry = replay.next().await?.ok_or_else(|| Unmade::Ends(replay.tip().index + 1))?;
            for record in records(entry.index, &entry.body)?.into_iter().filter(|record| record.index >= first) {
                let of = Hour::of(record.time);
                match hour {
                    None if record.time >= end => return Ok(None),
                    Some(hour) if hour != of => {
                        let head = Head { hour, first, next: record.index, chain };
                        return self.write(head, keys).await.map(Some);
                    }
                    _ => hour = Some(of),
                }
                keys.extend(seen_in(&record).map(|(key, _)| (key, record.index)));
            }
        }
    }

    async fn write(&self, head: Head, keys: Vec<(u64, Index)>) -> Result<HourFile, Unmade> {
        let (folder, count) = (self.folder.clone(), keys.len());
        let file = tokio::task::spawn_blocking(move || folder.write(&head, keys.into_iter())).await??;
        debug!(keys = count, from = head.first.entry(), "hourly file written");
        Ok(file)
    }
}

/// The records of an entry, without their content: no key is asked for.
fn records(index: u64, body: &[u8]) -> Result<Vec<Record>, Unmade> {
    let read = || codec::unpack(index, body, &KeyRings::default())?.collect::<Result<Vec<_>, CodecError>>();
    read().map_err(|source| Unmade::Record { index, source })
}
