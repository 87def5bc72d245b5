//! Overflow: what becomes of Work whose queue is too long, too slow, or without anybody (domain rules, section 7).
//!
//! By length and by what it would have to wait a Work overflows as it comes, by its wait when it has been QUEUED in the queue for so long (the time that the queue is closed
//! does not count), and when nobody who is logged in could take it at any step of its plan. Overflow moves a Work once until it is closed,
//! so that it goes round in no circle. `max_length` alone knows no exception: to a full queue nothing is added, whatever it was, and what
//! comes goes the way that the queue's overflow by length leads, on to the first that has room. That way ends in a queue that takes any
//! number, which configurations are held to; where it does not, the Work stays at its end, as no word of a customer's is dropped.

use smallvec::SmallVec;

use super::matching::requeue_after;
use super::plan::{go_on, left, unspent};
use crate::domain::draft::Draft;
use crate::domain::id::{Name, WorkId};
use crate::domain::record::{Change, Clock, OverflowCause, OverflowSet, Overflowed, QueueCause};
use crate::domain::view::EstimateOf;
use crate::domain::work::Work;
use crate::domain::workspace::{IndexedConfig, OverflowConfig, OverflowWhen};

/// What a Work overflows by on its way.
pub(super) type Overflows = SmallVec<[Overflowed; 1]>;

/// Where a Work comes to that is to come to a queue, and what it overflows by on the way. `before`: what has made it come.
pub(super) fn admit(draft: &Draft<'_>, work: &Work, queue: &Name, before: Overflows) -> (Name, Overflows) {
    let config = draft.space.config();
    let (mut overflows, mut at) = (before, queue.clone());
    let mut moved = work.is_moved() || overflows.iter().any(|overflowed| overflowed.to.is_some());
    let (mut been, mut found_full): (SmallVec<[Name; 2]>, SmallVec<[Name; 2]>) = Default::default();
    // What waits there already does not come.
    if work.is_nobodys() && work.queue == *queue {
        return (at, overflows);
    }
    while let Some(here) = config.queue(&at).filter(|here| !here.overflow.is_empty()) {
        let others = others(draft, work.id, &at);
        let full = here.max_length.is_some_and(|max| others >= u64::from(max));
        // What a full queue sends back to one that it left for its length, and that has room for it, stays there.
        if !full && been.contains(&at) {
            break;
        }
        let mut next = None;
        for entry in &here.overflow {
            let (cause, bound) = match entry.when {
                OverflowWhen::Length(length) if others >= u64::from(length) => (OverflowCause::Length, length.into()),
                OverflowWhen::Estimate(ms) if is_expected(draft, &at, ms) => (OverflowCause::Estimate, ms),
                _ => continue,
            };
            let fits =
                |to: &&Name| (full || !moved) && **to != at && !found_full.contains(to) && config.queue(to).is_some();
            next = entry.move_to.as_ref().filter(fits);
            overflows.push(overflowed(work.id, &at, cause, bound, entry, next));
            if next.is_some() {
                break;
            }
        }
        let Some(next) = next else { break };
        moved = true;
        if full {
            found_full.push(at.clone());
        }
        been.push(std::mem::replace(&mut at, next.clone()));
    }
    (at, overflows)
}

/// Whether whoever comes to the queue now is likely to wait for so long. Not known, as while it is closed: no.
fn is_expected(draft: &Draft<'_>, queue: &Name, ms: u64) -> bool {
    let is_open = draft.space.is_open(queue);
    let estimate = is_open.then(|| draft.space.estimate(&EstimateOf::Queue(queue.clone()), draft.now)).flatten();
    estimate.and_then(|estimate| estimate.range).is_some_and(|range| range.likely_ms >= ms)
}

/// How many others are in the queue and nobody has them. Those that this record touches count as it leaves them.
fn others(draft: &Draft<'_>, id: WorkId, queue: &str) -> u64 {
    let is_there = |work: &Work| work.is_nobodys() && work.queue == queue;
    let was_there = |id: WorkId| draft.space.works.get(id).is_some_and(&is_there);
    let touched = draft.touched_works();
    let own = !touched.iter().any(|work| work.id == id) && was_there(id);
    let gone = touched.iter().filter(|work| was_there(work.id)).count() + usize::from(own);
    let come = touched.iter().filter(|work| work.id != id && is_there(work)).count();
    u64::try_from(draft.space.length(queue).saturating_sub(gone) + come).unwrap_or(u64::MAX)
}

fn overflowed(
    work: WorkId,
    queue: &Name,
    cause: OverflowCause,
    at: u64,
    entry: &OverflowConfig,
    to: Option<&Name>,
) -> Overflowed {
    let (queues, relax) = (entry.add_queues.clone(), entry.relax.clone());
    Overflowed { work, queue: queue.clone(), cause, at, to: to.cloned(), queues, relax, notify: entry.notify }
}

/// What the Work overflows by next, in the queue that it has come to or by another configuration.
pub(crate) fn begin(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id).filter(|work| work.is_nobodys()) else { return };
    let Some(set) = awaited(draft, work) else { return };
    draft.push(Change::OverflowSet(set));
}

/// What the Work overflows by next, if that is something else than before.
fn awaited(draft: &Draft<'_>, work: &Work) -> Option<OverflowSet> {
    let (config, now, before) = (draft.space.config(), draft.now, work.awaits());
    let overflow = config.queue(&work.queue).map(|queue| queue.overflow.as_slice()).unwrap_or_default();
    let clock = before.and_then(|awaits| awaits.clock).map(|watch| left(config, &work.queue, watch, now));
    let passed = before.map_or(0, |awaits| awaits.after_ms.saturating_sub(clock.map_or(0, |clock| clock.left_ms)));
    let waits = overflow.iter().filter_map(|entry| match entry.when {
        OverflowWhen::Wait(ms) if ms > passed => Some(ms),
        OverflowWhen::Wait(_) | OverflowWhen::Length(_) | OverflowWhen::Estimate(_) | OverflowWhen::NoAgent => None,
    });
    let next = waits.min();
    let no_agent = overflow.iter().any(|entry| entry.when == OverflowWhen::NoAgent) && !work.is_alone();
    let same = match before {
        None => next.is_none() && !no_agent,
        Some(before) => before.no_agent == no_agent && before.clock.map(|_| before.after_ms) == next,
    };
    let from = clock.map_or(now, |clock| clock.from);
    (!same).then(|| OverflowSet {
        work: work.id,
        after_ms: next.unwrap_or(passed),
        clock: next.map(|next| Clock { left_ms: next - passed, from }),
        no_agent,
    })
}

/// A Work has waited for so long that it overflows.
pub(crate) fn overflow_due(draft: &mut Draft<'_>, id: WorkId) {
    let (config, now) = (draft.space.config(), draft.now);
    let Some(work) = draft.work(id) else { return };
    let Some((awaits, watch)) = work.awaits().and_then(|awaits| Some((*awaits, awaits.clock?))) else { return };
    if let Some(clock) = unspent(config, &work.queue, watch, now) {
        let set = OverflowSet { work: id, after_ms: awaits.after_ms, clock: Some(clock), no_agent: awaits.no_agent };
        return draft.push(Change::OverflowSet(set));
    }
    overflow(draft, id, OverflowCause::Wait, OverflowWhen::Wait(awaits.after_ms));
}

/// Nobody is logged in who could take a Work, at any step of its plan.
pub(super) fn nobody_there(draft: &mut Draft<'_>, id: WorkId) {
    overflow(draft, id, OverflowCause::NoAgent, OverflowWhen::NoAgent);
}

/// A Work overflows where it waits.
fn overflow(draft: &mut Draft<'_>, id: WorkId, cause: OverflowCause, when: OverflowWhen) {
    let Some(work) = draft.work(id) else { return };
    let (overflows, preferred) = (overflows(draft.space.config(), work, cause, when), work.preferred);
    let to = overflows.iter().find_map(|overflowed| overflowed.to.clone());
    match to {
        Some(to) => requeue_after(draft, id, &to, QueueCause::Overflowed, preferred, overflows),
        None => go_on(draft, id, |draft| {
            overflows.into_iter().for_each(|overflowed| draft.push(Change::Overflowed(Box::new(overflowed))));
            begin(draft, id);
        }),
    }
}

/// What a Work overflows by now; of several that move it the first does.
fn overflows(config: &IndexedConfig, work: &Work, cause: OverflowCause, when: OverflowWhen) -> Overflows {
    let at = match when {
        OverflowWhen::Length(length) => length.into(),
        OverflowWhen::Wait(ms) | OverflowWhen::Estimate(ms) => ms,
        OverflowWhen::NoAgent => 0,
    };
    let mut moved = work.is_moved();
    let entries = config.queue(&work.queue).map(|queue| queue.overflow.as_slice()).unwrap_or_default();
    let entries = entries.iter().filter(|entry| entry.when == when);
    let overflows = entries.map(|entry| {
        let fits = |to: &&Name| !moved && **to != work.queue && config.queue(to).is_some();
        let to = entry.move_to.as_ref().filter(fits);
        moved |= to.is_some();
        overflowed(work.id, &work.queue, cause, at, entry, to)
    });
    overflows.collect()
}
