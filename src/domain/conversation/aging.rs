//! What is remembered for a while, by a 64-bit key: provider ids, duplicate keys, messages that wait for receipts.
//!
//! Ages by the time of records, so every fold forgets the same. There are several for each message of eight days: entries lie one after
//! another in pieces that are never moved, and what finds them is a number for each.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::domain::time::Timestamp;

/// How long provider ids are remembered: providers retry a webhook for up to 8 days (design, law 8).
pub(crate) const REMEMBERED_MS: i64 = 8 * 24 * 3_600 * 1_000;

/// Room is given back when it is so many times what is needed ...
const SPARE: usize = 8;
/// ... and more than this many entries.
const SMALL: usize = 1_024;
/// Entries of a piece.
const PIECE: u64 = 1_024;

/// A map whose entries go when they are 8 days old.
#[derive(Debug)]
pub(crate) struct Aging<V> {
    /// Numbers of the entries, the low bits, by key.
    numbers: HashTable<u32>,
    entries: Entries<V>,
}

#[derive(Debug)]
struct Entry<V> {
    key: u64,
    at: Timestamp,
    /// None: taken out before its time.
    value: Option<V>,
}

/// Entries by number, from the oldest on; all but the last piece are full.
#[derive(Debug)]
struct Entries<V> {
    pieces: VecDeque<Vec<Entry<V>>>,
    /// Number of the oldest.
    first: u64,
    /// Number of the next.
    next: u64,
}

impl<V> Default for Aging<V> {
    fn default() -> Self {
        let entries = Entries { pieces: VecDeque::new(), first: 0, next: 0 };
        Self { numbers: HashTable::new(), entries }
    }
}

impl<V> Aging<V> {
    pub(crate) fn get(&self, key: u64) -> Option<&V> {
        let number = self.numbers.find(spread(key), |number| self.entries.is(*number, key))?;
        self.entries.get(*number)?.value.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        let number = *self.numbers.find(spread(key), |number| self.entries.is(*number, key))?;
        self.entries.get_mut(number)?.value.as_mut()
    }

    /// Remembers; the first value of a key stays, and its age counts from then.
    pub(crate) fn note(&mut self, key: u64, value: V, now: Timestamp) {
        if key != 0 && self.get(key).is_none() {
            let number = self.entries.push(Entry { key, at: now, value: Some(value) });
            let entries = &self.entries;
            let hash = |number: &u32| spread(entries.get(*number).map_or(0, |entry| entry.key));
            self.numbers.insert_unique(spread(key), number, hash);
        }
    }

    /// Remembers the latest value of a key; its age counts from the first.
    pub(crate) fn put(&mut self, key: u64, value: V, now: Timestamp) {
        match self.get_mut(key) {
            Some(known) => *known = value,
            None => self.note(key, value, now),
        }
    }

    /// Takes out an entry before its time.
    pub(crate) fn take(&mut self, key: u64) -> Option<V> {
        let found = self.numbers.find_entry(spread(key), |number| self.entries.is(*number, key)).ok()?;
        let (number, _) = found.remove();
        self.entries.get_mut(number)?.value.take()
    }

    /// Forgets what is too old. After a flood its room is given back.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.forget_each(now, |_, _| {});
    }

    /// Forgets what is too old, and tells of each.
    pub(crate) fn forget_each(&mut self, now: Timestamp, mut forgotten: impl FnMut(u64, V)) {
        while let Some(at) = self.entries.oldest() {
            if now.millis_since(at) <= REMEMBERED_MS {
                break;
            }
            let first = low_bits(self.entries.first);
            let Some(Entry { key, value, .. }) = self.entries.pop() else { break };
            // A key that was taken out may stand for a later entry by now.
            if let Ok(found) = self.numbers.find_entry(spread(key), |number| *number == first) {
                found.remove();
            }
            if let Some(value) = value {
                forgotten(key, value);
            }
            if self.numbers.capacity() > SPARE * self.numbers.len().max(SMALL) {
                let entries = &self.entries;
                let hash = |number: &u32| spread(entries.get(*number).map_or(0, |entry| entry.key));
                self.numbers.shrink_to(2 * self.numbers.len(), hash);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }
}

impl<V> Entries<V> {
    /// Where an entry is, by the low bits of its number.
    fn place(&self, number: u32) -> (usize, usize) {
        let number = self.first + u64::from(number.wrapping_sub(low_bits(self.first)));
        let piece = usize::try_from(number / PIECE - self.first / PIECE).unwrap_or(usize::MAX);
        (piece, usize::try_from(number % PIECE).unwrap_or(usize::MAX))
    }

    fn get(&self, number: u32) -> Option<&Entry<V>> {
        let (piece, at) = self.place(number);
        self.pieces.get(piece)?.get(at)
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut Entry<V>> {
        let (piece, at) = self.place(number);
        self.pieces.get_mut(piece)?.get_mut(at)
    }

    fn is(&self, number: u32, key: u64) -> bool {
        self.get(number).is_some_and(|entry| entry.key == key)
    }

    fn oldest(&self) -> Option<Timestamp> {
        (self.first < self.next).then(|| self.get(low_bits(self.first)).map(|entry| entry.at)).flatten()
    }

    fn push(&mut self, entry: Entry<V>) -> u32 {
        let number = self.next;
        if number.is_multiple_of(PIECE) {
            self.pieces.push_back(Vec::new());
        }
        if let Some(last) = self.pieces.back_mut() {
            last.push(entry);
        }
        self.next += 1;
        low_bits(number)
    }

    /// Takes out the oldest; its place goes with its piece.
    fn pop(&mut self) -> Option<Entry<V>> {
        let Entry { key, at, value } = self.get_mut(low_bits(self.first))?;
        let oldest = Entry { key: *key, at: *at, value: value.take() };
        self.first += 1;
        if self.first.is_multiple_of(PIECE) {
            self.pieces.pop_front();
        }
        Some(oldest)
    }
}

fn low_bits(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// Some keys are numbers that follow each other.
fn spread(key: u64) -> u64 {
    FixedState::default().hash_one(key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const DAY_MS: i64 = 24 * 3_600 * 1_000;

    #[test]
    fn the_first_age_counts_and_the_last_value_of_what_is_put() {
        let mut aging = Aging::default();
        aging.note(0, 'z', Timestamp(0));
        aging.note(1, 'a', Timestamp(0));
        aging.note(1, 'b', Timestamp(DAY_MS));
        assert_eq!((aging.get(0), aging.get(1), aging.len()), (None, Some(&'a'), 1));
        aging.put(1, 'c', Timestamp(DAY_MS));
        aging.forget(Timestamp(REMEMBERED_MS));
        assert_eq!(aging.get(1), Some(&'c'));
        let mut forgotten = Vec::new();
        aging.forget_each(Timestamp(REMEMBERED_MS + 1), |key, value| forgotten.push((key, value)));
        assert_eq!((forgotten, aging.len()), (vec![(1, 'c')], 0));
    }

    #[test]
    fn what_was_taken_out_and_comes_again_ages_anew() {
        let mut aging = Aging::default();
        aging.note(1, 'a', Timestamp(0));
        assert_eq!((aging.take(1), aging.take(1)), (Some('a'), None));
        aging.note(1, 'b', Timestamp(DAY_MS));
        aging.forget(Timestamp(REMEMBERED_MS + 1));
        assert_eq!(aging.get(1), Some(&'b'));
        aging.forget(Timestamp(REMEMBERED_MS + DAY_MS + 1));
        assert_eq!((aging.get(1), aging.len()), (None, 0));
    }

    /// Over many pieces, with a plain map beside it.
    #[test]
    fn it_knows_what_a_plain_map_knows() {
        let mut aging = Aging::default();
        let mut plain: BTreeMap<u64, (i64, u64)> = BTreeMap::new();
        let mut random = 1u64;
        for step in 0..40_000u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (key, now) = ((random >> 33) % 9_000 + 1, i64::try_from(step).unwrap() * 100_000);
            match (random >> 20) % 8 {
                0 => assert_eq!(aging.take(key), plain.remove(&key).map(|(_, value)| value)),
                1 => {
                    aging.put(key, step, Timestamp(now));
                    plain.entry(key).or_insert((now, step)).1 = step;
                }
                2 => {
                    if let Some(value) = aging.get_mut(key) {
                        *value += 1;
                        plain.get_mut(&key).expect("both know it").1 += 1;
                    }
                }
                _ => {
                    aging.note(key, step, Timestamp(now));
                    plain.entry(key).or_insert((now, step));
                }
            }
            let mut forgotten = 0;
            aging.forget_each(Timestamp(now), |key, value| {
                forgotten += 1;
                assert_eq!(plain.get(&key).map(|(_, value)| *value), Some(value));
                plain.remove(&key);
            });
            assert_eq!(aging.len(), plain.len(), "step {step}, {forgotten} forgotten");
            assert_eq!(aging.get(key), plain.get(&key).map(|(_, value)| value));
        }
        assert!(aging.entries.first > 10 * PIECE, "most is forgotten");
        assert!(plain.values().all(|(at, _)| 40_000 * 100_000 - at <= REMEMBERED_MS + 100_000));
    }

    #[test]
    fn what_a_message_is_remembered_by_takes_few_bytes() {
        assert!(size_of::<Entry<(u64, Option<u64>)>>() <= 40);
    }
}
