//! What programs say among themselves about a customer, by notes: not without end, as in a Work (domain rules, section 3).
//!
//! Counted by the leaf that a note is filed under, for customers are joined and parted; those of all leaves of a customer count together,
//! until the customer, a person of ours or somebody outside says anything.

use crate::domain::draft::Draft;
use crate::domain::growing::SortedMap;
use crate::domain::id::{AgentId, LeafId};
use crate::domain::record::{Author, Direction, MessageStored};
use crate::domain::rejection::Rejection;
use crate::domain::work::MAX_NOTES;
use crate::domain::workspace::AgentKind;

/// Notes of programs about customers since somebody else said something, by leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chatter(SortedMap<LeafId, u8>);

impl Chatter {
    /// All of it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (LeafId, u8)> {
        self.0.rows()
    }

    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<(LeafId, u8)>) {
        self.0.restore(rows);
    }

    /// How many there are under those leaves.
    fn of(&self, leaves: &[LeafId]) -> u32 {
        leaves.iter().filter_map(|leaf| self.0.get(leaf)).map(|notes| u32::from(*notes)).sum()
    }

    /// Whether a message is to be counted: hardly any is, and the leaves of its customer are looked up only for that.
    pub(crate) fn is_moved_by(&self, message: &MessageStored) -> bool {
        let note = message.direction == Direction::Note && message.work.is_none();
        note || !self.0.is_empty()
    }

    /// Counts a message. `leaves`: those of its customer.
    pub(crate) fn count(&mut self, message: &MessageStored, leaves: &[LeafId]) {
        match (message.direction, message.author) {
            (Direction::Note, Author::Bot(_)) if message.work.is_none() => {
                let notes = self.0.or_default(message.leaf);
                *notes = notes.saturating_add(1);
            }
            (Direction::In, _) | (_, Author::Agent(_) | Author::External) => {
                for leaf in leaves {
                    self.0.remove(leaf);
                }
            }
            _ => {}
        }
    }

    /// Nothing is known any longer of a leaf.
    pub(crate) fn forget(&mut self, leaf: LeafId) {
        self.0.remove(&leaf);
    }
}

/// Whether an agent may note something about the customer of a leaf: a program only so often.
pub(super) fn may_note_of(draft: &Draft<'_>, agent: AgentId, leaf: LeafId) -> Result<(), Rejection> {
    let program = draft.agent(agent).is_some_and(|agent| agent.profile.kind == AgentKind::Bot);
    let leaves = draft.space.leaves_of(draft.root_of(leaf));
    if program && draft.space.people.chatter.of(&leaves) >= u32::from(MAX_NOTES) {
        return Err(Rejection::Limit("notes of programs about a customer of whom nobody else says anything: 10"));
    }
    Ok(())
}
