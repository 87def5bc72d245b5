//! How the circle of those who may take a Work widens, written and read.

use super::error::CodecError;
use super::routing::{levels, levels_from};
use super::words::Word;
use crate::domain::id::{Name, WorkId};
use crate::domain::record::{Clock, OverflowSet, Overflowed, StepSet, Unserved};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Relax;
use crate::proto::log as p;

pub(super) fn step_set(set: &StepSet) -> p::StepSet {
    p::StepSet {
        work: set.work.to_bits(),
        plan: set.plan.to_string(),
        step: set.step,
        cause: set.cause.number(),
        queues: names(&set.queues),
        clock: set.clock.map(clock),
    }
}

pub(super) fn step_set_from(set: p::StepSet) -> Result<StepSet, CodecError> {
    Ok(StepSet {
        work: WorkId::from_bits(set.work),
        plan: Name::from(set.plan),
        step: set.step,
        cause: Word::from_number(set.cause)?,
        queues: names_from(set.queues),
        clock: set.clock.map(clock_from),
    })
}

pub(super) fn overflow_set(set: &OverflowSet) -> p::OverflowSet {
    let OverflowSet { work, after_ms, no_agent, .. } = *set;
    p::OverflowSet { work: work.to_bits(), after_ms, clock: set.clock.map(clock), no_agent }
}

pub(super) fn overflow_set_from(set: p::OverflowSet) -> OverflowSet {
    let (work, clock) = (WorkId::from_bits(set.work), set.clock.map(clock_from));
    OverflowSet { work, after_ms: set.after_ms, clock, no_agent: set.no_agent }
}

pub(super) fn overflowed(overflowed: &Overflowed) -> p::Overflowed {
    p::Overflowed {
        work: overflowed.work.to_bits(),
        queue: overflowed.queue.to_string(),
        cause: overflowed.cause.number(),
        at: overflowed.at,
        to: overflowed.to.as_ref().map(Name::to_string),
        queues: names(&overflowed.queues),
        lower: levels(&overflowed.relax.lower),
        drop: names(&overflowed.relax.drop),
        notify: overflowed.notify,
    }
}

pub(super) fn overflowed_from(overflowed: p::Overflowed) -> Result<Overflowed, CodecError> {
    Ok(Overflowed {
        work: WorkId::from_bits(overflowed.work),
        queue: Name::from(overflowed.queue),
        cause: Word::from_number(overflowed.cause)?,
        at: overflowed.at,
        to: overflowed.to.map(Name::from),
        queues: names_from(overflowed.queues),
        relax: Relax { lower: levels_from(overflowed.lower)?, drop: names_from(overflowed.drop) },
        notify: overflowed.notify,
    })
}

pub(super) fn unserved(change: &Unserved) -> p::Unserved {
    p::Unserved { work: change.work.to_bits(), queue: change.queue.to_string(), unserved: change.unserved }
}

pub(super) fn unserved_from(change: p::Unserved) -> Unserved {
    let (work, queue) = (WorkId::from_bits(change.work), Name::from(change.queue));
    Unserved { work, queue, unserved: change.unserved }
}

fn clock(clock: Clock) -> p::Clock {
    p::Clock { left_ms: clock.left_ms, from_ms: clock.from.0 }
}

fn clock_from(clock: p::Clock) -> Clock {
    Clock { left_ms: clock.left_ms, from: Timestamp(clock.from_ms) }
}

fn names(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::to_string).collect()
}

fn names_from(names: Vec<String>) -> Vec<Name> {
    names.into_iter().map(Name::from).collect()
}
