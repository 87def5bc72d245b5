//! What the customer has said in a Work and nobody has answered, read backwards from record to record.
//!
//! Identities that were parted from the Work's customer have said nothing in it, as far as the reader goes: what stands before the
//! parting is another customer's. What the Work took over from another one stands there, under that one's id.

use std::collections::BTreeSet;

use super::event::message;
use crate::domain::id::{Index, LeafId, MessageId, WorkId};
use crate::domain::record::{Change, Direction, Flags, MessageStored, Record};
use crate::proto::agent as p;

/// Words taken over from another Work.
#[derive(Debug)]
struct Taken {
    from: WorkId,
    leaf: LeafId,
    first: MessageId,
}

/// How far a Work was read back.
#[derive(Debug)]
pub(in crate::agents) struct Unanswered {
    work: WorkId,
    /// Leaf whose records are read.
    leaf: LeafId,
    /// Leaves that had been parted from it.
    lost: BTreeSet<LeafId>,
    taken: Vec<Taken>,
    /// What is older of the Work itself is answered, or there is nothing older.
    own_done: bool,
    /// Some words stand where nobody reads.
    elsewhere: bool,
}

impl Unanswered {
    /// Begins with a Work, by the records of its leaf.
    pub(in crate::agents) fn of(work: WorkId, leaf: LeafId) -> Self {
        Self { work, leaf, lost: BTreeSet::new(), taken: Vec::new(), own_done: false, elsewhere: false }
    }

    /// Nothing older than this is of it.
    pub(in crate::agents) fn floor(&self) -> Index {
        let taken = self.taken.iter().map(|taken| taken.first.index()).min();
        taken.unwrap_or(Index(u64::MAX)).min(self.work.index())
    }

    /// Whether nothing stands where nobody reads.
    pub(in crate::agents) fn is_whole(&self) -> bool {
        !self.elsewhere
    }

    /// Items of the customer's side at places before `before`, newest first, back to where we answered or the Work ended or began.
    /// True: that was reached in this record.
    pub(in crate::agents) fn read(&mut self, record: &Record, before: u16) -> (Vec<p::Message>, bool) {
        let mut found = Vec::new();
        for (place, change) in (0..before).zip(&record.changes).collect::<Vec<_>>().into_iter().rev() {
            match change {
                Change::MessageStored(stored) if self.is_of(stored, MessageId::new(record.index, place)) => {
                    match stored.direction {
                        // What is not to be shown is not told either, as while the Work is the agent's.
                        Direction::In if stored.flags.has(Flags::REPEATED) => {}
                        Direction::In => found.push(message(record, place, stored, |_| None)),
                        // As in the Work's turn: a quiet one is no answer.
                        Direction::Out if !stored.flags.is_quiet() => self.own_done = true,
                        Direction::Out | Direction::Note => {}
                    }
                }
                Change::WorkClosed { work, .. } if *work == self.work => self.own_done = true,
                Change::WorkParted { work, leaves, .. } if *work == self.work => self.lost.extend(leaves),
                Change::WordsTaken { work, from, leaf, first } if *work == self.work => {
                    self.elsewhere |= *leaf != self.leaf;
                    self.taken.push(Taken { from: *from, leaf: *leaf, first: *first });
                }
                _ => {}
            }
            if self.own_done && self.taken.is_empty() {
                return (found, true);
            }
        }
        self.own_done |= record.index == self.work.index();
        let all_taken = self.taken.iter().all(|taken| record.index <= taken.first.index());
        (found, self.own_done && all_taken)
    }

    fn is_of(&self, stored: &MessageStored, id: MessageId) -> bool {
        let Some(work) = stored.work else { return false };
        let own = work == self.work && !self.own_done && !self.lost.contains(&stored.leaf);
        let taken = |taken: &Taken| {
            taken.from == work && taken.leaf == stored.leaf && id >= taken.first && stored.direction == Direction::In
        };
        own || self.taken.iter().any(taken)
    }
}
