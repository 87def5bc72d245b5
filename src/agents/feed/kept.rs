//! What a ring keeps of a position that nobody has still to read: where its record stands in the log, and whose words were told with it.

use std::sync::Arc;

use crate::domain::id::{Index, LeafId, Position};
use crate::domain::record::Record;
use crate::domain::time::Timestamp;

/// What is next for a reader: the change at `place` of a record.
#[derive(Clone, Debug)]
pub struct Next {
    /// Where it stands.
    pub position: Position,
    /// The record; none: it is in the log.
    pub record: Option<Arc<Record>>,
    /// Place of the change in the record.
    pub place: u16,
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

    /// Whether exactly one identity has words in it: then it is filed, and an erasure finds it. What is of several is told again without
    /// the words of whoever is erased.
    #[must_use]
    pub fn is_of_one(self) -> bool {
        !matches!(self, Self::NOBODY | Self::SEVERAL)
    }

    /// As a number, for a snapshot.
    pub(super) fn to_bits(self) -> u32 {
        self.0
    }

    /// What [`Whose::to_bits`] gave.
    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether it is one of these.
    pub(super) fn is_of(self, leaves: &[LeafId]) -> bool {
        leaves.iter().any(|leaf| leaf.0 == self.0)
    }
}

/// A position whose record is in the log. Every agent has hundreds of them, so it is packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    /// Upper and lower half.
    index: [u32; 2],
    output: u32,
    /// Of its start, the low bits, in units.
    start: u32,
    /// Since the Unix epoch, rounded up.
    seconds: u32,
    /// Filed when it has been told.
    pub(super) of: Whose,
    place: u16,
}

/// Bytes of a unit: far fewer than any record weighs.
const UNIT: u64 = 64;

impl Past {
    /// `start`: bytes told before it.
    pub(super) fn new(position: Position, place: u16, time: Timestamp, start: u64) -> Self {
        let Position { index, output } = position;
        let seconds = u32::try_from(time.0.saturating_add(999) / 1_000).unwrap_or(0);
        let index = [low_bits(index.0 >> 32), low_bits(index.0)];
        Self { index, output, start: low_bits(start / UNIT), seconds, of: Whose::NOBODY, place }
    }

    pub(super) fn position(&self) -> Position {
        let [upper, lower] = self.index.map(u64::from);
        Position { index: Index(upper << 32 | lower), output: self.output }
    }

    /// When it was decided, or up to a second later.
    pub(super) fn time(&self) -> Timestamp {
        Timestamp(i64::from(self.seconds) * 1_000)
    }

    /// Bytes told before it, or less than a unit fewer; `total`: bytes told in all, less than 2^38 more.
    pub(super) fn start(&self, total: u64) -> u64 {
        let units = total / UNIT;
        (units - u64::from(low_bits(units).wrapping_sub(self.start))) * UNIT
    }

    pub(super) fn next(&self) -> Next {
        Next { position: self.position(), record: None, place: self.place }
    }
}

fn low_bits(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_says_the_same() {
        let position = Position { index: Index(7 << 40 | 9), output: 70_000 };
        for (start, total) in [(0, 0), (640, 1_000), ((1 << 38) - 64, 1 << 38), ((5 << 38) - 64, (5 << 38) + 8_000)] {
            let past = Past::new(position, 7, Timestamp(1_700_000_000_001), start);
            assert_eq!((past.position(), past.next().place), (position, 7));
            assert_eq!(past.start(total), start);
            assert_eq!(past.time(), Timestamp(1_700_000_001_000));
        }
    }

    #[test]
    fn a_position_that_was_told_takes_a_few_words() {
        assert!(size_of::<Past>() <= 28);
    }
}
