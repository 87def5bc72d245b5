//! Events in: from `SKEIN_IN_*` to commands for the shard, exactly once by position (design, law 6).
//!
//! Responsible for: reading each stream in order and recognising it, turning messages into commands, bodies in the object store,
//! trimming. Not for: what formats mean (`normalize`), what happens because of an event (`domain`), dead letters' way out
//! (`outbound`).
//!
//! # Invariants
//! 1. Every message of a stream becomes at least one command, in order; nothing is skipped silently.
//! 2. A stream that was made anew or rolled back is not read; a gap is recorded before what follows it.
//! 3. What a record refers to is stored before the record.

mod bodies;
mod health;
mod live;
mod position;
mod prepare;
mod reread;
mod source;
mod subject;
mod trim;

pub use bodies::{BODY_HEADER, Bodies, NoObject};
pub use health::{IngestHealth, StreamHealth};
pub use live::{Typing, TypingInlet, TypingWatch, typing};
pub use position::digest;
pub use reread::{Place, reread};
pub use source::{IngestError, Source};
pub use trim::Trim;
