//! The alarm for Work that nobody whom the configuration knows could ever take: with no skill that is wanted, at no step of its plan,
//! and wherever it may overflow to (domain rules, section 7). It is raised as the Work begins to wait, and taken back when another
//! configuration, another queue or somebody who takes it all the same has changed that.

use super::matching::wanted;
use super::plan::{plan_of, requirement_at};
use super::requirement::Requirement;
use crate::domain::draft::Draft;
use crate::domain::id::{Name, WorkId};
use crate::domain::record::{Change, Unserved};
use crate::domain::work::Work;
use crate::domain::workspace::{IndexedConfig, OverflowConfig, OverflowWhen, QueueConfig, Workspace};

/// Raises the alarm about a Work, or takes it back.
pub(crate) fn hold_unserved(draft: &mut Draft<'_>, id: WorkId) {
    let Some(work) = draft.work(id) else { return };
    let unserved = work.is_nobodys() && work.offer.is_none() && !could_ever(draft.space, work);
    if unserved != work.is_unserved() {
        let queue = work.queue.clone();
        draft.push(Change::Unserved(Unserved { work: id, queue, unserved }));
    }
}

/// Whether anybody whom the configuration knows could take the Work at some time.
fn could_ever(space: &Workspace, work: &Work) -> bool {
    let config = space.config();
    let meets = |requirement: &Requirement| space.registered.meets(config, requirement);
    if meets(&Requirement::of(work)) {
        return true;
    }
    let Some(queue) = config.queue(&work.queue) else { return true };
    let widest = match plan_of(config, queue, work) {
        Some(plan) => requirement_at(config, work, plan, plan.last()),
        None => Requirement::of(work),
    };
    if meets(&widened(work, queue, &work.queue, widest)) {
        return true;
    }
    let ways = queue.overflow.iter().filter(|entry| comes(entry.when) && !work.is_moved());
    ways.filter_map(|entry| Some((entry, entry.move_to.as_ref()?)))
        .filter_map(|(entry, to)| Some((entry, to, config.queue(to)?)))
        .any(|(entry, to, queue)| meets(&widened(work, queue, to, arrived(config, work, (to, queue), entry))))
}

/// Whether it comes to pass while a Work waits.
fn comes(when: OverflowWhen) -> bool {
    matches!(when, OverflowWhen::Wait(_) | OverflowWhen::NoAgent)
}

/// What is required at the last step in the queue that a Work overflows to, which takes along what it overflows by.
fn arrived(
    config: &IndexedConfig,
    work: &Work,
    (to, queue): (&Name, &QueueConfig),
    by: &OverflowConfig,
) -> Requirement {
    let mut levels = wanted(config, to, work);
    let steps = plan_of(config, queue, work).map(|plan| plan.steps.as_slice()).unwrap_or_default();
    steps.iter().map(|step| &step.relax).chain([&by.relax]).for_each(|relax| relax.apply(&mut levels));
    let beside = steps.iter().flat_map(|step| &step.add_queues).chain(&by.add_queues);
    Requirement::with(work, to, beside, levels)
}

/// The same after all that the Work overflows by where it waits.
fn widened(work: &Work, queue: &QueueConfig, own: &Name, mut requirement: Requirement) -> Requirement {
    let overflow = || queue.overflow.iter().filter(|entry| comes(entry.when));
    overflow().for_each(|entry| entry.relax.apply(&mut requirement.levels));
    let queues = requirement.queues.iter().skip(1).chain(overflow().flat_map(|entry| &entry.add_queues));
    Requirement::with(work, own, queues, requirement.levels.clone())
}
