//! How long programs may let a customer wait (domain rules, section 7): then people have the Work.
//!
//! A program that owns a Work and does not answer by its deadline has handed it over without a word. Programs that pass a Work between
//! them, however they do (a transfer, a requeue, a lost session), have that time together: what is left when one loses the Work stands
//! with it, wherever it waits, until a person has it or the customer has an answer. While it is parked the time stands, as the
//! customer's wait does.
//!
//! Invariant: nobody waits longer than one deadline for a person because programs have the Work by turns.

use std::time::Duration;

use super::Work;
use super::automation::guard;
use super::bots::{give_to_people, is_bot};
use crate::domain::draft::Draft;
use crate::domain::id::{AgentId, WorkId};
use crate::domain::record::{BotsDue, Change, HandOverCause, QueueCause, UnassignReason};
use crate::domain::routing::{answer_by, requeue};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::workspace::QueueConfig;

/// Within this a program answers a customer who sits and waits, or loses the Work to people.
const LIVE_ANSWER: Duration = Duration::from_secs(30);
/// The same of other channels: a program that thinks for longer hangs.
const ANSWER: Duration = Duration::from_secs(2 * 60);

/// When an owner who lets the customer wait from now on loses the Work: a person as the queue says, a program before.
pub(crate) fn answer_due(
    draft: &Draft<'_>,
    work: &Work,
    agent: AgentId,
    queue: Option<&QueueConfig>,
) -> Option<Timestamp> {
    let recall = queue.and_then(|queue| answer_by(draft.space.config(), queue, draft.now));
    let patience = if work.is_live() { LIVE_ANSWER } else { ANSWER };
    let program = is_bot(draft, agent).then(|| draft.now + patience);
    let inherited = program.and_then(|_| left(draft, work, agent));
    recall.into_iter().chain(program).chain(inherited).min()
}

/// What programs have left of their time for the customer who waits now.
fn left(draft: &Draft<'_>, work: &Work, agent: AgentId) -> Option<Timestamp> {
    match work.owner {
        // It goes on itself.
        Some(owner) if owner.agent == agent => work.left_while_parked(draft.now),
        Some(owner) if is_bot(draft, owner.agent) => work.left_of_owner(draft.now),
        Some(_) => None,
        None => work.bots_due().map(|(_, by)| by),
    }
}

/// What programs have left for the customer of a Work that nobody has: for another, not for a person.
pub(super) fn rest_for(draft: &Draft<'_>, work: &Work, agent: AgentId) -> Option<Timestamp> {
    work.bots_due().filter(|_| is_bot(draft, agent)).map(|(_, by)| by)
}

/// A program loses a Work whose customer waits: what is left of its time stays with the Work.
pub(super) fn stays_due(draft: &Draft<'_>, change: &Change) -> Option<BotsDue> {
    let Change::Unassigned { work: id, agent, reason, .. } = *change else { return None };
    let over = matches!(reason, UnassignReason::Closed | UnassignReason::Merged);
    let work = draft.work(id).filter(|work| !over && !work.wants_person())?;
    let by = work.left_of_owner(draft.now).filter(|_| is_bot(draft, agent))?;
    Some(BotsDue { work: id, agent, by })
}

/// A program that owns the Work was silent too long: it is for people, with its place. Whether it was one.
pub(super) fn silent_too_long(draft: &mut Draft<'_>, id: WorkId, agent: AgentId) -> bool {
    let program = is_bot(draft, agent);
    if program {
        give_to_people(draft, id, agent, HandOverCause::NoAnswer);
    }
    program
}

/// Nobody has the Work, and the time of the programs that had it is over.
pub(super) fn nobody_answered(draft: &mut Draft<'_>, id: WorkId) {
    let Some((agent, queue)) = draft.work(id).and_then(|work| Some((work.bots_due()?.0, work.queue.clone()))) else {
        return;
    };
    give_to_people(draft, id, agent, HandOverCause::NoAnswer);
    // A program that it is offered to does not get it.
    guard(draft, id);
    if draft.work(id).is_some_and(Work::is_queued) {
        requeue(draft, id, &queue, QueueCause::Recalled, None);
    }
}

impl Work {
    /// The program that let the customer wait last, and by when another has to have answered.
    pub(super) fn bots_due(&self) -> Option<(AgentId, Timestamp)> {
        self.bots()?.due
    }

    /// The deadline of programs while none has it: of one that has, it is the owner's.
    pub(super) fn bots_timer(&self) -> Option<(Timestamp, Timer)> {
        let waits = self.owner.is_none() && self.ours_since.is_some() && !self.wants_person();
        let (_, by) = self.bots_due().filter(|_| waits)?;
        Some((by, Timer::Recall(self.id)))
    }

    /// By when its owner has to answer, if the customer waits: the time stands while it is parked.
    fn left_of_owner(&self, now: Timestamp) -> Option<Timestamp> {
        match self.parked() {
            Some(_) => self.left_while_parked(now),
            None => self.owner?.answer_by.filter(|_| self.ours_since.is_some()),
        }
    }

    fn left_while_parked(&self, now: Timestamp) -> Option<Timestamp> {
        Some(now + self.parked()?.answer_left?)
    }

    /// What its owner has left to answer in, if the customer waits.
    pub(super) fn answer_left(&self, now: Timestamp) -> Option<Duration> {
        let by = self.owner?.answer_by.filter(|_| self.ours_since.is_some())?;
        Some(Duration::from_millis(u64::try_from(by.millis_since(now)).unwrap_or(0)))
    }

    /// A program has lost it, and the customer waits.
    pub(super) fn stays_due(&mut self, due: &BotsDue) {
        self.bots_mut().due = Some((due.agent, due.by));
    }

    /// Somebody has it whose deadline counts from now on, or the customer has an answer.
    pub(super) fn is_due_no_longer(&mut self) {
        self.with_bots(|bots| bots.due = None);
    }

    /// Nobody could serve programs for a while.
    pub(super) fn extend_due(&mut self, extension: Duration) {
        self.with_bots(|bots| bots.due = bots.due.map(|(agent, by)| (agent, by + extension)));
    }
}
