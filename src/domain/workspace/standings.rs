//! How agents stand, for operators: no content of conversations, and cheap enough for thousands of agents.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::Workspace;
use crate::domain::id::{AgentId, ByName, Name};
use crate::domain::view::AgentStanding;

/// Agents that were ever here, by name: found through a table, for every command names one, and gone through in their order.
#[derive(Debug, Default)]
pub(super) struct AgentNames {
    by_name: ByName<AgentId>,
    in_order: BTreeMap<Name, AgentId>,
}

impl AgentNames {
    pub(super) fn get(&self, name: &str) -> Option<AgentId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn insert(&mut self, name: &Name, id: AgentId) {
        self.by_name.insert(name.clone(), id);
        self.in_order.insert(name.clone(), id);
    }

    fn after(&self, name: Option<&Name>) -> impl Iterator<Item = AgentId> {
        let after = name.map_or(Bound::Unbounded, Bound::Excluded);
        self.in_order.range::<Name, _>((after, Bound::Unbounded)).map(|(_, id)| *id)
    }
}

impl Workspace {
    /// Agents that were ever here, by name, after a name, at most so many; `connected`: only those with an open session.
    #[must_use]
    pub fn standings(&self, after: Option<&Name>, connected: bool, at_most: usize) -> Vec<AgentStanding> {
        let agents = self.agent_names.after(after).filter_map(|id| self.agents.get(id.at()));
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
