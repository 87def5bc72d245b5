//! Who has more than it can: since when, counted from the records, and that it is relieved after a time. And what is held for somebody:
//! that it goes on.

use skein::domain::id::AgentId;
use skein::domain::record::{Change, HoldSet, Record};
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;

use super::checks::{ACME, Auditor, Broken, holds};
use super::kept::Over;
use super::stats::Stats;

/// Until when a Work is passed on that relieves its owner: for as long as that has too much.
pub(super) const RELIEF: Timestamp = Timestamp(i64::MAX / 4);

impl Auditor {
    /// Counts after each record who has too much. What another configuration caused is noted when its time to be matched has come, and
    /// counts from then; that it is noted is an invariant of the state.
    pub(super) fn note_overcommit(&mut self, record: &Record) {
        let Some(space) = self.state.workspace(ACME) else { return };
        let owned = self.owned.values().map(|owned| (owned.agent, owned.cost));
        let offered = self.offered.values().map(|offered| (offered.agent, offered.cost));
        let mut loads = std::collections::BTreeMap::<AgentId, u32>::new();
        owned.chain(offered).for_each(|(agent, cost)| *loads.entry(agent).or_default() += cost);
        loads.retain(|agent, load| {
            let name = space.agent_name(*agent).cloned().unwrap_or_default();
            *load > space.config().profile(&name).map_or(0, |profile| profile.capacity)
        });
        self.over.retain(|agent, _| loads.contains_key(agent));
        for agent in loads.into_keys() {
            let noted = record.changes.iter().any(
                |change| matches!(change, Change::Overcommitted(it) if it.agent == agent && it.relieve_at.is_some()),
            );
            let since = (record.time, self.extended_ms);
            let over = self.over.entry(agent).or_insert(Over { since, noted });
            if noted && !over.noted {
                *over = Over { since, noted };
            }
        }
    }

    /// Whoever has had too much for long enough has a Work that is offered elsewhere, if a customer of its waits for us. To be asked when
    /// all due timers have fired.
    pub(super) fn too_much_is_relieved(&self, now: Timestamp) -> Result<(), Broken> {
        let Some(space) = self.state.workspace(ACME) else { return Ok(()) };
        for (agent, Over { since: (since, then), .. }) in &self.over {
            let after = space.config().relieve_after_ms + self.extended_ms - then + 1_000;
            if now.millis_since(*since).unsigned_abs() <= after {
                continue;
            }
            let mut works = self.owned.iter().filter(|(_, owned)| owned.agent == *agent);
            let relieved = works.clone().any(|(work, _)| matches!(self.passing.get(work), Some((Some(RELIEF), _))));
            let waits = works.find(|(work, owned)| {
                let view = space.work(**work).filter(|view| view.state == WorkState::Assigned && view.turn_ours);
                let known = view.is_some_and(|view| space.config().queue(&view.queue).is_some());
                known && owned.cost > 0 && !self.passing.contains_key(work)
            });
            holds("who has too much is relieved", relieved || waits.is_none(), || {
                format!("{agent} since {since:?}, {waits:?} waits at {now:?}")
            })?;
        }
        Ok(())
    }

    /// A Work is held for somebody, or no longer.
    pub(super) fn hold(&mut self, set: &HoldSet, now: Timestamp, stats: &mut Stats) -> Result<(), Broken> {
        stats.hit("hold", if set.until.is_some() { "begins" } else { "ends" });
        let nobodys = !self.owned.contains_key(&set.work) && !self.is_offered(set.work);
        holds("what is held is nobody's", nobodys, || format!("{set:?}"))?;
        if set.until.is_some() {
            self.held_since.insert(set.work, (now, self.extended_ms));
        }
        Ok(())
    }

    /// Nothing is held for longer than it costs the customer to explain it again. To be asked when all due timers have fired.
    pub(super) fn holds_end(&self, now: Timestamp) -> Result<(), Broken> {
        let Some(space) = self.state.workspace(ACME) else { return Ok(()) };
        for (work, (since, then)) in &self.held_since {
            let Some(view) = space.work(*work).filter(|view| view.passing.held_for.is_some()) else { continue };
            let cost_ms = space.config().queue(&view.queue).map_or(0, |queue| queue.reexplain_cost_ms);
            let longest = cost_ms + self.extended_ms - then + 1_000;
            let over = now.millis_since(*since).unsigned_abs() > longest;
            holds("what is held goes on", !over, || format!("{view:?} since {since:?} at {now:?}"))?;
        }
        Ok(())
    }
}
