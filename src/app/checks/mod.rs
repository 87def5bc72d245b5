//! What is looked at before this node makes or takes anything at the servers, as a list, with a verdict for each.
//!
//! `ask` finds out, changing nothing; `judge` is pure. Whether a server is new enough and has JetStream at all is checked already when
//! it is connected to: of others nothing can be asked.

mod ask;
mod judge;
mod room;
#[cfg(test)]
mod tests;
mod verdict;

pub(super) use ask::{QUESTIONS_MAX, ask};
pub(super) use judge::{judge, sync};
pub use verdict::{Verdict, Weight};
pub(super) use verdict::{advised, settle};
