//! The bytes of a message in the log, around the entry.
//!
//! ```text
//! entry: 0x03 | index u64 LE | running hash of all entries before, u64 LE | body
//! Epoch:  0xE1 | number u64 LE | owner, 16 bytes
//! Loss:   0xE2 | number u64 LE | owner, 16 bytes | last index u64 LE | running hash up to there, u64 LE | index that is given up to, u64 LE
//! ```
//!
//! A `Loss` is an `Epoch` by which an operator gives up entries that the log has lost: those behind its last one. The numbers of what is
//! given up are not given again: somebody may have seen what they stood for.
//!
//! The running hash is SipHash-2-4 with a fixed key over the whole frame. As the frame holds the hash so far, one value stands for
//! everything before it. It has to notice damage and wrong order, not an adversary (sealed entries bring authentication of their
//! own), so a keyed 64-bit hash is enough; it is specified to the bit and so the same on every machine and in every later version,
//! which the faster hashes of hash tables do not promise, and it takes a twentieth of the time of a SHA-256 without hardware help.

use bytes::{BufMut, Bytes, BytesMut};
use siphasher::sip::SipHasher24;

/// Tag of an entry of version 3.
const ENTRY_V3: u8 = 0x03;
/// Tags of what development builds wrote: one record, before entries held several; and several, before their content was sealed.
const DEVELOPMENT: [u8; 2] = [0x01, 0x02];
/// Tag of an `Epoch` of version 1.
const EPOCH_V1: u8 = 0xE1;
/// Bytes before the body of an entry.
pub(crate) const HEAD: usize = 17;
const EPOCH_LEN: usize = 25;
/// Tag of a `Loss` of version 1.
const LOSS_V1: u8 = 0xE2;
const LOSS_LEN: usize = 49;

/// The hash before the first entry. Any constant will do; not 0, so that a zeroed frame never fits.
pub(crate) const CHAIN_ORIGIN: u64 = 0x736b_6569_6e20_6c67;
const KEY: (u64, u64) = (0x736b_6569_6e2e_6c6f, 0x672e_6368_6169_6e31);

/// Which process, in which of its attempts, appended an `Epoch`. Random; tells our own from others'.
pub(crate) type Owner = [u8; 16];

/// What a message in the log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    Entry { index: u64, chain: u64, body: Bytes },
    Epoch { number: u64, owner: Owner },
    Loss { number: u64, owner: Owner, last: u64, chain: u64, to: u64 },
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoFrame {
    Short,
    Unknown(u8),
    /// Of a build from before the format was declared stable.
    Development,
}

/// Frames an entry.
pub(crate) fn entry(index: u64, chain: u64, body: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD + body.len());
    frame.put_u8(ENTRY_V3);
    frame.put_u64_le(index);
    frame.put_u64_le(chain);
    frame.put_slice(body);
    frame.freeze()
}

/// Frames an `Epoch`.
pub(crate) fn epoch(number: u64, owner: Owner) -> Bytes {
    let mut frame = BytesMut::with_capacity(EPOCH_LEN);
    frame.put_u8(EPOCH_V1);
    frame.put_u64_le(number);
    frame.put_slice(&owner);
    frame.freeze()
}

/// Frames a `Loss` behind the entry `last`.
pub(crate) fn loss(number: u64, owner: Owner, (last, chain): (u64, u64), to: u64) -> Bytes {
    let mut frame = BytesMut::with_capacity(LOSS_LEN);
    frame.put_u8(LOSS_V1);
    frame.put_u64_le(number);
    frame.put_slice(&owner);
    frame.put_u64_le(last);
    frame.put_u64_le(chain);
    frame.put_u64_le(to);
    frame.freeze()
}

/// The running hash after the entry, or the `Loss`, in `frame`.
pub(crate) fn chain_after(frame: &[u8]) -> u64 {
    SipHasher24::new_with_keys(KEY.0, KEY.1).hash(frame)
}

/// Takes a frame apart without copying.
pub(crate) fn parse(bytes: &Bytes) -> Result<Frame, NoFrame> {
    let number = |at: usize| {
        bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map(u64::from_le_bytes).ok_or(NoFrame::Short)
    };
    let owner = || bytes.get(9..EPOCH_LEN).and_then(|part| part.try_into().ok()).ok_or(NoFrame::Short);
    match bytes.first() {
        None => Err(NoFrame::Short),
        Some(tag) if DEVELOPMENT.contains(tag) => Err(NoFrame::Development),
        Some(&ENTRY_V3) => Ok(Frame::Entry { index: number(1)?, chain: number(9)?, body: bytes.slice(HEAD..) }),
        Some(&EPOCH_V1) => Ok(Frame::Epoch { number: number(1)?, owner: owner()? }),
        Some(&LOSS_V1) => Ok(Frame::Loss {
            number: number(1)?,
            owner: owner()?,
            last: number(25)?,
            chain: number(33)?,
            to: number(41)?,
        }),
        Some(&tag) => Err(NoFrame::Unknown(tag)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_framed_is_found_again(index: u64, chain: u64, body: Vec<u8>) {
            let framed = entry(index, chain, &body);
            prop_assert_eq!(parse(&framed), Ok(Frame::Entry { index, chain, body: body.into() }));
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes.into());
        }

        #[test]
        fn one_changed_bit_changes_the_hash(body in prop::collection::vec(any::<u8>(), 1..64), at: prop::sample::Index, bit in 0..8_u8) {
            let framed = entry(7, 9, &body);
            let mut changed = framed.to_vec();
            changed[at.index(framed.len())] ^= 1 << bit;
            prop_assert_ne!(chain_after(&framed), chain_after(&changed));
        }
    }

    /// Stored logs depend on these bytes: a change of the layout or the hash must be a new version instead.
    #[test]
    fn the_layout_and_the_hash_are_those_of_version_3() {
        let framed = entry(1, CHAIN_ORIGIN, b"abc");
        assert_eq!(framed.as_ref(), b"\x03\x01\0\0\0\0\0\0\0gl nieksabc");
        // Computed with another implementation of SipHash-2-4.
        assert_eq!(chain_after(&framed), 0x3f3e_0d1f_983d_6832);
        assert_eq!(parse(&Bytes::from_static(b"\x01\x01")), Err(NoFrame::Development));
        assert_eq!(parse(&Bytes::from_static(b"\x02\x01")), Err(NoFrame::Development));
        let given_up = loss(2, [7; 16], (3, 4), 9);
        assert_eq!(
            given_up.as_ref(),
            [&[0xE2, 2, 0, 0, 0, 0, 0, 0, 0][..], &[7; 16], b"\x03\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0"]
                .concat()
        );
        assert_eq!(parse(&given_up), Ok(Frame::Loss { number: 2, owner: [7; 16], last: 3, chain: 4, to: 9 }));
        assert_eq!(epoch(2, [7; 16]).as_ref(), [&[0xE1, 2, 0, 0, 0, 0, 0, 0, 0][..], &[7; 16]].concat());
    }
}
