//! A Work waits for a time, a message or a fact, costs nothing meanwhile, and keeps its agent (domain rules, section 7).
//!
//! The customer's wait stands. What wakes goes on with its agent, if that is READY for it within the hold, and otherwise waits in its
//! queue with its place: of an agent who has left for good the customer learns nothing. Waking asks for no room: an agent may have more
//! than it has capacity for then, and is given nothing until it has room again. Invariant: a parked Work has the deadline that wakes it.

use std::time::Duration;

use super::Work;
use super::effort::charge_wait;
use super::lifecycle::{owned, release};
use super::pass::in_hand;
use super::patience::answer_due;
use super::transfer::withdraw;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, Name, WorkId};
use crate::domain::record::{
    Change, Parked, PersonalValue, QueueCause, TransferOutcome, UnassignReason, WakeCause, Woken,
};
use crate::domain::rejection::Rejection;
use crate::domain::routing::fill;
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::workspace::AgentKind;

/// How long a Work of a live channel that woke waits for its agent (domain rules, section 7).
const LIVE_HOLD: Duration = Duration::from_secs(30);
/// How long others do.
const HOLD: Duration = Duration::from_secs(10 * 60);
/// Longest sleep: what is put off for longer than a year is forgotten by everybody.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Parked Works of an agent at most: one record may wake them all.
const MAX_PARKED: usize = 100;
/// Longest name of a fact, bytes.
const MAX_KEY_BYTES: usize = 64;

/// The owner puts a Work aside until something comes.
pub(super) fn park(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    until: Timestamp,
    fact: Name,
) -> Result<(), Rejection> {
    if until <= draft.now || until > draft.now + LONGEST {
        return Err(Rejection::Invalid("until: a time to come, within a year"));
    }
    if fact.len() > MAX_KEY_BYTES || fact.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Rejection::Invalid("wake_on_fact: the name of a fact, at most 64 bytes"));
    }
    let work = owned(draft, agent, id, assignment)?;
    let (state, leaf) = (work.state, work.leaf);
    if state == WorkState::WrapUp {
        return Err(Rejection::WorkState { state, why: "the work is over: what it is parked for comes by itself" });
    }
    let sleeps = |held: &WorkId| draft.work(*held).is_some_and(|work| work.state == WorkState::Parked);
    let works = draft.agent(agent).map(|agent| agent.works.as_slice()).unwrap_or_default();
    if works.iter().filter(|held| held.id != id && sleeps(&held.id)).count() >= MAX_PARKED {
        return Err(Rejection::Limit("parked works of an agent: 100"));
    }
    if state == WorkState::Parked {
        // What was waited for is something else now.
        take_up(draft, id, WakeCause::Agent);
    }
    withdraw(draft, id, TransferOutcome::Withdrawn);
    charge_wait(draft, id);
    if !fact.is_empty() {
        draft.with_content(leaf, PersonalValue::WakeFact(fact));
    }
    draft.push(Change::Parked(Parked { work: id, leaf, agent, until }));
    fill(draft, agent);
    Ok(())
}

/// The agent of a parked Work goes on with it. A program that may not, for it is for people since, gives it to them.
pub(super) fn unpark(
    draft: &mut Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: AssignmentId,
) -> Result<(), Rejection> {
    let state = owned(draft, agent, id, assignment)?.state;
    if state != WorkState::Parked {
        return Err(Rejection::WorkState { state, why: "the work is not parked" });
    }
    if !sleeps_silent(draft, id) {
        take_up(draft, id, WakeCause::Agent);
    } else if draft.work(id).is_some_and(Work::is_held) {
        hold_over(draft, id);
    } else {
        wake(draft, id, WakeCause::Agent);
    }
    Ok(())
}

/// The Work of that owner, awake.
pub(super) fn awake<'d>(
    draft: &'d mut Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: AssignmentId,
) -> Result<&'d Work, Rejection> {
    in_hand(draft, agent, id, assignment)?;
    take_up(draft, id, WakeCause::Agent);
    in_hand(draft, agent, id, assignment)
}

/// The time of a parked Work has come, or its agent's to take it up is over.
pub(crate) fn wake_due(draft: &mut Draft<'_>, id: WorkId) {
    if draft.work(id).is_some_and(Work::is_held) {
        hold_over(draft, id);
    } else {
        wake(draft, id, WakeCause::Time);
    }
}

/// Wakes a Work, if it is parked.
pub(crate) fn wake(draft: &mut Draft<'_>, id: WorkId, cause: WakeCause) {
    let Some(work) = draft.work(id).filter(|work| work.parked().is_some() && !work.is_held()) else { return };
    let Some(owner) = work.owner else { return };
    let Some(agent) = draft.agent(owner.agent) else { return };
    if is_there(agent, work) {
        return take_up(draft, id, cause);
    }
    let silent = is_silent(agent, work);
    let hold = if work.is_live() { LIVE_HOLD } else { HOLD };
    let held_until = Some(draft.now + if silent { Duration::ZERO } else { hold });
    draft.push(Change::Woken(Woken { work: id, agent: owner.agent, cause, cost: 0, answer_by: None, held_until }));
    if silent {
        hold_over(draft, id);
    }
}

/// The agent goes on with a Work that was parked.
pub(super) fn take_up(draft: &mut Draft<'_>, id: WorkId, cause: WakeCause) {
    let Some(work) = draft.work(id).filter(|work| work.parked().is_some()) else { return };
    let Some(owner) = work.owner else { return };
    let cost = draft.agent(owner.agent).map_or(1, |agent| work.cost_for(&agent.profile));
    let waits = work.ours_since.is_some() || work.is_left_open();
    let queue = draft.space.config().queue(&work.queue);
    let answer_by = if waits { answer_due(draft, work, owner.agent, queue) } else { None };
    let agent = owner.agent;
    draft.push(Change::Woken(Woken { work: id, agent, cause, cost, answer_by, held_until: None }));
}

/// The agent is READY: what woke meanwhile and waits for it goes on.
pub(crate) fn take_up_held(draft: &mut Draft<'_>, agent: AgentId) {
    let Some(holder) = draft.agent(agent) else { return };
    let goes_on = |id: &WorkId| draft.work(*id).is_some_and(|work| work.is_held() && is_there(holder, work));
    let held: Vec<WorkId> = holder.works.iter().map(|held| held.id).filter(goes_on).collect();
    for id in held {
        take_up(draft, id, WakeCause::Agent);
    }
}

/// Facts became known that Works are parked for.
pub(crate) fn wake_by_facts(draft: &mut Draft<'_>) {
    let mut awake: Vec<WorkId> = Vec::new();
    for (place, change) in (0u16..).zip(draft.changes()) {
        let Change::FactsSet { leaf } = change else { continue };
        let told = draft.personal().iter().find_map(|personal| match &personal.value {
            PersonalValue::Facts(facts) if personal.place == place => Some(facts),
            _ => None,
        });
        let is_told = |key: &Name| told.is_some_and(|facts| facts.iter().any(|f| f.key == *key && !f.value.is_empty()));
        let works = draft.works_of(draft.root_of(*leaf)).filter_map(|id| draft.work(id));
        let waits = |work: &&Work| work.parked().and_then(|parked| parked.fact.as_ref()).is_some_and(is_told);
        awake.extend(works.filter(waits).map(|work| work.id));
    }
    for id in awake {
        wake(draft, id, WakeCause::Fact);
    }
}

/// Nobody came to go on with it: it waits in its queue, with its place.
fn hold_over(draft: &mut Draft<'_>, id: WorkId) {
    release(draft, id, UnassignReason::NotReady, QueueCause::Woken, None);
}

/// Whether the agent goes on with it now.
fn is_there(agent: &Agent, work: &Work) -> bool {
    agent.is_ready() && work.is_spoken_by(agent) && !is_silent(agent, work)
}

/// Whether a program has the Work and sleeps on it, and programs are silent in it by now.
pub(super) fn sleeps_silent(draft: &Draft<'_>, id: WorkId) -> bool {
    let Some(work) = draft.work(id).filter(|work| work.state == WorkState::Parked) else { return false };
    work.owner.and_then(|owner| draft.agent(owner.agent)).is_some_and(|agent| is_silent(agent, work))
}

/// Whether it is a program, and programs are silent in the Work.
pub(super) fn is_silent(agent: &Agent, work: &Work) -> bool {
    agent.profile.kind == AgentKind::Bot && work.wants_person()
}
