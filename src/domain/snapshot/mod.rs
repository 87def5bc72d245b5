//! What of a shard's state a snapshot holds: what records said and nothing can be derived from. Indexes are built anew when it comes back.
//!
//! A [`Cut`] is taken within a turn of the shard: what is held by the million it shares with the live state, block by block, until the
//! live state changes a block. So it costs the turn little, and is gone through elsewhere at leisure.
//!
//! Parts are for ever, as records are (design, law 12): fields have names, a new one has a default, and none changes its meaning. The
//! bytes of every version stand in `tests/compat`.

mod cut;
mod part;
mod restore;

pub use cut::Cut;
pub(super) use part::KeptShard;
pub use part::Part;
pub use restore::{Restoring, Unrestorable};
