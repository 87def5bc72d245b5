//! A hash map in parts.

use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::sizes::{PARTS, has_spare, part};

/// A map that is asked by key only: there is no order to go through it by. A clone shares the parts until either is changed.
#[derive(Clone, Debug)]
pub(crate) struct SplitMap<K, V> {
    parts: Box<[Arc<HashMap<K, V, FixedState>>]>,
}

impl<K, V> Default for SplitMap<K, V> {
    fn default() -> Self {
        Self { parts: std::iter::repeat_with(Arc::default).take(PARTS).collect() }
    }
}

impl<K: Eq + Hash, V> SplitMap<K, V> {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.parts[number(key)].get(key)
    }

    /// All entries, in an order that depends on the keys alone. Sorted a part at a time, when it is come to.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = (&K, &V)>
    where
        K: Ord,
    {
        self.parts.iter().flat_map(|part| {
            let mut entries: Vec<_> = part.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            entries
        })
    }
}

impl<K: Clone + Eq + Hash, V: Clone> SplitMap<K, V> {
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let part = &mut self.parts[number(key)];
        // A part that is shared is not copied for what is not in it.
        if Arc::get_mut(part).is_none() && !part.contains_key(key) {
            return None;
        }
        Arc::make_mut(part).get_mut(key)
    }

    /// The value of a key, and whether it is the one just made.
    pub(crate) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> (&mut V, bool) {
        match Arc::make_mut(&mut self.parts[number(&key)]).entry(key) {
            Entry::Occupied(known) => (known.into_mut(), false),
            Entry::Vacant(vacant) => (vacant.insert(make()), true),
        }
    }

    /// Takes an entry out. After a flood its room is given back.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let part = &mut self.parts[number(key)];
        if Arc::get_mut(part).is_none() && !part.contains_key(key) {
            return None;
        }
        let part = Arc::make_mut(part);
        let value = part.remove(key)?;
        if has_spare(part.capacity(), part.len()) {
            part.shrink_to(2 * part.len());
        }
        Some(value)
    }
}

fn number(key: &impl Hash) -> usize {
    part(FixedState::default().hash_one(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::growing::sizes::{SMALL, SPARE};

    #[test]
    fn it_does_what_a_map_does_and_no_part_has_much_more_than_its_share() {
        const MANY: u64 = 100_000;
        let mut map = SplitMap::default();
        // Ids of messages are numbers that follow one another.
        for key in 0..MANY {
            assert!(map.get_or_insert_with(key << 16, || key).1);
        }
        assert!(!map.get_or_insert_with(0, || 7).1);
        assert_eq!((map.len(), map.get(&(5 << 16)), map.get(&5)), (100_000, Some(&5), None));
        *map.get_mut(&(5 << 16)).expect("it is there") = 6;
        assert_eq!((map.remove(&(5 << 16)), map.remove(&(5 << 16))), (Some(6), None));
        let share = map.len() / PARTS;
        assert!(
            map.parts.iter().all(|part| part.len() < 2 * share),
            "{:?}",
            map.parts.iter().map(|part| part.len()).max()
        );
    }

    #[test]
    fn after_a_flood_room_is_given_back() {
        let mut map = SplitMap::default();
        for key in 0..200_000_u32 {
            map.get_or_insert_with(key, || key);
        }
        for key in 1..200_000 {
            map.remove(&key);
        }
        let room: usize = map.parts.iter().map(|part| part.capacity()).sum();
        assert!(room <= PARTS * SPARE * SMALL && map.get(&0) == Some(&0), "{room}");
    }
}
