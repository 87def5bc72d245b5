//! Pages of a conversation, newest message first, and what nobody has answered in a Work, by the links between the records of
//! the leaves (design, law 10).
//!
//! Each record names the previous records of every leaf it touches, so a page costs a few rounds of parallel reads and no index.
//! The leaves of a conversation are merged by record index. Invariant: over all pages of one run each message of a leaf that was
//! there at its beginning comes exactly once.

mod export;
mod frontier;
mod page;
mod story;
mod token;
mod words;

pub(super) use export::Export;
pub(super) use page::{Page, page};
pub(super) use story::story;
pub(super) use token::Token;
pub(super) use words::{Words, words};
