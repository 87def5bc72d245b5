//! The log for a checker: every message as readers take it, also behind what is wrong, and never a stop.
//!
//! Whoever folds the log passes it through the gate of this module and stops at the first thing that is wrong. A checker wants to know
//! all of it: here a message that the gate refuses is told as it stands, and the gate goes on behind it.

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::entry::Tip;
use super::error::LogError;
use super::frame::{self, Frame, NoFrame};
use super::verify::{Raw, Seen, Verifier};

/// The running hash before the first entry.
pub const CHAIN_ORIGIN: u64 = frame::CHAIN_ORIGIN;

/// A message of the log as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Its place in the stream.
    pub sequence: u64,
    /// Epoch of its writer; none: it carries none.
    pub epoch: Option<u64>,
    /// What it is.
    pub what: What,
}

/// What a message of the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody took the log over.
    Epoch {
        /// The new epoch.
        number: u64,
    },
    /// An operator gave up what the log has lost, and took it over.
    Loss {
        /// The new epoch.
        number: u64,
        /// The last entry before.
        last: u64,
        /// Entries up to this one are given up.
        to: u64,
        /// The hash over it and all before.
        chain_after: u64,
    },
    /// An entry.
    Entry {
        /// Its number.
        index: u64,
        /// The hash over all entries before it, as it says.
        chain: u64,
        /// The hash over it and all before.
        chain_after: u64,
        /// Readers pass over it.
        void: bool,
        /// The entry, with its content sealed.
        body: Bytes,
    },
    /// Nothing that this build reads.
    Unreadable(&'static str),
}

/// Takes messages as readers do, and goes on behind what they refuse.
#[derive(Clone, Debug)]
pub struct Gate {
    verifier: Verifier,
}

impl Gate {
    /// Before the first message.
    #[must_use]
    pub fn new() -> Self {
        Self { verifier: Verifier::new(Tip::ORIGIN) }
    }

    /// One that lets stale entries in: the negative control.
    #[must_use]
    pub fn without_voiding() -> Self {
        Self { verifier: Verifier::without_voiding(Tip::ORIGIN) }
    }

    /// The next message of the stream, by its place, its writer's epoch and its bytes.
    pub fn look(&mut self, sequence: u64, epoch: Option<u64>, payload: &Bytes) -> Looked {
        let raw =
            Raw { sequence, epoch, subject: async_nats::Subject::from_static("skein.log"), payload: payload.clone() };
        self.take(raw)
    }

    pub(super) fn take(&mut self, raw: Raw) -> Looked {
        let (sequence, epoch) = (raw.sequence, raw.epoch);
        let what = match frame::parse(&raw.payload) {
            Err(NoFrame::Short) => What::Unreadable("it is too short"),
            Err(NoFrame::Unknown(_)) => What::Unreadable("its format is unknown"),
            Err(NoFrame::Development) => What::Unreadable("an older development build wrote it"),
            Ok(Frame::Epoch { number, .. }) => What::Epoch { number },
            Ok(Frame::Loss { number, last, to, .. }) => {
                What::Loss { number, last, to, chain_after: frame::chain_after(&raw.payload) }
            }
            Ok(Frame::Entry { index, chain, body }) => {
                let chain_after = frame::chain_after(&raw.payload);
                What::Entry { index, chain, chain_after, void: false, body }
            }
        };
        // Behind a hole, which is the checker's to tell, the rules are as before it.
        let tip = self.verifier.tip();
        self.verifier.go_on(Tip { sequence: sequence.saturating_sub(1).max(tip.sequence), ..tip });
        let seen = self.verifier.accept(raw);
        let what = match (what, &seen) {
            (What::Entry { index, chain, chain_after, body, .. }, Ok(Seen::Void)) => {
                What::Entry { index, chain, chain_after, void: true, body }
            }
            (what, _) => what,
        };
        if seen.is_err() {
            self.verifier.go_on(behind(self.verifier.tip(), (sequence, epoch), &what));
        }
        Looked { sequence, epoch, what }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// Where reading goes on behind a message that was refused: it is taken at its word.
fn behind(tip: Tip, (sequence, epoch): (u64, Option<u64>), what: &What) -> Tip {
    match *what {
        What::Epoch { number } => Tip { sequence, epoch: number.max(tip.epoch), epoch_over: false, ..tip },
        What::Loss { number, to, chain_after, .. } => {
            Tip { sequence, index: to, chain: chain_after, epoch: number.max(tip.epoch), epoch_over: false }
        }
        What::Entry { index, chain_after, .. } => {
            let epoch = epoch.unwrap_or_default().max(tip.epoch);
            Tip { sequence, index, chain: chain_after, epoch, epoch_over: tip.epoch_over && epoch == tip.epoch }
        }
        What::Unreadable(_) => Tip { sequence, ..tip },
    }
}

/// All messages of a log up to the end it had when the reading began.
pub struct RawLog {
    source: BoxStream<'static, Result<Raw, LogError>>,
    gate: Gate,
    end: u64,
}

impl std::fmt::Debug for RawLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawLog").field("end", &self.end).finish_non_exhaustive()
    }
}

impl RawLog {
    /// `source` ends where the log holds nothing more up to `end`.
    pub(super) fn new(source: BoxStream<'static, Result<Raw, LogError>>, end: u64) -> Self {
        Self { source, gate: Gate::new(), end }
    }

    /// The last sequence that the log ever gave when the reading began: what is read ends there, or before it where messages are gone.
    #[must_use]
    pub fn end_sequence(&self) -> u64 {
        self.end
    }

    /// The next message; none at the end. Waits while the server is away. Cancel-safe.
    ///
    /// # Errors
    /// The server answers nothing that is understood. A hole of the stream is none: the next message tells of it by its place, and a
    /// hole at its end is told by [`Self::end_sequence`].
    pub async fn next(&mut self) -> Result<Option<Looked>, LogError> {
        let raw = self.source.next().await.transpose()?;
        Ok(raw.map(|raw| self.gate.take(raw)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_what_is_wrong_the_next_messages_are_told() {
        let mut gate = Gate::new();
        let first = frame::entry(1, CHAIN_ORIGIN, b"one");
        let third = frame::entry(3, 7, b"three");
        let fourth = frame::entry(4, frame::chain_after(&third), b"four");
        let frames = [frame::epoch(1, [1; 16]), first, third, Bytes::from_static(b"\x77"), fourth];
        let looked: Vec<What> =
            (1..).zip(&frames).map(|(sequence, frame)| gate.look(sequence, Some(1), frame).what).collect();
        assert_eq!(looked[0], What::Epoch { number: 1 });
        assert!(matches!(looked[2], What::Entry { index: 3, chain: 7, void: false, .. }));
        assert!(matches!(looked[3], What::Unreadable(_)));
        assert!(matches!(looked[4], What::Entry { index: 4, void: false, .. }));
    }

    #[test]
    fn what_readers_pass_over_is_told_as_void_and_without_the_rule_it_is_not() {
        let looked = [Gate::new(), Gate::without_voiding()].map(|mut gate| {
            gate.look(1, Some(1), &frame::epoch(1, [1; 16]));
            gate.look(2, Some(2), &frame::epoch(2, [2; 16]));
            gate.look(3, Some(1), &frame::entry(1, CHAIN_ORIGIN, b"late")).what
        });
        let voids = looked.map(|what| matches!(what, What::Entry { void: true, .. }));
        assert_eq!(voids, [true, false]);
    }

    #[test]
    fn behind_a_hole_readers_pass_over_what_they_would_have_passed_over() {
        let mut gate = Gate::new();
        gate.look(1, Some(1), &frame::epoch(1, [1; 16]));
        gate.look(2, Some(2), &frame::epoch(2, [2; 16]));
        let late = gate.look(4, Some(1), &frame::entry(1, CHAIN_ORIGIN, b"late")).what;
        assert!(matches!(late, What::Entry { void: true, .. }), "{late:?}");
    }

    #[test]
    fn an_epoch_that_is_missing_is_that_of_the_entries_behind_it() {
        let mut gate = Gate::new();
        gate.look(1, Some(1), &frame::epoch(1, [1; 16]));
        let first = frame::entry(1, CHAIN_ORIGIN, b"one");
        let second = frame::entry(2, frame::chain_after(&first), b"two");
        gate.look(3, Some(2), &first);
        gate.look(4, Some(2), &second);
        let late = gate.look(5, Some(1), &second).what;
        assert!(matches!(late, What::Entry { void: true, .. }), "{late:?}");
    }
}
