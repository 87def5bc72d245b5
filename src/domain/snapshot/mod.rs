//! What of a shard's state a snapshot holds: what records said and nothing can be derived from. Indexes are built anew when it comes back.
//!
//! A [`Cut`] is taken within a turn of the shard: what is held by the million it shares with the live state, block by block, until the
//! live state changes a block. So it costs the turn little, and is gone through elsewhere at leisure.
//!
//! Fields have names, a new one has a default, and none changes its meaning. A build that cannot read a part begins with an older
//! snapshot or folds the log, which has everything: nothing is trimmed from it.

mod cut;
mod part;
mod restore;

pub use cut::Cut;
pub(super) use part::KeptShard;
pub use part::Part;
pub use restore::{Restoring, Unrestorable};
