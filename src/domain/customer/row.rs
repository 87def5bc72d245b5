//! A leaf as bytes: what is held of an idle one, and what a snapshot holds.
//!
//! The form is for ever (design, law 12), as [`VERSION`] 1: the keyed hash of the address in halves (16 bytes, little-endian); its kind;
//! scope in bits 0 and 1, [`VERIFIED`], [`SHARED`], [`ENDED`], [`CURRENT`]; evidence; assurance in the low half and that of the shown name
//! in the high half; which of the fields behind are there; the distance down to the root and the number of the namespace's scope; then the
//! fields that are there, in the order of their bits. Numbers are varints (7 bits a byte, the lowest first), distances that may go either way
//! have their sign in the lowest bit. A text is what stands before its last digits, as twice its length, plus one where digits follow, and its
//! bytes; then the number of digits and two of them a byte: addresses are mostly digits.
//!
//! Nothing may stand behind the last field: later fields go there, and whoever does not know them refuses the row. Where they are missing,
//! they have their default.

use smallvec::SmallVec;

use super::leaf::{Distances, LINKS, Leaf};
use crate::domain::event::{AddressKind, Assurance, Scope};
use crate::domain::id::{LeafId, Name, RootId, WorkId};
use crate::domain::record::{Evidence, IdentityStatus};
use crate::domain::workspace::Symbol;

/// Version of the form.
pub(super) const VERSION: u8 = 1;

/// Bytes before the root: hash, kind, state, evidence, assurances, fields.
const HEAD: usize = 21;

const SCOPE: u8 = 3;
const VERIFIED: u8 = 4;
const SHARED: u8 = 8;
const ENDED: u8 = 16;
const CURRENT: u8 = 32;

/// Fields that are not always there.
const NEXT: u8 = 1;
const GENERATION: u8 = 2;
const HEARD: u8 = 4;
const HEARD_BY: u8 = 8;
const LAST: u8 = 16;
const WORKS: u8 = 32;
const ADDRESS: u8 = 64;
const SHOWN: u8 = 128;

/// Generation of nearly all.
const FIRST: u32 = 1;
/// Fewer digits than this stand with the other bytes.
const FEW_DIGITS: usize = 4;

/// Appends the bytes of a leaf.
pub(super) fn write(id: LeafId, leaf: &Leaf, out: &mut Vec<u8>) {
    leaf.hash.iter().for_each(|half| out.extend_from_slice(&half.to_le_bytes()));
    let mark = |is_so: bool, bit: u8| if is_so { bit } else { 0 };
    let verified = leaf.status == IdentityStatus::Verified;
    let state = mark(verified, VERIFIED) | mark(leaf.shared, SHARED) | mark(leaf.ended, ENDED);
    let fields = [
        mark(leaf.next.is_some(), NEXT),
        mark(leaf.generation != FIRST, GENERATION),
        mark(leaf.heard != 0, HEARD),
        mark(leaf.heard_by != Symbol::default(), HEARD_BY),
        mark(leaf.last != 0, LAST),
        mark(!leaf.works.is_empty(), WORKS),
        mark(leaf.address.is_some(), ADDRESS),
        mark(leaf.shown.is_some(), SHOWN),
    ];
    out.extend([
        number_of(&KINDS, leaf.kind),
        number_of(&SCOPES, leaf.scope) | state | mark(leaf.current, CURRENT),
        number_of(&EVIDENCE, leaf.evidence),
        number_of(&ASSURANCES, leaf.assurance) | number_of(&ASSURANCES, leaf.shown_assurance) << 4,
        fields.iter().sum(),
    ]);
    distance(id.0, leaf.root.0, out);
    number(u64::from(leaf.namespace_scope.number()), out);
    if let Some(next) = leaf.next {
        distance(next.0, id.0, out);
    }
    if leaf.generation != FIRST {
        number(u64::from(leaf.generation), out);
    }
    if leaf.heard != 0 {
        out.extend_from_slice(&leaf.heard.to_le_bytes());
    }
    if leaf.heard_by != Symbol::default() {
        number(u64::from(leaf.heard_by.number()), out);
    }
    if leaf.last != 0 {
        number(leaf.last, out);
        let links = leaf.back.0.iter().rposition(|&distance| distance != 0).map_or(0, |at| at + 1);
        number(links as u64, out);
        leaf.back.0[..links].iter().for_each(|&distance| number(u64::from(distance), out));
    }
    if !leaf.works.is_empty() {
        number(leaf.works.len() as u64, out);
        leaf.works.iter().for_each(|work| number(work.to_bits(), out));
    }
    leaf.address.iter().chain(&leaf.shown).for_each(|words| text(words, out));
}

/// The leaf of these bytes; none: they are none of a leaf of this version.
pub(super) fn read(id: LeafId, row: &[u8]) -> Option<Leaf> {
    let (&[kind, state, evidence, assurances, fields], mut rest) = row.get(16..)?.split_first_chunk()?;
    let bytes = &mut rest;
    let has = |field: u8| fields & field != 0;
    if state & !(SCOPE | VERIFIED | SHARED | ENDED | CURRENT) != 0 {
        return None;
    }
    let mut leaf = Leaf {
        root: RootId(from_distance(id.0, bytes)?),
        generation: FIRST,
        namespace_scope: symbol(bytes)?,
        kind: *KINDS.get(usize::from(kind))?,
        scope: *SCOPES.get(usize::from(state & SCOPE))?,
        status: if state & VERIFIED != 0 { IdentityStatus::Verified } else { IdentityStatus::Provisional },
        shared: state & SHARED != 0,
        ended: state & ENDED != 0,
        current: state & CURRENT != 0,
        heard: 0,
        heard_by: Symbol::default(),
        shown: None,
        shown_assurance: *ASSURANCES.get(usize::from(assurances >> 4))?,
        evidence: *EVIDENCE.get(usize::from(evidence))?,
        assurance: *ASSURANCES.get(usize::from(assurances & 15))?,
        address: None,
        works: SmallVec::new(),
        hash: hash(row)?,
        next: None,
        last: 0,
        back: Distances::default(),
    };
    if has(NEXT) {
        leaf.next = Some(LeafId(from_next(id.0, bytes)?));
    }
    if has(GENERATION) {
        leaf.generation = u32::try_from(take_number(bytes)?).ok()?;
    }
    if has(HEARD) {
        leaf.heard = u16::from_le_bytes(*take_chunk(bytes)?);
    }
    if has(HEARD_BY) {
        leaf.heard_by = symbol(bytes)?;
    }
    if has(LAST) {
        leaf.last = take_number(bytes)?;
        let links = usize::try_from(take_number(bytes)?).ok().filter(|&links| links < LINKS)?;
        for distance in &mut leaf.back.0[..links] {
            *distance = u32::try_from(take_number(bytes)?).ok()?;
        }
    }
    if has(WORKS) {
        for _ in 0..take_number(bytes)? {
            leaf.works.push(WorkId::from_bits(take_number(bytes)?));
        }
    }
    if has(ADDRESS) {
        leaf.address = Some(take_text(bytes)?);
    }
    if has(SHOWN) {
        leaf.shown = Some(take_text(bytes)?);
    }
    bytes.is_empty().then_some(leaf)
}

/// Of the bytes of a leaf only the hash of its address.
pub(super) fn hash(row: &[u8]) -> Option<[u64; 2]> {
    let (one, rest) = row.split_first_chunk()?;
    let (other, _) = rest.split_first_chunk()?;
    Some([u64::from_le_bytes(*one), u64::from_le_bytes(*other)])
}

/// Only the customer that it belongs to.
pub(super) fn root(id: LeafId, row: &[u8]) -> Option<RootId> {
    from_distance(id.0, &mut row.get(HEAD..)?).map(RootId)
}

/// Only the next of the same customer.
pub(super) fn next(id: LeafId, row: &[u8]) -> Option<LeafId> {
    let bytes = &mut row.get(HEAD..)?;
    if row.get(HEAD - 1)? & NEXT == 0 {
        return None;
    }
    // Behind the root and the scope.
    take_number(bytes)?;
    take_number(bytes)?;
    from_next(id.0, bytes).map(LeafId)
}

pub(super) const KINDS: [AddressKind; 13] = [
    AddressKind::Phone,
    AddressKind::ShortCode,
    AddressKind::Whatsapp,
    AddressKind::Email,
    AddressKind::Messenger,
    AddressKind::Instagram,
    AddressKind::Telegram,
    AddressKind::Line,
    AddressKind::Viber,
    AddressKind::Web,
    AddressKind::Crm,
    AddressKind::Login,
    AddressKind::Staff,
];

pub(super) const SCOPES: [Scope; 3] = [Scope::Direct, Scope::Group, Scope::Public];

pub(super) const EVIDENCE: [Evidence; 6] =
    [Evidence::First, Evidence::SameEvent, Evidence::Agent, Evidence::Claim, Evidence::Token, Evidence::Login];

pub(super) const ASSURANCES: [Assurance; 4] =
    [Assurance::Claimed, Assurance::Platform, Assurance::LoggedIn, Assurance::Token];

/// Place of a word in its list: its number for ever.
fn number_of<T: PartialEq>(list: &[T], word: T) -> u8 {
    let at = list.iter().position(|known| *known == word);
    at.and_then(|at| u8::try_from(at).ok()).expect("the list has each word: a test asks for all")
}

fn number(mut number: u64, out: &mut Vec<u8>) {
    while let low @ 0x80.. = number {
        out.push(low.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits.leading_zeros() < shift {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// How far it is down from one number to another.
fn distance(from: u32, to: u32, out: &mut Vec<u8>) {
    let down = i64::from(from) - i64::from(to);
    number(down.unsigned_abs() << 1 | u64::from(down < 0), out);
}

fn take_distance(bytes: &mut &[u8]) -> Option<i64> {
    let number = take_number(bytes)?;
    let down = i64::try_from(number >> 1).ok()?;
    Some(if number & 1 == 0 { down } else { -down })
}

fn from_distance(from: u32, bytes: &mut &[u8]) -> Option<u32> {
    u32::try_from(i64::from(from).checked_sub(take_distance(bytes)?)?).ok()
}

fn from_next(from: u32, bytes: &mut &[u8]) -> Option<u32> {
    u32::try_from(i64::from(from).checked_add(take_distance(bytes)?)?).ok()
}

fn symbol(bytes: &mut &[u8]) -> Option<Symbol> {
    u16::try_from(take_number(bytes)?).ok().map(Symbol::of)
}

fn take_chunk<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (chunk, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(chunk)
}

fn text(text: &str, out: &mut Vec<u8>) {
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let before = if text.len() - before < FEW_DIGITS { text.len() } else { before };
    let (plain, digits) = text.as_bytes().split_at(before);
    number((plain.len() as u64) << 1 | u64::from(!digits.is_empty()), out);
    out.extend_from_slice(plain);
    if !digits.is_empty() {
        number(digits.len() as u64, out);
        let value = |at: usize| digits.get(at).map_or(0, |digit| digit - b'0');
        out.extend((0..digits.len()).step_by(2).map(|at| value(at) << 4 | value(at + 1)));
    }
}

fn take_text(bytes: &mut &[u8]) -> Option<Name> {
    let head = take_number(bytes)?;
    let (plain, rest) = bytes.split_at_checked(usize::try_from(head >> 1).ok()?)?;
    *bytes = rest;
    if head & 1 == 0 {
        return Name::from_utf8(plain).ok();
    }
    let count = usize::try_from(take_number(bytes)?).ok()?;
    let (packed, rest) = bytes.split_at_checked(count.div_ceil(2))?;
    *bytes = rest;
    let mut text: SmallVec<[u8; 64]> = SmallVec::from_slice(plain);
    for pair in packed {
        text.extend([pair >> 4, pair & 15].map(|digit| digit + b'0'));
    }
    text.truncate(plain.len() + count);
    let digits = &text[plain.len()..];
    digits.iter().all(u8::is_ascii_digit).then(|| Name::from_utf8(&text).ok()).flatten()
}
