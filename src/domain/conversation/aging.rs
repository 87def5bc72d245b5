//! What is remembered for a while, by a 64-bit key: provider ids, duplicate keys, messages that wait for receipts.
//!
//! Ages by the time of records, so every fold forgets the same.

use crate::domain::growing::{BlockQueue, SplitMap};
use crate::domain::time::Timestamp;

/// How long provider ids are remembered: providers retry a webhook for up to 8 days (design, law 8).
pub(crate) const REMEMBERED_MS: i64 = 8 * 24 * 3_600 * 1_000;

/// A map whose entries go when they are 8 days old.
#[derive(Debug)]
pub(crate) struct Aging<V> {
    entries: SplitMap<u64, V>,
    order: BlockQueue<(Timestamp, u64)>,
}

impl<V> Default for Aging<V> {
    fn default() -> Self {
        Self { entries: SplitMap::default(), order: BlockQueue::default() }
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
        if key != 0 && self.entries.get_or_insert_with(key, || value).1 {
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

    /// Forgets what is too old.
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
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
