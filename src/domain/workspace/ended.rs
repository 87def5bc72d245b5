//! What customers' Works that ended lately were about: who comes back for the same has not been helped.
//!
//! Kept beside the closed Works, for those are forgotten with their continuation window. A customer whom nobody heard of for seven days
//! costs nothing.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::names::Symbol;
use crate::domain::growing::{BlockQueue, SplitMap};
use crate::domain::id::LeafId;
use crate::domain::time::Timestamp;

/// Who comes back within this time comes back for the same (domain rules, section 6): seven days, milliseconds.
const LATELY_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Ends of one identity that are kept: the newest. More within a week are told by these.
const MAX_KEPT: usize = 4;

/// How a Work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) queue: Symbol,
    pub(crate) disposition: Symbol,
    at: Timestamp,
}

/// How Works of the last seven days ended, by the identity that they were filed under.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended {
    ends: SplitMap<LeafId, SmallVec<[End; 1]>>,
    /// In their order, so that what is old is found without a scan.
    order: BlockQueue<(Timestamp, LeafId)>,
}

/// How Works of one identity ended.
pub(crate) type EndRow = (LeafId, Vec<End>);

impl Ended {
    /// All of them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = EndRow> {
        self.ends.sorted().map(|(leaf, ends)| (*leaf, ends.to_vec()))
    }

    /// What was there before.
    pub(crate) fn restore(rows: Vec<EndRow>) -> Self {
        let mut ended = Self::default();
        let mut order: Vec<(Timestamp, LeafId)> =
            rows.iter().flat_map(|(leaf, ends)| ends.iter().map(|end| (end.at, *leaf))).collect();
        order.sort_unstable();
        for at in order {
            ended.order.push_back(at);
        }
        for (leaf, ends) in rows {
            ended.ends.get_or_insert_with(leaf, || ends.into());
        }
        ended
    }

    /// A Work has ended.
    pub(crate) fn note(&mut self, leaf: LeafId, queue: Symbol, disposition: Symbol, at: Timestamp) {
        let (ends, _) = self.ends.get_or_insert_with(leaf, SmallVec::new);
        if ends.len() == MAX_KEPT {
            ends.remove(0);
        }
        ends.push(End { queue, disposition, at });
        self.order.push_back((at, leaf));
    }

    /// How Works of an identity ended lately.
    pub(crate) fn of(&self, leaf: LeafId, now: Timestamp) -> impl Iterator<Item = End> {
        let ends = self.ends.get(&leaf).into_iter().flatten().copied();
        ends.filter(move |end| now.millis_since(end.at) <= LATELY_MS)
    }

    /// Forgets what is too long ago.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        while let Some(&(at, leaf)) = self.order.front().filter(|(at, _)| now.millis_since(*at) > LATELY_MS) {
            self.order.pop_front();
            if let Some(ends) = self.ends.get_mut(&leaf) {
                ends.retain(|end| end.at > at);
                if ends.is_empty() {
                    self.ends.remove(&leaf);
                }
            }
        }
    }

    /// Nothing is known any longer of an identity.
    pub(crate) fn erase(&mut self, leaf: LeafId) {
        self.ends.remove(&leaf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Name;
    use crate::domain::workspace::Names;

    const DAY: i64 = 24 * 60 * 60 * 1_000;

    #[test]
    fn what_ended_is_known_for_seven_days_and_four_of_an_identity_at_most() {
        let mut names = Names::new();
        let (queue, done) = (names.intern(&Name::new("help")), names.intern(&Name::new("done")));
        let mut ended = Ended::default();
        for day in 0..6 {
            ended.note(LeafId(1), queue, done, Timestamp(day * DAY));
        }
        ended.note(LeafId(2), queue, done, Timestamp(6 * DAY));
        let known = |ended: &Ended, leaf, day: i64| ended.of(LeafId(leaf), Timestamp(day * DAY)).count();
        assert_eq!((known(&ended, 1, 6), known(&ended, 2, 6)), (4, 1));
        assert_eq!((known(&ended, 1, 10), known(&ended, 1, 13)), (3, 0), "those of the third, fourth and fifth day");
        ended.forget(Timestamp(13 * DAY));
        assert_eq!((ended.ends.len(), ended.order.len()), (1, 1));
        ended.erase(LeafId(2));
        ended.forget(Timestamp(14 * DAY));
        assert_eq!((ended.ends.len(), ended.order.len()), (0, 0));
    }
}
