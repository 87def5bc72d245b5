//! How much is moved or given back at a time.

/// Items of a block: small beside what is held by the million, large beside the 24 bytes that a block costs.
pub(super) const BLOCK: usize = 1_024;

/// Parts of a map, a power of two: of ten million entries one part is moved within a millisecond, and 256 empty ones are 8 KB.
pub(super) const PARTS: usize = 256;

/// Room of a part is given back when it is so many times what is needed ...
pub(super) const SPARE: usize = 8;
/// ... and for more than this many entries.
pub(super) const SMALL: usize = 64;

pub(super) fn has_spare(capacity: usize, len: usize) -> bool {
    capacity > SPARE * len.max(SMALL)
}

/// The part of an entry: by bits of its hash that neither its place in the part nor the table's tags depend on.
pub(super) fn part(hash: u64) -> usize {
    (hash >> 40) as usize % PARTS
}
