//! Two Works turn out to be one matter: an agent makes them one (domain rules, section 5).
//!
//! One stays, with its owner, queue and id; the other ends as merged and leads to it. Its messages belong to the one that stays,
//! by what is asked of the state: nothing moves. The wait counts from the oldest message of either that awaits its answer.
//! Undone by [`split`](super::split()) of what came with it.

use smallvec::SmallVec;

use super::Work;
use super::automation::guard;
use super::idle::lowered;
use super::lifecycle::{known, take_back_offers};
use super::park::{take_up, wake};
use super::patience::{answer_due, rest_for};
use super::transfer::withdraw;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, WorkId};
use crate::domain::record::{Change, TransferOutcome, UnassignReason, WakeCause};
use crate::domain::rejection::Rejection;
use crate::domain::routing::fill;
use crate::domain::view::WorkState;

/// Merges one Work into another. The agent owns at least one of them, and names the assignments of both as it knows them.
///
/// The one that stays has an owner: else whoever talks with the customer would lose them to a queue.
pub(crate) fn merge(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (from, from_assignment): (WorkId, Option<AssignmentId>),
    (into, into_assignment): (WorkId, AssignmentId),
) -> Result<(), Rejection> {
    if from == into {
        return Err(Rejection::CannotMerge("it is one work"));
    }
    let (ends, stays) = (known(draft, from)?, known(draft, into)?);
    let keeper = stays.owner.ok_or(Rejection::NotOwner { owner: None })?;
    fenced(stays, Some(into_assignment))?;
    fenced(ends, from_assignment)?;
    let owner = ends.owner;
    if keeper.agent != agent && owner.is_none_or(|owner| owner.agent != agent) {
        return Err(Rejection::NotOwner { owner: Some(keeper.agent) });
    }
    if draft.root_of(ends.leaf) != draft.root_of(stays.leaf) {
        return Err(Rejection::CannotMerge("another conversation"));
    }
    if ends.brand != stays.brand {
        return Err(Rejection::CannotMerge("another brand"));
    }
    if !stays.has_room_for(ends) {
        return Err(Rejection::Limit("works merged into one: 32"));
    }
    if !draft.space.requirements.take_on(stays, ends.channels()) {
        // It would wait for ever once its owner is gone.
        return Err(Rejection::CannotMerge("nobody takes all their channels"));
    }
    join(draft, from, into);
    Ok(())
}

/// Makes two open Works one.
pub(crate) fn join(draft: &mut Draft<'_>, from: WorkId, into: WorkId) {
    // What was left open in it is to be answered in the other.
    take_up(draft, from, WakeCause::Agent);
    // What is being passed on is another matter now.
    withdraw(draft, from, TransferOutcome::Withdrawn);
    withdraw(draft, into, TransferOutcome::Withdrawn);
    let (Some(ends), Some(stays)) = (draft.work(from), draft.work(into)) else { return };
    let (owner, keeper) = (ends.owner, stays.owner);
    let queue = draft.space.config().queue(&stays.queue);
    let waits = ends.ours_since.is_some() || stays.ours_since.is_some();
    let theirs = match owner {
        Some(owner) => owner.answer_by,
        None => keeper.and_then(|keeper| rest_for(draft, ends, keeper.agent)),
    };
    let soonest = keeper.and_then(|keeper| keeper.answer_by).into_iter().chain(theirs).min();
    let due = || answer_due(draft, stays, keeper?.agent, queue);
    let answer_by = soonest.or_else(due).filter(|_| waits);
    let offered = take_back_offers(draft, from);
    if let Some(owner) = owner {
        draft.push(Change::Unassigned {
            assignment: owner.assignment,
            work: from,
            agent: owner.agent,
            reason: UnassignReason::Merged,
        });
    }
    let mut audience: SmallVec<[AgentId; 2]> = keeper.iter().map(|keeper| keeper.agent).collect();
    audience.extend(owner.map(|owner| owner.agent).filter(|other| keeper.is_none_or(|keeper| keeper.agent != *other)));
    draft.push(Change::WorksMerged { from, into, answer_by, audience });
    goes_on(draft, into);
    settle_cost(draft, into);
    for freed in owner.map(|owner| owner.agent).into_iter().chain(offered) {
        fill(draft, freed);
    }
    guard(draft, into);
}

/// The assignment named is the current one; none named: nobody owns it.
fn fenced(work: &Work, named: Option<AssignmentId>) -> Result<(), Rejection> {
    let current = work.owner.map(|owner| (owner.assignment, owner.agent));
    if current.map(|(assignment, _)| assignment) == named {
        Ok(())
    } else {
        Err(Rejection::StaleAssignment { current })
    }
}

/// A Work in wrap-up that has something to answer goes on, and so does one that is parked.
pub(crate) fn goes_on(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    if work.state == WorkState::Parked && work.ours_since.is_some() {
        return wake(draft, id, WakeCause::Message);
    }
    if let (WorkState::WrapUp, Some(owner), true) = (work.state, work.owner, work.ours_since.is_some()) {
        let cost = draft.agent(owner.agent).map_or(1, |agent| work.cost_for(&agent.profile));
        draft.push(Change::WrapUpLeft { work: id, agent: owner.agent, cost });
    }
}

/// What the Work takes of its owner, or of whom it is offered to, follows the channels that it is spoken on now.
pub(crate) fn settle_cost(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    // In wrap-up it costs what wrapping up does, and parked nothing.
    let owner = work.owner.filter(|_| work.state == WorkState::Assigned).map(|owner| (owner.agent, owner.cost, true));
    let offered = work.offers().map(|offer| (offer.agent, offer.cost, false));
    let holders: SmallVec<[(AgentId, u32, bool); 2]> = owner.into_iter().chain(offered).collect();
    for (holder, before, owns) in holders {
        let (Some(work), Some(agent)) = (draft.work(id), draft.agent(holder)) else { return };
        let full = work.cost_for(&agent.profile);
        let cost = if owns { lowered(draft.space.config(), work, full) } else { full };
        if cost != before {
            draft.push(Change::CostChanged { work: id, agent: holder, cost });
        }
    }
}
