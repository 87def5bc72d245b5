//! What agents and deadlines do to a Work: accept, decline, expire, recall, close, wrap up, give back.

use std::time::Duration;

use smallvec::SmallVec;

use super::automation::guard;
use super::effort::{charge_repeated_reason, charge_wait};
use super::patience::{nobody_answered, silent_too_long};
use super::transfer::{lapse, withdraw};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, AssignmentId, Name, OfferId, WorkId};
use crate::domain::record::{
    AssignCause, Change, CooledDown, OfferOutcome, Presence, PresenceSet, QueueCause, TransferOutcome, UnassignReason,
    WrapUpStarted,
};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{assign, fill, place, requeue, revisit_cooled};
use crate::domain::session::{Agent, Held};
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::work::Work;
use crate::domain::work::open::OpenOffer;
use crate::domain::workspace::GracePolicy;

/// Offers of slow channels that may expire one after the other before the agent is put away; of live ones, the first does.
const UNANSWERED_ALLOWED: u8 = 1;
/// Longest name of a disposition, bytes.
const MAX_DISPOSITION_BYTES: usize = 64;
/// Reason of an agent who let an offer expire.
const NO_ANSWER: &str = "NO_ANSWER";

/// Agents who have room again.
pub(super) type Freed = SmallVec<[AgentId; 2]>;

/// Takes an offered Work: whoever else is offered it is told that it is too late.
pub(crate) fn accept(draft: &mut Draft<'_>, agent: AgentId, offer: OfferId) -> Result<(), Rejection> {
    let (work, cost) = open_offer(draft, agent, offer)?;
    let others = take_back_but(draft, work, Some(offer));
    draft.push(Change::OfferEnded { offer, work, agent, outcome: OfferOutcome::Accepted });
    if let Some(before) = assign(draft, work, agent, AssignCause::Offer, cost) {
        fill(draft, before);
    }
    // One open offer fewer: the next may follow.
    for freed in others.into_iter().chain([agent]) {
        fill(draft, freed);
    }
    Ok(())
}

/// Leaves an offered Work to others.
pub(crate) fn decline(draft: &mut Draft<'_>, agent: AgentId, offer: OfferId) -> Result<(), Rejection> {
    let (work, _) = open_offer(draft, agent, offer)?;
    draft.push(Change::OfferEnded { offer, work, agent, outcome: OfferOutcome::Declined });
    cool_down(draft, work, agent);
    place(draft, work);
    fill(draft, agent);
    Ok(())
}

/// The open offer of the agent, or what became of it.
fn open_offer(draft: &Draft<'_>, agent: AgentId, offer: OfferId) -> Result<(WorkId, u32), Rejection> {
    let held = draft.agent(agent).and_then(|agent| agent.offers.iter().find(|held| held.id == offer));
    match held {
        Some(held) => Ok((held.work, held.cost)),
        None if offer.index() < draft.index() => Err(Rejection::OfferOver),
        None => Err(Rejection::UnknownOffer),
    }
}

/// The pair is not matched for a while.
pub(super) fn cool_down(draft: &mut Draft<'_>, work: WorkId, agent: AgentId) {
    let until = draft.now + Duration::from_millis(draft.space.config().decline_cooldown_min_ms);
    draft.push(Change::CooledDown(CooledDown { work, agent, liftable: false, until }));
}

/// A cool-down has come to its next stage.
pub(crate) fn cooldown_due(draft: &mut Draft<'_>, id: WorkId, agent: AgentId) {
    let Some(cooldown) =
        draft.work(id).and_then(|work| work.cooldowns.iter().find(|cooldown| cooldown.agent == agent)).copied()
    else {
        return;
    };
    let config = draft.space.config();
    let rest = config.decline_cooldown_ms.saturating_sub(config.decline_cooldown_min_ms);
    if cooldown.liftable || rest == 0 {
        draft.push(Change::CooldownEnded { work: id, agent });
    } else {
        let until = draft.now + Duration::from_millis(rest);
        draft.push(Change::CooledDown(CooledDown { work: id, agent, liftable: true, until }));
    }
    place(draft, id);
}

/// Nobody answered an offer: the agent is put away, the Work goes on with its place.
pub(crate) fn offer_expired(draft: &mut Draft<'_>, work: WorkId) {
    // Of several the next comes at once, by a timer of its own that is due as well.
    let now = draft.now;
    let Some(open) = draft.work(work).and_then(|work| work.offers().find(|open| open.expires_at <= now)) else {
        return;
    };
    let (offer, agent) = (open.id, open.agent);
    draft.push(Change::OfferEnded { offer, work, agent, outcome: OfferOutcome::Expired });
    let live = draft.work(work).is_some_and(Work::is_live);
    // What was passed on to this agent goes to the queue behind it once that is known not to be there.
    let passed = draft.work(work).is_some_and(Work::is_passed_to_agent);
    let unanswered = draft.agent(agent).map_or(0, |agent| agent.unanswered);
    if live || unanswered > UNANSWERED_ALLOWED {
        put_away(draft, agent, if passed { &[] } else { std::slice::from_ref(&work) });
    } else {
        cool_down(draft, work, agent);
        if !passed {
            place(draft, work);
        }
        fill(draft, agent);
    }
    if passed {
        lapse(draft, work);
    }
}

/// The agent is AWAY(NO_ANSWER); its open offers go on, and so do the Works that `freed` already names.
fn put_away(draft: &mut Draft<'_>, agent: AgentId, freed: &[WorkId]) {
    let channels = draft.agent(agent).map(|agent| agent.channels.clone()).unwrap_or_default();
    draft.push(Change::PresenceSet(PresenceSet {
        agent,
        presence: Presence::Away,
        reason: Name::const_new(NO_ANSWER),
        channels,
    }));
    let mut back = revoke_offers(draft, agent);
    back.extend_from_slice(freed);
    // Whoever has room for one of them alone gets the one that is due first.
    sort_by_due(draft, &mut back);
    for work in back {
        place(draft, work);
    }
    revisit_cooled(draft);
}

fn sort_by_due(draft: &Draft<'_>, works: &mut [WorkId]) {
    works.sort_unstable_by_key(|id| draft.work(*id).map(|work| (work.key, *id)));
}

/// Takes back all open offers of an agent; the Works wait again with their place. In the order in which they are due.
pub(crate) fn revoke_offers(draft: &mut Draft<'_>, agent: AgentId) -> Vec<WorkId> {
    revoke(draft, agent, |_, _| true)
}

/// Takes back the open offers of an agent whose channels it serves no longer.
pub(crate) fn revoke_unserved(draft: &mut Draft<'_>, agent: AgentId) -> Vec<WorkId> {
    revoke(draft, agent, |agent, work| !work.is_spoken_by(agent))
}

/// Takes back all open offers of one Work; whom they were made to has room again.
pub(super) fn take_back_offers(draft: &mut Draft<'_>, work: WorkId) -> Freed {
    take_back_but(draft, work, None)
}

fn take_back_but(draft: &mut Draft<'_>, work: WorkId, but: Option<OfferId>) -> Freed {
    let open = draft.work(work).into_iter().flat_map(Work::offers);
    let open: SmallVec<[OpenOffer; 2]> = open.filter(|open| Some(open.id) != but).collect();
    for offer in &open {
        revoke_offer(draft, work, *offer);
    }
    open.into_iter().map(|offer| offer.agent).collect()
}

/// Takes back one open offer of a Work.
pub(super) fn revoke_offer(draft: &mut Draft<'_>, work: WorkId, open: OpenOffer) {
    let OpenOffer { id: offer, agent, .. } = open;
    draft.push(Change::OfferEnded { offer, work, agent, outcome: OfferOutcome::Revoked });
}

fn revoke(draft: &mut Draft<'_>, agent: AgentId, goes: impl Fn(&Agent, &Work) -> bool) -> Vec<WorkId> {
    let Some(holder) = draft.agent(agent) else { return Vec::new() };
    let gone = |held: &&Held<OfferId>| draft.work(held.work).is_some_and(|work| goes(holder, work));
    let held: Vec<Held<OfferId>> = holder.offers.iter().filter(gone).copied().collect();
    for offer in &held {
        draft.push(Change::OfferEnded { offer: offer.id, work: offer.work, agent, outcome: OfferOutcome::Revoked });
    }
    let mut works: Vec<WorkId> = held.into_iter().map(|held| held.work).collect();
    sort_by_due(draft, &mut works);
    works
}

/// The owner was silent too long, or programs that have had the Work by turns.
pub(crate) fn recall(draft: &mut Draft<'_>, id: WorkId) {
    let Some(owner) = draft.work(id).and_then(|work| work.owner) else {
        return nobody_answered(draft, id);
    };
    let program = silent_too_long(draft, id, owner.agent);
    draft.push(Change::Unassigned {
        assignment: owner.assignment,
        work: id,
        agent: owner.agent,
        reason: UnassignReason::Recalled,
    });
    cool_down(draft, id, owner.agent);
    back_to_queue(draft, id, QueueCause::Recalled, None);
    if program {
        // What it was passing on to another program is for people, too.
        guard(draft, id);
    }
    fill(draft, owner.agent);
}

/// A Work waits no longer for its owner, whose session is gone.
pub(crate) fn work_grace_over(draft: &mut Draft<'_>, id: WorkId) {
    let Some(owner) = draft.work(id).and_then(|work| work.owner) else {
        return;
    };
    release(draft, id, UnassignReason::OwnerLost, QueueCause::OwnerLost, Some(owner.agent));
}

/// The owner loses the Work, which waits again in its queue.
pub(crate) fn release(
    draft: &mut Draft<'_>,
    id: WorkId,
    reason: UnassignReason,
    cause: QueueCause,
    offer_back_to: Option<AgentId>,
) {
    let Some(work) = draft.work(id) else { return };
    let Some(owner) = work.owner else { return };
    let in_wrapup = work.state == WorkState::WrapUp;
    let policy = draft.space.config().queue(&work.queue).map(|queue| queue.grace);
    let disposition = work.disposition.clone();
    if in_wrapup {
        // What was to do is done: a lost owner's notes do not bring the matter back.
        end(draft, id, disposition);
        return;
    }
    draft.push(Change::Unassigned { assignment: owner.assignment, work: id, agent: owner.agent, reason });
    back_to_queue(draft, id, cause, offer_back_to.filter(|_| policy == Some(GracePolicy::OfferBack)));
}

fn back_to_queue(draft: &mut Draft<'_>, id: WorkId, cause: QueueCause, preferred: Option<AgentId>) {
    let Some(queue) = draft.work(id).map(|work| work.queue.clone()) else {
        return;
    };
    requeue(draft, id, &queue, cause, preferred);
}

/// Closes a Work: into wrap-up where its queue has one, from wrap-up for good.
pub(crate) fn close(
    draft: &mut Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: AssignmentId,
    disposition: Name,
) -> Result<(), Rejection> {
    if disposition.len() > MAX_DISPOSITION_BYTES || disposition.chars().any(char::is_control) {
        return Err(Rejection::Invalid("disposition: at most 64 bytes without control characters"));
    }
    let work = owned(draft, agent, id, assignment)?;
    let config = draft.space.config();
    // What is passed on ends in the queue that it stays in.
    let home = work.home();
    config.check_disposition(home, &disposition)?;
    // Into wrap-up it may go without, for that is where it is said.
    let known = if disposition.is_empty() { &work.disposition } else { &disposition };
    let into_wrapup =
        work.state == WorkState::Assigned && config.queue(home).is_some_and(|queue| queue.wrapup_max_ms > 0);
    if known.is_empty() && !into_wrapup && config.wants_disposition(home) {
        return Err(Rejection::DispositionWanted);
    }
    withdraw(draft, id, TransferOutcome::Withdrawn);
    let work = owned(draft, agent, id, assignment)?;
    let queue = draft.space.config().queue(&work.queue);
    let wrapup = queue.filter(|queue| queue.wrapup_max_ms > 0).map(|queue| {
        // Ending a Work never takes an agent beyond its capacity.
        let cost = work.owner.map_or(0, |owner| owner.cost);
        (queue.wrapup_max_ms, queue.wrapup_cost.min(cost))
    });
    match wrapup {
        Some((max_ms, cost)) if work.state == WorkState::Assigned => {
            let until = draft.now + Duration::from_millis(max_ms);
            charge_wait(draft, id);
            charge_repeated_reason(draft, id, &disposition);
            draft.push(Change::WrapUpStarted(WrapUpStarted { work: id, agent, until, cost, disposition }));
            fill(draft, agent);
        }
        _ => {
            let disposition = if disposition.is_empty() { work.disposition.clone() } else { disposition };
            end(draft, id, disposition);
        }
    }
    Ok(())
}

/// Wrap-up has lasted long enough.
pub(crate) fn wrap_up_over(draft: &mut Draft<'_>, id: WorkId) {
    if let Some(work) = draft.work(id).filter(|work| work.state == WorkState::WrapUp) {
        let disposition = work.disposition.clone();
        end(draft, id, disposition);
    }
}

/// The Work is closed; its owner has room again.
pub(crate) fn end(draft: &mut Draft<'_>, id: WorkId, disposition: Name) {
    end_as(draft, id, disposition, false);
}

/// The same; `canceled`: the customer has left before it was done.
pub(super) fn end_as(draft: &mut Draft<'_>, id: WorkId, disposition: Name, canceled: bool) {
    charge_wait(draft, id);
    charge_repeated_reason(draft, id, &disposition);
    let owner = draft.work(id).and_then(|work| work.owner);
    if let Some(owner) = owner {
        draft.push(Change::Unassigned {
            assignment: owner.assignment,
            work: id,
            agent: owner.agent,
            reason: UnassignReason::Closed,
        });
    }
    let reopen_until: Timestamp = draft.now + draft.space.config().continuation_window();
    draft.push(Change::WorkClosed { work: id, disposition, reopen_until, canceled });
    if let Some(owner) = owner {
        fill(draft, owner.agent);
    }
}

/// The open Work of that id, or what became of it.
pub(crate) fn known<'d>(draft: &'d Draft<'_>, id: WorkId) -> Result<&'d Work, Rejection> {
    draft.work(id).ok_or_else(|| {
        if let Some(into) = draft.space.matters.merged_into(id) {
            Rejection::WorkMerged { into }
        } else if draft.space.closed.get(id).is_some() {
            Rejection::WorkClosed
        } else {
            Rejection::UnknownWork
        }
    })
}

/// The Work, if the agent may say something to its customer under that assignment: its owner, or a supervisor who has joined.
pub(crate) fn speaks<'d>(
    draft: &'d Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: AssignmentId,
) -> Result<&'d Work, Rejection> {
    let work = known(draft, id)?;
    if work.is_spoken_under(agent, assignment) { Ok(work) } else { owned(draft, agent, id, assignment) }
}

/// The Work, if the agent owns it under that assignment.
pub(crate) fn owned<'d>(
    draft: &'d Draft<'_>,
    agent: AgentId,
    id: WorkId,
    assignment: AssignmentId,
) -> Result<&'d Work, Rejection> {
    let work = known(draft, id)?;
    match work.owner {
        Some(owner) if owner.agent == agent && owner.assignment == assignment => Ok(work),
        Some(owner) if owner.agent != agent => Err(Rejection::NotOwner { owner: Some(owner.agent) }),
        Some(owner) => Err(Rejection::StaleAssignment { current: Some((owner.assignment, owner.agent)) }),
        None => Err(Rejection::NotOwner { owner: None }),
    }
}
