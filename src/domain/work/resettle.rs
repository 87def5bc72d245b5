//! Open Works held against another configuration: those of queues that are gone go on elsewhere, what is wanted of whoever takes them
//! is what their queues want now, they are due when their goals say now, offers to agents who cannot have them any more are taken back. What
//! has an owner stays with its owner, and what follows from its customer's silence is what its queue says now.

use super::Work;
use smallvec::SmallVec;

use super::idle::renew_silence;
use super::lifecycle::{revoke_offer, take_back_offers};
use super::open::OpenOffer;
use super::transfer::withdraw;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, WorkId};
use crate::domain::record::{Change, QueueCause, Resettled, StepCause, TransferOutcome};
use crate::domain::routing::{
    Requirement, await_overflow, begin_plan, fill, hold_unserved, key, place, requeue, require, revisit_cooled, widen,
};
use crate::domain::view::WorkState;
use crate::domain::workspace::AgentKind;

/// Works looked at by one record: well below a millisecond, as the shard's loop wants its turns. Fewer where much follows.
const LOOKED_AT: usize = 4_096;

/// Goes on with the Works that the configuration in force has not been held against, as far as one record goes.
pub(crate) fn resettle(draft: &mut Draft<'_>) {
    let Some(unsettled) = draft.space.unsettled() else { return };
    let mut unsettled = unsettled.peekable();
    let mut through = None;
    for _ in 0..LOOKED_AT {
        if draft.full() {
            break;
        }
        let Some(work) = unsettled.next() else { break };
        through = Some(work.id);
        hold_against(draft, work.id);
    }
    let more = unsettled.peek().is_some();
    draft.push(Change::Resettled(Resettled { through, more }));
    if !more {
        // Who was the only other one for a declined Work may serve its queue no longer.
        revisit_cooled(draft);
    }
}

fn hold_against(draft: &mut Draft<'_>, id: WorkId) {
    renew_silence(draft, id);
    let is_open =
        |work: &&Work| matches!(work.state, WorkState::Queued | WorkState::Offered) || work.transfer().is_some();
    let Some(work) = draft.work(id).filter(is_open) else { return };
    let (queue, config) = (work.queue.clone(), draft.space.config());
    let open: SmallVec<[OpenOffer; 2]> = work.offers().collect();
    if config.queue(&queue).is_none() && work.transfer().is_some() {
        return withdraw(draft, id, TransferOutcome::Unavailable);
    }
    if config.queue(&queue).is_none() {
        let offered = take_back_offers(draft, id);
        if draft.work(id).is_some_and(Work::is_queued) {
            requeue(draft, id, &queue, QueueCause::Requeued, None);
        }
        for freed in offered {
            fill(draft, freed);
        }
        return;
    }
    // Whose turn is the customer's is due by when it was queued.
    let due = work.ours_since.map(|_| key(config, &queue, work, draft.now.0)).filter(|key| *key != work.key);
    let before = draft.work(id).map(Requirement::of);
    await_overflow(draft, id);
    begin_plan(draft, id, StepCause::Reconfigured);
    require(draft, id);
    if let Some(key) = due {
        draft.push(Change::WorkRekeyed { work: id, key });
    }
    for open in &open {
        if !may_have(draft, id, open.agent) {
            revoke_offer(draft, id, *open);
            place(draft, id);
            fill(draft, open.agent);
        }
    }
    if open.is_empty() {
        // Somebody may do now who did not before.
        widen(draft, id);
        if draft.work(id).map(Requirement::of) != before {
            place(draft, id);
        }
    }
    hold_unserved(draft, id);
}

/// Whether the agent's profile still lets it have what it is offered. Its presence and connection are another matter.
fn may_have(draft: &Draft<'_>, work: WorkId, agent: AgentId) -> bool {
    let (Some(work), Some(agent)) = (draft.work(work), draft.agent(agent)) else { return false };
    agent.load() <= agent.profile.capacity
        && work.is_spoken_by(agent)
        && (agent.profile.kind == AgentKind::Human || !work.wants_person())
        // Whom an owner passes it on to may be of another desk.
        && (work.is_passed_to_agent()
            || (work.queues().any(|queue| agent.profile.queues.contains(queue))
                && agent.profile.skills.meet(&work.requires)))
}
