//! Supervisors decide about agents, and about Works that others have (domain rules, section 7).
//!
//! Each is fenced by the assignment that the supervisor knows, as an owner's commands are, and goes the way of the owner's own verb
//! where there is one. Nobody is left alone: the record in which an owner loses a Work gives it the next one, or its place in a queue.
//! What a supervisor gives may be more than the agent has room for, where the supervisor says so: the record tells by how much.

use super::Work;
use super::joining::barge;
use super::lifecycle::{known, take_back_offers};
use super::park::{is_silent, take_up};
use super::pass::give_back;
use super::transfer::{Passed, checked_note, transfer, withdraw};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, WorkId};
use crate::domain::oversight::Oversight;
use crate::domain::record::{AssignCause, SessionEnd, TransferOutcome, UnassignReason, WakeCause};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{Given, fill, install};
use crate::domain::session::{Agent, end_session, set_presence};
use crate::domain::view::{Obstacle, WorkState};

/// Does what a supervisor wants.
pub(crate) fn oversee(draft: &mut Draft<'_>, by: AgentId, oversight: Oversight) -> Result<(), Rejection> {
    match oversight {
        Oversight::Presence { agent, presence, reason, channels } => {
            let agent = named(draft, &agent)?;
            set_presence(draft, agent, presence, reason, channels)
        }
        Oversight::EndSession { agent } => {
            let agent = named(draft, &agent)?;
            end_session(draft, agent, SessionEnd::Operator)
        }
        Oversight::Requeue { work, assignment } => {
            let owner = owner(draft, work, assignment)?;
            give_back(draft, owner, work, assignment, UnassignReason::ForceRequeued)
        }
        Oversight::Transfer { work, assignment, to, queue, note } => {
            let owner = owner(draft, work, assignment)?;
            let passed = Passed { to, queue, cold: true, force: true, in_stead: true, note };
            transfer(draft, owner, (work, assignment), passed)
        }
        Oversight::Assign { work, assignment, to, over_capacity, note } => {
            checked_note(&note)?;
            let agent = named(draft, &to)?;
            let (cause, ends) = (AssignCause::Assign, UnassignReason::Reassigned);
            give(draft, (work, assignment), agent, over_capacity, Given { cause, ends, note: Some(note) })
        }
        Oversight::BargeIn { work, notice } => barge(draft, by, work, notice),
        Oversight::TakeOver { work, assignment, over_capacity } => {
            let (cause, ends) = (AssignCause::Takeover, UnassignReason::TakenOver);
            give(draft, (work, assignment), by, over_capacity, Given { cause, ends, note: None })
        }
    }
}

/// The agent of that name.
fn named(draft: &Draft<'_>, name: &str) -> Result<AgentId, Rejection> {
    draft.space.agent_id(name).ok_or(Rejection::UnknownAgent)
}

/// Who owns the Work under that assignment.
fn owner(draft: &Draft<'_>, id: WorkId, assignment: AssignmentId) -> Result<AgentId, Rejection> {
    let work = known(draft, id)?;
    fenced(work, Some(assignment))?;
    work.owner.map(|owner| owner.agent).ok_or(Rejection::StaleAssignment { current: None })
}

/// The assignment named is the current one; none named: nobody owns the Work.
fn fenced(work: &Work, named: Option<AssignmentId>) -> Result<(), Rejection> {
    let current = work.owner.map(|owner| (owner.assignment, owner.agent));
    if current.map(|(assignment, _)| assignment) == named {
        Ok(())
    } else {
        Err(Rejection::StaleAssignment { current })
    }
}

/// Makes an agent the owner of a Work, whoever has it, is offered it, or passes it on.
fn give(
    draft: &mut Draft<'_>,
    (id, assignment): (WorkId, Option<AssignmentId>),
    to: AgentId,
    over_capacity: bool,
    given: Given,
) -> Result<(), Rejection> {
    let work = known(draft, id)?;
    fenced(work, assignment)?;
    if work.state == WorkState::WrapUp {
        return Err(Rejection::WorkState { state: work.state, why: "the work is over: it is its owner's to close" });
    }
    let taker = draft.agent(to).ok_or(Rejection::UnknownAgent)?;
    if let Some(why) = obstacle(taker, work, over_capacity) {
        return Err(Rejection::CannotTake(why));
    }
    // Whoever was offered it has room again only when it is known who has it: that may be the same agent.
    let offered = take_back_offers(draft, id);
    withdraw(draft, id, TransferOutcome::Withdrawn);
    take_up(draft, id, WakeCause::Agent);
    let Some((work, taker)) = draft.work(id).zip(draft.agent(to)) else { return Ok(()) };
    if is_silent(taker, work) {
        // It was open to programs only as long as its hand back was, and that has just been withdrawn.
        return Err(Rejection::CannotTake(Obstacle::Muted.text()));
    }
    let cost = work.cost_for(&taker.profile);
    let before = install(draft, id, to, cost, given);
    for freed in before.into_iter().chain(offered) {
        fill(draft, freed);
    }
    Ok(())
}

/// What stands against giving the Work to an agent. Neither presence nor skill nor queue does: a person chose who is there.
fn obstacle(agent: &Agent, work: &Work, over_capacity: bool) -> Option<&'static str> {
    // Its own offer of the Work is room for it.
    let offered = agent.offers.iter().find(|held| held.work == work.id).map_or(0, |held| held.cost);
    let load = agent.load().saturating_sub(offered).saturating_add(work.cost_for(&agent.profile));
    if work.owner.is_some_and(|owner| owner.agent == agent.id) {
        Some(Obstacle::Owner.text())
    } else if !agent.is_connected() {
        Some("it has no session, or that has no connection")
    } else if !work.is_spoken_by(agent) {
        Some(Obstacle::Channels.text())
    } else if is_silent(agent, work) {
        Some(Obstacle::Muted.text())
    } else if !over_capacity && load > agent.profile.capacity {
        Some(Obstacle::NoRoom.text())
    } else {
        None
    }
}
