//! One end of a call without I/O and without a clock: frames and ticks go in, frames and pieces in order come out.
//!
//! Each direction numbers what it carries; the other side says how much has come and how much was read. What has not come is kept and sent
//! again when it is asked for; what was not read holds up the sender. A call ends when its response has, when either side says so, or when
//! the other side gives no sign for [`super::limits::GIVE_UP_TICKS`] while something is to be acknowledged.

use super::frame::{BadFrame, Frame, Piece, Reset};
use super::limits::VERSION;
use super::receiving::Receiving;
use super::sending::{Sending, Wanted};

/// Which end it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Sends the request and reads the response, with which the call is over.
    Caller,
    /// Reads the request and sends the response; over when all of that has come.
    Host,
}

/// Why nothing more is sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The response has come.
    Over,
    /// The other side said so.
    Reset(Reset),
    /// We said so.
    Dropped,
    /// The other side gave no sign.
    Silent,
    /// Nobody is there.
    Nobody,
}

/// One end of a call.
#[derive(Debug)]
pub(super) struct Link {
    side: Side,
    sending: Sending,
    receiving: Receiving,
    acknowledge: bool,
    probe: bool,
    ask: bool,
    /// The last word, not yet said.
    reset: Option<Reset>,
    ended: Option<Ended>,
}

impl Link {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            sending: Sending::default(),
            receiving: Receiving::default(),
            acknowledge: false,
            probe: false,
            ask: false,
            reset: None,
            ended: None,
        }
    }

    /// Takes a frame of the other side. A bad one changes nothing but what was sound in it.
    pub(super) fn receive(&mut self, frame: Frame) -> Result<(), BadFrame> {
        if self.ended.is_some() {
            return Ok(());
        }
        match frame.reset {
            Some(Reset::Unknown) if self.side == Side::Caller && !self.sending.is_known() => {
                self.sending.send_all_again();
                return Ok(());
            }
            Some(reset) => {
                self.end(Ended::Reset(reset), None);
                return Ok(());
            }
            None => {}
        }
        self.sending.acknowledged(frame.received, frame.taken)?;
        self.sending.send_again(frame.again);
        self.acknowledge |= frame.probe;
        if let Some(piece) = frame.piece {
            // Who sends what has come already was not told, or has not heard it.
            let is_new = self.receiving.accept(frame.number, piece)?;
            self.acknowledge |= !is_new || self.receiving.is_due();
        }
        self.receiving.sent(frame.last)?;
        self.ask |= self.receiving.is_new_hole();
        self.close_if_over();
        Ok(())
    }

    fn close_if_over(&mut self) {
        match self.side {
            Side::Caller if self.receiving.has_ended() => {
                self.end(Ended::Over, None);
                // The other side keeps the end until it knows that it has come.
                self.acknowledge = true;
            }
            Side::Host if self.sending.is_done() => self.end(Ended::Over, None),
            Side::Caller | Side::Host => {}
        }
    }

    /// Ends the call here, with a word to the other side if there is one. The first end counts.
    pub(super) fn end(&mut self, why: Ended, say: Option<Reset>) {
        if self.ended.is_none() {
            self.ended = Some(why);
            self.reset = say;
            self.acknowledge = false;
            self.sending.clear();
        }
    }

    /// Time passes.
    pub(super) fn tick(&mut self) {
        if self.ended.is_some() {
            return;
        }
        match self.sending.tick() {
            Wanted::Nothing => {}
            Wanted::Probe => self.probe = true,
            Wanted::GiveUp => self.end(Ended::Silent, Some(self.last_word())),
        }
        self.ask |= self.receiving.hole().is_some();
        self.acknowledge |= self.receiving.is_untold();
    }

    /// How this end says that it is gone.
    pub(super) fn last_word(&self) -> Reset {
        match self.side {
            Side::Caller => Reset::Canceled,
            Side::Host => Reset::Failed,
        }
    }

    /// Whether a piece may be pushed.
    pub(super) fn has_room(&self) -> bool {
        self.sending.has_room()
    }

    /// Sends a piece: with room, or with an end.
    pub(super) fn push(&mut self, piece: Piece) {
        if self.ended.is_none() {
            self.sending.push(piece);
        }
    }

    /// The next piece that came; also after the end, as long as there are some.
    pub(super) fn take(&mut self) -> Option<Piece> {
        let piece = self.receiving.take()?;
        self.acknowledge |= self.ended.is_none() && self.receiving.is_due();
        Some(piece)
    }

    /// The next piece that came, without taking it.
    pub(super) fn first(&self) -> Option<&Piece> {
        self.receiving.first()
    }

    /// Whatever comes is not read.
    pub(super) fn discard(&mut self) {
        self.receiving.discard();
        self.acknowledge |= self.ended.is_none() && self.receiving.is_due();
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Whether the other side has acknowledged anything.
    pub(super) fn is_known(&self) -> bool {
        self.sending.is_known()
    }

    /// Whether [`Self::transmit`] has a frame.
    pub(super) fn has_frames(&self) -> bool {
        let talks = self.ended.is_none() && (self.sending.has_more() || self.probe || self.ask);
        talks || self.acknowledge || self.reset.is_some()
    }

    /// The next frame to send, and whether it went out before.
    pub(super) fn transmit(&mut self) -> Option<(Frame, bool)> {
        if let Some(reset) = self.reset.take() {
            return Some((Frame { reset: Some(reset), ..Frame::default() }, false));
        }
        if !self.has_frames() {
            return None;
        }
        let (received, taken) = self.receiving.tell();
        let again = self.ask.then(|| self.receiving.hole()).flatten().unwrap_or_default();
        let mut frame = Frame { received, taken, again, probe: self.probe, ..Frame::default() };
        (self.acknowledge, self.ask, self.probe) = (false, false, false);
        let mut is_repeated = false;
        if let Some((number, piece, repeated)) = self.sending.next() {
            frame.version = if piece.head.is_some() { VERSION } else { 0 };
            (frame.number, frame.piece, is_repeated) = (number, Some(piece), repeated);
        }
        frame.last = self.sending.last();
        Some((frame, is_repeated))
    }

    #[cfg(test)]
    pub(super) fn blind(&mut self) {
        self.receiving.is_blind = true;
    }
}

#[cfg(test)]
mod tests;
