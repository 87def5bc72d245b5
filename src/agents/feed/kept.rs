//! What a ring keeps of a position: the record that an event is to be made of, and later the event.

use std::sync::Arc;

use crate::domain::id::{LeafId, Position};
use crate::domain::record::Record;

/// What is next for a reader.
#[derive(Clone, Debug)]
pub struct Next {
    /// Where it stands.
    pub position: Position,
    /// What is told there.
    pub kept: Kept,
}

/// What is kept of a position.
#[derive(Clone, Debug)]
pub enum Kept {
    /// Nobody has told it yet, or it cannot be told twice in the same way: the change at `place` of the record.
    Record {
        /// The record.
        record: Arc<Record>,
        /// Place of the change in the record.
        place: u16,
    },
    /// What was told, encoded; empty: nothing.
    Event {
        /// The encoded event.
        event: Box<[u8]>,
        /// Whose words are in it.
        of: Whose,
    },
}

/// Whose words an event holds. A number, as there is one for each event of each agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose(u32);

impl Whose {
    /// Nobody's.
    const NOBODY: Self = Self(u32::MAX);
    /// Those of several.
    const SEVERAL: Self = Self(u32::MAX - 1);

    /// Of an event that is made of the record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let mut whose = Self::NOBODY;
        for personal in &record.content {
            let leaf = record.leaf_of(personal).map_or(Self::SEVERAL, |leaf| Self(leaf.0));
            whose = if whose == Self::NOBODY || whose == leaf { leaf } else { Self::SEVERAL };
        }
        whose
    }

    /// Of an event for which the words of a Work were read, too: they may be of each of its customer's identities.
    #[must_use]
    pub const fn several() -> Self {
        Self::SEVERAL
    }

    /// Whether it may be one of these.
    #[must_use]
    pub fn is_of(self, leaves: &[LeafId]) -> bool {
        self == Self::SEVERAL || leaves.iter().any(|leaf| leaf.0 == self.0)
    }
}
