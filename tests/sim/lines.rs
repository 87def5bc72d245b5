//! Plans, overflow and lengths of queues, counted again from the records: when a Work is QUEUED, how long its step lasts, who could take
//! it, and how many wait where.

use std::collections::{BTreeMap, BTreeSet};

use skein::domain::Workspace;
use skein::domain::id::{Name, WorkId};
use skein::domain::record::{Change, OfferOutcome, Presence, Record, StepCause, StepSet};
use skein::domain::time::Timestamp;

use super::agents::NAMES;
use super::broken::{Broken, holds};
use super::stats::Stats;

/// One Work, as far as its line is concerned.
#[derive(Clone, Debug, Default)]
struct Line {
    queue: Name,
    owned: bool,
    offered: usize,
    /// It waits for facts before anybody gets it.
    asks: bool,
    waits: bool,
    /// What is left of its step's clock, milliseconds; none: it stands at no step, or at the last.
    left_ms: Option<i64>,
    /// Since when it is QUEUED, or its clock runs, and by how much deadlines had been extended then.
    since: Option<(Timestamp, u64)>,
}

impl Line {
    /// Its queue while nobody has it.
    fn nobodys(&self) -> Option<&Name> {
        (self.waits && !self.owned).then_some(&self.queue)
    }

    fn queued(&mut self, now: Timestamp, extended_ms: u64) {
        self.waits = true;
        match (self.since, self.waits && !self.owned && self.offered == 0) {
            (None, true) => self.since = Some((now, extended_ms)),
            (Some(_), false) => {
                let ran = self.ran(now, extended_ms);
                self.left_ms = self.left_ms.map(|left| (left - ran).max(0));
                self.since = None;
            }
            _ => {}
        }
    }

    /// For how long it has been QUEUED, without what deadlines were extended by meanwhile, milliseconds.
    fn ran(&self, now: Timestamp, extended_ms: u64) -> i64 {
        let Some((since, then)) = self.since else { return 0 };
        (now.millis_since(since) - i64::try_from(extended_ms - then).expect("small")).max(0)
    }

    fn enters(&mut self, queue: &Name) {
        if self.queue != *queue {
            (self.queue, self.left_ms) = (queue.clone(), None);
        }
    }
}

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Lines(BTreeMap<WorkId, Line>);

impl Lines {
    /// A record, after the state has noted it.
    pub(crate) fn record(
        &mut self,
        record: &Record,
        space: &Workspace,
        extended_ms: u64,
        stats: &mut Stats,
    ) -> Result<(), Broken> {
        let mut before: BTreeMap<WorkId, Option<Name>> = BTreeMap::new();
        for (place, change) in (0u16..).zip(&record.changes) {
            let Some(work) = named(record, place, change) else { continue };
            let line = self.0.entry(work).or_default();
            before.entry(work).or_insert_with(|| line.nobodys().cloned());
            line.note(change, record.time, extended_ms, space, stats)?;
            if matches!(change, Change::WorkClosed { .. } | Change::WorksMerged { .. }) {
                self.0.remove(&work);
            }
        }
        let come = before.iter().filter_map(|(work, before)| {
            let now = self.0.get(work)?.nobodys()?;
            (before.as_ref() != Some(now)).then(|| now.clone())
        });
        for queue in come.collect::<BTreeSet<Name>>() {
            let Some(max) = space.config().queue(&queue).and_then(|config| config.max_length) else { continue };
            let length = self.0.values().filter(|line| line.nobodys() == Some(&queue)).count();
            let fits = u32::try_from(length).is_ok_and(|length| length <= max);
            holds("nothing is added to a full queue", fits, || format!("{length} of {max} in {queue}: {record:?}"))?;
            if length > 1 && u32::try_from(length) == Ok(max) {
                stats.hit("length", "full");
            }
        }
        Ok(())
    }

    /// What must hold once all due deadlines have fired.
    pub(crate) fn hold(&self, space: &Workspace, now: Timestamp, extended_ms: u64) -> Result<(), Broken> {
        for (work, line) in &self.0 {
            let Some(left_ms) = line.left_ms.filter(|_| line.since.is_some() && !line.asks) else { continue };
            let late = line.ran(now, extended_ms) > left_ms + 1_000;
            holds("a step lasts as long as its clock says", !late, || format!("{work}: {line:?} at {now:?}"))?;
            let alone = space.is_open(&line.queue) && !somebody(space, *work);
            holds("nobody waits at a step that nobody could take", !alone, || {
                format!("{work}: {line:?}, {:?}", space.work(*work))
            })?;
        }
        Ok(())
    }
}

impl Line {
    fn note(
        &mut self,
        change: &Change,
        now: Timestamp,
        extended_ms: u64,
        space: &Workspace,
        stats: &mut Stats,
    ) -> Result<(), Broken> {
        match change {
            Change::WorkQueued { queue, .. } => {
                self.enters(queue);
                self.queued(now, extended_ms);
            }
            Change::Transferring(change) => self.enters(&change.queue),
            Change::TransferEnded(change) => self.enters(&change.queue),
            Change::OfferMade(_) => {
                self.offered += 1;
                self.turn(now, extended_ms);
            }
            Change::OfferEnded { outcome, .. } => {
                self.offered = self.offered.saturating_sub(1);
                if *outcome != OfferOutcome::Accepted {
                    self.turn(now, extended_ms);
                }
            }
            Change::Assigned(_) => {
                (self.owned, self.asks) = (true, false);
                self.turn(now, extended_ms);
                self.waits = false;
            }
            Change::Unassigned { .. } => self.owned = false,
            Change::EnrichmentSet(set) => self.asks = set.until.is_some(),
            Change::StepSet(set) => self.step(set, (now, extended_ms), space, stats)?,
            Change::Overflowed(overflowed) => {
                stats.hit_variant("overflowed because", &overflowed.cause);
                if overflowed.to.is_some() {
                    stats.hit("length", "moved on");
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn turn(&mut self, now: Timestamp, extended_ms: u64) {
        if self.waits {
            self.queued(now, extended_ms);
        }
    }

    fn step(
        &mut self,
        set: &StepSet,
        (now, extended_ms): (Timestamp, u64),
        space: &Workspace,
        stats: &mut Stats,
    ) -> Result<(), Broken> {
        stats.hit_variant("step because", &set.cause);
        if set.cause == StepCause::Clock {
            let ran = self.ran(now, extended_ms);
            let over = self.since.is_some() && self.left_ms.is_some_and(|left| left <= ran);
            holds("a step is not taken before its clock has run out", over, || {
                format!("{set:?} of {self:?} at {now:?}")
            })?;
        }
        if set.cause == StepCause::Closed {
            let hours = space.config().queue(&self.queue).is_some_and(|queue| queue.hours.is_some());
            holds("a clock stands while its queue is closed", hours, || format!("{set:?} of {self:?}"))?;
        }
        let clock = set.clock.map(|clock| (i64::try_from(clock.left_ms).expect("small"), clock.from.max(now)));
        if matches!(set.cause, StepCause::Queued | StepCause::Clock | StepCause::NobodyThere) {
            let next = space.config().plan(&set.plan).and_then(|plan| plan.steps.get(set.step as usize));
            let own = next.map(|next| i64::try_from(next.after_ms).expect("small"));
            holds("a step has a clock of its own", own == clock.map(|(left, _)| left), || format!("{set:?}, {own:?}"))?;
        }
        self.left_ms = clock.map(|(left, _)| left);
        if let (Some(_), Some((_, from))) = (self.since, clock) {
            self.since = Some((from, extended_ms));
        }
        Ok(())
    }
}

/// Whether somebody who is logged in could take the Work, as far as can be seen.
fn somebody(space: &Workspace, work: WorkId) -> bool {
    let Some(view) = space.work(work) else { return true };
    let channels = || std::iter::once(&view.channel).chain(view.also_on.iter().map(|(channel, _)| channel));
    NAMES.iter().any(|name| {
        let (Some(agent), Some(profile)) = (space.agent(name), space.config().profile(name)) else { return false };
        let there = agent.session_epoch.is_some() && matches!(agent.presence, Presence::Ready | Presence::Away);
        let listed = |list: &[Name], name: &Name| list.is_empty() || list.contains(name);
        there
            && (profile.queues.contains(&view.queue)
                || profile.queues.iter().any(|own| view.widening.queues.contains(own)))
            && profile.skills.meet(&view.widening.requires)
            && channels().all(|channel| listed(&profile.channels, channel) && listed(&agent.channels, channel))
            && channels().map(|channel| profile.cost(channel)).max() <= Some(profile.capacity)
    })
}

/// The Work whose line a change is about.
fn named(record: &Record, place: u16, change: &Change) -> Option<WorkId> {
    match change {
        Change::WorkOpened(_) => Some(WorkId::new(record.index, place)),
        Change::WorkQueued { work, .. }
        | Change::OfferEnded { work, .. }
        | Change::Unassigned { work, .. }
        | Change::WorkClosed { work, .. }
        | Change::WorksMerged { from: work, .. } => Some(*work),
        Change::Transferring(change) => Some(change.work),
        Change::TransferEnded(change) => Some(change.work),
        Change::OfferMade(offer) => Some(offer.work),
        Change::Assigned(assigned) => Some(assigned.work),
        Change::EnrichmentSet(set) => Some(set.work),
        Change::StepSet(set) => Some(set.work),
        Change::Overflowed(overflowed) => Some(overflowed.work),
        _ => None,
    }
}
