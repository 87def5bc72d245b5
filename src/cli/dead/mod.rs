//! `skein dead`: what could not be used, listed without its content, and published again once the cause is gone.
//!
//! Letters are read from `SKEIN_DEAD_<workspace>` and never removed: a replay leaves them there, and an event that was applied
//! meanwhile is found to be a duplicate by its ids.

mod command;
mod letter;
mod read;
mod replay;

pub(super) use command::{Args, run};
