//! The fold's gate: which messages of the log count, and whether any is missing or damaged.
//!
//! Pure. Replay, reconciling and the memory implementation all pass what they read through here, so there is one rule.

use async_nats::{HeaderMap, Subject};
use bytes::Bytes;

use super::{
    entry::{Entry, Tip},
    error::LogError,
    frame::{self, Frame, NoFrame, Owner},
};
use crate::nats::Stored;

/// Header with the epoch of the writer, on every message.
pub(crate) const EPOCH_HEADER: &str = "Skein-Epoch";

/// A message of the log before judgement.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) sequence: u64,
    /// From the header; `None` if it is missing or no number.
    pub(crate) epoch: Option<u64>,
    pub(crate) subject: Subject,
    pub(crate) payload: Bytes,
}

impl From<Stored> for Raw {
    fn from(stored: Stored) -> Self {
        Self {
            sequence: stored.sequence,
            epoch: stored.headers.as_ref().and_then(epoch_of),
            subject: stored.subject,
            payload: stored.payload,
        }
    }
}

fn epoch_of(headers: &HeaderMap) -> Option<u64> {
    headers.get(EPOCH_HEADER)?.as_str().parse().ok()
}

/// What a message turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Entry(Entry),
    Epoch {
        number: u64,
        owner: Owner,
    },
    /// Entries behind `last`, up to `to`, are given up.
    Loss {
        number: u64,
        last: u64,
        to: u64,
    },
    Void,
}

/// Reads messages in order and keeps the tip.
#[derive(Debug, Clone)]
pub(crate) struct Verifier {
    tip: Tip,
    voids: u64,
    voiding: bool,
}

impl Verifier {
    pub(crate) fn new(tip: Tip) -> Self {
        Self { tip, voids: 0, voiding: true }
    }

    /// A gate that lets stale entries in: the negative control of the void rule.
    pub(crate) fn without_voiding(tip: Tip) -> Self {
        Self { voiding: false, ..Self::new(tip) }
    }

    pub(crate) fn tip(&self) -> Tip {
        self.tip
    }

    /// Void entries so far.
    pub(crate) fn voids(&self) -> u64 {
        self.voids
    }

    /// Reading goes on from here, whatever was refused before.
    pub(super) fn go_on(&mut self, tip: Tip) {
        self.tip = tip;
    }

    /// Judges the next message. On an error the tip stays where it was.
    pub(crate) fn accept(&mut self, raw: Raw) -> Result<Seen, LogError> {
        let sequence = raw.sequence;
        let malformed = |reason| LogError::Malformed { sequence, reason };
        if sequence != self.tip.sequence + 1 {
            return Err(LogError::SequenceGap { expected: self.tip.sequence + 1, found: sequence });
        }
        let epoch = raw.epoch.ok_or_else(|| malformed("it carries no epoch"))?;
        match frame::parse(&raw.payload) {
            Err(NoFrame::Unknown(tag)) => Err(LogError::UnknownFormat { sequence, tag }),
            Err(NoFrame::Short) => Err(malformed("it is too short")),
            Err(NoFrame::Development) => Err(LogError::Development { sequence }),
            Ok(Frame::Epoch { number, owner }) => {
                if number != epoch || number <= self.tip.epoch {
                    return Err(malformed("its epoch does not follow the last one"));
                }
                self.tip.sequence = sequence;
                self.tip.epoch = number;
                self.tip.epoch_over = false;
                Ok(Seen::Epoch { number, owner })
            }
            Ok(Frame::Loss { number, last, chain, to, .. }) => {
                if number != epoch || number <= self.tip.epoch {
                    return Err(malformed("its epoch does not follow the last one"));
                }
                if last != self.tip.index || to <= last {
                    return Err(malformed("it gives up something else than what follows the last entry"));
                }
                if chain != self.tip.chain {
                    return Err(LogError::ChainBroken { index: last + 1 });
                }
                let chain = frame::chain_after(&raw.payload);
                self.tip = Tip { index: to, chain, sequence, epoch: number, epoch_over: false };
                Ok(Seen::Loss { number, last, to })
            }
            Ok(Frame::Entry { .. }) if epoch > self.tip.epoch => Err(malformed("its epoch was never announced")),
            Ok(Frame::Entry { .. }) if self.voiding && (epoch < self.tip.epoch || self.tip.epoch_over) => {
                self.tip.sequence = sequence;
                self.tip.epoch_over = true;
                self.voids += 1;
                Ok(Seen::Void)
            }
            Ok(Frame::Entry { index, chain, body }) => {
                if index != self.tip.index + 1 {
                    return Err(LogError::IndexGap { sequence, expected: self.tip.index + 1, found: index });
                }
                if chain != self.tip.chain {
                    return Err(LogError::ChainBroken { index });
                }
                self.tip.sequence = sequence;
                self.tip.index = index;
                self.tip.chain = frame::chain_after(&raw.payload);
                Ok(Seen::Entry(Entry { index, sequence, epoch, subject: raw.subject, body }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log by hand: each call makes the next message, whatever it is.
    struct Hand {
        sequence: u64,
    }

    impl Hand {
        fn raw(&mut self, epoch: u64, payload: Bytes) -> Raw {
            self.sequence += 1;
            Raw {
                sequence: self.sequence,
                epoch: Some(epoch),
                subject: Subject::from_static("skein.log.t.w.c"),
                payload,
            }
        }
    }

    fn opened() -> (Hand, Verifier, Raw) {
        let mut hand = Hand { sequence: 0 };
        let mut gate = Verifier::new(Tip::ORIGIN);
        let first = hand.raw(1, frame::epoch(1, [1; 16]));
        gate.accept(first).expect("the first epoch");
        let entry = hand.raw(1, frame::entry(1, Tip::ORIGIN.chain, b"one"));
        gate.accept(entry.clone()).expect("the first entry");
        (hand, gate, entry)
    }

    #[test]
    fn a_record_behind_a_newer_epoch_is_void() {
        let (mut hand, mut gate, _) = opened();
        let before = gate.tip();
        gate.accept(hand.raw(2, frame::epoch(2, [2; 16]))).expect("the second epoch");
        let late = hand.raw(1, frame::entry(2, before.chain, b"late"));
        assert_eq!(gate.accept(late), Ok(Seen::Void));
        assert_eq!((gate.tip().index, gate.tip().chain, gate.voids()), (before.index, before.chain, 1));
    }

    #[test]
    fn records_that_landed_behind_a_void_one_are_void_until_the_next_epoch() {
        let (mut hand, mut gate, _) = opened();
        gate.accept(hand.raw(2, frame::epoch(2, [2; 16]))).expect("the second epoch");
        let chain = gate.tip().chain;
        let second = frame::entry(2, chain, b"two");
        let third = frame::entry(3, frame::chain_after(&second), b"three");
        // The void one took the place of index 2, whose append was refused; index 3 was in flight behind it and fits its prediction.
        gate.accept(hand.raw(1, frame::entry(2, chain, b"late"))).expect("void");
        assert_eq!(gate.accept(hand.raw(2, third.clone())), Ok(Seen::Void));
        gate.accept(hand.raw(3, frame::epoch(3, [2; 16]))).expect("the epoch after the refusal");
        for frame in [second, third] {
            let seen = gate.accept(hand.raw(3, frame)).expect("appended again");
            assert!(matches!(seen, Seen::Entry(_)));
        }
        assert_eq!((gate.tip().index, gate.voids()), (3, 2));
    }

    #[test]
    fn without_the_void_rule_a_stale_record_takes_the_place_of_a_good_one() {
        let (mut hand, gate, _) = opened();
        let mut open_gate = Verifier::without_voiding(gate.tip());
        let chain = gate.tip().chain;
        open_gate.accept(hand.raw(2, frame::epoch(2, [2; 16]))).expect("the second epoch");
        let late = open_gate.accept(hand.raw(1, frame::entry(2, chain, b"late")));
        assert!(matches!(late, Ok(Seen::Entry(_))), "the stale entry got in");
        let good = hand.raw(2, frame::entry(2, chain, b"two"));
        assert!(matches!(open_gate.accept(good), Err(LogError::IndexGap { .. })));
    }

    #[test]
    fn a_missing_record_is_refused() {
        let (mut hand, mut gate, _) = opened();
        let raw = hand.raw(1, frame::entry(3, gate.tip().chain, b"three"));
        assert_eq!(gate.accept(raw), Err(LogError::IndexGap { sequence: 3, expected: 2, found: 3 }));
    }

    #[test]
    fn a_missing_message_is_refused() {
        let (mut hand, mut gate, _) = opened();
        hand.sequence += 1;
        let raw = hand.raw(1, frame::entry(2, gate.tip().chain, b"two"));
        assert_eq!(gate.accept(raw), Err(LogError::SequenceGap { expected: 3, found: 4 }));
    }

    #[test]
    fn a_record_changed_in_place_is_noticed_at_the_next_one() {
        let (mut hand, _, mut first) = opened();
        let good_chain = frame::chain_after(&first.payload);
        first.payload = frame::entry(1, Tip::ORIGIN.chain, b"ONE");
        let mut gate = Verifier::new(Tip { sequence: 1, epoch: 1, ..Tip::ORIGIN });
        gate.accept(first).expect("alone it looks right");
        let second = hand.raw(1, frame::entry(2, good_chain, b"two"));
        assert_eq!(gate.accept(second), Err(LogError::ChainBroken { index: 2 }));
    }

    #[test]
    fn behind_a_loss_the_log_goes_on_with_numbers_that_nobody_has_seen() {
        let (mut hand, mut gate, _) = opened();
        let before = gate.tip();
        for (last, chain, to) in [(2, before.chain, 9), (1, before.chain ^ 1, 9), (1, before.chain, 1)] {
            let other = hand.raw(2, frame::loss(2, [2; 16], (last, chain), to));
            hand.sequence -= 1;
            assert!(gate.accept(other).is_err());
        }
        let given_up = gate.accept(hand.raw(2, frame::loss(2, [2; 16], (1, before.chain), 9)));
        assert_eq!(given_up, Ok(Seen::Loss { number: 2, last: 1, to: 9 }));
        let next = frame::entry(10, gate.tip().chain, b"ten");
        assert!(matches!(gate.accept(hand.raw(2, next)), Ok(Seen::Entry(Entry { index: 10, .. }))));
        let late = gate.accept(hand.raw(1, frame::entry(2, before.chain, b"of the owner before")));
        assert_eq!(late, Ok(Seen::Void));
    }

    #[test]
    fn what_no_writer_makes_is_refused() {
        let (mut hand, mut gate, _) = opened();
        let cases = [
            (Some(1), Bytes::from_static(b"\x03future")),
            (Some(1), Bytes::new()),
            (None, frame::entry(2, 0, b"")),
            (Some(9), frame::entry(2, 0, b"")),
            (Some(1), frame::epoch(1, [3; 16])),
            (Some(5), frame::epoch(6, [3; 16])),
        ];
        for (epoch, payload) in cases {
            let mut raw = hand.raw(0, payload);
            raw.epoch = epoch;
            hand.sequence -= 1;
            let before = gate.tip();
            let refused = gate.accept(raw);
            assert!(matches!(refused, Err(LogError::UnknownFormat { .. } | LogError::Malformed { .. })), "{refused:?}");
            assert_eq!(gate.tip(), before);
        }
    }
}
