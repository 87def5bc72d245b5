//! Works that are parked and passed on; and what must have ended once all due deadlines have fired.

use skein::domain::record::{Assigned, Cause, Change, Parked, Record};
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;

use super::checks::{ACME, Auditor, Broken, holds};
use super::overseen::SAID_OVER;
use super::relief::RELIEF;
use super::stats::Stats;

impl Auditor {
    /// A Work is parked, wakes, or is passed on.
    pub(super) fn passing(&mut self, change: &Change, stats: &mut Stats) -> Result<(), Broken> {
        match change {
            Change::Transferring(change) => {
                // What relieves its owner may last as long as the owner has too much.
                let until = change.until.or(change.relief.then_some(RELIEF));
                self.passing.insert(change.work, (until, self.extended_ms));
                if change.relief {
                    stats.hit("relief", "offered elsewhere");
                }
                let owner = self.owned.get(&change.work).map(|owned| owned.agent);
                holds("its owner passes a work on", owner == Some(change.agent), || format!("{change:?}"))?;
            }
            Change::IdleSet(set) => {
                stats.hit(
                    "silence",
                    if set.nudged {
                        "asked"
                    } else if set.lowered {
                        "lowered"
                    } else {
                        "begins"
                    },
                );
                let view = self.state.workspace(ACME).and_then(|space| space.work(set.work));
                let silent = view
                    .is_some_and(|view| view.state == WorkState::Assigned && !view.turn_ours || view.state.is_over());
                holds("who is asked for an answer is not waited for", silent, || format!("{change:?}"))?;
            }
            Change::TransferEnded(change) => {
                stats.hit_variant("transfer ended because", &change.outcome);
                let known = self.passing.remove(&change.work).is_some();
                let offered = self.is_offered(change.work);
                holds("a transfer ends once", known && !offered, || format!("{change:?}"))?;
            }
            Change::Parked(Parked { work, until, .. }) => {
                self.cost(*work, 0);
                if let Some(owned) = self.owned.get_mut(work) {
                    (owned.sleeps_until, owned.parked) = (Some(*until), true);
                }
                self.moves(*work, "Parked", stats);
            }
            Change::Woken(woken) => {
                stats.hit_variant("woken because", &woken.cause);
                self.cost(woken.work, woken.cost);
                let sleeps = self.owned.get_mut(&woken.work).filter(|owned| owned.parked);
                let owned =
                    sleeps.ok_or_else(|| Broken { check: "what wakes was parked", detail: format!("{woken:?}") })?;
                owned.sleeps_until = None;
                if woken.held_until.is_some() {
                    stats.hit("woken because", "into the hold");
                } else {
                    owned.parked = false;
                    self.moves(woken.work, "Assigned", stats);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What a supervisor gives may be more than the agent can: then the record says by how much.
    pub(super) fn overcommitted(&self, record: &Record, assigned: &Assigned, stats: &mut Stats) -> Result<(), Broken> {
        let name = self.state.workspace(ACME).and_then(|space| space.agent_name(assigned.agent).cloned());
        let view = self.state.workspace(ACME).zip(name).and_then(|(space, name)| space.agent(&name));
        let (load, capacity) = (self.load(assigned.agent), view.map_or(0, |view| view.capacity));
        let over = load.saturating_sub(capacity);
        if over > 0 {
            stats.hit("given beyond capacity", "by a supervisor");
        }
        let said = matches!(&record.cause, Cause::Command(request) if request.request_id.ends_with(SAID_OVER));
        holds("more is given than there is room for only where the supervisor says so", said || over == 0, || {
            format!("{load} of {capacity}: {record:?}")
        })?;
        holds("what is given beyond the capacity is recorded", over == assigned.overcommit, || {
            format!("{load} of {capacity}: {assigned:?}")
        })
    }

    /// Whatever loses its owner has another by the same record, waits, or is over.
    pub(super) fn nobody_left_alone(&self, record: &Record) -> Result<(), Broken> {
        for change in &record.changes {
            let Change::Unassigned { work, .. } = change else { continue };
            let goes_on = matches!(self.states.get(work), Some(&("Queued" | "Offered" | "Closed" | "Merged")));
            holds("nobody is left alone", goes_on || self.owned.contains_key(work), || format!("{change:?}"))?;
        }
        Ok(())
    }

    /// Nobody without a connection owns anything after all graces. To be asked when all due timers have fired.
    pub(crate) fn graces_end(&self, now: Timestamp) -> Result<(), Broken> {
        if let Some(space) = self.state.workspace(ACME) {
            self.lines.hold(space, now, self.extended_ms)?;
        }
        self.too_much_is_relieved(now)?;
        self.holds_end(now)?;
        for (work, (until, then)) in &self.passing {
            let extended = i64::try_from(self.extended_ms - then).expect("small");
            let late = until.is_some_and(|until| now.millis_since(until) > extended + 1_000);
            let ends = until.is_some() || self.is_offered(*work);
            holds("a transfer ends", ends && !late, || format!("{work}: {until:?} at {now:?}"))?;
        }
        for (work, owned) in &self.owned {
            let late = owned.sleeps_until.is_some_and(|until| now.millis_since(until) > 1_000);
            holds("what is parked wakes", !late, || format!("{work}: {owned:?} at {now:?}"))?;
            if owned.parked {
                continue;
            }
            // What is accepted after the loss waits from the end of the session, which may come late when the clock leaps.
            let gone = self.gone.get(&owned.agent).map(|(since, _)| owned.at >= *since);
            let gone = if gone == Some(true) { self.ended.get(&owned.agent) } else { self.gone.get(&owned.agent) };
            let (Some(grace_ms), Some((since, then))) = (owned.grace_ms, gone) else {
                continue;
            };
            let longest =
                self.owned.values().filter(|other| other.agent == owned.agent).filter_map(|other| other.grace_ms).max();
            let bound = longest.unwrap_or(0).max(120_000) + grace_ms + 2 * (self.extended_ms - then);
            let over = now.millis_since(*since).unsigned_abs() > bound + 1_000;
            holds("who is gone owns nothing after the graces", !over, || {
                format!("{work} of {} since {since:?} at {now:?}", owned.agent)
            })?;
        }
        Ok(())
    }
}
