//! What agents note beside what is said: notes, summaries, tags, and that a Work is urgent (domain rules, section 8).
//!
//! All of it is personal content, whatever words an agent chooses, and filed under one leaf: sealed with its key, gone with it, and with
//! it where customers are joined and parted. Nothing of it moves a turn or a wait; only a priority moves a place.

mod chatter;
mod kept;
mod mark;
mod note;
mod priority;
mod run;
mod write;

pub(crate) use chatter::Chatter;
pub(crate) use kept::{Filed, Marks, Priority};
pub use mark::{About, Mark};
pub(crate) use note::write as write_note;
pub(crate) use run::mark;
pub(crate) use write::with_marks;
