//! From what an agent wants noted to whoever notes it, and where it is filed.

use smallvec::SmallVec;

use super::mark::Mark;
use super::{note, priority, write};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, LeafId, WorkId};
use crate::domain::rejection::Rejection;

/// Notes what an agent wants noted.
pub(crate) fn mark(draft: &mut Draft<'_>, agent: AgentId, mark: Mark) -> Result<(), Rejection> {
    match mark {
        Mark::Note { about, to, content } => note::add(draft, agent, about, to, content),
        Mark::Summary { about, text } => write::set_summary(draft, about, text),
        Mark::Tag { about, add, remove } => write::tag(draft, about, add, remove),
        Mark::Priority { work, sooner_ms, reason } => priority::give(draft, agent, work, sooner_ms, reason),
    }
}

/// Where something is filed that is noted, and who is told.
pub(super) struct Place {
    pub(super) work: Option<WorkId>,
    pub(super) leaf: LeafId,
    pub(super) audience: SmallVec<[AgentId; 2]>,
}
