//! Plans: how the circle of those who may take a Work widens step by step while it waits (domain rules, section 7).
//!
//! Before its first step a Work wants what queue and rule want. Each step has a clock of its own, which runs while the Work is QUEUED and
//! its queue is open, and stands otherwise. A step that nobody who is logged in could take the Work at is not waited for: it goes on at
//! once to the first that somebody could, or to the last. In another queue it begins anew; given back to the same it goes on where it
//! stood, as its customer has waited through those steps.

use smallvec::SmallVec;

use super::matching::{demanded, place, wanted};
use super::overflow;
use super::requirement::Requirement;
use crate::domain::draft::Draft;
use crate::domain::id::{Name, WorkId};
use crate::domain::record::{Change, Clock, OverflowSet, Required, StepCause, StepSet};
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::work::{Stopwatch, Work};
use crate::domain::workspace::{IndexedConfig, Levels, MAX_ADDED, PlanConfig, QueueConfig, StepConfig};

/// The plan that the rule gives a Work, or its queue does.
pub(super) fn plan_of<'c>(config: &'c IndexedConfig, queue: &QueueConfig, work: &Work) -> Option<&'c PlanConfig> {
    let by_rule = work.routing.as_ref().map(|routing| &routing.plan).filter(|plan| !plan.is_empty());
    by_rule.into_iter().chain(&queue.plan).find_map(|name| config.plan(name))
}

/// Wants less, as the steps taken and what has overflowed say.
pub(super) fn relax(config: &IndexedConfig, work: &Work, levels: &mut Levels) {
    if let Some((standing, plan)) = work.standing().and_then(|it| Some((it, config.plan(&it.plan)?))) {
        plan.taken(standing.step).iter().for_each(|step| step.relax.apply(levels));
    }
    if let Some(relax) = work.relaxed() {
        relax.apply(levels);
    }
}

/// Queues that steps add to the one that the Work is in, as far as they are there.
fn added(config: &IndexedConfig, steps: &[StepConfig], own: &Name) -> Vec<Name> {
    let mut queues: Vec<Name> = Vec::new();
    for queue in steps.iter().flat_map(|step| &step.add_queues) {
        if queue != own && !queues.contains(queue) && config.queue(queue).is_some() && queues.len() < MAX_ADDED {
            queues.push(queue.clone());
        }
    }
    queues
}

/// The Work begins the plan of the queue that it has come to, goes on with it, or follows what another configuration says of it.
pub(crate) fn begin(draft: &mut Draft<'_>, id: WorkId, cause: StepCause) {
    let (config, now) = (draft.space.config(), draft.now);
    let Some(work) = draft.work(id).filter(|work| work.is_nobodys()) else { return };
    let plan = config.queue(&work.queue).and_then(|queue| plan_of(config, queue, work));
    let standing = work.standing();
    let set = match (plan, standing) {
        (None, None) => return,
        (None, Some(_)) => StepSet { work: id, cause, ..StepSet::default() },
        (Some(plan), Some(standing)) if standing.plan == plan.name => {
            let step = standing.step.min(plan.last());
            let queues = added(config, plan.taken(step), &work.queue);
            if step == standing.step
                && queues == standing.queues
                && standing.clock.is_some() == plan.next(step).is_some()
            {
                return;
            }
            let before = standing.clock.map(|watch| left(config, &work.queue, watch, now));
            let clock = plan.next(step).map(|next| before.unwrap_or(Clock { left_ms: next.after_ms, from: now }));
            StepSet { work: id, plan: plan.name.clone(), step, cause: StepCause::Reconfigured, queues, clock }
        }
        (Some(plan), _) => stand(config, plan, work, 0, cause, now),
    };
    draft.push(Change::StepSet(Box::new(set)));
}

/// The Work stands at a step from now on.
fn stand(
    config: &IndexedConfig,
    plan: &PlanConfig,
    work: &Work,
    step: u32,
    cause: StepCause,
    now: Timestamp,
) -> StepSet {
    StepSet {
        work: work.id,
        plan: plan.name.clone(),
        step,
        cause,
        queues: added(config, plan.taken(step), &work.queue),
        clock: plan.next(step).map(|next| Clock { left_ms: next.after_ms, from: now }),
    }
}

/// The clock of a step has run out.
pub(crate) fn step_due(draft: &mut Draft<'_>, id: WorkId) {
    let (config, now) = (draft.space.config(), draft.now);
    let Some(work) = draft.work(id) else { return };
    let Some((standing, watch)) = work.standing().and_then(|standing| Some((standing, standing.clock?))) else {
        return;
    };
    let plan = config.queue(&work.queue).and_then(|queue| plan_of(config, queue, work));
    let Some(plan) = plan.filter(|plan| plan.name == standing.plan && standing.step < plan.last()) else {
        // Another configuration: what it says of the Work is what holds.
        return go_on(draft, id, |draft| begin(draft, id, StepCause::Reconfigured));
    };
    if let Some(clock) = unspent(config, &work.queue, watch, now) {
        let (plan, step, queues) = (standing.plan.clone(), standing.step, standing.queues.clone());
        let set = StepSet { work: id, plan, step, cause: StepCause::Closed, queues, clock: Some(clock) };
        return draft.push(Change::StepSet(Box::new(set)));
    }
    let set = stand(config, plan, work, standing.step + 1, StepCause::Clock, now);
    go_on(draft, id, |draft| draft.push(Change::StepSet(Box::new(set))));
}

/// What is left of a time because the queue was closed for a part of it.
pub(super) fn unspent(config: &IndexedConfig, queue: &str, watch: Stopwatch, now: Timestamp) -> Option<Clock> {
    let queue = config.queue(queue)?;
    let turn = config.calendar(queue)?.turn(now);
    let left_ms = watch.left_ms.saturating_sub(config.served(queue, watch.from?, now));
    // Where it is never open again time runs as it does everywhere.
    let from = if turn.open { now } else { turn.until? };
    (left_ms > 0).then_some(Clock { left_ms, from })
}

/// What is left of a time of a queue, without what it was closed for, and when that runs on.
pub(super) fn left(config: &IndexedConfig, queue: &str, watch: Stopwatch, now: Timestamp) -> Clock {
    let calendar = config.queue(queue).and_then(|queue| config.calendar(queue));
    let (Some(calendar), Some(from)) = (calendar, watch.from.filter(|from| *from < now)) else {
        return watch.clock(now);
    };
    let turn = calendar.turn(now);
    // Where it is never open again time runs as it does everywhere.
    let Some(on) = (if turn.open { Some(now) } else { turn.until }) else { return watch.clock(now) };
    Clock { left_ms: watch.left_ms.saturating_sub(calendar.served(from, now)), from: on }
}

/// A Work is about to wait no longer: its clocks stand then, and must not have run while its queue was closed.
pub(crate) fn put_right(draft: &mut Draft<'_>, id: WorkId) {
    let (config, now) = (draft.space.config(), draft.now);
    let Some(work) = draft.work(id).filter(|work| work.state == WorkState::Queued) else { return };
    let right = |watch: Option<Stopwatch>| {
        let watch = watch?;
        let clock = left(config, &work.queue, watch, now);
        (clock.left_ms != watch.left_ms(now)).then_some(clock)
    };
    let step = work.standing().and_then(|standing| {
        let clock = Some(right(standing.clock)?);
        let (plan, step, queues) = (standing.plan.clone(), standing.step, standing.queues.clone());
        Some(StepSet { work: id, plan, step, cause: StepCause::Closed, queues, clock })
    });
    let wait = work.awaits().and_then(|awaits| {
        let clock = Some(right(awaits.clock)?);
        Some(OverflowSet { work: id, after_ms: awaits.after_ms, clock, no_agent: awaits.no_agent })
    });
    step.into_iter().for_each(|set| draft.push(Change::StepSet(Box::new(set))));
    wait.into_iter().for_each(|set| draft.push(Change::OverflowSet(set)));
}

/// The circle widens by a change: whoever may take the Work now is asked.
pub(super) fn go_on(draft: &mut Draft<'_>, id: WorkId, change: impl FnOnce(&mut Draft<'_>)) {
    change(draft);
    require(draft, id);
    widen(draft, id);
    place(draft, id);
}

/// What is wanted of whoever takes the Work is what its queue, its rule and its circle say.
pub(crate) fn require(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    let levels = demanded(draft.space.config(), &work.queue, work);
    if levels != work.requires {
        draft.push(Change::Required(Required { work: id, levels }));
    }
}

/// Nobody who is logged in could take the Work: it goes on to the step at which somebody could, and overflows if there is none. While its
/// queue is closed nobody is missed.
pub(crate) fn widen(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id).filter(|work| work.seeks_somebody()) else { return };
    if !draft.space.is_open(&work.queue) || somebody(draft, &Requirement::of(work)) {
        return;
    }
    if let Some(standing) = work.standing().filter(|standing| standing.clock.is_some()) {
        let (config, now) = (draft.space.config(), draft.now);
        let plan = config.queue(&work.queue).and_then(|queue| plan_of(config, queue, work));
        match plan.filter(|plan| plan.name == standing.plan && standing.step < plan.last()) {
            Some(plan) => {
                let could = |step: &u32| somebody(draft, &requirement_at(config, work, plan, *step));
                let step = (standing.step + 1..plan.last()).find(could).unwrap_or(plan.last());
                let set = stand(config, plan, work, step, StepCause::NobodyThere, now);
                draft.push(Change::StepSet(Box::new(set)));
            }
            None => begin(draft, id, StepCause::Reconfigured),
        }
        require(draft, id);
        return widen(draft, id);
    }
    overflow::nobody_there(draft, id);
}

/// What would be required at a step.
pub(super) fn requirement_at(config: &IndexedConfig, work: &Work, plan: &PlanConfig, step: u32) -> Requirement {
    let mut levels = wanted(config, &work.queue, work);
    plan.taken(step).iter().for_each(|step| step.relax.apply(&mut levels));
    if let Some(relax) = work.relaxed() {
        relax.apply(&mut levels);
    }
    let overflown = work.overflown_queues().iter().cloned();
    let queues: SmallVec<[Name; 4]> =
        added(config, plan.taken(step), &work.queue).into_iter().chain(overflown).collect();
    Requirement::with(work, &work.queue, queues.iter(), levels)
}

/// Whether somebody who is logged in could take Work with that requirement, whatever room there is.
fn somebody(draft: &Draft<'_>, requirement: &Requirement) -> bool {
    let touched = draft.touched_agents();
    let is_touched = |id| touched.iter().any(|agent| agent.id == id);
    touched.iter().any(|agent| requirement.is_met_in_time(agent))
        || draft.space.is_somebody_there(requirement, |id| !is_touched(id))
}

/// Nobody is logged in who could take Works of queues that are open: as many as one record holds go on.
pub(crate) fn skip(draft: &mut Draft<'_>) {
    let stranded = &draft.space.stranded;
    for queue in stranded.queues().filter(|queue| draft.space.is_open(queue)) {
        for (_, works) in stranded.nobodys(queue) {
            for id in works {
                if draft.full() {
                    return;
                }
                widen(draft, *id);
                place(draft, *id);
            }
        }
    }
}
