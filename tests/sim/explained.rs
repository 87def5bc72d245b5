//! What is explained never contradicts what is done: no Work waits beside an agent whom `explain` calls eligible, and whoever is given a
//! Work was eligible by it a moment before.
//!
//! A moment before is in the middle of a record: the log is folded again up to there, so only now and then.

use skein::domain::explained::Standing;
use skein::domain::id::{AgentId, Name, WorkId};
use skein::domain::record::{AssignCause, Change, Record};
use skein::domain::{State, evolve};

use super::broken::{Broken, holds};
use super::checks::ACME;
use super::stats::Stats;

/// Of the records that give something, how many are looked into: one in so many.
const ONE_IN: u64 = 64;
/// Records from one look at all that waits to the next, and which of them: not those after which the invariants are scanned.
const LOOK_EVERY: (u64, u64) = (9, 1);

/// The log so far, to be folded again.
#[derive(Debug, Default)]
pub(crate) struct Explained {
    log: Vec<Record>,
    gives: u64,
}

impl Explained {
    /// The next record, before anybody has folded it.
    pub(crate) fn record(&mut self, record: &Record, stats: &mut Stats) -> Result<(), Broken> {
        let gives = (0usize..).zip(&record.changes).filter_map(|(place, change)| Some((place, given(change)?)));
        for (place, (agent, work)) in gives {
            self.gives += 1;
            if self.gives % ONE_IN == 1 {
                self.was_eligible(record, place, agent, work, stats)?;
            }
        }
        self.log.push(record.clone());
        Ok(())
    }

    /// The state behind a record.
    pub(crate) fn look(&self, state: &State, stats: &mut Stats) -> Result<(), Broken> {
        let (every, at) = LOOK_EVERY;
        if state.head().entry() % every == at { nobody_beside(state, stats) } else { Ok(()) }
    }

    /// Folds up to the change that gives, and asks.
    fn was_eligible(
        &self,
        record: &Record,
        place: usize,
        agent: AgentId,
        work: WorkId,
        stats: &mut Stats,
    ) -> Result<(), Broken> {
        let mut state = State::new(Name::new("s1"));
        self.log.iter().for_each(|record| evolve(&mut state, record));
        if place > 0 {
            let mut begun = record.clone();
            begun.changes.truncate(place);
            begun.content.retain(|personal| usize::from(personal.place) < place);
            evolve(&mut state, &begun);
        }
        let Some(space) = state.workspace(ACME) else { return Ok(()) };
        let passed_on = space.work(work).is_some_and(|work| work.passing.transfer.is_some_and(|it| it.to.is_some()));
        if passed_on {
            // An owner chose who is asked.
            return Ok(());
        }
        let standing = space.verdict(agent, work);
        stats.hit("explained", "eligible a moment before");
        // Of several who are asked at once the second is while the first is.
        let eligible = matches!(standing, Some(Standing::Eligible | Standing::Next | Standing::Spare));
        holds("who is given a work was eligible", eligible, || {
            format!("{work} to {agent}, who was {standing:?} before place {place} of {record:?}")
        })
    }
}

/// To whom a change gives what, if skein chose it.
fn given(change: &Change) -> Option<(AgentId, WorkId)> {
    match change {
        Change::OfferMade(offer) => Some((offer.agent, offer.work)),
        Change::Assigned(assigned) if assigned.cause == AssignCause::Auto => Some((assigned.agent, assigned.work)),
        _ => None,
    }
}

fn nobody_beside(state: &State, stats: &mut Stats) -> Result<(), Broken> {
    let Some(space) = state.workspace(ACME) else { return Ok(()) };
    for work in space.works(None, None) {
        let Some(told) = space.explain(work.work, 0, state.time()) else { continue };
        for (standing, _) in &told.counts {
            stats.hit_variant("explained", standing);
        }
        let beside = told.counts.iter().any(|(standing, _)| *standing == Standing::Eligible);
        holds("no work waits beside whom explain calls eligible", !beside, || format!("{told:?}"))?;
    }
    Ok(())
}
