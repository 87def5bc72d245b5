//! The ring of one agent: newest positions, and where each live reader stands. Synchronous; the lock around it is held for a
//! few pushes or pops only.
//!
//! Records are held for who has still to read them. Of a position that everybody was told only its place in the log is kept, for a resume: a
//! hundredth of its record. Sessions that are open for hours are nearly all of what the rings hold, and hardly one asks for anything again.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use super::feeds::{Told, forget, weight};
use super::kept::{Next, Past, Whose};
use super::limits::FeedLimits;
use super::reader::Overrun;
use crate::domain::id::{LeafId, Position};
use crate::domain::time::Timestamp;

/// Room for records that stays while there are none: more come with bursts only.
const ROOM: usize = 4;
/// Room for positions is given back when it is so many times what is needed.
const SPARE: usize = 8;

/// One position with the number of bytes told before it.
#[derive(Debug)]
struct Item {
    told: Told,
    start: u64,
}

/// Where one reader stands.
#[derive(Debug)]
struct Cursor {
    reader: u64,
    next: u64,
    full_since: Option<Instant>,
    lost: Option<Overrun>,
    /// Leaves of who was erased since it began to read from the log; none: it does not.
    rereads: Option<Vec<LeafId>>,
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
    /// Positions whose records nobody who reads waits for.
    past: VecDeque<Past>,
    /// What follows.
    items: VecDeque<Item>,
    /// Number of the first position, counted from the first ever pushed.
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
    /// Of what was told before, in order: position, place, time, bytes, whose words.
    pub(super) fn told_before(
        told: impl Iterator<Item = (Position, u16, Timestamp, u64, Whose)>,
        floor: Option<Position>,
    ) -> Self {
        let mut ring = Self { floor, ..Self::default() };
        for (position, place, time, bytes, of) in told {
            let mut past = Past::new(position, place, time, ring.total);
            past.of = of;
            ring.past.push_back(past);
            ring.total += bytes;
        }
        ring
    }

    /// All positions, as those that everybody was told, with their bytes.
    pub(super) fn told(&self) -> impl Iterator<Item = (Past, u64)> {
        let ends = (1..=self.len()).map(|at| self.start(at).unwrap_or(self.total));
        let held = self.items.iter().map(|Item { told: Told { position, record, place }, start }| {
            Past::new(*position, *place, record.time, *start)
        });
        self.past.iter().copied().chain(held).zip(ends).map(|(past, end)| (past, end - past.start(self.total)))
    }

    pub(super) fn push(&mut self, told: Told, limits: &FeedLimits, now: Instant) {
        let start = self.total;
        self.total += weight(&told.record);
        self.items.push_back(Item { told, start });
        self.judge(limits, now);
        self.settle(limits);
    }

    /// The newest position dropped from the ring.
    pub(super) fn floor(&self) -> Option<Position> {
        self.floor
    }

    /// A new reader: after `after`, or from now on.
    pub(super) fn join(&mut self, after: Option<Position>) -> u64 {
        let skipped = match after {
            Some(after) => {
                let past = self.past.partition_point(|past| past.position() <= after);
                past + self.items.partition_point(|item| item.told.position <= after)
            }
            None => self.len(),
        };
        self.readers_ever += 1;
        self.cursors.push(Cursor {
            reader: self.readers_ever,
            next: self.first + skipped as u64,
            full_since: None,
            lost: None,
            rereads: None,
        });
        self.readers_ever
    }

    pub(super) fn leave(&mut self, reader: u64, limits: &FeedLimits) {
        self.cursors.retain(|cursor| cursor.reader != reader);
        self.settle(limits);
    }

    /// The next positions of a reader, at least one if there is any, together at most `items` and about `bytes`.
    pub(super) fn take(&mut self, reader: u64, items: usize, bytes: u64, limits: &FeedLimits, now: Instant) -> Found {
        let Some(at) = self.cursors.iter().position(|cursor| cursor.reader == reader) else {
            return Found::Lost(Overrun::Slow);
        };
        if let Some(overrun) = self.cursors[at].lost {
            return Found::Lost(overrun);
        }
        let from = self.place_of(self.cursors[at].next);
        let Some(begin) = self.start(from) else {
            return Found::Nothing;
        };
        let past = self.past.range(from.min(self.past.len())..).map(|past| (past.start(self.total), past.next()));
        let held = self.items.range(from.saturating_sub(self.past.len())..).map(|item| (item.start, item.next()));
        let next = past.chain(held).take(items).enumerate();
        let batch: Vec<Next> =
            next.take_while(|(at, (start, _))| *at == 0 || start - begin < bytes).map(|(_, (_, next))| next).collect();
        self.cursors[at].next += batch.len() as u64;
        self.judge(limits, now);
        self.settle(limits);
        Found::Some(batch, self.forgets)
    }

    /// Notes whose words were told at positions, unless words were dropped since those were taken: they may be among them. Positions that
    /// are gone stay so, and what another one has still to read is filed when that one was told: until then an erasure leaves it there.
    pub(super) fn file(&mut self, told: &[(Position, Whose)], forgets: u64) {
        if self.forgets != forgets {
            return;
        }
        for (position, of) in told {
            let at = self.past.partition_point(|past| past.position() < *position);
            if let Some(past) = self.past.get_mut(at).filter(|past| past.position() == *position) {
                past.of = *of;
            }
        }
    }

    /// Drops the words of these leaves: their customer is erased. A position at which they were told is dropped whole, and all before it:
    /// who still wants one of those begins anew.
    pub(super) fn forget(&mut self, leaves: &[LeafId]) {
        self.forgets += 1;
        self.cursors.iter_mut().filter_map(|cursor| cursor.rereads.as_mut()).for_each(|erased| erased.extend(leaves));
        self.items.iter_mut().for_each(|item| forget(&mut item.told.record, leaves));
        let gone = self.past.iter().rposition(|past| past.of.is_of(leaves)).map_or(0, |last| last + 1);
        self.drop_past(gone);
    }

    /// From here on, who is erased is noted for this reader, and it is not called slow.
    pub(super) fn begin_reread(&mut self, reader: u64) {
        if let Some(cursor) = self.cursor(reader) {
            cursor.rereads = Some(Vec::new());
            cursor.full_since = None;
        }
    }

    /// Leaves of who was erased since then.
    pub(super) fn end_reread(&mut self, reader: u64) -> Vec<LeafId> {
        self.cursor(reader).and_then(|cursor| cursor.rereads.take()).unwrap_or_default()
    }

    /// Drops all up to a position, which the log has no longer: who still wants one of those begins anew.
    pub(super) fn gone(&mut self, position: Position) {
        self.drop_past(self.past.partition_point(|past| past.position() <= position));
    }

    /// Since when a reader has been full without a break, and whether it has lost something.
    pub(super) fn fullness(&self, reader: u64) -> (Option<Instant>, Option<Overrun>) {
        self.cursors
            .iter()
            .find(|cursor| cursor.reader == reader)
            .map_or((None, Some(Overrun::Slow)), |cursor| (cursor.full_since, cursor.lost))
    }

    fn cursor(&mut self, reader: u64) -> Option<&mut Cursor> {
        self.cursors.iter_mut().find(|cursor| cursor.reader == reader)
    }

    fn len(&self) -> usize {
        self.past.len() + self.items.len()
    }

    /// Where the position of this number is.
    fn place_of(&self, number: u64) -> usize {
        usize::try_from(number - self.first).unwrap_or(usize::MAX)
    }

    /// Bytes told before a position.
    fn start(&self, at: usize) -> Option<u64> {
        match at.checked_sub(self.past.len()) {
            Some(held) => self.items.get(held).map(|item| item.start),
            None => self.past.get(at).map(|past| past.start(self.total)),
        }
    }

    /// Notes who is full, and gives up who is hopelessly behind. Who waits for what is read from the log is not slow: the log is.
    fn judge(&mut self, limits: &FeedLimits, now: Instant) {
        let end = self.first + self.len() as u64;
        for at in 0..self.cursors.len() {
            let Cursor { next, lost: None, ref rereads, .. } = self.cursors[at] else {
                continue;
            };
            let waits = rereads.is_some();
            let behind = end - next;
            let bytes = self.start(self.place_of(next)).map_or(0, |start| self.total - start);
            let cursor = &mut self.cursors[at];
            if !waits && (behind >= limits.backlog_positions || bytes >= limits.backlog_bytes) {
                cursor.full_since.get_or_insert(now);
            } else {
                cursor.full_since = None;
            }
            let hopeless =
                behind >= limits.backlog_positions * limits.ceiling || bytes >= limits.backlog_bytes * limits.ceiling;
            cursor.lost = hopeless.then_some(if waits { Overrun::Unread } else { Overrun::Slow });
        }
    }

    /// Number of the first position that some reader has still to read.
    fn first_wanted(&self) -> Option<u64> {
        self.cursors.iter().filter(|cursor| cursor.lost.is_none()).map(|cursor| cursor.next).min()
    }

    /// Lets go of the records that nobody waits for, and of the positions that neither a resume nor a live reader may still ask for.
    fn settle(&mut self, limits: &FeedLimits) {
        let wanted = self.first_wanted();
        let end = self.first + self.len() as u64;
        // Of the many who have not come since the start nothing is held.
        let absent = if self.readers_ever == 0 { 0 } else { limits.absent_records };
        let held_from = wanted.unwrap_or(end.saturating_sub(absent));
        while self.first + (self.past.len() as u64) < held_from {
            let Some(Item { told: Told { position, record, place }, start }) = self.items.pop_front() else { break };
            self.past.push_back(Past::new(position, place, record.time, start));
        }
        self.trim(limits, wanted.unwrap_or(u64::MAX));
        self.give_back();
    }

    fn trim(&mut self, limits: &FeedLimits, wanted: u64) {
        let newest = self.items.back().map(|item| item.told.record.time).or(self.past.back().map(Past::time));
        let Some(oldest_allowed) = newest.map(|newest| newest - limits.ring_age) else {
            return;
        };
        while let Some((position, time, start)) = self.front() {
            let surplus =
                self.len() > limits.ring_positions || self.total - start > limits.ring_bytes || time < oldest_allowed;
            if !surplus || self.first >= wanted {
                return;
            }
            if self.past.pop_front().is_none() {
                self.items.pop_front();
            }
            self.first += 1;
            self.floor = Some(position);
        }
    }

    /// After a reader that was far behind there is room for thousands.
    fn give_back(&mut self) {
        if self.past.capacity() > SPARE * self.past.len().max(ROOM) {
            self.past.shrink_to(2 * self.past.len());
        }
        if self.items.is_empty() {
            self.items.shrink_to(ROOM);
        }
    }

    /// The first position, when it was decided, and bytes told before it.
    fn front(&self) -> Option<(Position, Timestamp, u64)> {
        let past = self.past.front().map(|past| (past.position(), past.time(), past.start(self.total)));
        past.or_else(|| self.items.front().map(|item| (item.told.position, item.told.record.time, item.start)))
    }

    /// Drops so many positions, and gives up who still wants one of them.
    fn drop_past(&mut self, count: usize) {
        let first = self.first + count as u64;
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.next < first) {
            cursor.lost.get_or_insert(Overrun::Erased);
        }
        if let Some(last) = self.past.drain(..count).next_back() {
            self.floor = Some(last.position());
        }
        self.first = first;
    }
}

impl Item {
    fn next(&self) -> Next {
        let Told { position, record, place } = &self.told;
        Next { position: *position, record: Some(Arc::clone(record)), place: *place }
    }
}
