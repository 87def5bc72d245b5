//! Offers, counted from the records: to whom each Work is offered, and what that leaves of a capacity.

use skein::domain::id::{AgentId, WorkId};
use skein::domain::workspace::QueueConfig;

use super::checks::{ACME, Auditor, Broken, holds};

impl Auditor {
    /// To whom a Work is offered.
    pub(super) fn offers_of(&self, work: WorkId) -> impl Iterator<Item = AgentId> {
        self.offered.values().filter(move |offered| offered.work == work).map(|offered| offered.agent)
    }

    pub(super) fn is_offered(&self, work: WorkId) -> bool {
        self.offers_of(work).next().is_some()
    }

    pub(super) fn offers_at_once(&self, queue: &str) -> usize {
        let queue = self.state.workspace(ACME).and_then(|space| space.config().queue(queue));
        queue.map_or(1, QueueConfig::offers_at_once)
    }

    /// What an agent has and is offered, by the records.
    pub(super) fn load(&self, agent: AgentId) -> u32 {
        let offers = self.offered.values().filter(|offered| offered.agent == agent).map(|offered| offered.cost);
        let works = self.owned.values().filter(|owned| owned.agent == agent).map(|owned| owned.cost);
        offers.chain(works).sum()
    }

    pub(super) fn within_capacity(&self, agent: AgentId, index: u64) -> Result<(), Broken> {
        let load = self.load(agent);
        let space = self.space()?;
        let name = space.agent_name(agent).cloned().unwrap_or_default();
        let capacity = space.config().profile(&name).map_or(0, |profile| profile.capacity);
        holds("what is given fits the capacity", load <= capacity, || {
            format!("{load} of {capacity} of {name} at {index}")
        })
    }
}
