//! Last-agent affinity: a customer who comes back need not explain again (domain rules, section 7).
//!
//! Whom a Work is asked first (`preferred`: the owner of another matter of the customer's, or whoever had this one last) gets it at once when
//! it is eligible. Where it is READY for the Work and only busy, the Work is held for it at the moment in which somebody else could take
//! it: once for each time that it comes up, by a record with its end, only if that agent is likely to be free within `reexplain_cost` of the
//! queue, and no longer than that. What is held is eligible for nobody else until the hold ends; then it goes to whoever can have it.
//! Zero for somebody who is away, offline, without connection, or whose pace nobody knows: the customer never waits for a number that
//! is none. Invariants: `Invariant::HeldForSomebody`, and `Invariant::WorkConserving`, of whose "eligible now" the hold is a part.

use std::time::Duration;

use super::eligible::could_come;
use super::matching::place;
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, WorkId};
use crate::domain::record::{Change, HoldSet};
use crate::domain::work::Work;

/// Holds a Work that is about to be given to an agent for another, if it is. Whether it is.
pub(super) fn hold_back(draft: &mut Draft<'_>, id: WorkId, from: AgentId) -> bool {
    let Some((agent, cost_ms)) = draft.work(id).and_then(|work| held_for(draft, work, from)) else { return false };
    let until = Some(draft.now + Duration::from_millis(cost_ms));
    draft.push(Change::HoldSet(HoldSet { work: id, agent, until }));
    true
}

/// For whom it is to be held rather than given to `from`, and for how long at most.
fn held_for(draft: &Draft<'_>, work: &Work, from: AgentId) -> Option<(AgentId, u64)> {
    let preferred = work
        .preferred
        .filter(|agent| *agent != from && !work.was_held() && work.owner.is_none() && work.is_waiting())?;
    let cost_ms = draft.space.config().queue(&work.queue)?.reexplain_cost_ms;
    if cost_ms == 0 || !could_come(draft.space, draft.agent(preferred)?, work) {
        return None;
    }
    let desk = draft.space.board.desk(&work.queue)?;
    let now = draft.now.max(draft.space.board.now());
    // One agent's pace: how long it takes until it has taken what is held for it already, and then this one.
    let place = 1 + held_already(draft, preferred, work.id);
    let range = desk.pace.estimate(place, 1, (now, desk.agents().ready(), desk.runs()))?;
    (range.likely_ms <= cost_ms).then_some((preferred, cost_ms))
}

/// How many others are held for an agent.
fn held_already(draft: &Draft<'_>, agent: AgentId, but: WorkId) -> usize {
    let touched = || draft.touched_works().iter();
    let is_held = |work: &&Work| work.id != but && work.hold().is_some_and(|hold| hold.agent == agent);
    let is_untouched = |id: &WorkId| touched().all(|work| work.id != *id);
    touched().filter(is_held).count() + draft.space.waiting.held_for(agent).filter(is_untouched).count()
}

/// A hold has lasted as long as it may.
pub(crate) fn hold_over(draft: &mut Draft<'_>, id: WorkId) {
    let Some(hold) = draft.work(id).and_then(Work::hold) else { return };
    draft.push(Change::HoldSet(HoldSet { work: id, agent: hold.agent, until: None }));
    place(draft, id);
}

/// Ends holds for agents who could not be given the Work any more, of all that the draft touches. To be asked when all else is decided.
pub(crate) fn review_holds(draft: &mut Draft<'_>) {
    // Each is held once: every step leaves one less.
    while let Some(id) = unwarranted(draft) {
        hold_over(draft, id);
    }
}

fn unwarranted(draft: &Draft<'_>) -> Option<WorkId> {
    let touched = || draft.touched_works().iter();
    let is_untouched = |id: &WorkId| touched().all(|work| work.id != *id);
    let held = draft.touched_agents().iter().flat_map(|agent| draft.space.waiting.held_for(agent.id));
    let untouched = held.filter(is_untouched).filter_map(|id| draft.work(id));
    let mut held = touched().chain(untouched).filter_map(|work| Some((work, work.hold()?)));
    let over = held.find(|(work, hold)| {
        !work.is_waiting() || draft.agent(hold.agent).is_none_or(|agent| !could_come(draft.space, agent, work))
    });
    over.map(|(work, _)| work.id)
}
