//! What the shard remembers longer than its state does, read from the log as it stands (design, law 8).

use skein::domain::remembered::{Older, Seen, Sought, seen_in};
use skein::domain::time::Timestamp;

use super::model::Store;

/// How far one process has come with it.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    /// Everything before is in it.
    pub(crate) through: Timestamp,
    /// How far it had come when what is decided now was prepared.
    before: Timestamp,
    asked: u64,
}

impl Archive {
    /// Now and then it gets on, up to the last record that is durable.
    pub(crate) fn go_on(&mut self, store: &Store) {
        self.asked += 1;
        self.before = self.through;
        if self.asked.is_multiple_of(5)
            && let Some(last) = store.valid().last()
        {
            self.through = self.through.max(last.time);
        }
    }

    /// What ingest was told: it may have asked a while ago.
    pub(crate) fn told_before(&self, sought: Sought, store: &Store) -> Older {
        answered(sought, self.before, store)
    }

    /// What the shard is told. An archive that knows nothing yet has to look through the log first.
    pub(crate) fn tells(&mut self, sought: Sought, store: &Store) -> Older {
        if self.through == Timestamp::default() {
            self.through = store.valid().last().map_or(self.through, |last| last.time);
        }
        answered(sought, self.through, store)
    }
}

/// What the records before a time say.
fn answered(sought: Sought, through: Timestamp, store: &Store) -> Older {
    let records = store.valid().iter().filter(|record| record.time < through && !store.sabotage.no_archive);
    let seen: Vec<(u64, Seen)> = records
        .flat_map(|record| seen_in(record).collect::<Vec<_>>())
        .filter(|(_, seen)| sought.not_before.is_none_or(|at| seen.at >= at))
        .collect();
    let latest = |key: u64| seen.iter().rev().find(|(of, _)| *of == key).map(|(_, seen)| *seen);
    let found = sought.keys.map_or([None, None], |keys| keys.map(latest));
    sought.answered(through, found)
}
