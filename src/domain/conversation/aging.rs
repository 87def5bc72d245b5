//! What is remembered for a while, by a 64-bit key: provider ids, duplicate keys, messages that wait for receipts.
//!
//! Ages by the time of records, so every fold forgets the same.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::domain::time::Timestamp;

/// How long provider ids are remembered: providers retry a webhook for up to 8 days (design, law 8).
pub(crate) const REMEMBERED_MS: i64 = 8 * 24 * 3_600 * 1_000;

/// Room is given back when it is so many times what is needed ...
const SPARE: usize = 8;
/// ... and more than this many entries.
const SMALL: usize = 1_024;

/// A map whose entries go when they are 8 days old.
#[derive(Debug)]
pub(crate) struct Aging<V> {
    entries: HashMap<u64, V, foldhash::fast::FixedState>,
    order: VecDeque<(Timestamp, u64)>,
}

impl<V> Default for Aging<V> {
    fn default() -> Self {
        Self { entries: HashMap::default(), order: VecDeque::new() }
    }
}

impl<V> Aging<V> {
    pub(crate) fn get(&self, key: u64) -> Option<&V> {
        self.entries.get(&key)
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        self.entries.get_mut(&key)
    }

    /// Remembers; the first value of a key stays, and its age counts from then.
    pub(crate) fn note(&mut self, key: u64, value: V, now: Timestamp) {
        if key != 0
            && let hashbrown::hash_map::Entry::Vacant(vacant) = self.entries.entry(key)
        {
            vacant.insert(value);
            self.order.push_back((now, key));
        }
    }

    /// Remembers the latest value of a key; its age counts from the first.
    pub(crate) fn put(&mut self, key: u64, value: V, now: Timestamp) {
        match self.entries.get_mut(&key) {
            Some(known) => *known = value,
            None => self.note(key, value, now),
        }
    }

    /// Takes out an entry before its time.
    pub(crate) fn take(&mut self, key: u64) -> Option<V> {
        self.entries.remove(&key)
    }

    /// Forgets what is too old. After a flood its room is given back.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.forget_each(now, |_, _| {});
    }

    /// Forgets what is too old, and tells of each.
    pub(crate) fn forget_each(&mut self, now: Timestamp, mut forgotten: impl FnMut(u64, V)) {
        while let Some(&(at, key)) = self.order.front() {
            if now.millis_since(at) <= REMEMBERED_MS {
                break;
            }
            self.order.pop_front();
            if let Some(value) = self.entries.remove(&key) {
                forgotten(key, value);
            }
            if self.entries.capacity() > SPARE * self.entries.len().max(SMALL) {
                self.entries.shrink_to(2 * self.entries.len());
                self.order.shrink_to(2 * self.order.len());
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
