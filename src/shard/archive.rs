//! What the log remembers of events that the core has forgotten: asked before an event is decided, off the shard's task.
//!
//! The hourly files say which records may have remembered a key; the records say which have.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::handle::{ReadRecords, Unavailable};
use crate::domain::id::Index;
use crate::domain::record::Record;
use crate::domain::remembered::{Older, Seen, Sought, seen_in};
use crate::domain::time::Timestamp;
use crate::log::hours::{Hours, Question};
use crate::telemetry::ErrorChain;

/// Wait before the log or the disk is asked again.
const AGAIN: Duration = Duration::from_millis(200);

/// The archive of one shard. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Archive {
    hours: Hours,
    reader: Arc<dyn ReadRecords>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

impl Archive {
    pub(super) fn new(hours: Hours, reader: Arc<dyn ReadRecords>) -> Self {
        Self { hours, reader }
    }

    /// It has everything that was remembered before this; 0: nothing yet.
    pub(crate) fn through(&self) -> Timestamp {
        self.hours.through()
    }

    /// What it has, once it has everything from before `since`, in the order asked for. Waits while the log or the disk does not answer.
    /// Cancelled: nothing has happened.
    pub(super) async fn surely(&self, sought: &Sought, since: Timestamp) -> Older {
        loop {
            self.hours.reach(since).await;
            match self.ask(vec![sought.clone()]).await.map(|mut answers| answers.pop()) {
                Ok(Some(older)) if self.through() >= since => return older,
                Ok(_) => {}
                Err(Unavailable) => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    /// What it has, in the order asked for.
    ///
    /// # Errors
    /// [`Unavailable`]: the log or the disk does not answer.
    pub(crate) async fn ask(&self, sought: Vec<Sought>) -> Result<Vec<Older>, Unavailable> {
        let questions: Vec<Question> =
            sought.iter().map(|one| (one.keys.unwrap_or_default(), one.not_before)).collect();
        let hours = self.hours.clone();
        let found = tokio::task::spawn_blocking(move || hours.find(&questions)).await.map_err(|_| Unavailable)?;
        let (through, found) = found.map_err(|error| {
            warn!(error = %ErrorChain(&error), "hourly file not read: all are looked through again");
            Unavailable
        })?;
        let mut indexes: Vec<Index> = found.iter().flatten().flatten().copied().collect();
        indexes.sort_unstable();
        indexes.dedup();
        let records = if indexes.is_empty() { Vec::new() } else { self.reader.read(indexes.clone()).await? };
        let record = |index: &Index| records[indexes.partition_point(|known| known < index)].as_deref();
        let answers = sought.into_iter().zip(found).map(|(sought, [first, second])| {
            let [one, other] = sought.keys.unwrap_or_default();
            let seen = [(one, first), (other, second)].map(|(key, at)| latest(key, at.iter().rev().filter_map(record)));
            sought.answered(through, seen)
        });
        Ok(answers.collect())
    }
}

/// What the first of these records that remembered the key says.
fn latest<'r>(key: u64, mut newest_first: impl Iterator<Item = &'r Record>) -> Option<Seen> {
    let seen = |record: &Record| seen_in(record).filter(|(of, _)| *of == key).last();
    newest_first.find_map(seen).map(|(_, seen)| seen)
}
