//! How agents stand, for operators: no content of conversations, and cheap enough for thousands of agents.

use std::ops::Bound;

use super::Workspace;
use crate::domain::id::Name;
use crate::domain::view::AgentStanding;

impl Workspace {
    /// Agents that were ever here, by name, after a name, at most so many; `connected`: only those with an open session.
    #[must_use]
    pub fn standings(&self, after: Option<&Name>, connected: bool, at_most: usize) -> Vec<AgentStanding> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let agents = self.agent_names.range::<Name, _>((after, Bound::Unbounded));
        let agents = agents.filter_map(|(_, id)| self.agents.get(id.at()));
        let wanted = agents.filter(|agent| !connected || agent.session.is_some());
        wanted
            .take(at_most)
            .map(|agent| AgentStanding {
                name: agent.name.clone(),
                kind: agent.profile.kind,
                presence: agent.presence,
                reason: agent.reason.clone(),
                session_epoch: agent.session.map(|session| session.epoch),
                session_opened_at: agent.session.map(|session| session.opened_at),
                connected: agent.is_connected(),
                works: agent.works.len(),
                offers: agent.offers.len(),
                load: agent.load(),
                capacity: agent.profile.capacity,
            })
            .collect()
    }
}
