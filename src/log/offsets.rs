//! Where in the stream an entry is: sequence = index + `Epoch` and void entries before it - indexes that were given up before it.
//!
//! Kept as runs of equal distance, so it grows with the number of take-overs only. Shared by everybody who learns of entries (replay,
//! pipeline) and by those who read single ones.

use serde::{Deserialize, Serialize};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// From this index on, until the next run, an entry's sequence is its index plus `distance`; none: the entries are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    first_index: u64,
    distance: Option<i64>,
}

/// Where entries stand, up to one of them: for a snapshot, so that who begins with it finds those before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places(Vec<Run>);

/// Where to look for an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before everything noted.
    Before,
    /// At this sequence.
    At(u64),
    /// Behind everything known to be durable.
    Beyond,
    /// Nowhere: it was given up.
    Lost,
}

/// The shared table. Cheap to clone; each clone remembers the last distance it saw, so that noting an entry rarely locks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offsets {
    runs: Arc<Mutex<Vec<Run>>>,
    known: Arc<AtomicU64>,
    last: Option<i64>,
}

impl Offsets {
    /// Notes that entry `index` was read or acknowledged at `sequence`. Each clone notes in ascending order, and the first entry of
    /// every run.
    pub(crate) fn note(&mut self, index: u64, sequence: u64) {
        self.known.fetch_max(index, Ordering::Release);
        self.begin_run(index, sequence);
    }

    /// Entries up to `index` are durable, in a run that has begun.
    pub(crate) fn durable(&self, index: u64) {
        self.known.fetch_max(index, Ordering::Release);
    }

    /// From `index` on entries will stand at `sequence` and behind. A later run from the same index on replaces this one.
    pub(crate) fn begin_run(&mut self, index: u64, sequence: u64) {
        // Both are far below 2^63: a stream has no more messages.
        let distance = sequence.wrapping_sub(index).cast_signed();
        if self.last == Some(distance) {
            return;
        }
        self.last = Some(distance);
        self.insert(Run { first_index: index, distance: Some(distance) });
    }

    /// From `index` on entries are lost, until the next run begins.
    pub(crate) fn lose(&mut self, index: u64) {
        self.last = None;
        self.insert(Run { first_index: index, distance: None });
    }

    fn insert(&self, run: Run) {
        let mut runs = self.runs();
        let at = runs.partition_point(|known| known.first_index <= run.first_index);
        let known = at.checked_sub(1).map(|before| runs[before].distance);
        if known != Some(run.distance) {
            runs.insert(at, run);
        }
    }

    /// Where entries below `index` are.
    pub(crate) fn places(&self, index: u64) -> Places {
        Places(self.runs().iter().copied().take_while(|run| run.first_index < index).collect())
    }

    /// Takes what another process knew. For one that knows of no entry yet.
    pub(crate) fn know(&self, places: &Places) {
        self.runs().clone_from(&places.0);
    }

    /// Where entry `index` is.
    pub(crate) fn place(&self, index: u64) -> Place {
        if index > self.known.load(Ordering::Acquire) {
            return Place::Beyond;
        }
        let runs = self.runs();
        let at = runs.partition_point(|run| run.first_index <= index);
        let run = at.checked_sub(1).map(|before| runs[before].distance);
        run.map_or(Place::Before, |distance| {
            distance.map_or(Place::Lost, |far| Place::At(index.wrapping_add_signed(far)))
        })
    }

    /// A panic elsewhere cannot leave the table half written: it is changed by single inserts.
    fn runs(&self) -> MutexGuard<'_, Vec<Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_across_epochs_and_by_whoever_did_not_note_it() {
        let reader = Offsets::default();
        let mut writer = reader.clone();
        for (index, sequence) in [(5, 6), (6, 7), (7, 10), (8, 11)] {
            writer.note(index, sequence);
        }
        let found: Vec<_> = (4..=9).map(|index| reader.place(index)).collect();
        let at = Place::At;
        assert_eq!(found, [Place::Before, at(6), at(7), at(10), at(11), Place::Beyond]);
    }

    #[test]
    fn what_was_given_up_is_nowhere_and_what_follows_is_found() {
        let mut writer = Offsets::default();
        [(1, 2), (2, 3)].into_iter().for_each(|(index, sequence)| writer.note(index, sequence));
        writer.lose(3);
        [(90, 5), (91, 6)].into_iter().for_each(|(index, sequence)| writer.note(index, sequence));
        let found: Vec<_> = [2, 3, 89, 90, 91].into_iter().map(|index| writer.place(index)).collect();
        assert_eq!(found, [Place::At(3), Place::Lost, Place::Lost, Place::At(5), Place::At(6)]);
        let stored = serde_json::to_string(&writer.places(91)).expect("JSON");
        let again = Offsets::default();
        again.know(&serde_json::from_str(&stored).expect("as it was written"));
        again.durable(91);
        assert_eq!((again.place(3), again.place(91)), (Place::Lost, Place::At(6)));
    }

    #[test]
    fn a_run_that_was_predicted_wrongly_is_replaced() {
        let mut writer = Offsets::default();
        writer.note(1, 2);
        writer.begin_run(2, 4);
        writer.begin_run(2, 6);
        writer.durable(3);
        let found: Vec<_> = (1..=4).map(|index| writer.place(index)).collect();
        assert_eq!(found, [Place::At(2), Place::At(6), Place::At(7), Place::Beyond]);
    }

    #[test]
    fn noting_the_same_records_again_adds_no_runs() {
        let mut first = Offsets::default();
        let mut again = first.clone();
        for (index, sequence) in [(1, 2), (2, 3), (3, 5)] {
            first.note(index, sequence);
        }
        for (index, sequence) in [(2, 3), (3, 5)] {
            again.note(index, sequence);
        }
        assert_eq!(first.runs().len(), 2);
    }
}
