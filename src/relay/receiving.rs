//! One direction of a call at its receiver: everything once and in order, and what has to be said about it.

use std::collections::{BTreeMap, VecDeque};

use super::frame::{BadFrame, Piece};
use super::limits::{FRAME_BYTES, WINDOW_BYTES, WINDOW_FRAMES};

/// The receiver's half of one direction.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    /// In order and not read: `taken + 1` to `received`.
    ready: VecDeque<Piece>,
    /// Behind a hole.
    ahead: BTreeMap<u64, Piece>,
    /// Bytes of both.
    bytes: usize,
    received: u64,
    taken: u64,
    /// The highest number that the sender is known to have sent.
    last: u64,
    /// What the sender was told last of `received` and `taken`, and the bytes read since.
    told: (u64, u64),
    untold_bytes: usize,
    /// What had come when a hole was asked for.
    asked_at: Option<u64>,
    has_ended: bool,
    /// Nobody reads: what comes counts as read.
    is_discarded: bool,
    /// Negative control of the tests: what comes is what was next.
    #[cfg(test)]
    pub(super) is_blind: bool,
}

impl Receiving {
    /// Takes a piece in. Says whether it was new.
    pub(super) fn accept(&mut self, number: u64, piece: Piece) -> Result<bool, BadFrame> {
        if number <= self.received || self.ahead.contains_key(&number) {
            return Ok(false);
        }
        let is_first = number == 1;
        if piece.head.is_some() != is_first || self.has_ended {
            return Err(BadFrame::OutOfPlace);
        }
        if self.is_beyond(number) || self.bytes + piece.bytes() > WINDOW_BYTES + FRAME_BYTES {
            return Err(BadFrame::BeyondWindow);
        }
        self.bytes += piece.bytes();
        if self.is_next(number) {
            self.put(piece);
            while let Some(next) = self.ahead.remove(&(self.received + 1)) {
                self.put(next);
            }
        } else {
            self.ahead.insert(number, piece);
        }
        Ok(true)
    }

    #[cfg(not(test))]
    fn is_next(&self, number: u64) -> bool {
        number == self.received + 1
    }

    #[cfg(test)]
    fn is_next(&self, number: u64) -> bool {
        self.is_blind || number == self.received + 1
    }

    fn put(&mut self, piece: Piece) {
        self.received += 1;
        self.has_ended |= piece.end.is_some();
        self.ready.push_back(piece);
        if self.is_discarded {
            self.discard();
        }
    }

    /// The sender has sent up to this number.
    pub(super) fn sent(&mut self, last: u64) -> Result<(), BadFrame> {
        if self.is_beyond(last) {
            return Err(BadFrame::BeyondWindow);
        }
        self.last = self.last.max(last);
        Ok(())
    }

    /// The window, and the end, which has a place beyond it.
    fn is_beyond(&self, number: u64) -> bool {
        number > self.taken + WINDOW_FRAMES as u64 + 1
    }

    /// The next piece in order.
    pub(super) fn take(&mut self) -> Option<Piece> {
        let piece = self.ready.pop_front()?;
        self.taken += 1;
        self.bytes -= piece.bytes();
        self.untold_bytes += piece.bytes();
        Some(piece)
    }

    pub(super) fn first(&self) -> Option<&Piece> {
        self.ready.front()
    }

    /// Nobody reads any more.
    pub(super) fn discard(&mut self) {
        self.is_discarded = true;
        while self.take().is_some() {}
    }

    /// Up to which number something is missing, if it is.
    pub(super) fn hole(&self) -> Option<u64> {
        let to = self.ahead.first_key_value().map_or(self.last, |(first, _)| first - 1);
        (to > self.received).then_some(to)
    }

    /// Whether a hole is new, so that it is asked for at once; later it is by the tick.
    pub(super) fn is_new_hole(&mut self) -> bool {
        let is_new = self.hole().is_some() && self.asked_at != Some(self.received);
        if is_new {
            self.asked_at = Some(self.received);
        }
        is_new
    }

    /// Whether the sender should be told at once: it may soon have to wait for us.
    pub(super) fn is_due(&self) -> bool {
        let frames = self.taken - self.told.1;
        frames >= (WINDOW_FRAMES / 2) as u64 || self.untold_bytes >= WINDOW_BYTES / 2
    }

    /// Whether there is something that the sender was not told.
    pub(super) fn is_untold(&self) -> bool {
        self.told != (self.received, self.taken)
    }

    /// What has come and what was read: the sender is told now.
    pub(super) fn tell(&mut self) -> (u64, u64) {
        self.told = (self.received, self.taken);
        self.untold_bytes = 0;
        self.told
    }

    /// The end has come, and so has all before it.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }
}
