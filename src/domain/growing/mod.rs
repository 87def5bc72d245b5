//! Lists, queues and maps of what comes by the million, which grow without a pause: a block or a part at a time.
//!
//! A vector or a hash map that is full moves all that it holds into one twice as large, within the one decision that fills it: at half a
//! million customers the shard stood still for 190 ms. Here what is there stays where it is, but for one part of a map in 256. Besides, no
//! half of the memory is kept for growth.

mod list;
mod map;
mod places;
mod queue;
mod rows;
mod sizes;
mod sorted;

pub(crate) use list::Blocks;
pub(crate) use map::SplitMap;
pub(crate) use places::Places;
pub(crate) use queue::BlockQueue;
pub(crate) use rows::{ByteRows, ROWS};
pub(crate) use sorted::SortedMap;
