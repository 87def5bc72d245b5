//! Programs and people who pass Works between them, counted again from the records.

use std::collections::{BTreeMap, BTreeSet};

use skein::domain::command::{Hand, Verb};
use skein::domain::id::{AgentId, AssignmentId, Name, WorkId};
use skein::domain::record::{Briefing, Change, Record};
use skein::domain::time::Timestamp;
use skein::domain::view::{AgentView, WorkState};
use skein::domain::workspace::AgentKind;

use super::broken::{Broken, holds};
use super::checks::{ACME, Auditor};
use super::rng::Rng;
use super::stats::Stats;

/// How often a Work may go back from people to programs.
const MAX_RETURNS: u32 = 2;

/// How long programs may let a customer wait for a person, milliseconds.
const PATIENCE_MS: u64 = 120_000;

/// What programs have handed over.
#[derive(Debug, Default)]
pub(crate) struct Bots {
    for_people: BTreeSet<WorkId>,
    /// A person hands them back, and nobody has them yet.
    back: BTreeSet<WorkId>,
    returns: BTreeMap<WorkId, u32>,
    waits: BTreeMap<WorkId, Waits>,
}

/// How long a customer waits while programs have the Work by turns.
#[derive(Clone, Copy, Debug)]
enum Waits {
    /// Since then, with the extensions so far at that time.
    Since(Timestamp, u64),
    /// So many milliseconds, while it is parked.
    Stands(u64),
}

impl Auditor {
    /// What is for people no program gets, and it goes back to them so many times.
    pub(super) fn bots(&mut self, record: &Record, stats: &mut Stats) -> Result<(), Broken> {
        for change in &record.changes {
            match change {
                Change::HandedToPeople(handed) => {
                    stats.hit("handed over", format!("{:?}", handed.cause));
                    self.bots.for_people.insert(handed.work);
                }
                Change::HandedBack(handed) => {
                    stats.hit("handed over", "and back");
                    let known = self.bots.for_people.remove(&handed.work);
                    self.bots.back.insert(handed.work);
                    holds("what goes back to programs was for people", known, || format!("{record:?}"))?;
                }
                Change::HandBackEnded(ended) => {
                    stats.hit("hand back", if ended.taken { "taken" } else { "not taken" });
                    let known = self.bots.back.remove(&ended.work);
                    if ended.taken {
                        let times = self.bots.returns.entry(ended.work).or_default();
                        *times += 1;
                        holds("a work goes back to programs at most twice", *times <= MAX_RETURNS, || {
                            format!("{ended:?} for the {times} time at {}", record.index)
                        })?;
                    } else {
                        self.bots.for_people.insert(ended.work);
                    }
                    holds("a hand back ends once", known, || format!("{record:?}"))?;
                }
                // Opened again it is the same matter.
                Change::WorkClosed { work, .. } => {
                    let back = self.bots.back.take(work);
                    self.bots.for_people.extend(back);
                }
                // What is for people stays for people in the Work that it is merged into.
                Change::WorksMerged { from, into, .. } => {
                    let returns = self.bots.returns.remove(from).unwrap_or_default();
                    if self.bots.for_people.remove(from) || self.bots.back.remove(from) {
                        self.bots.for_people.insert(*into);
                        let own = self.bots.returns.entry(*into).or_default();
                        *own = returns.max(*own);
                    }
                }
                Change::OfferMade(offer) => self.is_for(offer.work, offer.agent, record)?,
                Change::Assigned(assigned) => self.is_for(assigned.work, assigned.agent, record)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts after each record how long customers wait whose Works programs have by turns.
    ///
    /// A merge or a split, of Works or customers, may end the wait of any.
    pub(super) fn patience(&mut self, record: &Record, stats: &mut Stats) {
        let Some(space) = self.state.workspace(ACME) else { return };
        let touched = record.changes.iter().filter_map(work_of);
        let works: BTreeSet<WorkId> = touched.chain(self.bots.waits.keys().copied()).collect();
        for id in works {
            let waits = space.work(id).and_then(|view| {
                let name = view.owner.as_ref().map(|(_, name)| name);
                let program = name.map(|name| space.agent(name).is_some_and(|it| it.kind == AgentKind::Bot));
                let before = self.bots.waits.get(&id).copied();
                let people = view.passing.for_people || view.muted.is_some() || program == Some(false);
                match (view.state, before) {
                    _ if people => None,
                    (WorkState::Parked, Some(Waits::Since(since, extended))) => {
                        let waited = record.time.millis_since(since).unsigned_abs();
                        Some(Waits::Stands(waited.saturating_sub(self.extended_ms - extended)))
                    }
                    (WorkState::Parked, Some(stands)) => Some(stands),
                    _ if !view.turn_ours => None,
                    (_, Some(Waits::Stands(ms))) => {
                        Some(Waits::Since(Timestamp(record.time.0.saturating_sub_unsigned(ms)), self.extended_ms))
                    }
                    (_, Some(since)) => {
                        if program.is_none() {
                            stats.hit("programs by turns", "nobody has it");
                        }
                        Some(since)
                    }
                    (WorkState::Assigned, None) if program.is_some() => {
                        Some(Waits::Since(record.time, self.extended_ms))
                    }
                    _ => None,
                }
            });
            match waits {
                Some(waits) => drop(self.bots.waits.insert(id, waits)),
                None => drop(self.bots.waits.remove(&id)),
            }
        }
    }

    /// Nobody waits longer than one program may let them, however many have had the Work. To be asked when all due timers have fired.
    pub(crate) fn people_in_time(&self, now: Timestamp) -> Result<(), Broken> {
        for (work, waits) in &self.bots.waits {
            let Waits::Since(since, extended) = *waits else { continue };
            let waited = now.millis_since(since).unsigned_abs();
            let may = PATIENCE_MS + (self.extended_ms - extended);
            holds("whoever programs let wait reaches people in time", waited <= may, || {
                format!("{work} since {since:?} for {waited} ms, not {may}")
            })?;
        }
        Ok(())
    }

    fn is_for(&self, work: WorkId, agent: AgentId, record: &Record) -> Result<(), Broken> {
        let space = self.state.workspace(ACME);
        let view = space.and_then(|space| space.agent(space.agent_name(agent)?));
        let program = view.is_some_and(|view| view.kind == AgentKind::Bot);
        holds("no program gets what is for people", !program || !self.bots.for_people.contains(&work), || {
            format!("{work} to {agent}: {record:?}")
        })
    }
}

/// The Work that a change is about, if its wait may be another after it.
fn work_of(change: &Change) -> Option<WorkId> {
    match change {
        Change::MessageStored(message) => message.work,
        Change::Assigned(assigned) => Some(assigned.work),
        Change::Parked(parked) => Some(parked.work),
        Change::Woken(woken) => Some(woken.work),
        Change::HandedToPeople(handed) => Some(handed.work),
        Change::AutomationMuted(muted) => Some(muted.work),
        Change::WrapUpStarted(wrapup) => Some(wrapup.work),
        Change::Unassigned { work, .. }
        | Change::WorkQueued { work, .. }
        | Change::WorkClosed { work, .. }
        | Change::WrapUpLeft { work, .. }
        | Change::WorksMerged { into: work, .. }
        | Change::WorkSplit { from: work, .. }
        | Change::Restored { work, .. } => Some(*work),
        _ => None,
    }
}

/// How much somebody has a mind to it: who has what a program gave up may give it back.
pub(crate) fn mind(view: Option<&AgentView>) -> usize {
    match view {
        Some(view) if view.kind == AgentKind::Bot => 25,
        Some(view) if view.works.iter().any(|work| work.passing.for_people) => 60,
        Some(_) => 1,
        None => 0,
    }
}

/// A program gives up, or a person gives back.
pub(crate) fn hand(rng: &mut Rng, view: &AgentView, (work, assignment): (WorkId, AssignmentId)) -> Verb {
    let queue = Name::new(rng.pick(&["", "", "support", "nowhere"]));
    let for_people = view.works.iter().find(|work| work.passing.for_people);
    let for_people = for_people.and_then(|work| Some((work.work, work.assignment?)));
    Verb::Hand(Box::new(if view.kind == AgentKind::Bot && rng.percent(95) {
        let reason = (*rng.pick(&["It is angry.", "It is angry.", ""])).to_owned();
        let briefing = Briefing { reason, steps: vec!["asked".to_owned()] };
        Hand::Over { work, assignment, queue, briefing, facts: Vec::new() }
    } else {
        let (work, assignment) = for_people.unwrap_or((work, assignment));
        let (to, queue) = *rng.pick(&[("bot", ""), ("bot", "support"), ("", "support"), ("", "quick"), ("ben", "")]);
        Hand::Back { work, assignment, to: Name::new(to), queue: Name::new(queue), note: String::new() }
    }))
}
