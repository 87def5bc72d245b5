//! What nobody has answered in a Work, told from its records alone, newest first: through the merges and splits that made it.
//!
//! Where a customer was taken apart, what is older and filed under the other one's identities is no part of a Work that held words of
//! both, whether the split names it or not.

use std::collections::BTreeSet;

use super::event::message;
use crate::domain::id::{Index, LeafId, MessageId, WorkId};
use crate::domain::record::{Author, Change, Direction, Flags, MessageStored, Record};
use crate::proto::agent as p;

/// A Work whose messages are looked for in older and older records.
#[derive(Debug)]
pub(in crate::agents) struct Unanswered {
    /// Which.
    work: WorkId,
    /// Works whose messages are of it, as long as nothing of theirs was answered.
    open: Vec<WorkId>,
    /// Messages that a split took to it.
    taken: BTreeSet<MessageId>,
    /// Messages that a split took out of it.
    gone: BTreeSet<MessageId>,
    /// Works that held words of another customer's, too, up to where they were parted.
    parted: Vec<Parted>,
}

/// What older messages of a Work are another customer's.
#[derive(Debug)]
struct Parted {
    from: WorkId,
    /// Identities that went.
    leaves: Vec<LeafId>,
    /// They are the strangers, rather than those who stayed.
    went: bool,
}

impl Parted {
    fn hides(&self, stored: &MessageStored) -> bool {
        stored.work == Some(self.from) && self.leaves.contains(&stored.leaf) == self.went
    }
}

impl Unanswered {
    pub(in crate::agents) fn of(work: WorkId) -> Self {
        Self { work, open: vec![work], taken: BTreeSet::new(), gone: BTreeSet::new(), parted: Vec::new() }
    }

    /// The oldest record that can hold something of it; none: nothing is left to look for.
    pub(in crate::agents) fn oldest(&self) -> Option<Index> {
        let opened = self.open.iter().map(|work| work.index());
        opened.chain(self.taken.iter().map(|message| message.index())).min()
    }

    /// Messages of the customer's side at places before `before` of the next older record, newest first; and
    /// whether from here on other Works' records are to be followed, too: those of all leaves that this record touches.
    pub(in crate::agents) fn take(&mut self, record: &Record, before: u16) -> (Vec<p::Message>, bool) {
        let mut found = Vec::new();
        let mut grew = false;
        for (place, change) in (0..before).zip(&record.changes).collect::<Vec<_>>().into_iter().rev() {
            let id = MessageId::new(record.index, place);
            match change {
                Change::MessageStored(stored) => {
                    let taken = self.taken.remove(&id);
                    let own = stored.work.is_some_and(|work| self.open.contains(&work))
                        && !self.gone.contains(&id)
                        && !self.parted.iter().any(|parted| parted.hides(stored));
                    match stored.direction {
                        // What is not to be shown is not told either, as while the Work is the agent's.
                        Direction::In if stored.flags.has(Flags::REPEATED) => {}
                        Direction::In if own || taken => {
                            let said = message(record, place, stored, |_| None);
                            found.push(p::Message { work_id: self.work.to_string(), ..said });
                        }
                        // As in the Work's turn: a quiet one is no answer, nor what the machine says by itself.
                        Direction::Out
                            if (own || taken) && !stored.flags.is_quiet() && stored.author != Author::System =>
                        {
                            self.open.retain(|work| stored.work != Some(*work));
                            self.taken.retain(|_| !taken);
                        }
                        Direction::In | Direction::Out | Direction::Note => {}
                    }
                }
                Change::WorkClosed { work: closed, .. } => self.open.retain(|work| work != closed),
                Change::WorksMerged { from, into, .. } if self.open.contains(into) => {
                    self.open.push(*from);
                    grew = true;
                }
                Change::WorkSplit { from, into, messages, .. } => {
                    if self.open.contains(from) {
                        self.gone.extend(messages);
                        self.parted.extend(parted(record, *from, *into));
                    }
                    if self.open.contains(into) {
                        self.taken.extend(messages);
                        grew = true;
                    }
                }
                Change::Restored { work, messages, .. } if self.open.contains(work) => {
                    self.taken.extend(messages);
                    grew = true;
                }
                Change::WorkOpened(_) => {
                    let opened = WorkId::new(record.index, place);
                    self.open.retain(|work| *work != opened);
                }
                _ => {}
            }
        }
        (found, grew)
    }
}

/// Who is a stranger to a Work from here on back, where a record takes its customer apart.
fn parted(record: &Record, from: WorkId, into: WorkId) -> Option<Parted> {
    let leaves = record.changes.iter().find_map(|change| match change {
        Change::Unmerged { leaves, .. } => Some(leaves),
        _ => None,
    })?;
    let Change::WorkOpened(opened) = record.changes.get(usize::from(into.place()))? else { return None };
    Some(Parted { from, went: leaves.contains(&opened.leaf), leaves: leaves.clone() })
}
