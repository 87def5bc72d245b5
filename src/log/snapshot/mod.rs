//! Snapshots: a shard's state at an index, so that a start reads the log from there and not from its beginning.

pub mod codec;
