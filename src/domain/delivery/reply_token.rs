//! Reply tokens: what a mail of ours carries so that its answer proves which Work it answers, and that its author has the address
//! which the mail went to (domain rules, sections 1 and 5).
//!
//! A token names a Work, a key and a day, and is signed together with the workspace and the keyed hash of the recipient's address:
//! whoever verifies it needs the address, so a token in strange hands proves nothing of them. It is bound to the Work, not to a
//! Conversation: the Work's leaf says at any time whose it is, so merges and unmerges move nothing. The text is what a local part
//! takes from careless programs: letters and digits without case, 40 of them for a usual Work.
//!
//! Layout before base 32 (RFC 4648, lower case, no padding): number of the key, day after which it is no longer believed (days
//! since 1970, most significant byte first), index and place of the Work (LEB128), the first 16 bytes of HMAC-SHA256.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::id::{Index, WorkId};
use crate::domain::time::Timestamp;

/// How long an answer proves something: people answer a mail weeks later, hardly after a quarter of a year.
pub(crate) const TOKEN_LIFE_DAYS: u16 = 90;
/// One day, milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// Bytes of the tag: 128 bits cannot be guessed.
const TAG_BYTES: usize = 16;
/// Shortest token, bytes: key, day, one byte for index and place each, tag.
const MIN_BYTES: usize = 1 + 2 + 1 + 1 + TAG_BYTES;
/// Longest token, bytes: an index of 48 bits and a place of 16.
const MAX_BYTES: usize = 1 + 2 + 7 + 3 + TAG_BYTES;
/// Keeps these signatures apart from any other use of the key.
const PURPOSE: &[u8] = b"skein reply token 1\0";
/// Lower case of RFC 4648, section 6.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Signs a token for who gets a mail of this Work at an address, given by its keyed hash.
pub(crate) fn sign(
    (number, key): (u8, &[u8; 32]),
    workspace: &str,
    work: WorkId,
    address: u128,
    now: Timestamp,
) -> String {
    let mut bytes = vec![number];
    let last_day = day(now).saturating_add(TOKEN_LIFE_DAYS);
    bytes.extend(last_day.to_be_bytes());
    put_number(&mut bytes, work.index().0);
    put_number(&mut bytes, work.place().into());
    let tag = mac(key, workspace, &bytes, address).finalize().into_bytes();
    bytes.extend(&tag[..TAG_BYTES]);
    encode(&bytes)
}

/// Whether a text looks like a token: worth keeping until it can be verified.
#[must_use]
pub fn looks_like_token(text: &str) -> bool {
    let length = encoded_len(MIN_BYTES)..=encoded_len(MAX_BYTES);
    length.contains(&text.len()) && text.bytes().all(|byte| value(byte).is_some())
}

/// A token as somebody sent it, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Number of the key that is to verify it.
    pub(crate) key: u8,
    /// The Work that it names.
    pub(crate) work: WorkId,
    last_day: u16,
    signed: Vec<u8>,
    tag: [u8; TAG_BYTES],
}

impl Candidate {
    /// Reads a token; none: it is no text of one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if !looks_like_token(text) {
            return None;
        }
        let mut signed = decode(text)?;
        let tag = signed.split_off(signed.len().checked_sub(TAG_BYTES)?).try_into().ok()?;
        let (&key, rest) = signed.split_first()?;
        let (last_day, mut rest) = rest.split_first_chunk::<2>()?;
        let index = take_number(&mut rest).filter(|index| *index < 1 << 48)?;
        let place = u16::try_from(take_number(&mut rest)?).ok()?;
        let work = WorkId::new(Index(index), place);
        let last_day = u16::from_be_bytes(*last_day);
        rest.is_empty().then_some(Self { key, work, last_day, signed, tag })
    }

    /// Whether it is past its day.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        day(now) > self.last_day
    }

    /// Whether it was signed for that address. The tags are compared in constant time.
    pub(crate) fn is_bound_to(&self, key: &[u8; 32], workspace: &str, address: u128) -> bool {
        mac(key, workspace, &self.signed, address).verify_truncated_left(&self.tag).is_ok()
    }
}

fn mac(key: &[u8; 32], workspace: &str, signed: &[u8], address: u128) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(PURPOSE);
    mac.update(&u64::try_from(workspace.len()).unwrap_or(u64::MAX).to_be_bytes());
    mac.update(workspace.as_bytes());
    mac.update(&address.to_be_bytes());
    mac.update(signed);
    mac
}

fn day(at: Timestamp) -> u16 {
    u16::try_from(at.0.div_euclid(DAY_MS).max(0)).unwrap_or(u16::MAX)
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

/// A number in its shortest form: one token has one text.
fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (byte != 0 || shift == 0).then_some(number);
        }
    }
    None
}

const fn encoded_len(bytes: usize) -> usize {
    (bytes * 8).div_ceil(5)
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(encoded_len(bytes.len()));
    let (mut held, mut bits) = (0_u32, 0);
    for &byte in bytes {
        held = held << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    text
}

/// The bytes of a text without regard to case; none: not of the alphabet, or bits are left over that are not zero.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in text.bytes() {
        held = held << 5 | u32::from(value(byte)?);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (bits < 5 && held == 0).then_some(bytes)
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'a'..=b'z' => Some(byte - b'a'),
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [9; 32];
    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn token(work: WorkId) -> String {
        sign((3, &KEY), "shop", work, 77, NOW)
    }

    #[test]
    fn a_usual_token_leaves_room_for_the_mailbox_in_a_local_part() {
        let usual = token(WorkId::new(Index(16_000_000_000), 2));
        assert_eq!(usual.len(), 40, "{usual}");
        let longest = token(WorkId::new(Index((1 << 48) - 1), u16::MAX));
        assert!(longest.len() < 64, "{longest}");
        assert!(looks_like_token(&usual) && looks_like_token(&longest));
        assert!(looks_like_token(&token(WorkId::new(Index(0), 0))));
    }

    #[test]
    fn layout_and_signature_are_what_is_written_down() {
        // Computed apart from this code: whoever reads the description above can make it.
        assert_eq!(token(WorkId::new(Index(300), 1)), "aniuplacaear4it2g5f7u7vztfpljixnegnq");
    }

    proptest! {
        #[test]
        fn a_token_is_good_for_its_work_address_workspace_and_key_whatever_happens_to_its_case(
            index in 0_u64..1 << 48, place: u16, address: u128, other: u128,
        ) {
            let work = WorkId::new(Index(index), place);
            let text = sign((3, &KEY), "shop", work, address, NOW);
            for text in [text.to_uppercase(), text] {
                let read = Candidate::read(&text).expect("a token");
                prop_assert_eq!((read.key, read.work), (3, work));
                prop_assert!(read.is_bound_to(&KEY, "shop", address));
                prop_assert!(address == other || !read.is_bound_to(&KEY, "shop", other));
                prop_assert!(!read.is_bound_to(&KEY, "shops", address));
                prop_assert!(!read.is_bound_to(&[8; 32], "shop", address));
            }
        }

        #[test]
        fn no_other_text_is_the_same_token(at in 0_usize..40, with in "[a-z2-7]") {
            let text = token(WorkId::new(Index(16_000_000_000), 2));
            let mut other = text.clone();
            other.replace_range(at..=at, &with);
            let good = Candidate::read(&other).is_some_and(|read| read.is_bound_to(&KEY, "shop", 77));
            prop_assert_eq!(good, other == text);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,60}|[a-zA-Z2-7]{30,50}") {
            let _ = Candidate::read(&text);
        }
    }

    #[test]
    fn a_token_is_believed_up_to_its_day_and_not_the_day_after() {
        let read = Candidate::read(&token(WorkId::new(Index(1), 0))).expect("a token");
        let last = Timestamp(NOW.0 + i64::from(TOKEN_LIFE_DAYS) * DAY_MS);
        assert!(!read.is_expired(last));
        assert!(read.is_expired(Timestamp(last.0 + DAY_MS)));
    }
}
