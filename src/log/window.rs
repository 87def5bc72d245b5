//! What was sent and is not durable yet.
//!
//! Pure and shared by both implementations: acks go in, the durable tip comes out; after an unknown outcome, what was found in the log
//! goes in, and what has to be appended again comes out.

use std::{collections::VecDeque, time::Instant};

use async_nats::Subject;
use bytes::Bytes;

use super::{
    entry::Tip,
    error::LogError,
    frame::{self, Owner},
    verify::Seen,
};

/// An entry on its way into the log.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) index: u64,
    pub(crate) subject: Subject,
    /// The framed entry: the bytes of the message, the same however often it is sent.
    pub(crate) frame: Bytes,
    /// Running hash after this entry.
    pub(crate) chain_after: u64,
}

/// Entries sent in one go: a single one, or an atomic batch.
#[derive(Debug)]
struct Sent {
    entries: Entries,
    last_sequence: u64,
    at: Instant,
    acked: bool,
}

/// A single entry without an allocation of its own, or a batch.
#[derive(Debug)]
enum Entries {
    One(Pending),
    Batch(VecDeque<Pending>),
}

impl Entries {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Batch(entries) => entries.len(),
        }
    }
}

/// What became durable by an ack.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Advance {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    /// When the last of them was sent.
    pub(crate) sent_at: Option<Instant>,
}

/// Sent entries in order, and the durable tip before them.
#[derive(Debug)]
pub(crate) struct Window {
    durable: Tip,
    sent: VecDeque<Sent>,
    singles: usize,
    batches: usize,
}

impl Window {
    /// Nothing sent yet; `durable` ends with the writer's own `Epoch`.
    pub(crate) fn new(durable: Tip) -> Self {
        Self { durable, sent: VecDeque::new(), singles: 0, batches: 0 }
    }

    pub(crate) fn durable(&self) -> Tip {
        self.durable
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Single entries without an ack.
    pub(crate) fn singles(&self) -> usize {
        self.singles
    }

    /// Batches without an ack.
    pub(crate) fn batches(&self) -> usize {
        self.batches
    }

    /// The sequence that the last message sent will have: what the next one is fenced on.
    pub(crate) fn predicted(&self) -> u64 {
        self.sent.back().map_or(self.durable.sequence, |sent| sent.last_sequence)
    }

    /// Notes an entry sent alone.
    pub(crate) fn push_single(&mut self, pending: Pending, at: Instant) {
        let last_sequence = self.predicted() + 1;
        self.singles += 1;
        self.sent.push_back(Sent { entries: Entries::One(pending), last_sequence, at, acked: false });
    }

    /// Notes entries sent as one batch; at least one.
    pub(crate) fn push_batch(&mut self, entries: VecDeque<Pending>, at: Instant) {
        let last_sequence = self.predicted() + entries.len() as u64;
        self.batches += 1;
        self.sent.push_back(Sent { entries: Entries::Batch(entries), last_sequence, at, acked: false });
    }

    /// An ack: `count` messages ending at `sequence`. Acks may come out of order; durable waits for the earlier ones.
    pub(crate) fn ack(&mut self, sequence: u64, count: u64) -> Result<Advance, LogError> {
        let at = if self.sent.front().is_some_and(|sent| sent.last_sequence == sequence) {
            0
        } else {
            self.sent.partition_point(|sent| sent.last_sequence < sequence)
        };
        let unexpected = LogError::UnexpectedAck { expected: self.durable.sequence + 1, found: sequence };
        let Some(sent) = self.sent.get_mut(at) else {
            return Err(unexpected);
        };
        if sent.last_sequence != sequence || sent.entries.len() as u64 != count || sent.acked {
            return Err(unexpected);
        }
        sent.acked = true;
        let mut advance = Advance::default();
        while self.sent.front().is_some_and(|sent| sent.acked) {
            if let Some(sent) = self.sent.pop_front() {
                self.settle(sent, &mut advance);
            }
        }
        Ok(advance)
    }

    fn settle(&mut self, sent: Sent, advance: &mut Advance) {
        advance.sent_at = Some(sent.at);
        self.durable.sequence = sent.last_sequence;
        let mut count = |pending: &Pending| {
            advance.entries += 1;
            advance.bytes += pending.frame.len() as u64;
            self.durable.index = pending.index;
            self.durable.chain = pending.chain_after;
        };
        match &sent.entries {
            Entries::One(pending) => {
                count(pending);
                self.singles -= 1;
            }
            Entries::Batch(entries) => {
                entries.iter().for_each(&mut count);
                self.batches -= 1;
            }
        }
    }

    /// Gives up on acks: everything sent is unknown now. What comes back is compared with the log by [`Unknown`].
    pub(crate) fn into_unknown(self, owner: Owner) -> Unknown {
        let entries = self
            .sent
            .into_iter()
            .flat_map(|sent| match sent.entries {
                Entries::One(pending) => VecDeque::from([pending]),
                Entries::Batch(entries) => entries,
            })
            .collect();
        Unknown { entries, owner }
    }
}

/// Entries whose append is unknown, in order.
#[derive(Debug)]
pub(crate) struct Unknown {
    entries: VecDeque<Pending>,
    owner: Owner,
}

/// What a message found in the log says about the unknown ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// One of ours is in the log: this many bytes are durable.
    Ours { bytes: u64 },
    /// An `Epoch` that this writer appended.
    OurEpoch,
    /// Says nothing.
    Nothing,
    /// Another writer took over.
    Deposed { epoch: u64 },
}

impl Unknown {
    /// Takes the next message behind the durable tip, as judged by the verifier.
    pub(crate) fn observe(&mut self, seen: &Seen) -> Result<Found, LogError> {
        match seen {
            Seen::Void => Ok(Found::Nothing),
            Seen::Epoch { owner, .. } if *owner == self.owner => Ok(Found::OurEpoch),
            Seen::Epoch { number, .. } | Seen::Loss { number, .. } => Ok(Found::Deposed { epoch: *number }),
            Seen::Entry(entry) => {
                let foreign = LogError::ForeignEntry { index: entry.index };
                let first = self.entries.pop_front().ok_or(foreign.clone())?;
                if first.index == entry.index && first.frame.get(frame::HEAD..) == Some(entry.body.as_ref()) {
                    Ok(Found::Ours { bytes: first.frame.len() as u64 })
                } else {
                    Err(foreign)
                }
            }
        }
    }

    /// What the log does not have: to be appended again.
    pub(crate) fn into_rest(self) -> VecDeque<Pending> {
        self.entries
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::entry::Entry;

    const ME: Owner = [1; 16];

    fn pending(index: u64) -> Pending {
        Pending {
            index,
            subject: Subject::from_static("skein.log.t.w.c"),
            frame: frame::entry(index, 0, &index.to_le_bytes()),
            chain_after: index * 10,
        }
    }

    fn window(singles: u64) -> Window {
        let mut window = Window::new(Tip { sequence: 100, epoch: 4, ..Tip::ORIGIN });
        for index in 1..=singles {
            window.push_single(pending(index), Instant::now());
        }
        window
    }

    fn found(index: u64) -> Seen {
        Seen::Entry(Entry {
            index,
            sequence: 100 + index,
            epoch: 4,
            subject: Subject::from_static("skein.log.t.w.c"),
            body: Bytes::copy_from_slice(&index.to_le_bytes()),
        })
    }

    #[test]
    fn durable_rises_by_unbroken_prefix_only() {
        let mut window = window(3);
        assert_eq!(window.ack(102, 1).map(|it| it.entries), Ok(0));
        assert_eq!(window.durable().index, 0);
        assert_eq!(window.ack(101, 1).map(|it| it.entries), Ok(2));
        assert_eq!((window.durable().index, window.durable().sequence, window.durable().chain), (2, 102, 20));
        assert_eq!(window.singles(), 1);
    }

    #[test]
    fn a_batch_is_durable_as_a_whole_and_predicts_its_last_sequence() {
        let mut window = window(1);
        window.push_batch((2..=5).map(pending).collect(), Instant::now());
        assert_eq!(window.predicted(), 105);
        assert!(window.ack(101, 1).is_ok());
        assert_eq!(window.ack(105, 4).map(|it| it.entries), Ok(4));
        assert!(window.is_empty());
        assert_eq!((window.singles(), window.batches()), (0, 0));
    }

    #[test]
    fn an_ack_that_was_not_predicted_is_an_error() {
        for (sequence, count) in [(100, 1), (104, 1), (102, 2), (0, 1)] {
            let refused = window(3).ack(sequence, count);
            assert!(matches!(refused, Err(LogError::UnexpectedAck { .. })), "{sequence}: {refused:?}");
        }
        let mut twice = window(3);
        assert!(twice.ack(102, 1).is_ok());
        assert!(twice.ack(102, 1).is_err());
    }

    #[test]
    fn what_the_log_has_of_the_unknown_is_taken_off_the_rest() {
        let mut unknown = window(3).into_unknown(ME);
        assert!(matches!(unknown.observe(&found(1)), Ok(Found::Ours { .. })));
        assert_eq!(unknown.observe(&Seen::Void), Ok(Found::Nothing));
        let rest: Vec<u64> = unknown.into_rest().iter().map(|it| it.index).collect();
        assert_eq!(rest, [2, 3]);
    }

    #[test]
    fn a_strange_record_in_our_own_epoch_is_an_error() {
        let mut none_sent = window(0).into_unknown(ME);
        assert_eq!(none_sent.observe(&found(1)), Err(LogError::ForeignEntry { index: 1 }));
        let mut other = window(1).into_unknown(ME);
        let Seen::Entry(mut entry) = found(1) else { unreachable!("found makes entries") };
        entry.body = Bytes::from_static(b"other");
        assert!(other.observe(&Seen::Entry(entry)).is_err());
    }

    #[test]
    fn our_own_epochs_are_told_from_those_of_others() {
        let mut unknown = window(2).into_unknown(ME);
        let epoch = |owner| Seen::Epoch { number: 5, owner };
        assert_eq!(unknown.observe(&epoch(ME)), Ok(Found::OurEpoch));
        assert_eq!(unknown.observe(&epoch([2; 16])), Ok(Found::Deposed { epoch: 5 }));
        assert_eq!(unknown.len(), 2);
    }
}
