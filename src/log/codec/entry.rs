//! Several records in one entry of the log.
//!
//! An append has a price whatever its size: the store writes a message, answers it, and both sides handle the answer. Records that
//! were decided together share it. An entry is `skein.log.v1.Entry`: nothing but its records, in order, each as if it were alone.
//!
//! # Invariants
//! 1. `unpack(n, packed)` yields the records pushed, if their numbers are `Index::at(n, 0)`, `Index::at(n, 1)` and so on.
//! 2. An entry with fewer or more records than it announces, or with anything else between them, is an error.

use smallvec::SmallVec;

use super::envelope::{decode, encode};
use super::error::CodecError;
use crate::domain::id::Index;
use crate::domain::record::Record;
use crate::keys::KeyRings;

/// Key of `Entry.record_count`: field 1, varint. Written first; the count behind it has one byte.
const COUNT_KEY: u8 = 0x08;
/// Key of `Entry.records`: field 2, length-delimited.
const RECORD_KEY: u8 = 0x12;
/// Bytes around the first record of an entry at most: both keys, the count, and the length.
const HEAD_MAX: usize = 13;

/// Records gathered for one entry. Keeps its room from entry to entry.
#[derive(Debug, Default)]
pub struct Packed {
    bytes: Vec<u8>,
    records: u8,
    /// The record that is added next.
    record: Vec<u8>,
}

impl Packed {
    /// The entry.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Records in it.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records.into()
    }

    /// Makes the bytes of a record that is added next. False: it alone makes an entry longer than `max` bytes.
    pub fn stage(&mut self, record: &Record, keys: &KeyRings, max: usize) -> bool {
        self.record.clear();
        encode(record, keys, &mut self.record);
        self.record.len() + HEAD_MAX <= max
    }

    /// Adds the record that was staged last. Holds no more than [`Index::PER_ENTRY`].
    pub fn add_staged(&mut self) {
        self.records += 1;
        if self.bytes.is_empty() {
            self.bytes.extend([COUNT_KEY, self.records]);
        } else {
            self.bytes[1] = self.records;
        }
        self.bytes.push(RECORD_KEY);
        prost::encoding::encode_varint(self.record.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(&self.record);
    }

    /// Empties it for the next entry; what is staged stays.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.records = 0;
    }
}

/// The records of entry number `entry`, in order.
///
/// # Errors
/// See [`CodecError`]; of an entry with one, none can be used.
pub fn unpack(
    entry: u64,
    bytes: &[u8],
    keys: &KeyRings,
) -> Result<impl Iterator<Item = Result<Record, CodecError>>, CodecError> {
    let parts = parts(bytes)?;
    Ok((0..).zip(parts).map(move |(place, record)| decode(Index::at(entry, place), record, keys)))
}

/// The record with number `index`, of the entry that holds it; `None`: the entry does not use the number.
///
/// # Errors
/// See [`CodecError`].
pub fn unpack_one(index: Index, bytes: &[u8], keys: &KeyRings) -> Result<Option<Record>, CodecError> {
    let part = (0..).zip(parts(bytes)?).find(|(place, _)| *place == index.place());
    part.map(|(_, record)| decode(index, record, keys)).transpose()
}

/// The bytes of each record of an entry that is whole.
fn parts(bytes: &[u8]) -> Result<impl Iterator<Item = &[u8]>, CodecError> {
    let &[COUNT_KEY, announced, ref records @ ..] = bytes else {
        return Err(CodecError::Missing("count of records"));
    };
    if !(1..=Index::PER_ENTRY).contains(&announced.into()) {
        return Err(CodecError::Value("count of records"));
    }
    let mut rest = records;
    let parts: SmallVec<[&[u8]; 16]> = (0..announced).map(|_| split(&mut rest)).collect::<Result<_, _>>()?;
    if rest.is_empty() { Ok(parts.into_iter()) } else { Err(CodecError::UnknownFields("entry")) }
}

/// Takes the bytes of the first record off.
fn split<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], CodecError> {
    let Some((&RECORD_KEY, behind)) = rest.split_first() else {
        return Err(CodecError::Missing("record"));
    };
    *rest = behind;
    let length = prost::decode_length_delimiter(&mut *rest)?;
    let (record, behind) = rest.split_at_checked(length).ok_or(CodecError::Missing("end of a record"))?;
    *rest = behind;
    Ok(record)
}
