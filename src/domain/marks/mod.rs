//! What agents note beside what is said: notes, summaries, tags, and that a Work is urgent (domain rules, section 8).
//!
//! All of it is personal content, whatever words an agent chooses, and filed under one leaf: sealed with its key, gone with it, and with
//! it where customers are joined and parted. Nothing of it moves a turn or a wait; only a priority moves a place.

mod kept;
mod mark;
mod note;
mod priority;
mod write;

pub(crate) use kept::{Filed, Marks, Priority};
pub use mark::{About, Mark};
pub(crate) use write::with_marks;

use super::draft::Draft;
use super::id::{AgentId, LeafId, WorkId};
use super::rejection::Rejection;

/// Notes what an agent wants noted.
pub(crate) fn mark(draft: &mut Draft<'_>, agent: AgentId, mark: Mark) -> Result<(), Rejection> {
    match mark {
        Mark::Note { about, content } => note::add(draft, agent, about, content),
        Mark::Summary { about, text } => write::set_summary(draft, about, text),
        Mark::Tag { about, add, remove } => write::tag(draft, about, add, remove),
        Mark::Priority { work, sooner_ms, reason } => priority::give(draft, agent, work, sooner_ms, reason),
    }
}

/// Where something is filed that is noted, and what else is of the same customer.
struct Place {
    work: Option<WorkId>,
    leaf: LeafId,
    audience: smallvec::SmallVec<[AgentId; 2]>,
}
