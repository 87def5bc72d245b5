//! How the circle of those who may take a Work has widened while it waits: the step of its plan that it stands at, and what overflow
//! made of it. Of the queue that it waits in: in another one it begins anew, but for the one move that overflow makes of a Work.

use serde::{Deserialize, Serialize};

use super::Work;
use crate::domain::id::{Name, WorkId};
use crate::domain::record::{Clock, OverflowCause, OverflowSet, Overflowed, StepCause, StepSet};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::view::{OverflownView, WideningView, WorkState};
use crate::domain::workspace::Relax;

/// How the circle has widened. Boxed, so that Works without plan and overflow pay a pointer for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Widened {
    pub(crate) plan: Option<Standing>,
    /// What it overflows by next, once that is known of its queue.
    pub(crate) awaits: Option<Awaits>,
    /// What overflow wants less.
    pub(crate) relax: Relax,
    /// Queues that overflow added.
    pub(crate) queues: Vec<Name>,
    /// How it overflowed last.
    pub(crate) last: Option<Overflown>,
    /// It has overflowed here because nobody was there.
    pub(crate) alone: bool,
    /// Overflow has moved it.
    pub(crate) moved: bool,
    /// Nobody whom the configuration knows could ever take it.
    pub(crate) unserved: bool,
}

/// Where a Work stands in its plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) plan: Name,
    /// How many steps have been taken.
    pub(crate) step: u32,
    pub(crate) cause: StepCause,
    pub(crate) since: Timestamp,
    /// Queues that its steps added.
    pub(crate) queues: Vec<Name>,
    /// Clock of the step; none: it is the last.
    pub(crate) clock: Option<Stopwatch>,
}

/// What a Work overflows by next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Awaits {
    /// The wait that its clock is of.
    pub(crate) after_ms: u64,
    pub(crate) clock: Option<Stopwatch>,
    pub(crate) no_agent: bool,
}

/// How a Work overflowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Overflown {
    cause: OverflowCause,
    from: Name,
    to: Option<Name>,
    at: Timestamp,
}

/// A time that runs only while its Work is QUEUED.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stopwatch {
    /// What was left when it began to run, milliseconds.
    pub(crate) left_ms: u64,
    /// Since when it runs, or from when on; none: it stands.
    pub(crate) from: Option<Timestamp>,
}

impl Stopwatch {
    fn of(clock: Clock, runs: bool) -> Self {
        Self { left_ms: clock.left_ms, from: runs.then_some(clock.from) }
    }

    fn turn(&mut self, runs: bool, now: Timestamp) {
        match (self.from, runs) {
            (None, true) => self.from = Some(now),
            (Some(from), false) => {
                self.left_ms = self.left_ms.saturating_sub(now.millis_since(from).unsigned_abs());
                self.from = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// What is left of it, milliseconds.
    pub(crate) fn left_ms(&self, now: Timestamp) -> u64 {
        let run = self.from.map_or(0, |from| now.millis_since(from).unsigned_abs());
        self.left_ms.saturating_sub(run)
    }

    /// What is left of it, and when that runs on.
    pub(crate) fn clock(&self, now: Timestamp) -> Clock {
        Clock { left_ms: self.left_ms(now), from: self.from.map_or(now, |from| from.max(now)) }
    }

    /// When it runs out.
    fn due(&self) -> Option<Timestamp> {
        Some(Timestamp(self.from?.0.saturating_add_unsigned(self.left_ms)))
    }
}

impl Work {
    /// Queues whose agents may take it: its own first.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.queue).chain(self.added_queues())
    }

    /// Queues beside its own whose agents may take it; one may come twice.
    pub(crate) fn added_queues(&self) -> impl Iterator<Item = &Name> {
        let widened = self.widened.iter();
        widened.flat_map(|widened| widened.plan.iter().flat_map(|plan| &plan.queues).chain(&widened.queues))
    }

    /// Where it stands in its plan.
    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.widened.as_ref()?.plan.as_ref()
    }

    /// What it overflows by next; none: nobody has asked its queue.
    pub(crate) fn awaits(&self) -> Option<&Awaits> {
        self.widened.as_ref()?.awaits.as_ref()
    }

    /// What overflow wants less of whoever takes it.
    pub(crate) fn relaxed(&self) -> Option<&Relax> {
        Some(&self.widened.as_ref()?.relax)
    }

    /// Queues that overflow added.
    pub(crate) fn overflown_queues(&self) -> &[Name] {
        self.widened.as_ref().map(|widened| widened.queues.as_slice()).unwrap_or_default()
    }

    /// Whether it has overflowed in its queue because nobody was there.
    pub(crate) fn is_alone(&self) -> bool {
        self.widened.as_ref().is_some_and(|widened| widened.alone)
    }

    /// Whether overflow has moved it.
    pub(crate) fn is_moved(&self) -> bool {
        self.widened.as_ref().is_some_and(|widened| widened.moved)
    }

    /// Whether nobody whom the configuration knows could ever take it.
    pub(crate) fn is_unserved(&self) -> bool {
        self.widened.as_ref().is_some_and(|widened| widened.unserved)
    }

    /// Whether it waits, and goes a step further or overflows when nobody is logged in who could take it.
    pub(crate) fn seeks_somebody(&self) -> bool {
        let steps = || self.standing().is_some_and(|plan| plan.clock.is_some());
        let overflows = || self.awaits().is_some_and(|awaits| awaits.no_agent);
        let waits = self.state == WorkState::Queued && !self.queue.is_empty() && !self.awaits_facts();
        waits && (steps() || overflows())
    }

    /// Whether it is in its queue and nobody has it: it counts for the length of the queue.
    pub(crate) fn is_nobodys(&self) -> bool {
        let waits = matches!(self.state, WorkState::Queued | WorkState::Offered);
        waits && self.owner.is_none() && !self.queue.is_empty()
    }

    /// Its queue is another one: the circle begins anew.
    pub(super) fn narrow(&mut self) {
        self.with_widened(|widened| {
            let Widened { last, moved, unserved, .. } = std::mem::take(widened);
            *widened = Widened { last, moved, unserved, ..Widened::default() };
        });
    }

    /// It is QUEUED from now on, or not any more.
    pub(super) fn turn_clocks(&mut self, queued: bool, now: Timestamp) {
        self.with_clocks(|clock| clock.turn(queued, now));
    }

    /// Nobody could take it for a while: what was left of its times is left still.
    pub(super) fn extend_clocks(&mut self, extension: std::time::Duration) {
        self.with_clocks(|clock| clock.from = clock.from.map(|from| from + extension));
    }

    fn with_clocks(&mut self, mut change: impl FnMut(&mut Stopwatch)) {
        let Some(widened) = &mut self.widened else { return };
        let step = widened.plan.as_mut().and_then(|plan| plan.clock.as_mut());
        let wait = widened.awaits.as_mut().and_then(|awaits| awaits.clock.as_mut());
        step.into_iter().chain(wait).for_each(&mut change);
    }

    /// It stands at a step of its plan.
    pub(super) fn step(&mut self, set: &StepSet, now: Timestamp) {
        let StepSet { plan, step, cause, queues, clock, .. } = set;
        let clock = clock.map(|clock| Stopwatch::of(clock, self.state == WorkState::Queued));
        let before = self.standing().map(|before| (before.cause, before.since));
        // A clock that is put right says nothing of why the step holds.
        let (cause, since) = before.filter(|_| *cause == StepCause::Closed).unwrap_or((*cause, now));
        let standing = Standing { plan: plan.clone(), step: *step, cause, since, queues: queues.clone(), clock };
        self.widened.get_or_insert_default().plan = Some(standing).filter(|_| !plan.is_empty());
        self.with_widened(|_| {});
    }

    /// What it overflows by next is known.
    pub(super) fn await_overflow(&mut self, set: &OverflowSet) {
        let clock = set.clock.map(|clock| Stopwatch::of(clock, self.state == WorkState::Queued));
        let awaits = Awaits { after_ms: set.after_ms, clock, no_agent: set.no_agent };
        self.widened.get_or_insert_default().awaits = Some(awaits);
    }

    /// It overflows.
    pub(super) fn overflow(&mut self, overflowed: &Overflowed, now: Timestamp) {
        let Overflowed { queue, cause, to, queues, relax, .. } = overflowed;
        let widened = self.widened.get_or_insert_default();
        widened.relax.join(relax);
        let news = queues.iter().filter(|queue| !widened.queues.contains(queue)).cloned().collect::<Vec<_>>();
        widened.queues.extend(news);
        widened.alone |= *cause == OverflowCause::NoAgent && to.is_none();
        widened.moved |= to.is_some();
        widened.last = Some(Overflown { cause: *cause, from: queue.clone(), to: to.clone(), at: now });
    }

    /// Whether anybody could ever take it is known.
    pub(super) fn note_unserved(&mut self, unserved: bool) {
        if unserved {
            self.widened.get_or_insert_default().unserved = true;
        }
        self.with_widened(|widened| widened.unserved = unserved);
    }

    /// Changes how the circle has widened, and drops the box with the last of it.
    fn with_widened(&mut self, change: impl FnOnce(&mut Widened)) {
        let Some(widened) = &mut self.widened else { return };
        change(widened);
        if **widened == Widened::default() {
            self.widened = None;
        }
    }

    /// Deadlines of what widens the circle.
    pub(super) fn widening_timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> {
        type Of = fn(WorkId) -> Timer;
        let step = self.standing().and_then(|plan| plan.clock).map(|clock| (clock, Timer::Step as Of));
        let wait = self.awaits().and_then(|awaits| awaits.clock).map(|clock| (clock, Timer::Overflow as Of));
        let id = self.id;
        step.into_iter().chain(wait).filter_map(move |(clock, timer)| Some((clock.due()?, timer(id))))
    }

    /// What is shown of it.
    pub(crate) fn view_widening(&self) -> WideningView {
        let plan = self.standing();
        let overflown = self.widened.as_ref().and_then(|widened| widened.last.as_ref());
        let mut queues: Vec<Name> = self.added_queues().cloned().collect();
        queues.sort_unstable();
        queues.dedup();
        WideningView {
            plan: plan.map(|plan| plan.plan.clone()).unwrap_or_default(),
            step: plan.map_or(0, |plan| plan.step),
            cause: plan.map(|plan| plan.cause).unwrap_or_default(),
            since: plan.map(|plan| plan.since),
            next_at: plan.and_then(|plan| plan.clock?.due()),
            queues,
            requires: self.requires.clone(),
            overflown: overflown.map(|overflown| OverflownView {
                cause: overflown.cause,
                from: overflown.from.clone(),
                to: overflown.to.clone(),
                at: overflown.at,
            }),
            unserved: self.is_unserved(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopwatch_runs_only_while_its_work_is_queued() {
        let mut watch = Stopwatch::of(Clock { left_ms: 100, from: Timestamp(1_000) }, true);
        assert_eq!((watch.due(), watch.left_ms(Timestamp(1_030))), (Some(Timestamp(1_100)), 70));
        watch.turn(false, Timestamp(1_030));
        assert_eq!((watch.due(), watch.left_ms(Timestamp(9_000))), (None, 70));
        watch.turn(true, Timestamp(9_000));
        watch.turn(true, Timestamp(9_010));
        assert_eq!(watch.due(), Some(Timestamp(9_070)));
        watch.turn(false, Timestamp(9_500));
        assert_eq!(watch.left_ms(Timestamp(9_500)), 0, "never less than nothing");
    }

    #[test]
    fn what_begins_later_has_not_run_before() {
        let watch = Stopwatch::of(Clock { left_ms: 100, from: Timestamp(5_000) }, true);
        assert_eq!((watch.left_ms(Timestamp(1_000)), watch.due()), (100, Some(Timestamp(5_100))));
        let mut stands = Stopwatch::of(Clock { left_ms: 100, from: Timestamp(0) }, false);
        assert_eq!(stands.due(), None);
        stands.turn(true, Timestamp(7_000));
        assert_eq!(stands.due(), Some(Timestamp(7_100)));
    }
}
