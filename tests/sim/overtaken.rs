//! The starvation bound (domain rules, section 6): nobody is overtaken by a Work that is due more than the cap of all credits after it.
//!
//! When a Work is due is told from the record that queued it and the goals of its queue, not from its key. Only of Works that wait for
//! their first answer in a queue without hours: there it is simple, and they are many. Compared are those that whoever gets the one could
//! have had, too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use skein::domain::Workspace;
use skein::domain::id::{AgentId, Name, WorkId};
use skein::domain::record::{AssignCause, Change, OfferOutcome, QueueCause, Record};
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;

use super::broken::{Broken, holds};
use super::setup::CREDIT_CAP_MS;
use super::stats::Stats;

/// A Work that waits for its first answer.
#[derive(Debug)]
struct Waits {
    queue: Name,
    since: Timestamp,
    /// It is offered to nobody.
    free: bool,
    /// It waits for facts before anybody gets it.
    asks: bool,
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
        let due = |waits: &Waits, channel: &str| {
            let goals = space.config().queue(&waits.queue)?.targets(channel);
            Some(waits.since + Duration::from_millis(goals.first_reply_ms))
        };
        for (other, waits) in
            self.waits.iter().filter(|(_, waits)| waits.free && !waits.asks && waits.queue == given.queue)
        {
            let Some(beside) = space.work(*other) else { continue };
            let same = beside.state == WorkState::Queued
                && beside.queue == given.queue
                && is_as_easy(space, agent, &view.channel, &beside.channel)
                // Whoever gets the one could take the other.
                && view.widening.requires.meet(&beside.widening.requires)
                && view.widening.queues.iter().all(|queue| beside.widening.queues.contains(queue))
                && beside.passing.held_for.is_none();
            if *other == work || !same || self.offered.contains(&(*other, agent)) || is_widened(*other, record) {
                continue;
            }
            let (Some(own), Some(others)) = (due(given, &view.channel), due(waits, &beside.channel)) else { continue };
            let behind = own.millis_since(others);
            if behind > 0 {
                stats.hit("overtaken", "by somebody due later");
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
                if goals.is_some() {
                    let (queue, since, preferred) = (queue.clone(), record.time, preferred.is_some());
                    self.waits.insert(*work, Waits { queue, since, free: true, asks: false, preferred });
                }
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
            Change::Overflowed(overflowed) if overflowed.to.is_some() => drop(self.waits.remove(&overflowed.work)),
            Change::EnrichmentSet(set) => {
                if let Some(waits) = self.waits.get_mut(&set.work) {
                    waits.asks = set.until.is_some();
                }
            }
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

/// Whether somebody else may take the Work by the record than before it: only what it asks for at the end of the record is to be seen.
fn is_widened(work: WorkId, record: &Record) -> bool {
    record.changes.iter().any(|change| match change {
        Change::Required(required) => required.work == work,
        Change::StepSet(set) => set.work == work,
        Change::Overflowed(overflowed) => overflowed.work == work,
        _ => false,
    })
}

/// Whether an agent who has room for a Work of a channel has room for one of another.
fn is_as_easy(space: &Workspace, agent: AgentId, channel: &str, other: &str) -> bool {
    let name = space.agent_name(agent).cloned().unwrap_or_default();
    let (Some(view), Some(profile)) = (space.agent(&name), space.config().profile(&name)) else { return false };
    let takes = |channels: &[Name]| channels.is_empty() || channels.iter().any(|it| it == other);
    takes(&view.channels) && takes(&profile.channels) && profile.cost(other) <= profile.cost(channel)
}
