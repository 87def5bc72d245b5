//! Places in a list, found by the hash of what stands there; in parts.

use hashbrown::HashTable;

use super::{PARTS, part};

/// Places of 32 bits; what stands there, the list knows.
#[derive(Debug)]
pub(crate) struct Places {
    parts: Box<[HashTable<u32>]>,
}

impl Default for Places {
    fn default() -> Self {
        Self { parts: std::iter::repeat_with(HashTable::new).take(PARTS).collect() }
    }
}

impl Places {
    /// The place with that hash which is meant.
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.parts[part(hash)].find(hash, |&place| is_it(place)).copied()
    }

    /// The same, to be changed into one of equal hash.
    pub(crate) fn find_mut(&mut self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<&mut u32> {
        self.parts[part(hash)].find_mut(hash, |&place| is_it(place))
    }

    /// Adds a place that is not there. `hash_of`: that of every other.
    pub(crate) fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        self.parts[part(hash)].insert_unique(hash, place, |&other| hash_of(other));
    }

    /// Takes a place out.
    pub(crate) fn remove(&mut self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let found = self.parts[part(hash)].find_entry(hash, |&place| is_it(place)).ok()?;
        Some(found.remove().0)
    }
}
