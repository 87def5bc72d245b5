//! That a Work is urgent: a credit of an agent's, beside those of rules.
//!
//! It moves the place of what waits, and stays with the Work whatever becomes of it. Each Work has one: another one takes its place, so
//! that nobody gets ahead by asking twice. With the credits of rules it counts for `credit_cap` at most.

use smallvec::SmallVec;

use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, WorkId};
use crate::domain::record::{Change, PersonalValue, PriorityGiven};
use crate::domain::rejection::Rejection;
use crate::domain::routing::credit_ms;
use crate::domain::view::WorkState;
use crate::domain::work::{known, rekey};

/// Longest reason, bytes: a sentence.
const MAX_REASON_BYTES: usize = 256;
/// Most that can be asked for: whatever is urgent, it is not older than a week.
const MAX_SOONER_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// An agent who owns a Work, or serves its queue, makes it due earlier.
pub(super) fn give(
    draft: &mut Draft<'_>,
    agent: AgentId,
    id: WorkId,
    ms: u64,
    reason: String,
) -> Result<(), Rejection> {
    if reason.len() > MAX_REASON_BYTES || reason.chars().any(char::is_control) {
        return Err(Rejection::Invalid("reason: at most 256 bytes without control characters"));
    }
    if ms > 0 && reason.trim().is_empty() {
        return Err(Rejection::Invalid("reason: one is wanted"));
    }
    if ms > MAX_SOONER_MS {
        return Err(Rejection::Limit("sooner: a week"));
    }
    let work = known(draft, id)?;
    let owns = work.owner.is_some_and(|owner| owner.agent == agent);
    let serves = draft.agent(agent).is_some_and(|agent| agent.profile.queues.contains(&work.queue));
    if !owns && !serves {
        return Err(Rejection::QueueNotServed { queue: work.queue.clone() });
    }
    if work.state == WorkState::WrapUp {
        return Err(Rejection::WorkState { state: work.state, why: "the work is over" });
    }
    let known = work.priority().map(|priority| (priority.ms, priority.reason.as_deref().unwrap_or_default()));
    if known.unwrap_or_default() == (ms, reason.as_str()) {
        return Ok(());
    }
    let (leaf, before) = (work.leaf, credit_ms(draft.space.config(), work));
    let audience: SmallVec<[AgentId; 2]> = work.owner.map(|owner| owner.agent).into_iter().collect();
    draft.with_content(leaf, PersonalValue::Reason(reason));
    draft.push(Change::PriorityGiven(PriorityGiven { work: id, leaf, ms, audience }));
    rekey(draft, id, before);
    Ok(())
}
