//! One direction of a call at its sender: what waits, what was sent and may be wanted again, and how much more may be sent.

use std::collections::VecDeque;

use super::frame::{BadFrame, Piece};
use super::limits::{GIVE_UP_TICKS, PROBE_TICKS, WINDOW_BYTES, WINDOW_FRAMES};

/// The sender's half of one direction.
#[derive(Debug, Default)]
pub(super) struct Sending {
    /// Never sent yet.
    queue: VecDeque<Piece>,
    /// Sent, and not known to have come: `received + 1` to `last`.
    kept: VecDeque<Piece>,
    /// Bytes of what was sent and not read: `taken + 1` to `last`.
    unread: VecDeque<usize>,
    /// Bytes in `queue` and `unread`.
    bytes: usize,
    last: u64,
    received: u64,
    taken: u64,
    /// To be sent again: from the first to the second number.
    again: Option<(u64, u64)>,
    has_ended: bool,
    quiet_ticks: u32,
}

/// What a tick asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    Probe,
    GiveUp,
}

impl Sending {
    /// Whether one more piece may be pushed.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < WINDOW_BYTES && self.queue.len() + self.unread.len() < WINDOW_FRAMES && !self.has_ended
    }

    /// Puts a piece behind the others. Only with [`Self::has_room`], but for the end, which always has a place.
    pub(super) fn push(&mut self, piece: Piece) {
        self.has_ended |= piece.end.is_some();
        self.bytes += piece.bytes();
        let left = match self.queue.back_mut() {
            Some(before) => before.join(piece),
            None => Some(piece),
        };
        self.queue.extend(left);
    }

    /// Notes how far the other side is.
    pub(super) fn acknowledged(&mut self, received: u64, taken: u64) -> Result<(), BadFrame> {
        if received > self.last || taken > received {
            return Err(BadFrame::NeverSent);
        }
        while self.received < received {
            self.kept.pop_front();
            self.received += 1;
            self.quiet_ticks = 0;
        }
        while self.taken < taken {
            self.bytes -= self.unread.pop_front().unwrap_or_default();
            self.taken += 1;
            self.quiet_ticks = 0;
        }
        Ok(())
    }

    /// Sends again what has not come, up to this number. Who was made to believe that there is more gets what there is.
    pub(super) fn send_again(&mut self, to: u64) {
        let to = to.min(self.last);
        if to > self.received {
            self.again = Some((self.received + 1, to));
        }
    }

    /// Sends all again that has not come.
    pub(super) fn send_all_again(&mut self) {
        self.again = (self.last > self.received).then_some((self.received + 1, self.last));
    }

    /// What goes out next, with its number, and whether it went out before.
    pub(super) fn next(&mut self) -> Option<(u64, Piece, bool)> {
        if let Some((from, to)) = self.again {
            let number = from.max(self.received + 1);
            self.again = (number < to).then_some((number + 1, to));
            let place = usize::try_from(number - self.received - 1).ok();
            if let Some(piece) = place.and_then(|place| self.kept.get(place)).filter(|_| number <= to) {
                return Some((number, piece.clone(), true));
            }
        }
        let piece = self.queue.pop_front()?;
        self.last += 1;
        if self.kept.is_empty() {
            self.quiet_ticks = 0;
        }
        self.kept.push_back(piece.clone());
        self.unread.push_back(piece.bytes());
        Some((self.last, piece, false))
    }

    /// Time passes.
    pub(super) fn tick(&mut self) -> Wanted {
        let is_missed = !self.kept.is_empty();
        let is_held_up = !self.has_ended && !self.has_room();
        if !is_missed && !is_held_up {
            self.quiet_ticks = 0;
            return Wanted::Nothing;
        }
        self.quiet_ticks = self.quiet_ticks.saturating_add(1);
        if is_missed && self.quiet_ticks >= GIVE_UP_TICKS {
            Wanted::GiveUp
        } else if self.quiet_ticks.is_multiple_of(PROBE_TICKS) {
            // Also of who reads nothing: what he said when he went on may be lost.
            Wanted::Probe
        } else {
            Wanted::Nothing
        }
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Whether the other side has ever said that something came.
    pub(super) fn is_known(&self) -> bool {
        self.received > 0
    }

    pub(super) fn has_more(&self) -> bool {
        self.again.is_some() || !self.queue.is_empty()
    }

    /// Everything up to the end has come.
    pub(super) fn is_done(&self) -> bool {
        self.has_ended && self.queue.is_empty() && self.kept.is_empty()
    }

    /// Forgets what is left: nobody wants it any more.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.kept.clear();
        self.again = None;
        self.has_ended = true;
    }
}
