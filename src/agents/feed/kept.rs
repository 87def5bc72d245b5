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

impl Default for Whose {
    fn default() -> Self {
        Self::NOBODY
    }
}

impl Whose {
    /// Nobody's.
    const NOBODY: Self = Self(u32::MAX);
    /// Those of several.
    const SEVERAL: Self = Self(u32::MAX - 1);

    /// Of an event that is made of the record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let leaves = record.content.iter().map(|personal| record.leaf_of(personal));
        let whose = leaves.map(|leaf| leaf.map_or(Self::SEVERAL, |leaf| Self(leaf.0)));
        whose.fold(Self::NOBODY, Self::and)
    }

    /// Of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NOBODY, whose) | (whose, Self::NOBODY) => whose,
            (one, other) if one == other => one,
            _ => Self::SEVERAL,
        }
    }

    /// Whether one identity at most has words in it: then an erasure finds it.
    #[must_use]
    pub fn is_of_one(self) -> bool {
        self != Self::SEVERAL
    }

    /// Whether it may be one of these.
    #[must_use]
    pub fn is_of(self, leaves: &[LeafId]) -> bool {
        self == Self::SEVERAL || leaves.iter().any(|leaf| leaf.0 == self.0)
    }
}
