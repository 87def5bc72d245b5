//! What agents take by themselves: a Work that waits, more time for their notes, and a promise to the customer.

use std::time::Duration;

use super::Work;
use super::lifecycle::{accept, known, owned, take_back_offers};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, WorkId};
use crate::domain::record::{AssignCause, Change, Promised, WrapUpExtended};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{assign, fill, key};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::workspace::AgentKind;

/// Longest promise: nobody waits for longer than a year.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// An agent takes a Work that waits, or is offered to somebody, in a queue that it serves. A cool-down is its own to break.
pub(super) fn claim(draft: &mut Draft<'_>, agent: AgentId, id: WorkId) -> Result<(), Rejection> {
    let work = known(draft, id)?;
    let claimer = draft.agent(agent).ok_or(Rejection::UnknownAgent)?;
    if claimer.session.is_none() {
        return Err(Rejection::NoSession);
    }
    // What its owner passes on to the queue is for whoever takes it.
    let is_anybodys = work.transfer().is_some_and(|transfer| transfer.to.is_none());
    if let Some(owner) = work.owner.filter(|owner| owner.agent == agent || !is_anybodys) {
        return Err(Rejection::StaleAssignment { current: Some((owner.assignment, owner.agent)) });
    }
    if !work.queues().any(|queue| claimer.profile.queues.contains(queue)) {
        return Err(Rejection::QueueNotServed { queue: work.queue.clone() });
    }
    let own = work.offers().find(|open| open.agent == agent);
    if let Some(own) = own {
        return accept(draft, agent, own.id);
    }
    let cost = may_take(claimer, work)?;
    let offered = take_back_offers(draft, id);
    let before = assign(draft, id, agent, AssignCause::Claim, cost);
    for freed in before.into_iter().chain(offered) {
        fill(draft, freed);
    }
    Ok(())
}

/// What the Work costs the agent, if it may have it now.
fn may_take(agent: &Agent, work: &Work) -> Result<u32, Rejection> {
    let cost = work.cost_for(&agent.profile);
    let why = if !work.is_spoken_by(agent) {
        "it does not serve all channels of the work"
    } else if !agent.profile.skills.meet(&work.requires) {
        "it lacks a skill"
    } else if agent.profile.kind == AgentKind::Bot && work.wants_person() {
        "programs are silent in the work"
    } else if !agent.has_room(cost) {
        "it has no room"
    } else {
        return Ok(cost);
    };
    Err(Rejection::CannotTake(why))
}

/// The owner needs longer to finish notes: once, and by no more than its queue gives for all of them.
pub(super) fn extend_wrap_up(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    by_ms: Option<u64>,
) -> Result<(), Rejection> {
    let work = owned(draft, agent, id, assignment)?;
    let (WorkState::WrapUp, Some(until)) = (work.state, work.wrapup_until) else {
        return Err(Rejection::WorkState { state: work.state, why: "the work is not in wrap-up" });
    };
    if work.is_extended() {
        return Err(Rejection::Limit("extensions of a wrap-up: 1"));
    }
    let max_ms = draft.space.config().queue(&work.queue).map_or(0, |queue| queue.wrapup_max_ms);
    let by_ms = by_ms.unwrap_or(max_ms);
    if by_ms == 0 || by_ms > max_ms {
        return Err(Rejection::Limit("extension of a wrap-up: the queue's wrapup_max"));
    }
    let until = until + Duration::from_millis(by_ms);
    draft.push(Change::WrapUpExtended(WrapUpExtended { work: id, agent, until }));
    Ok(())
}

/// The owner notes what the customer was promised.
pub(super) fn promise(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    by: Option<Timestamp>,
) -> Result<(), Rejection> {
    if by.is_some_and(|by| by <= draft.now || by > draft.now + LONGEST) {
        return Err(Rejection::Invalid("by: a time to come, within a year"));
    }
    let state = owned(draft, agent, id, assignment)?.state;
    if state == WorkState::WrapUp {
        return Err(Rejection::WorkState { state, why: "the work is over" });
    }
    draft.push(Change::Promised(Promised { work: id, agent, by }));
    // What stands in a queue while it is passed on is due then, too.
    let Some(work) = draft.work(id).filter(|work| work.is_queued() || work.offer.is_some()) else { return Ok(()) };
    let key = key(draft.space.config(), &work.queue, work, draft.now.0);
    if key != work.key {
        draft.push(Change::WorkRekeyed { work: id, key });
    }
    Ok(())
}
