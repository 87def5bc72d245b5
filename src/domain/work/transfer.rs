//! An owner passes a Work on: to an agent, or to a queue (domain rules, section 7).
//!
//! Warm, the default: the owner stays until the other accepts, in one record. To an agent the Work is offered at once; one who does not
//! want it or leaves ends the transfer, and the owner keeps the Work and is told. To a queue it stands there beside what waits. A
//! transfer that lapses (nobody took it in time, or the agent did not answer), or whose owner leaves, becomes a requeue in the target
//! queue, place kept. Cold is a transfer that lapses at once; after as many transfers as the workspace allows only a supervisor may force
//! one. Whatever else the owner does with the Work withdraws the transfer.
//!
//! An owner who has more than it can passes on without its doing (`relief`): to its queue, without a deadline.
//!
//! While it lasts, queue, key and requirement are the target's: so the Work stands in one queue only, whatever becomes of it.
//! Invariants: a Work has at most one owner, and one exactly from its assignment to the record that releases it; a transfer to an agent
//! has its open offer, one to a queue its deadline, unless it relieves its owner.

use std::time::Duration;

use super::Work;
use super::bots::with_briefing;
use super::effort::{charge_transfer, may_bounce};
use super::lifecycle::{cool_down, owned, revoke_offer, take_back_offers};
use super::park::{sleeps_silent, take_up};
use super::pass::{in_hand, is_queue};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, Name, WorkId};
use crate::domain::marks::with_marks;
use crate::domain::record::{
    Change, OfferMade, OfferOutcome, PersonalValue, QueueCause, TransferEnded, TransferOutcome, Transferring,
    UnassignReason, WakeCause,
};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{fill, key, place, put_right, requeue, require};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::view::Obstacle;
use crate::domain::workspace::AgentKind;

/// How long an owner of a live channel's Work waits for somebody of the queue to take it.
const LIVE_DEADLINE: Duration = Duration::from_secs(60);
/// How long others do.
const DEADLINE: Duration = Duration::from_secs(10 * 60);
/// How long an offer of a queue stays open that the configuration lost.
const OFFER_TIMEOUT_MS: u64 = 30_000;
/// Longest note, bytes: a summary that is read before answering.
const MAX_NOTE_BYTES: usize = 4_096;

/// Where a Work is passed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// The agent; empty: nobody in particular.
    pub(super) to: Name,
    /// The queue, or that behind the agent; empty: the Work's.
    pub(super) queue: Name,
    /// The owner does not wait.
    pub(super) cold: bool,
    /// However often it was passed on before.
    pub(super) force: bool,
    /// A supervisor does it in the owner's stead.
    pub(super) in_stead: bool,
    /// What the other is to know.
    pub(super) note: String,
}

/// The owner passes a Work on.
pub(super) fn transfer(
    draft: &mut Draft<'_>,
    agent: AgentId,
    (id, assignment): (WorkId, AssignmentId),
    passed: Passed,
) -> Result<(), Rejection> {
    let Passed { to, queue, cold, force, in_stead, note } = passed;
    checked_note(&note)?;
    if to.is_empty() && queue.is_empty() {
        return Err(Rejection::Invalid("agent: one is wanted, or a queue"));
    }
    in_hand(draft, agent, id, assignment)?;
    // A program that slept while the Work became people's has it no moment longer.
    let cold = cold || sleeps_silent(draft, id);
    if cold && !force {
        may_bounce(draft, id)?;
    }
    take_up(draft, id, WakeCause::Agent);
    // Whoever was offered it before has room for it, should it be the same again.
    let offered = take_back_offers(draft, id);
    withdraw(draft, id, TransferOutcome::Withdrawn);
    let Some(work) = draft.work(id) else { return Ok(()) };
    let queue = if queue.is_empty() { work.queue.clone() } else { queue };
    is_queue(draft, &queue)?;
    let to = if to.is_empty() { None } else { Some(taker(draft, work, &to)?) };
    let deadline = if work.is_live() { LIVE_DEADLINE } else { DEADLINE };
    let until = to.is_none().then(|| draft.now + deadline);
    let (leaf, key) = (work.leaf, key(draft.space.config(), &queue, work, draft.now.0));
    if !note.is_empty() {
        draft.with_content(leaf, PersonalValue::Note(note));
    }
    let passed_on = Transferring { work: id, leaf, agent, to, queue, key, until, relief: false };
    draft.push(Change::Transferring(Box::new(passed_on)));
    require(draft, id);
    if cold {
        // Whoever is offered it sees that, too.
        charge_transfer(draft, id);
    }
    if let Some(to) = to {
        offer(draft, id, to);
    } else if !cold {
        place(draft, id);
    }
    if cold {
        release(draft, id, if in_stead { UnassignReason::ForceTransferred } else { UnassignReason::Transferred });
    }
    for freed in offered {
        fill(draft, freed);
    }
    Ok(())
}

/// What the next owner is told is no longer than can be read before answering.
pub(super) fn checked_note(note: &str) -> Result<(), Rejection> {
    let fits = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if note.len() > MAX_NOTE_BYTES || !note.chars().all(fits) {
        return Err(Rejection::Invalid("note: at most 4,096 bytes, no control characters but line ends and tabs"));
    }
    Ok(())
}

/// The owner takes a transfer back.
pub(super) fn take_back(
    draft: &mut Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: AssignmentId,
) -> Result<(), Rejection> {
    let work = owned(draft, agent, id, assignment)?;
    let why = match work.transfer() {
        None => "the work is not passed on",
        Some(transfer) if transfer.relief => "it is offered elsewhere until its owner has room again",
        Some(_) => {
            withdraw(draft, id, TransferOutcome::Withdrawn);
            return Ok(());
        }
    };
    Err(Rejection::WorkState { state: work.state, why })
}

/// A Work is offered elsewhere, for its owner has more than it can. It stays until somebody takes it.
pub(super) fn begin_relief(draft: &mut Draft<'_>, id: WorkId) {
    let Some((work, owner)) = draft.work(id).and_then(|work| Some((work, work.owner?))) else { return };
    let (leaf, agent, queue) = (work.leaf, owner.agent, work.queue.clone());
    let key = key(draft.space.config(), &queue, work, draft.now.0);
    let passed_on = Transferring { work: id, leaf, agent, to: None, queue, key, until: None, relief: true };
    draft.push(Change::Transferring(Box::new(passed_on)));
    require(draft, id);
    place(draft, id);
}

/// Its owner can have it after all, or its customer has an answer.
pub(super) fn end_relief(draft: &mut Draft<'_>, id: WorkId) {
    withdraw(draft, id, TransferOutcome::Relieved);
}

/// The agent of that name, if it could take the Work now.
fn taker(draft: &Draft<'_>, work: &Work, name: &str) -> Result<AgentId, Rejection> {
    let id = draft.space.agent_id(name).ok_or(Rejection::CannotTake("it is not known"))?;
    let agent = draft.agent(id).ok_or(Rejection::CannotTake("it is not known"))?;
    match obstacle(agent, work) {
        Some(obstacle) => Err(Rejection::CannotTake(obstacle.text())),
        None => Ok(id),
    }
}

/// What stands against passing the Work on to an agent now.
pub(crate) fn obstacle(agent: &Agent, work: &Work) -> Option<Obstacle> {
    if work.owner.is_some_and(|owner| owner.agent == agent.id) {
        Some(Obstacle::Owner)
    } else if !agent.is_ready() {
        Some(Obstacle::NotReady)
    } else if !work.is_spoken_by(agent) {
        Some(Obstacle::Channels)
    } else if agent.profile.kind == AgentKind::Bot && work.wants_person() {
        Some(Obstacle::Muted)
    } else if !agent.has_room(work.cost_for(&agent.profile)) {
        Some(Obstacle::NoRoom)
    } else {
        None
    }
}

/// Shows a Work to the agent whom it is passed on to.
fn offer(draft: &mut Draft<'_>, id: WorkId, agent: AgentId) {
    let (Some(work), Some(taker)) = (draft.work(id), draft.agent(agent)) else { return };
    let cost = work.cost_for(&taker.profile);
    let timeout_ms = draft.space.config().queue(&work.queue).map_or(OFFER_TIMEOUT_MS, |queue| queue.offer_timeout_ms);
    let expires_at = draft.now + Duration::from_millis(timeout_ms);
    show(draft, id, agent, cost, expires_at);
}

/// Makes an offer, with what whoever passed the Work on noted.
pub(crate) fn show(draft: &mut Draft<'_>, id: WorkId, agent: AgentId, cost: u32, expires_at: Timestamp) {
    put_right(draft, id);
    let Some(work) = draft.work(id) else { return };
    let brief = work.brief(draft.root_of(work.leaf));
    let from = work.handover().map(|handover| handover.from);
    with_note(draft, id);
    with_marks(draft, id);
    with_briefing(draft, id);
    draft.push(Change::OfferMade(OfferMade { work: id, agent, cost, expires_at, brief, from }));
}

/// What was noted belongs to the change that is pushed next, too.
pub(crate) fn with_note(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    let (leaf, note) = (work.leaf, work.handover().and_then(|handover| handover.note.clone()));
    if let Some(note) = note {
        draft.with_content(leaf, PersonalValue::Note(note));
    }
}

/// Ends a transfer, if there is one; the owner keeps the Work.
pub(crate) fn withdraw(draft: &mut Draft<'_>, id: WorkId, outcome: TransferOutcome) {
    if draft.work(id).is_none_or(|work| work.transfer().is_none()) {
        return;
    }
    let offered = take_back_offers(draft, id);
    end(draft, id, outcome);
    for freed in offered {
        fill(draft, freed);
    }
}

/// The agent whom it was offered does not take it: the owner keeps it.
pub(crate) fn passed_back(draft: &mut Draft<'_>, id: WorkId) {
    let ended = draft.changes().iter().rev().find_map(|change| match change {
        Change::OfferEnded { work, outcome, .. } if *work == id => Some(*outcome),
        _ => None,
    });
    let declined = ended == Some(OfferOutcome::Declined);
    end(draft, id, if declined { TransferOutcome::Declined } else { TransferOutcome::Unavailable });
}

fn end(draft: &mut Draft<'_>, id: WorkId, outcome: TransferOutcome) {
    let Some((transfer, owner)) = draft.work(id).and_then(|work| Some((work.transfer()?, work.owner?))) else { return };
    let (queue, agent) = (transfer.back.clone(), owner.agent);
    draft.push(Change::TransferEnded(TransferEnded { work: id, agent, outcome, queue }));
    require(draft, id);
}

/// Nobody took it in time.
pub(crate) fn lapse(draft: &mut Draft<'_>, id: WorkId) {
    if draft.work(id).is_some_and(|work| work.transfer().is_some()) {
        release(draft, id, UnassignReason::TransferLapsed);
    }
}

/// The owner leaves for now: what it was passing on is the queue's at once.
pub(crate) fn leave(draft: &mut Draft<'_>, agent: AgentId) {
    let Some(owner) = draft.agent(agent) else { return };
    // What is offered elsewhere because there is too much of it goes on being offered, and waits for its owner meanwhile.
    let passed = |id: &WorkId| draft.work(*id).and_then(Work::transfer).is_some_and(|transfer| !transfer.relief);
    let works: Vec<WorkId> = owner.works.iter().map(|held| held.id).filter(passed).collect();
    for id in works {
        release(draft, id, UnassignReason::TransferLapsed);
    }
}

/// The owner waits no longer. An open offer stays.
fn release(draft: &mut Draft<'_>, id: WorkId, reason: UnassignReason) {
    let Some(owner) = draft.work(id).and_then(|work| work.owner) else { return };
    let (assignment, agent) = (owner.assignment, owner.agent);
    if reason == UnassignReason::TransferLapsed {
        charge_transfer(draft, id);
    }
    cool_down(draft, id, agent);
    draft.push(Change::Unassigned { assignment, work: id, agent, reason });
    let Some(queue) = draft.work(id).map(|work| work.queue.clone()) else { return };
    requeue(draft, id, &queue, QueueCause::Transferred, None);
    fill(draft, agent);
}

/// The Work is spoken on by more channels, or fewer: whoever it is being passed on to may not speak on all of them.
pub(crate) fn hold_to_channels(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id).filter(|work| work.transfer().is_some()) else { return };
    let Some(open) = work.offer else { return place(draft, id) };
    if !draft.agent(open.agent).is_some_and(|agent| work.is_spoken_by(agent)) {
        revoke_offer(draft, id, open);
        place(draft, id);
        fill(draft, open.agent);
    }
}
