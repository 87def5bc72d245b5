//! One hourly file: `head, digest, rows`, a row being 5 bytes of a key and 5 of its record's number, counted from the hour's first; rows in
//! their order as bytes.
//!
//! Keys are hashes, so 40 bits tell one in a million from the others of its hour but for one in a million, and the record tells the rest.
//! In memory is the first key of each page, a fiftieth of a byte for each row; to look for one reads one page.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::folder::HourError;
use super::hour::Hour;
use crate::domain::id::{Index, Name};

/// Bytes of a row.
pub const ENTRY_BYTES: usize = 10;
/// Of which the key takes these.
const KEY_BYTES: usize = 5;
/// What a file begins with: the layout is this one.
const MAGIC: [u8; 8] = *b"skhour\x00\x01";
/// Numbers of the head.
const NUMBERS: usize = 5;
const HEAD_BYTES: usize = MAGIC.len() + 8 * NUMBERS;
const DIGEST_BYTES: usize = 32;
const ROWS_AT: usize = HEAD_BYTES + DIGEST_BYTES;
/// Rows that are read at once.
const PAGE_ROWS: usize = 4_096 / ENTRY_BYTES;

type Row = [u8; ENTRY_BYTES];
type Key = [u8; KEY_BYTES];

/// Of which records a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The hour of their times.
    pub hour: Hour,
    /// The first of them.
    pub first: Index,
    /// The record behind the last.
    pub next: Index,
    /// Running hash of the log before the entry of `next`.
    pub chain: u64,
}

/// A file of these keys, in any order, each with its record.
#[must_use]
pub fn encode(shard: &Name, head: &Head, keys: impl Iterator<Item = (u64, Index)>) -> Vec<u8> {
    let row = |(key, index): (u64, Index)| {
        let mut row = Row::default();
        row[..KEY_BYTES].copy_from_slice(&short(key));
        row[KEY_BYTES..].copy_from_slice(&index.0.saturating_sub(head.first.0).to_be_bytes()[8 - KEY_BYTES..]);
        row
    };
    let mut rows: Vec<Row> = keys.map(row).collect();
    rows.sort_unstable();
    let mut bytes = Vec::with_capacity(ROWS_AT + rows.len() * ENTRY_BYTES);
    bytes.extend(MAGIC);
    let numbers = [head.hour.0.cast_unsigned(), head.first.0, head.next.0, head.chain, rows.len() as u64];
    numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.extend([0; DIGEST_BYTES]);
    bytes.extend(rows.as_flattened());
    let digest = digest(shard, &bytes);
    bytes[HEAD_BYTES..ROWS_AT].copy_from_slice(&digest);
    bytes
}

/// The first bits of a key.
fn short(key: u64) -> Key {
    let mut short = Key::default();
    short.copy_from_slice(&key.to_be_bytes()[..KEY_BYTES]);
    short
}

fn digest(shard: &Name, bytes: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut hash = Sha256::new();
    hash.update((shard.len() as u64).to_le_bytes());
    hash.update(shard.as_bytes());
    hash.update(&bytes[..HEAD_BYTES]);
    hash.update(&bytes[ROWS_AT..]);
    hash.finalize().into()
}

/// A file that is whole, open.
#[derive(Debug)]
pub struct HourFile {
    head: Head,
    rows: usize,
    file: File,
    /// First key of each page.
    pages: Vec<Key>,
}

impl HourFile {
    /// Reads all of it, once.
    ///
    /// # Errors
    /// [`HourError`]: it is to be made again.
    pub fn open(path: &Path, shard: &Name) -> Result<Self, HourError> {
        let disk = |source| HourError::Disk { operation: "read", path: path.to_owned(), source };
        let mut file = File::open(path).map_err(disk)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(disk)?;
        let (head, rows) = read_head(&bytes).ok_or_else(|| HourError::Damaged(path.to_owned()))?;
        if bytes[HEAD_BYTES..ROWS_AT] != digest(shard, &bytes) {
            return Err(HourError::Damaged(path.to_owned()));
        }
        let (all, _) = bytes[ROWS_AT..].as_chunks::<ENTRY_BYTES>();
        let pages = all.chunks(PAGE_ROWS).map(|page| key_of(&page[0])).collect();
        Ok(Self { head, rows, file, pages })
    }

    /// Of which records it is.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How many keys it holds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Appends the records that may have remembered the key, in their order.
    ///
    /// # Errors
    /// The disk.
    pub fn find(&self, key: u64, found: &mut Vec<Index>) -> io::Result<()> {
        let key = short(key);
        // Equal keys may begin on the page before.
        let from = self.pages.partition_point(|first| *first < key).saturating_sub(1);
        let mut page = [Row::default(); PAGE_ROWS];
        for at in from..self.pages.len() {
            let begin = at * PAGE_ROWS;
            let rows = &mut page[..PAGE_ROWS.min(self.rows - begin)];
            self.file.read_exact_at(rows.as_flattened_mut(), (ROWS_AT + begin * ENTRY_BYTES) as u64)?;
            let first = rows.partition_point(|row| key_of(row) < key);
            let equal = rows[first..].iter().take_while(|row| key_of(row) == key);
            found.extend(equal.map(|row| self.index_of(row)));
            if rows.last().is_some_and(|row| key_of(row) > key) {
                break;
            }
        }
        Ok(())
    }

    fn index_of(&self, row: &Row) -> Index {
        let mut number = [0; 8];
        number[8 - KEY_BYTES..].copy_from_slice(&row[KEY_BYTES..]);
        Index(self.head.first.0.saturating_add(u64::from_be_bytes(number)))
    }
}

fn key_of(row: &Row) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&row[..KEY_BYTES]);
    key
}

/// The head and the number of rows of bytes that are as long as they say.
fn read_head(bytes: &[u8]) -> Option<(Head, usize)> {
    let (magic, rest) = bytes.split_first_chunk::<{ MAGIC.len() }>()?;
    let (numbers, _) = rest.get(..8 * NUMBERS)?.as_chunks::<8>();
    let &[hour, first, next, chain, rows] = numbers else { return None };
    let [first, next, chain, rows] = [first, next, chain, rows].map(u64::from_le_bytes);
    let rows = usize::try_from(rows).ok()?;
    let long = rows.checked_mul(ENTRY_BYTES)?.checked_add(ROWS_AT)?;
    let head = Head { hour: Hour(i64::from_le_bytes(hour)), first: Index(first), next: Index(next), chain };
    (*magic == MAGIC && bytes.len() == long && first < next).then_some((head, rows))
}
