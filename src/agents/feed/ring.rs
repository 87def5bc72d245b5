//! The ring of one agent: newest positions, and where each live reader stands. Synchronous; the lock around it is held for a
//! few pushes or pops only.
//!
//! What a reader has told is kept for a resume as the event that was made of it, encoded: a tenth of its record. Sessions that are open
//! for hours are nearly all of what the rings hold.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::feeds::{Told, forget, weight};
use super::kept::{Kept, Next};
use super::limits::FeedLimits;
use super::reader::Overrun;
use crate::domain::id::{LeafId, Position};
use crate::domain::time::Timestamp;

/// One position with the number of bytes told before it.
#[derive(Debug)]
struct Item {
    position: Position,
    time: Timestamp,
    start: u64,
    kept: Kept,
}

/// Where one reader stands.
#[derive(Debug)]
struct Cursor {
    reader: u64,
    next: u64,
    full_since: Option<Instant>,
    lost: Option<Overrun>,
}

/// What a reader finds.
#[derive(Debug)]
pub(super) enum Found {
    /// These are next; and how often words had been dropped then.
    Some(Vec<Next>, u64),
    /// Nothing new.
    Nothing,
    /// What it should have read is gone.
    Lost(Overrun),
}

#[derive(Debug, Default)]
pub(super) struct Ring {
    items: VecDeque<Item>,
    /// Number of the front item, counted from the first ever pushed.
    first: u64,
    /// Bytes ever pushed.
    total: u64,
    /// The newest position that was dropped; none: nothing was.
    floor: Option<Position>,
    cursors: Vec<Cursor>,
    /// How often words were dropped.
    forgets: u64,
    readers_ever: u64,
}

impl Ring {
    pub(super) fn push(&mut self, told: Told, limits: &FeedLimits, now: Instant) {
        let start = self.total;
        let Told { position, record, place } = told;
        self.total += weight(&record);
        self.items.push_back(Item { position, time: record.time, start, kept: Kept::Record { record, place } });
        self.judge(limits, now);
        self.trim(limits);
    }

    /// The newest position dropped from the ring.
    pub(super) fn floor(&self) -> Option<Position> {
        self.floor
    }

    /// A new reader: after `after`, or from now on.
    pub(super) fn join(&mut self, after: Option<Position>) -> u64 {
        let skipped = match after {
            Some(after) => self.items.partition_point(|item| item.position <= after),
            None => self.items.len(),
        };
        self.readers_ever += 1;
        self.cursors.push(Cursor {
            reader: self.readers_ever,
            next: self.first + skipped as u64,
            full_since: None,
            lost: None,
        });
        self.readers_ever
    }

    pub(super) fn leave(&mut self, reader: u64, limits: &FeedLimits) {
        self.cursors.retain(|cursor| cursor.reader != reader);
        self.trim(limits);
    }

    /// The next items of a reader, at least one if there is any, together at most `items` and about `bytes`.
    pub(super) fn take(&mut self, reader: u64, items: usize, bytes: u64, limits: &FeedLimits, now: Instant) -> Found {
        let first = self.first;
        let Some(cursor) = self.cursors.iter_mut().find(|cursor| cursor.reader == reader) else {
            return Found::Lost(Overrun::Slow);
        };
        if let Some(overrun) = cursor.lost {
            return Found::Lost(overrun);
        }
        let from = usize::try_from(cursor.next - first).unwrap_or(usize::MAX);
        let Some(begin) = self.items.get(from).map(|item| item.start) else {
            return Found::Nothing;
        };
        let batch: Vec<Next> = self
            .items
            .range(from..)
            .take(items)
            .enumerate()
            .take_while(|(at, item)| *at == 0 || item.start - begin < bytes)
            .map(|(_, item)| Next { position: item.position, kept: item.kept.clone() })
            .collect();
        cursor.next += batch.len() as u64;
        self.judge(limits, now);
        self.trim(limits);
        Found::Some(batch, self.forgets)
    }

    /// Keeps what was made of positions in the place of their records, unless words were dropped since they were taken: they may be among
    /// them. Positions that are gone stay so.
    pub(super) fn keep(&mut self, made: Vec<Next>, forgets: u64) {
        if self.forgets != forgets {
            return;
        }
        // What another one has still to read stays as it is: an erasure leaves it there.
        let wanted = usize::try_from(self.first_wanted().saturating_sub(self.first)).unwrap_or(usize::MAX);
        for Next { position, kept } in made {
            let at = self.items.partition_point(|item| item.position < position);
            if at >= wanted {
                return;
            }
            if let Some(item) = self.items.get_mut(at).filter(|item| item.position == position) {
                item.kept = kept;
            }
        }
    }

    /// Drops the words of these leaves: their customer is erased. An event that was made of them is dropped whole, and all before it: who
    /// still wants one of those begins anew.
    pub(super) fn forget(&mut self, leaves: &[LeafId]) {
        self.forgets += 1;
        let mut gone = 0;
        for (number, item) in self.items.iter_mut().enumerate() {
            match &mut item.kept {
                Kept::Record { record, .. } => forget(record, leaves),
                Kept::Event { of, .. } if of.is_of(leaves) => gone = number + 1,
                Kept::Event { .. } => {}
            }
        }
        let first = self.first + gone as u64;
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.next < first) {
            cursor.lost.get_or_insert(Overrun::Erased);
        }
        self.drop_first(gone);
    }

    /// Since when a reader has been full without a break, and whether it has lost something.
    pub(super) fn fullness(&self, reader: u64) -> (Option<Instant>, Option<Overrun>) {
        self.cursors
            .iter()
            .find(|cursor| cursor.reader == reader)
            .map_or((None, Some(Overrun::Slow)), |cursor| (cursor.full_since, cursor.lost))
    }

    /// Notes who is full, and gives up who is hopelessly behind.
    fn judge(&mut self, limits: &FeedLimits, now: Instant) {
        let end = self.first + self.items.len() as u64;
        for cursor in &mut self.cursors {
            if cursor.lost.is_some() {
                continue;
            }
            let behind = end - cursor.next;
            let bytes = usize::try_from(cursor.next - self.first)
                .ok()
                .and_then(|at| self.items.get(at))
                .map_or(0, |item| self.total - item.start);
            if behind >= limits.backlog_positions || bytes >= limits.backlog_bytes {
                cursor.full_since.get_or_insert(now);
            } else {
                cursor.full_since = None;
            }
            let hopeless =
                behind >= limits.backlog_positions * limits.ceiling || bytes >= limits.backlog_bytes * limits.ceiling;
            cursor.lost = hopeless.then_some(Overrun::Slow);
        }
    }

    /// Number of the first item that some reader has still to read.
    fn first_wanted(&self) -> u64 {
        let wanted = self.cursors.iter().filter(|cursor| cursor.lost.is_none()).map(|cursor| cursor.next);
        wanted.min().unwrap_or(u64::MAX)
    }

    /// Drops what neither a resume nor a live reader may still ask for.
    fn trim(&mut self, limits: &FeedLimits) {
        let Some(newest) = self.items.back().map(|item| item.time) else {
            return;
        };
        let oldest_allowed = newest - limits.ring_age;
        let needed = self.first_wanted();
        while let Some(front) = self.items.front() {
            let surplus = self.items.len() > limits.ring_positions
                || self.total - front.start > limits.ring_bytes
                || front.time < oldest_allowed;
            if !surplus || self.first >= needed {
                return;
            }
            self.drop_first(1);
        }
    }

    fn drop_first(&mut self, count: usize) {
        for item in self.items.drain(..count) {
            self.floor = Some(item.position);
        }
        self.first += count as u64;
    }
}
