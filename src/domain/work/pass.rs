//! An owner gives a Work back, or it is moved to another queue: no owner for a while, and the place kept (domain rules, section 7).
//!
//! Whoever gives one away is not asked for it again for a while, as if it had declined, unless nobody else is left. Rules are not
//! asked: a person has decided.

use super::Work;
use super::claim::{claim, extend_wrap_up, promise};
use super::effort::{charge_transfer, may_bounce};
use super::lifecycle::{cool_down, known, owned, release, take_back_offers};
use super::park::{awake, park, take_up, unpark};
use super::transfer::{Passed, take_back, transfer, withdraw};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, Name, WorkId};
use crate::domain::pass::Pass;
use crate::domain::record::{Change, QueueCause, TransferOutcome, UnassignReason, WakeCause};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{fill, requeue};
use crate::domain::session::Agent;
use crate::domain::view::WorkState;

/// Does what an agent wants done with a Work.
pub(crate) fn pass(draft: &mut Draft<'_>, agent: AgentId, pass: Pass) -> Result<(), Rejection> {
    match pass {
        Pass::Requeue { work, assignment } => give_back(draft, agent, work, assignment, UnassignReason::Requeued),
        Pass::Move { work, assignment, queue, force } => move_to(draft, agent, (work, assignment), &queue, force),
        Pass::Park { work, assignment, until, wake_on_fact } => {
            park(draft, agent, (work, assignment), until, wake_on_fact)
        }
        Pass::Unpark { work, assignment } => unpark(draft, agent, work, assignment),
        Pass::Transfer { work, assignment, to, queue, cold, force, note } => {
            transfer(draft, agent, (work, assignment), Passed { to, queue, cold, force, in_stead: false, note })
        }
        Pass::Claim { work } => claim(draft, agent, work),
        Pass::ExtendWrapUp { work, assignment, by_ms } => extend_wrap_up(draft, agent, (work, assignment), by_ms),
        Pass::Promise { work, assignment, by } => promise(draft, agent, (work, assignment), by),
        Pass::TakeBack { work, assignment } => take_back(draft, agent, work, assignment),
    }
}

/// The owner gives a Work back to its queue, or a supervisor does in the owner's stead.
pub(super) fn give_back(
    draft: &mut Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: AssignmentId,
    reason: UnassignReason,
) -> Result<(), Rejection> {
    awake(draft, agent, id, assignment)?;
    withdraw(draft, id, TransferOutcome::Withdrawn);
    cool_down(draft, id, agent);
    release(draft, id, reason, QueueCause::Requeued, None);
    fill(draft, agent);
    Ok(())
}

/// A Work goes to another queue: its owner's, or one that waits.
fn move_to(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, Option<AssignmentId>),
    queue: &Name,
    force: bool,
) -> Result<(), Rejection> {
    match assignment {
        Some(assignment) => in_hand(draft, agent, id, assignment).map(drop)?,
        None => waiting(draft, agent, id).map(drop)?,
    }
    withdraw(draft, id, TransferOutcome::Withdrawn);
    let Some(work) = draft.work(id) else { return Ok(()) };
    is_queue(draft, queue)?;
    if work.queue == *queue {
        return Err(Rejection::Invalid("queue: the work is there"));
    }
    // What its owner moves is passed on cold, by another name.
    if work.owner.is_some() && !force {
        may_bounce(draft, id)?;
    }
    take_up(draft, id, WakeCause::Agent);
    let Some(work) = draft.work(id) else { return Ok(()) };
    let owner = work.owner;
    let offered = take_back_offers(draft, id);
    if let Some(owner) = owner {
        charge_transfer(draft, id);
        cool_down(draft, id, agent);
        let (assignment, reason) = (owner.assignment, UnassignReason::Requeued);
        draft.push(Change::Unassigned { assignment, work: id, agent, reason });
    }
    requeue(draft, id, queue, QueueCause::Moved, None);
    for freed in owner.map(|owner| owner.agent).into_iter().chain(offered) {
        fill(draft, freed);
    }
    Ok(())
}

/// The Work, if the agent owns it under that assignment and is not about to end it.
pub(super) fn in_hand<'d>(
    draft: &'d Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: AssignmentId,
) -> Result<&'d Work, Rejection> {
    let work = owned(draft, agent, id, assignment)?;
    if work.state == WorkState::WrapUp {
        return Err(Rejection::WorkState {
            state: work.state,
            why: "the work is over: close it, or wait for the customer",
        });
    }
    Ok(work)
}

/// The Work, if it waits for somebody and the agent serves its queue.
fn waiting<'d>(draft: &'d Draft<'_>, agent: AgentId, id: WorkId) -> Result<&'d Work, Rejection> {
    let work = known(draft, id)?;
    if let Some(owner) = work.owner {
        return Err(Rejection::StaleAssignment { current: Some((owner.assignment, owner.agent)) });
    }
    let listed = |agent: &Agent| work.queues().any(|queue| agent.profile.queues.contains(queue));
    let serves = draft.agent(agent).is_some_and(listed);
    if serves { Ok(work) } else { Err(Rejection::QueueNotServed { queue: work.queue.clone() }) }
}

/// A queue of that name is there.
pub(super) fn is_queue(draft: &Draft<'_>, queue: &str) -> Result<(), Rejection> {
    let known = draft.space.config().queue(queue).is_some();
    if known { Ok(()) } else { Err(Rejection::Invalid("queue: there is none of that name")) }
}
