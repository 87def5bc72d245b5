//! Dead letters: inputs that could not be used, listed without their content, and published again once the cause is gone.
//!
//! They are read from `SKEIN_DEAD_<workspace>` and never removed: what is published again stays there, and an event that was applied
//! meanwhile is found to be a duplicate by its ids.

mod letter;
mod read;
mod replay;

pub use letter::Letter;
pub use read::{Letters, Selection, Wanted, get};
pub use replay::replay;
