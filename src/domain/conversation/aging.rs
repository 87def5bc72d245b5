//! What is remembered for a while, by a 64-bit key: provider ids, duplicate keys, messages that wait for receipts.
//!
//! Ages by the time of records, so every fold forgets the same. There are several for each message of eight days: entries lie one after
//! another in blocks that are never moved, and what finds them is a number for each.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::domain::growing::{BlockQueue, Places};
use crate::domain::time::Timestamp;

/// How long provider ids are remembered: providers retry a webhook for up to 8 days (design, law 8).
pub(crate) const REMEMBERED_MS: i64 = 8 * 24 * 3_600 * 1_000;

/// A map whose entries go when they are 8 days old.
#[derive(Clone, Debug)]
pub(crate) struct Aging<V> {
    /// Numbers of the entries, their low bits, by key: as many are never there at a time.
    numbers: Places,
    /// The oldest first.
    entries: BlockQueue<Entry<V>>,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    key: u64,
    at: Timestamp,
    /// None: taken out before its time.
    value: Option<V>,
}

impl<V> Default for Aging<V> {
    fn default() -> Self {
        Self { numbers: Places::default(), entries: BlockQueue::default() }
    }
}

/// What is remembered by one key, and since when.
pub(crate) type Aged<V> = (u64, Timestamp, V);

impl<V: Clone> Aging<V> {
    /// All, the oldest first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Aged<V>> {
        self.entries.iter().filter_map(|entry| Some((entry.key, entry.at, entry.value.clone()?)))
    }

    /// Takes some back, behind those before.
    pub(crate) fn restore(&mut self, rows: Vec<Aged<V>>) {
        for (key, at, value) in rows {
            self.note(key, value, at);
        }
    }

    /// Number of the entry of a key.
    fn number(&self, key: u64) -> Option<u64> {
        let entries = &self.entries;
        let number = |low| whole(low, entries.first());
        let is_it = |low| entries.get(number(low)).is_some_and(|entry| entry.key == key);
        self.numbers.find(spread(key), is_it).map(number)
    }

    pub(crate) fn get(&self, key: u64) -> Option<&V> {
        self.entries.get(self.number(key)?)?.value.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        let number = self.number(key)?;
        self.entries.get_mut(number)?.value.as_mut()
    }

    /// Remembers; the first value of a key stays, and its age counts from then.
    pub(crate) fn note(&mut self, key: u64, value: V, now: Timestamp) {
        if key != 0 && self.number(key).is_none() {
            let number = self.entries.push_back(Entry { key, at: now, value: Some(value) });
            self.numbers.insert(spread(key), low_bits(number), hash_in(&self.entries));
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
        let number = self.number(key)?;
        let low = low_bits(number);
        self.numbers.remove(spread(key), |found| found == low, hash_in(&self.entries));
        self.entries.get_mut(number)?.value.take()
    }

    /// Forgets what is too old. After a flood its room is given back.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.forget_each(now, |_, _| {});
    }

    /// Forgets what is too old, and tells of each.
    pub(crate) fn forget_each(&mut self, now: Timestamp, mut forgotten: impl FnMut(u64, V)) {
        while let Some(oldest) = self.entries.front() {
            if now.millis_since(oldest.at) <= REMEMBERED_MS {
                break;
            }
            if let Some(Entry { key, value: Some(value), .. }) = self.forget_first() {
                forgotten(key, value);
            }
        }
    }

    fn forget_first(&mut self) -> Option<Entry<V>> {
        let oldest = self.entries.front()?;
        // A key that was taken out may stand for a later entry by now.
        let (first, hash) = (low_bits(self.entries.first()), spread(oldest.key));
        self.numbers.remove(hash, |low| low == first, hash_in(&self.entries));
        self.entries.pop_front()
    }

    /// Forgets what is from before that time, so many at most, the oldest first. The time of the last of them.
    pub(crate) fn forget_before(&mut self, before: Timestamp, most: usize) -> Option<Timestamp> {
        let mut last = None;
        for _ in 0..most {
            let Some(at) = self.entries.front().map(|oldest| oldest.at).filter(|at| *at < before) else { break };
            self.forget_first();
            last = Some(at);
        }
        last
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }
}

/// Hash of the key that stands at a number.
fn hash_in<V>(entries: &BlockQueue<Entry<V>>) -> impl Fn(u32) -> u64 {
    |low| spread(entries.get(whole(low, entries.first())).map_or(0, |entry| entry.key))
}

fn low_bits(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// The number with these low bits that comes from the first one on.
fn whole(low: u32, first: u64) -> u64 {
    first + u64::from(low.wrapping_sub(low_bits(first)))
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
        assert!(aging.entries.first() > 10_000, "most is forgotten");
        assert!(plain.values().all(|(at, _)| 40_000 * 100_000 - at <= REMEMBERED_MS + 100_000));
    }

    #[test]
    fn what_a_message_is_remembered_by_takes_few_bytes() {
        assert!(size_of::<Entry<(u64, Option<u64>)>>() <= 40);
    }
}
