//! Where reading goes on, and whether the stream is still the one that was read (design, law 6). Pure.

use siphasher::sip::SipHasher13;

use crate::domain::id::Index;
use crate::domain::record::Input;
use crate::nats::Stored;

/// Any fixed key will do: the digest has to notice another message, not an adversary who may publish anyway.
const KEY: (u64, u64) = (0x736b_6569_6e2e_696e, 0x706f_7369_7469_6f6e);

/// Digest of a stored message: of its sequence, subject and bytes.
#[must_use]
pub fn digest(message: &Stored) -> u64 {
    use std::hash::Hasher as _;
    let mut hash = SipHasher13::new_with_keys(KEY.0, KEY.1);
    hash.write(&message.sequence.to_le_bytes());
    hash.write(&(message.subject.len() as u64).to_le_bytes());
    hash.write(message.subject.as_bytes());
    hash.write(&message.payload);
    hash.finish()
}

/// What was applied last of a stream.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    /// Number of the stream in positions.
    pub(super) number: u16,
    /// When it was created, as bound.
    pub(super) created_ns: i64,
    /// The last position; sequence 0 before the first.
    pub(super) position: Input,
    /// It was found broken before, and stays so.
    pub(super) broken: bool,
    /// Index of the record by which an operator took it into use again.
    pub(super) resumed: Index,
}

/// What the stream is now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) created_ns: i64,
    pub(super) first_sequence: u64,
    pub(super) last_sequence: u64,
    /// Digest of the message at the position, if it is stored.
    pub(super) digest: Option<u64>,
}

/// How to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Read on from this sequence.
    From(u64),
    /// Messages were trimmed that were never applied; the next is the one after `to`.
    Gap { from: u64, to: u64 },
    /// It is another stream, or an older copy: not to be read.
    Broken,
}

/// Compares what was applied with what is there.
pub(super) fn verdict(bound: &Bound, found: Found) -> Verdict {
    let Input { sequence, event, of, digest, .. } = bound.position;
    if bound.broken || found.created_ns != bound.created_ns || found.last_sequence < sequence {
        return Verdict::Broken;
    }
    if sequence > 0 && found.digest.is_some_and(|found| found != digest) {
        return Verdict::Broken;
    }
    // In the middle of a message it is read again, and its first events are skipped.
    let next = if sequence > 0 && event < of.saturating_sub(1) { sequence } else { sequence + 1 };
    if next < found.first_sequence {
        return Verdict::Gap { from: next, to: found.first_sequence - 1 };
    }
    Verdict::From(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(sequence: u64, event: u16, of: u16) -> Bound {
        Bound {
            number: 1,
            created_ns: 77,
            position: Input { stream: 1, sequence, event, of, splitter: 1, digest: 9 },
            broken: false,
            resumed: Index::default(),
        }
    }

    fn found(first_sequence: u64, last_sequence: u64, digest: Option<u64>) -> Found {
        Found { created_ns: 77, first_sequence, last_sequence, digest }
    }

    #[test]
    fn a_message_whose_events_are_all_applied_is_not_read_again() {
        assert_eq!(verdict(&bound(0, 0, 0), found(1, 0, None)), Verdict::From(1));
        assert_eq!(verdict(&bound(5, 2, 3), found(1, 8, Some(9))), Verdict::From(6));
        assert_eq!(verdict(&bound(5, 0, 0), found(5, 8, Some(9))), Verdict::From(6));
    }

    #[test]
    fn a_message_applied_in_part_is_read_again() {
        assert_eq!(verdict(&bound(5, 1, 3), found(1, 8, Some(9))), Verdict::From(5));
    }

    #[test]
    fn a_stream_made_anew_or_rolled_back_is_broken() {
        let mut anew = found(1, 8, Some(9));
        anew.created_ns = 78;
        assert_eq!(verdict(&bound(5, 0, 1), anew), Verdict::Broken);
        assert_eq!(verdict(&bound(5, 0, 1), found(1, 4, None)), Verdict::Broken);
        assert_eq!(verdict(&bound(5, 0, 1), found(1, 8, Some(10))), Verdict::Broken);
    }

    #[test]
    fn messages_that_were_trimmed_unread_are_a_gap() {
        let gap = |from, to| Verdict::Gap { from, to };
        assert_eq!(verdict(&bound(5, 0, 1), found(9, 12, None)), gap(6, 8));
        assert_eq!(verdict(&bound(5, 0, 2), found(6, 12, None)), gap(5, 5));
        assert_eq!(verdict(&bound(5, 0, 1), found(6, 12, None)), Verdict::From(6));
        assert_eq!(verdict(&bound(0, 0, 0), found(3, 12, None)), gap(1, 2));
    }
}
