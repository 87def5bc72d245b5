//! Rows of bytes in blocks.

use std::sync::Arc;

use super::list::Blocks;

/// Rows of a block. A row that changes has its block written anew: a few kilobytes, some ten nanoseconds; what a block costs beside its
/// rows, each pays a byte of.
pub(crate) const ROWS: usize = 32;

/// Number of rows, and bytes that the end of each takes.
const HEAD: usize = 2;

/// Why bytes are no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoBlock;

/// Rows of bytes by number, from 0. A block is one piece of memory of just the size that it needs; a clone shares a thousand blocks as
/// one, until either is changed.
///
/// A block is its number of rows, the width of an end (1, 2 or 4 bytes), where each row ends, little-endian and counted from the first
/// row, then the rows. Snapshots hold blocks as they are: this is for ever.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByteRows {
    /// All of [`ROWS`] rows but the last.
    blocks: Blocks<Arc<[u8]>>,
    len: usize,
    /// Where a block is put together.
    scratch: Vec<u8>,
}

impl ByteRows {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        let block = Block(self.blocks.get(at / ROWS)?);
        (at < self.len).then(|| block.row(at % ROWS))
    }

    pub(crate) fn push(&mut self, row: &[u8]) {
        let at = self.len % ROWS;
        if at == 0 {
            self.scratch.clear();
            write(&mut self.scratch, Block(&[0, 1]), 0, row);
            self.blocks.push(Arc::from(self.scratch.as_slice()));
        } else if let Some(last) = self.blocks.get_mut(self.len / ROWS) {
            self.scratch.clear();
            write(&mut self.scratch, Block(last), at, row);
            *last = Arc::from(self.scratch.as_slice());
        }
        self.len += 1;
    }

    /// Puts another row where there is one.
    pub(crate) fn replace(&mut self, at: usize, row: &[u8]) {
        // What is shared is not copied for a row that stays.
        if self.get(at).is_none_or(|known| known == row) {
            return;
        }
        let Some(bytes) = self.blocks.get_mut(at / ROWS) else { return };
        let known = Block(bytes).range(at % ROWS);
        if known.len() == row.len()
            && let Some(own) = Arc::get_mut(bytes)
        {
            own[known].copy_from_slice(row);
            return;
        }
        self.scratch.clear();
        write(&mut self.scratch, Block(bytes), at % ROWS, row);
        *bytes = Arc::from(self.scratch.as_slice());
    }

    /// The blocks, as [`ByteRows::take`] takes them back.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Arc<[u8]>> {
        self.blocks.iter()
    }

    /// Takes a block back, behind those before.
    ///
    /// # Errors
    /// When it is none, or the one before is not full.
    pub(crate) fn take(&mut self, block: Arc<[u8]>) -> Result<(), NoBlock> {
        if !self.len.is_multiple_of(ROWS) || !Block(&block).is_whole() {
            return Err(NoBlock);
        }
        self.len += Block(&block).count();
        self.blocks.push(block);
        Ok(())
    }

    /// Bytes of the blocks.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.len()).sum()
    }
}

/// A block's bytes.
#[derive(Clone, Copy)]
struct Block<'a>(&'a [u8]);

impl<'a> Block<'a> {
    fn count(self) -> usize {
        usize::from(self.0[0])
    }

    /// Where a row ends, from the first row on.
    fn end(self, at: usize) -> usize {
        let bytes = &self.0[HEAD..];
        match self.0[1] {
            1 => usize::from(bytes[at]),
            2 => usize::from(u16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]])),
            _ => {
                let end = [bytes[4 * at], bytes[4 * at + 1], bytes[4 * at + 2], bytes[4 * at + 3]];
                u32::from_le_bytes(end) as usize
            }
        }
    }

    /// Where the first row begins.
    fn first(self) -> usize {
        HEAD + self.count() * usize::from(self.0[1])
    }

    fn range(self, at: usize) -> std::ops::Range<usize> {
        let begin = if at == 0 { 0 } else { self.end(at - 1) };
        self.first() + begin..self.first() + self.end(at)
    }

    fn row(self, at: usize) -> &'a [u8] {
        &self.0[self.range(at)]
    }

    /// Whether the bytes are a block and nothing more.
    fn is_whole(self) -> bool {
        let &[count, width, ref rest @ ..] = self.0 else { return false };
        let (count, width) = (usize::from(count), usize::from(width));
        let Some(rows) = rest.len().checked_sub(count * width) else { return false };
        let fits = (1..=ROWS).contains(&count) && matches!(width, 1 | 2 | 4);
        fits && (1..count).all(|at| self.end(at - 1) <= self.end(at)) && self.end(count - 1) == rows
    }
}

/// A block like that one, with another row at `at`, or one more.
fn write(out: &mut Vec<u8>, block: Block<'_>, at: usize, row: &[u8]) {
    let count = block.count().max(at + 1);
    let mut ends = [0; ROWS];
    let mut end = 0;
    for (other, place) in ends.iter_mut().enumerate().take(count) {
        end += if other == at { row.len() } else { block.range(other).len() };
        *place = end;
    }
    let width: u8 = match end {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    };
    out.extend([u8::try_from(count).expect("a block has few rows"), width]);
    for end in &ends[..count] {
        let end = u32::try_from(*end).expect("a row is no longer than a record may be");
        out.extend_from_slice(&end.to_le_bytes()[..usize::from(width)]);
    }
    let all = block.0.len();
    let gap = if at < block.count() { block.range(at) } else { all..all };
    out.extend_from_slice(&block.0[block.first()..gap.start]);
    out.extend_from_slice(row);
    out.extend_from_slice(&block.0[gap.end..]);
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn taken(rows: &ByteRows) -> Result<ByteRows, NoBlock> {
        let mut back = ByteRows::default();
        rows.blocks().try_for_each(|block| back.take(Arc::clone(block)))?;
        Ok(back)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Rows of all lengths, changed in any order, some while a clone stands by.
        #[test]
        fn they_do_what_a_list_of_lists_does(
            first in vec(vec(any::<u8>(), 0..60), 0..100),
            edits in vec((any::<prop::sample::Index>(), vec(any::<u8>(), 0..3_000), any::<bool>()), 0..60),
        ) {
            let (mut rows, mut plain) = (ByteRows::default(), Vec::new());
            for row in first {
                rows.push(&row);
                plain.push(row);
            }
            for (at, row, more) in edits {
                let (stands, stood) = (rows.clone(), plain.clone());
                if more || plain.is_empty() {
                    rows.push(&row);
                    plain.push(row);
                } else {
                    let at = at.index(plain.len());
                    rows.replace(at, &row);
                    plain[at] = row;
                }
                for (rows, plain) in [(&rows, &plain), (&stands, &stood)] {
                    prop_assert_eq!(rows.len(), plain.len());
                    prop_assert!((0..plain.len()).all(|at| rows.get(at) == Some(plain[at].as_slice())));
                    prop_assert_eq!(rows.get(plain.len()), None);
                }
            }
            let back = taken(&rows).expect("they are blocks");
            prop_assert!((0..=plain.len()).all(|at| back.get(at) == plain.get(at).map(Vec::as_slice)));
        }

        #[test]
        fn arbitrary_bytes_make_no_panic(bytes in vec(any::<u8>(), 0..100), head in vec(0u8..6, 0..8)) {
            let bytes: Vec<u8> = head.into_iter().chain(bytes).collect();
            let mut rows = ByteRows::default();
            if rows.take(bytes.into()).is_ok() {
                prop_assert!((0..rows.len()).all(|at| rows.get(at).is_some()));
            }
        }
    }

    #[test]
    fn behind_a_block_that_is_not_full_comes_none() {
        let mut rows = ByteRows::default();
        rows.push(b"one");
        let block: Vec<Arc<[u8]>> = rows.blocks().cloned().collect();
        assert_eq!(rows.take(Arc::clone(&block[0])), Err(NoBlock));
        let mut back = ByteRows::default();
        assert_eq!((back.take(Arc::clone(&block[0])), back.get(0), back.get(1)), (Ok(()), Some(&b"one"[..]), None));
    }

    #[test]
    fn a_row_costs_little_more_than_its_bytes() {
        let mut rows = ByteRows::default();
        (0..10 * ROWS).for_each(|_| rows.push(&[7; 60]));
        assert!(rows.bytes() <= 10 * ROWS * 60 + 10 * (HEAD + 2 * ROWS), "{}", rows.bytes());
    }
}
