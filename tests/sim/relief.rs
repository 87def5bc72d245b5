//! Who has more than it can: since when, counted from the records, and that it is relieved after a time.

use skein::domain::id::AgentId;
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;

use super::checks::{ACME, Auditor, Broken, holds};

/// Until when a Work is passed on that relieves its owner: for as long as that has too much.
pub(super) const RELIEF: Timestamp = Timestamp(i64::MAX / 4);

impl Auditor {
    /// Counts after each record who has too much.
    pub(super) fn note_overcommit(&mut self, now: Timestamp) {
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
            self.over.entry(agent).or_insert((now, self.extended_ms));
        }
    }

    /// Whoever has had too much for long enough has a Work that is offered elsewhere, if a customer of its waits for us. To be asked when
    /// all due timers have fired.
    pub(super) fn too_much_is_relieved(&self, now: Timestamp) -> Result<(), Broken> {
        let Some(space) = self.state.workspace(ACME) else { return Ok(()) };
        for (agent, (since, then)) in &self.over {
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
}
