//! The starvation bound (domain rules, section 6): nobody is overtaken by a Work that is due more than the cap of all credits after it.
//!
//! When a Work is due is told from the record that queued it and the goals of its queue, not from its key. Only of Works that wait for
//! their first answer, on one endpoint, in a queue without hours: there it is simple, and they are many.

use std::collections::{BTreeMap, BTreeSet};

use skein::domain::Workspace;
use skein::domain::id::{AgentId, Name, WorkId};
use skein::domain::record::{AssignCause, Change, OfferOutcome, QueueCause, Record};
use skein::domain::view::WorkState;

use super::broken::{Broken, holds};
use super::setup::CREDIT_CAP_MS;
use super::stats::Stats;

/// A Work that waits for its first answer.
#[derive(Debug)]
struct Waits {
    queue: Name,
    due: i64,
    /// It is offered to nobody.
    free: bool,
    /// Somebody is to have it first: whoever has room for that one has none for others.
    preferred: bool,
}

/// All that wait for their first answer.
#[derive(Debug, Default)]
pub(crate) struct Line {
    waits: BTreeMap<WorkId, Waits>,
    /// To whom Works were offered already: they may not be, again, for a while.
    offered: BTreeSet<(WorkId, AgentId)>,
}

impl Line {
    /// A record, after the state has noted it.
    pub(crate) fn record(&mut self, record: &Record, space: &Workspace, stats: &mut Stats) -> Result<(), Broken> {
        for change in &record.changes {
            match change {
                Change::OfferMade(offer) => self.given(offer.work, offer.agent, record, space, stats)?,
                Change::Assigned(assigned) if assigned.cause == AssignCause::Auto => {
                    self.given(assigned.work, assigned.agent, record, space, stats)?;
                }
                _ => {}
            }
            self.note(change, record, space);
        }
        Ok(())
    }

    fn given(
        &mut self,
        work: WorkId,
        agent: AgentId,
        record: &Record,
        space: &Workspace,
        stats: &mut Stats,
    ) -> Result<(), Broken> {
        let (Some(given), Some(view)) = (self.waits.get(&work), space.work(work)) else { return Ok(()) };
        if given.preferred {
            return Ok(());
        }
        for (other, waits) in self.waits.iter().filter(|(_, waits)| waits.free && waits.queue == given.queue) {
            let Some(beside) = space.work(*other) else { continue };
            let same = beside.state == WorkState::Queued
                && beside.queue == given.queue
                && beside.channel == view.channel
                && beside.widening.requires == view.widening.requires;
            if *other == work || !same || self.offered.contains(&(*other, agent)) {
                continue;
            }
            let behind = given.due - waits.due;
            if behind > 0 {
                stats.hit("overtaken", if behind > CREDIT_CAP_MS / 2 { "by far" } else { "by somebody due later" });
            }
            holds("nobody is overtaken beyond the bound", behind <= CREDIT_CAP_MS, || {
                format!("{other} ({waits:?}) by {work} ({given:?}): {record:?}")
            })?;
        }
        Ok(())
    }

    fn note(&mut self, change: &Change, record: &Record, space: &Workspace) {
        match change {
            Change::WorkQueued { work, queue, cause: QueueCause::New, preferred, .. } => {
                let made = |change: &Change| matches!(change, Change::Restored { .. } | Change::WorkSplit { .. });
                let simple = work.index() == record.index && !record.changes.iter().any(made);
                let goals = space.config().queue(queue).filter(|config| simple && config.hours.is_none());
                let Some((goals, view)) = goals.zip(space.work(*work)) else { return };
                let goal = i64::try_from(goals.targets(&view.channel).first_reply_ms).expect("small");
                let (due, preferred) = (record.time.0 + goal, preferred.is_some());
                self.waits.insert(*work, Waits { queue: queue.clone(), due, free: true, preferred });
            }
            Change::OfferMade(offer) => {
                self.offered.insert((offer.work, offer.agent));
                self.turn(offer.work, false);
            }
            Change::OfferEnded { work, outcome, .. } if *outcome != OfferOutcome::Accepted => self.turn(*work, true),
            Change::WorkQueued { work, .. } | Change::WorkClosed { work, .. } | Change::WorkJoined { work, .. } => {
                self.waits.remove(work);
            }
            Change::Assigned(assigned) => drop(self.waits.remove(&assigned.work)),
            Change::Overflowed(overflowed) => drop(self.waits.remove(&overflowed.work)),
            Change::StepSet(set) if set.step > 0 => drop(self.waits.remove(&set.work)),
            Change::WorksMerged { from, into, .. } | Change::WorkSplit { from, into, .. } => {
                self.waits.remove(from);
                self.waits.remove(into);
            }
            // Somebody answered outside skein.
            Change::MessageStored(message) if message.direction != skein::domain::record::Direction::In => {
                message.work.and_then(|work| self.waits.remove(&work));
            }
            _ => {}
        }
    }

    fn turn(&mut self, work: WorkId, free: bool) {
        if let Some(waits) = self.waits.get_mut(&work) {
            waits.free = free;
        }
    }
}
