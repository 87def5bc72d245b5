//! Matching: a Work that waits with an agent eligible now, or an agent with room with the Work due first.
//!
//! Who is *eligible now* is defined in `eligible`. **Work conserving**: no Work waits beside an agent eligible now.

use std::time::Duration;

use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, Name, WorkId};
use crate::domain::marks::with_marks;
use crate::domain::record::{
    AssignCause, Assigned, Change, PersonalValue, QueueCause, Required, StepCause, UnassignReason,
};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::work::{
    Owner, Work, answer_due, await_wait, beside_owner, charge_transfer, passed_back, show, with_briefing, with_note,
};
use crate::domain::workspace::{Accept, GracePolicy, IndexedConfig, Levels, QueueConfig};

use super::affinity::hold_back;
use super::due::key;
use super::eligible::{Hurdle, attending, eligible, hurdle, is_open_to_all, serving};
use super::overflow::{self, Overflows, admit};
use super::plan;
use super::ready::rank;
use super::requirement::Requirement;
use super::unserved::hold_unserved;
use super::waiting::Due;

/// How long a lost owner's Work of a live channel waits for it (domain rules, section 7).
const LIVE_GRACE_MS: u64 = 120_000;

/// Puts a Work into its queue and matches it.
pub(crate) fn requeue(draft: &mut Draft<'_>, id: WorkId, queue: &Name, cause: QueueCause, preferred: Option<AgentId>) {
    requeue_after(draft, id, queue, cause, preferred, Overflows::new());
}

/// The same, when overflow makes it come there.
pub(super) fn requeue_after(
    draft: &mut Draft<'_>,
    id: WorkId,
    queue: &Name,
    cause: QueueCause,
    preferred: Option<AgentId>,
    overflows: Overflows,
) {
    let Some(work) = draft.work(id) else { return };
    let config = draft.space.config();
    // What the configuration lost a queue for still has to be done.
    let queue = match config.queue(queue) {
        Some(_) => queue,
        None => refuge(config, work).unwrap_or(queue),
    };
    let (queue, overflows) = admit(draft, work, queue, overflows);
    let key = key(config, &queue, work, draft.now.0);
    let levels = demanded(config, &queue, work);
    if levels != work.requires {
        draft.push(Change::Required(Required { work: id, levels }));
    }
    draft.push(Change::WorkQueued { work: id, queue, key, cause, preferred });
    overflows.into_iter().for_each(|overflowed| draft.push(Change::Overflowed(Box::new(overflowed))));
    overflow::begin(draft, id);
    plan::begin(draft, id, StepCause::Queued);
    plan::require(draft, id);
    plan::widen(draft, id);
    place(draft, id);
    hold_unserved(draft, id);
    await_wait(draft, id, cause);
}

/// What is wanted of whoever takes the Work from the queue now: less than at first, as far as its circle has widened there.
pub(crate) fn demanded(config: &IndexedConfig, queue: &str, work: &Work) -> Levels {
    let mut levels = wanted(config, queue, work);
    if work.queue == queue {
        plan::relax(config, work, &mut levels);
    }
    levels
}

/// What is wanted of whoever takes the Work from the queue at first: by that, by the rule that
/// decided, and by the queues of the other endpoints it is spoken on.
pub(super) fn wanted(config: &IndexedConfig, queue: &str, work: &Work) -> Levels {
    let beside = work.places_beside().iter().map(|place| place.queue.as_str());
    let mut levels = Levels::new();
    for queue in std::iter::once(queue).chain(beside).filter_map(|queue| config.queue(queue)) {
        levels.demand(&queue.requires);
    }
    if let Some(routing) = &work.routing {
        levels.demand(&routing.requires);
    }
    levels
}

/// Where a Work waits whose queue the configuration has no longer: where its endpoint leads now, another one that it is spoken on, the
/// nearest relation of its endpoint (same channel and brand, same brand, same channel), or the first queue there is.
fn refuge<'c>(config: &'c IndexedConfig, work: &Work) -> Option<&'c Name> {
    let own = config.endpoint(&work.channel, &work.endpoint);
    let beside = work.places_beside().iter().filter_map(|place| config.endpoint(&place.channel, &place.endpoint));
    let related = config.endpoints.iter().filter_map(|endpoint| {
        let (brand, channel) = (*config.brand(endpoint) == work.brand, endpoint.channel == work.channel);
        (brand || channel).then_some((!brand, !channel, &endpoint.queue))
    });
    own.into_iter()
        .chain(beside)
        .map(|endpoint| &endpoint.queue)
        .chain(related.min_by_key(|(brand, channel, _)| (*brand, *channel)).map(|(_, _, queue)| queue))
        .chain(config.queues.iter().map(|queue| &queue.name))
        .find(|queue| config.queue(queue).is_some())
}

/// Gives a waiting Work to the agent who is to have it, if one is eligible now.
pub(crate) fn place(draft: &mut Draft<'_>, id: WorkId) {
    if draft.work(id).is_some_and(Work::is_passed_back) {
        return passed_back(draft, id);
    }
    let Some(work) = draft.work(id).filter(|work| work.is_waiting()) else {
        // One of several offers may be over.
        return offer_beside(draft, id);
    };
    let chosen = preferred(draft, work)
        .or_else(|| next(draft, work))
        .or_else(|| lifted(draft, work).filter(|id| draft.agent(*id).is_none_or(is_matched)));
    if let Some(agent) = chosen {
        give(draft, id, agent);
        offer_beside(draft, id);
    }
}

fn next(draft: &Draft<'_>, work: &Work) -> Option<AgentId> {
    let fits = |agent: &Agent| is_matched(agent) && eligible(draft.space, agent, work);
    if is_behind_another(draft, work) {
        return foremost(draft, work, draft.touched_agents().iter().filter(|agent| fits(agent)));
    }
    first(draft, work, fits)
}

/// Whether another Work that requires the same waited before this record, kept from no agent of its own: then nobody is eligible but
/// whom this record moves, as matching is work conserving. Nearly all Work that comes to a long line is told so by a look at the first
/// few there, instead of a look at everybody with room.
fn is_behind_another(draft: &Draft<'_>, work: &Work) -> bool {
    let touched = draft.touched_works();
    let is_untouched = |id: WorkId| !touched.iter().any(|work| work.id == id);
    let requirement = Requirement::of(work);
    let others = draft.space.waiting.first_of(&requirement).filter(|id| is_untouched(*id));
    others.filter_map(|id| draft.space.works.get(id)).any(is_open_to_all)
}

/// Whose matching is put off is given what is due first when that comes, this Work among it.
fn is_matched(agent: &Agent) -> bool {
    agent.deferred.is_none()
}

/// Offers a Work to more agents, as many as its queue says at once. Not beside whom it is asked first: the customer need not explain again. Nor what
/// was passed on: whoever it was meant for is asked alone.
fn offer_beside(draft: &mut Draft<'_>, id: WorkId) {
    while let Some(work) = draft.work(id).filter(|work| work.state == WorkState::Offered && work.owner.is_none()) {
        let at_once = draft.space.config().queue(&work.queue).map_or(1, QueueConfig::offers_at_once);
        let is_preferred = work.offers().any(|open| work.preferred == Some(open.agent)) || work.handover().is_some();
        if is_preferred || work.offers().count() >= at_once || draft.full() {
            return;
        }
        let Some(agent) = next(draft, work) else { return };
        give(draft, id, agent);
    }
}

fn preferred(draft: &Draft<'_>, work: &Work) -> Option<AgentId> {
    let agent = draft.agent(work.preferred?).filter(|agent| is_matched(agent))?;
    eligible(draft.space, agent, work).then_some(agent.id)
}

/// Whom the Work's queue selects of those who fit: each queue that it stands in names the first of its line, and the Work's own chooses
/// among these.
fn first(draft: &Draft<'_>, work: &Work, fits: impl Fn(&Agent) -> bool) -> Option<AgentId> {
    let (space, touched) = (draft.space, draft.touched_agents());
    let untouched = |id: AgentId| {
        let agent = space.agents.get(id.at()).filter(|agent| fits(agent));
        agent.filter(|agent| !touched.iter().any(|touched| touched.id == agent.id))
    };
    let named = |queue: &Name| space.ready.first(queue, &work.requires, untouched);
    let named = work.queues().filter(|queue| space.is_open(queue)).filter_map(named);
    let named = named.filter_map(|id| space.agents.get(id.at()));
    foremost(draft, work, named.chain(touched.iter().filter(|agent| fits(agent))))
}

/// Whether a READY agent fits, with room or not.
fn anybody(draft: &Draft<'_>, work: &Work, fits: impl Fn(&Agent) -> bool) -> bool {
    let (space, touched) = (draft.space, draft.touched_agents());
    let untouched =
        |id: AgentId| !touched.iter().any(|touched| touched.id == id) && space.agents.get(id.at()).is_some_and(&fits);
    work.queues().filter(|queue| space.is_open(queue)).any(|queue| space.ready.all(queue).any(untouched))
        || touched.iter().any(&fits)
}

/// Whom the Work's queue selects of these.
fn foremost<'a>(draft: &Draft<'_>, work: &Work, agents: impl Iterator<Item = &'a Agent>) -> Option<AgentId> {
    let selection = draft.space.config().queue(&work.queue).map(|queue| queue.selection).unwrap_or_default();
    agents.map(|agent| rank(selection, agent, &work.requires)).min().map(|(_, (_, _, id))| id)
}

/// A cool-down is lifted when nobody else is left: no other agent READY for it, with room or not.
pub(super) fn lifted(draft: &Draft<'_>, work: &Work) -> Option<AgentId> {
    if !work.cooldowns.iter().any(|cooldown| cooldown.liftable) {
        return None;
    }
    let space = draft.space;
    let cooled = |agent: &Agent| work.cooldowns.iter().any(|cooldown| cooldown.agent == agent.id);
    if anybody(draft, work, |agent| serving(space, agent, work).is_none() && !cooled(agent)) {
        return None;
    }
    first(draft, work, |agent| {
        attending(space, agent, work).is_none()
            && work.cooldowns.iter().any(|cooldown| cooldown.agent == agent.id && cooldown.liftable)
    })
}

/// Fills an agent's room with the Work that is due first among what it can take.
pub(crate) fn fill(draft: &mut Draft<'_>, id: AgentId) {
    loop {
        let Some(agent) = draft.agent(id).filter(|agent| agent.is_ready()) else {
            return;
        };
        let Some(work) = due_first(draft, agent) else {
            return;
        };
        if draft.full() {
            draft.push(Change::MatchDeferred { agent: id, more: true });
            return;
        }
        give(draft, work, id);
        offer_beside(draft, work);
    }
}

/// The Work due first among what the agent can take.
fn due_first(draft: &Draft<'_>, agent: &Agent) -> Option<WorkId> {
    let touched = draft.touched_works();
    let mut found: Option<Due> = touched
        .iter()
        .filter(|work| work.is_waiting())
        .filter(|work| could_have(draft, agent, work))
        .map(|work| (work.key, work.id))
        .min();
    let is_untouched = |id: WorkId| !touched.iter().any(|work| work.id == id);
    for queue in agent.profile.queues.iter().filter(|queue| draft.space.is_open(queue)) {
        for (head, group) in draft.space.waiting.groups(queue) {
            if found.is_some_and(|found| found <= head) {
                break;
            }
            if !group.requirement.is_met_beside(agent) {
                continue;
            }
            let could_have = |id| draft.space.works.get(id).is_some_and(|work| could_have(draft, agent, work));
            let first = group.works().find(|(_, id)| is_untouched(*id) && could_have(*id));
            found = found.into_iter().chain(first).min();
        }
    }
    found.map(|(_, id)| id)
}

/// Eligible, or cooled down while nobody else is left.
fn could_have(draft: &Draft<'_>, agent: &Agent, work: &Work) -> bool {
    match hurdle(draft.space, agent, work) {
        None => true,
        Some(Hurdle::Cooled { liftable: true, .. }) => lifted(draft, work) == Some(agent.id),
        Some(_) => false,
    }
}

/// Somebody has left: Work that waits only because of a cool-down may have nobody else now. Of cool-downs in their first stage nobody asks
/// that, and those are nearly all: whoever goes home after a day of passing Work on would have thousands looked at.
pub(crate) fn revisit_cooled(draft: &mut Draft<'_>) {
    let liftable: Vec<WorkId> = draft.space.waiting.liftable().collect();
    for id in liftable {
        if draft.full() {
            return;
        }
        place(draft, id);
    }
}

/// Offers or assigns, as the queue says; or holds it for whom the customer need not explain it to again.
fn give(draft: &mut Draft<'_>, id: WorkId, agent: AgentId) {
    if hold_back(draft, id, agent) {
        return;
    }
    let (Some(work), Some(holder)) = (draft.work(id), draft.agent(agent)) else {
        return;
    };
    let cost = work.cost_for(&holder.profile);
    let config = draft.space.config();
    let queue = config.queue(&work.queue);
    match queue.map(|queue| (queue.accept, queue.offer_timeout_ms)) {
        Some((Accept::Manual, offer_timeout_ms)) => {
            let expires_at = draft.now + Duration::from_millis(offer_timeout_ms);
            show(draft, id, agent, cost, expires_at);
        }
        // A queue that the configuration lost still has Work to be done.
        Some((Accept::Auto, _)) | None => {
            if let Some(agent) = assign(draft, id, agent, AssignCause::Auto, cost) {
                draft.push(Change::MatchDeferred { agent, more: true });
            }
        }
    }
}

/// Makes the agent the owner, in the place of one who passes the Work on. Gives that one, who has room again.
pub(crate) fn assign(
    draft: &mut Draft<'_>,
    id: WorkId,
    agent: AgentId,
    cause: AssignCause,
    cost: u32,
) -> Option<AgentId> {
    let passed_on = draft.work(id)?.owner.is_some();
    let cause = if passed_on { AssignCause::Transfer } else { cause };
    install(draft, id, agent, cost, Given { cause, ends: UnassignReason::Transferred, note: None })
}

/// Why an agent becomes the owner of a Work.
pub(crate) struct Given {
    pub(crate) cause: AssignCause,
    /// Why the owner before, if there is one, is it no longer.
    pub(crate) ends: UnassignReason,
    /// What the agent is to know; none: what whoever passed the Work on noted.
    pub(crate) note: Option<String>,
}

/// Makes the agent the owner by one record with the end of the owner before, of whom the customer knows: that is a transfer, whoever
/// decided it. Gives that one, who has room again.
pub(crate) fn install(draft: &mut Draft<'_>, id: WorkId, agent: AgentId, cost: u32, given: Given) -> Option<AgentId> {
    if draft.work(id)?.owner.is_some() {
        charge_transfer(draft, id);
    }
    plan::put_right(draft, id);
    let work = draft.work(id)?;
    let leaf = work.leaf;
    let brief = work.brief(draft.root_of(work.leaf));
    let queue = draft.space.config().queue(&work.queue);
    let before = work.owner;
    let assigned = Assigned {
        work: id,
        agent,
        cause: given.cause,
        cost,
        grace_ms: grace_ms(queue, work),
        answer_by: work.ours_since.and_then(|_| answer_due(draft, work, agent, queue)),
        overcommit: draft
            .agent(agent)
            .map_or(0, |agent| agent.load().saturating_add(cost).saturating_sub(agent.profile.capacity)),
        participants: beside_owner(work, agent),
        brief,
    };
    if let Some(Owner { assignment, agent, .. }) = before {
        draft.push(Change::Unassigned { assignment, work: id, agent, reason: given.ends });
    }
    match given.note {
        Some(note) if !note.is_empty() => draft.with_content(leaf, PersonalValue::Note(note)),
        Some(_) => {}
        None => with_note(draft, id),
    }
    with_marks(draft, id);
    with_briefing(draft, id);
    draft.push(Change::Assigned(assigned));
    before.map(|owner| owner.agent)
}

/// How long a Work waits for an owner whose session is gone; none: for ever.
fn grace_ms(queue: Option<&QueueConfig>, work: &Work) -> Option<u64> {
    let queue = queue?;
    match queue.grace {
        GracePolicy::Keep => None,
        GracePolicy::Requeue | GracePolicy::OfferBack if work.is_live() => Some(LIVE_GRACE_MS),
        GracePolicy::Requeue | GracePolicy::OfferBack => {
            Some(queue.targets(&work.channel).next_reply_ms.max(LIVE_GRACE_MS))
        }
    }
}

/// When an owner who lets the customer wait from now on is recalled.
pub(crate) fn answer_by(config: &IndexedConfig, queue: &QueueConfig, now: Timestamp) -> Option<Timestamp> {
    (queue.recall_after_ms > 0).then(|| config.after(queue, now, queue.recall_after_ms))
}
