//! Places in a list, found by the hash of what stands there; in parts.

use std::sync::Arc;

use hashbrown::HashTable;

use super::sizes::{PARTS, has_spare, part};

/// Places of 32 bits; what stands there, the list knows. A clone shares the parts until either is changed.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    parts: Box<[Arc<HashTable<u32>>]>,
    len: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self { parts: std::iter::repeat_with(Arc::default).take(PARTS).collect(), len: 0 }
    }
}

impl Places {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The place with that hash which is meant.
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.parts[part(hash)].find(hash, |&place| is_it(place)).copied()
    }

    /// The same, to be changed into one of equal hash.
    pub(crate) fn find_mut(&mut self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<&mut u32> {
        let part = &mut self.parts[part(hash)];
        // A part that is shared is not copied for what is not in it.
        if Arc::get_mut(part).is_none() && part.find(hash, |&place| is_it(place)).is_none() {
            return None;
        }
        Arc::make_mut(part).find_mut(hash, |&place| is_it(place))
    }

    /// Adds a place that is not there. `hash_of`: that of every other.
    pub(crate) fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        self.len += 1;
        Arc::make_mut(&mut self.parts[part(hash)]).insert_unique(hash, place, |&other| hash_of(other));
    }

    /// Takes a place out. After a flood its room is given back, for which `hash_of` is that of every other.
    pub(crate) fn remove(
        &mut self,
        hash: u64,
        mut is_it: impl FnMut(u32) -> bool,
        hash_of: impl Fn(u32) -> u64,
    ) -> Option<u32> {
        let part = Arc::make_mut(&mut self.parts[part(hash)]);
        let found = part.find_entry(hash, |&place| is_it(place)).ok()?;
        let (place, _) = found.remove();
        self.len -= 1;
        if has_spare(part.capacity(), part.len()) {
            part.shrink_to(2 * part.len(), |&other| hash_of(other));
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use foldhash::fast::FixedState;

    use super::*;
    use crate::domain::growing::sizes::{SMALL, SPARE};

    #[test]
    fn places_are_found_by_what_stands_there_also_after_a_flood() {
        let hash = |place: u32| FixedState::default().hash_one(place);
        let mut places = Places::default();
        (0..200_000).for_each(|place| places.insert(hash(place), place, hash));
        assert_eq!((places.len(), places.find(hash(77), |place| place == 77)), (200_000, Some(77)));
        let room = |places: &Places| places.parts.iter().map(|part| part.capacity()).sum::<usize>();
        let most = room(&places);
        for gone in (0..200_000).filter(|place| place % 1_000 != 0) {
            assert_eq!(places.remove(hash(gone), |place| place == gone, hash), Some(gone));
        }
        assert_eq!(places.remove(hash(77), |place| place == 77, hash), None);
        assert!((0..200_000).step_by(1_000).all(|kept| places.find(hash(kept), |place| place == kept) == Some(kept)));
        assert_eq!(places.len(), 200);
        assert!(room(&places) <= PARTS * SPARE * SMALL && most > PARTS * SPARE * SMALL, "{} of {most}", room(&places));
    }
}
