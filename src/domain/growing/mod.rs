//! Lists, queues and maps of what comes by the million, which grow without a pause: a block or a part at a time.
//!
//! A vector or a hash map that is full moves all that it holds into one twice as large, within the one decision that fills it: at half a
//! million customers the shard stood still for 190 ms. Here what is there stays where it is, but for one part of a map in 256. Besides, no
//! half of the memory is kept for growth.

mod list;
mod map;
mod places;
mod queue;

pub(crate) use list::Blocks;
pub(crate) use map::SplitMap;
pub(crate) use places::Places;
pub(crate) use queue::BlockQueue;

/// Items of a block: small beside what is held by the million, large beside the 24 bytes that a block costs.
const BLOCK: usize = 1_024;

/// Parts of a map, a power of two: of ten million entries one part is moved within a millisecond, and 256 empty ones are 8 KB.
const PARTS: usize = 256;

/// The part of an entry: by bits of its hash that neither its place in the part nor the table's tags depend on.
fn part(hash: u64) -> usize {
    (hash >> 40) as usize % PARTS
}
