//! Ids. What a record makes is numbered by the record's index and its place in it, so ids need no generator and no randomness
//! (design, law 5); leaves and agents are numbered densely in their workspace, which makes them cheap to hold by the million.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Bits of an id that hold the place in the record; the rest is the record's index.
const PLACE_BITS: u32 = 16;

/// Number of a record in its shard's log (`0`: before the first): the number of the log's entry that holds it, contiguous from 1,
/// times [`Index::PER_ENTRY`], plus its place in that entry. Numbers that an entry does not use stay unused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Index(pub u64);

impl Index {
    /// Records of one entry at most. Sixteen leave a fraction of an append to each; more would hardly make it smaller, but lengthen
    /// what is read for one record of a history.
    pub const PER_ENTRY: u64 = 16;

    /// The record at `place` of `entry`; the place is below [`Index::PER_ENTRY`].
    #[must_use]
    pub fn at(entry: u64, place: u64) -> Self {
        Self(entry * Self::PER_ENTRY + place)
    }

    /// The last number that `entry` could use: all its records are durable when the entry is.
    #[must_use]
    pub fn end_of(entry: u64) -> Self {
        Self::at(entry, Self::PER_ENTRY - 1)
    }

    /// Number of the entry that holds it.
    #[must_use]
    pub fn entry(self) -> u64 {
        self.0 / Self::PER_ENTRY
    }

    /// Its place in the entry, from 0.
    #[must_use]
    pub fn place(self) -> u64 {
        self.0 % Self::PER_ENTRY
    }

    /// The lowest number that a record behind this one can have.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Whether no record lies between the two: the next place of the same entry, or the first of the next entry.
    #[must_use]
    pub fn follows(self, last: Self) -> bool {
        self == last.next() || self == Self::at(last.entry() + 1, 0)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {0}")]
pub struct BadId(&'static str);

macro_rules! record_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(u64);

        impl $name {
            /// The id of what stands at `place` of the record at `index`.
            #[must_use]
            pub fn new(index: Index, place: u16) -> Self {
                Self(index.0 << PLACE_BITS | u64::from(place))
            }

            /// Index of the record that made it.
            #[must_use]
            pub fn index(self) -> Index {
                Index(self.0 >> PLACE_BITS)
            }

            /// Place in the record that made it.
            #[must_use]
            #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are the place")]
            pub fn place(self) -> u16 {
                self.0 as u16
            }

            /// The id as one number, for records.
            #[must_use]
            pub fn to_bits(self) -> u64 {
                self.0
            }

            /// The id from the number that `to_bits` gave.
            #[must_use]
            pub fn from_bits(bits: u64) -> Self {
                Self(bits)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}-{}"), self.index(), self.place())
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                parse(text, $prefix).map(|(index, place)| Self::new(index, place)).ok_or(BadId(concat!($prefix, "INDEX-PLACE")))
            }
        }
    };
}

fn parse(text: &str, prefix: char) -> Option<(Index, u16)> {
    let (index, place) = text.strip_prefix(prefix)?.split_once('-')?;
    let index: u64 = index.parse().ok()?;
    (index < 1 << (u64::BITS - PLACE_BITS)).then_some((Index(index), place.parse().ok()?))
}

record_id!(
    /// One matter in a Conversation that needs attention.
    WorkId, 'w'
);
record_id!(
    /// One item of a Conversation.
    MessageId, 'm'
);
record_id!(
    /// One Work shown to one Agent; its own fence token.
    OfferId, 'o'
);
record_id!(
    /// One Agent owns one Work; its own fence token.
    AssignmentId, 'a'
);

macro_rules! dense_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into a vector.
            #[must_use]
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix($prefix).and_then(|n| n.parse().ok()).map(Self).ok_or(BadId(concat!($prefix, "NUMBER")))
            }
        }
    };
}

dense_id!(
    /// One generation of one Identity and what is filed under it (design, law 9).
    LeafId, 'l'
);
dense_id!(
    /// A Customer, and the Conversation that belongs to it: named by the leaf it began with.
    RootId, 'c'
);
dense_id!(
    /// An Agent, in the order of registration in its workspace.
    AgentId, 'g'
);

/// Where something stands in the log: a record and one of its outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The record.
    pub index: Index,
    /// Place among the record's outputs, from 0.
    pub output: u32,
}

/// A text that is no [`Position`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a position of the form INDEX/OUTPUT")]
pub struct BadPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.output)
    }
}

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (index, output) = text.split_once('/').ok_or(BadPosition)?;
        let index = index.parse().map(Index).map_err(|_| BadPosition)?;
        Ok(Self { index, output: output.parse().map_err(|_| BadPosition)? })
    }
}

/// A name that operators choose: workspace, endpoint, queue, brand, agent. Short, without dots, blanks or wildcards.
pub type Name = compact_str::CompactString;

/// Values by name, in no order: for what every message looks up, and nothing goes through in an order that matters.
pub(crate) type ByName<V> = hashbrown::HashMap<Name, V, foldhash::fast::FixedState>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_told_the_form_of_its_kind() {
        let told = |error: BadId| error.to_string();
        assert_eq!("c1-0".parse::<RootId>().map_err(told), Err("not an id of the form cNUMBER".to_owned()));
        let position = Position { index: Index(41), output: 2 };
        assert_eq!(position.to_string().parse(), Ok(position));
        assert_eq!(["41", "41/x", "/2"].map(str::parse::<Position>), [Err(BadPosition); 3]);
        assert_eq!("7".parse::<MessageId>().map_err(told), Err("not an id of the form mINDEX-PLACE".to_owned()));
    }
}
