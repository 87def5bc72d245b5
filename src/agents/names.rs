//! Names of agents by number. They never change once given, so they are asked for once.

use std::sync::Arc;

use dashmap::DashMap;

use super::port::{Shard, Unavailable};
use crate::domain::id::{AgentId, Name};

/// A cache in front of the shard. Cheap to clone. As large as the number of agents ever registered.
#[derive(Clone)]
pub(super) struct Names {
    shard: Arc<dyn Shard>,
    known: Arc<DashMap<(Name, AgentId), Name>>,
}

impl Names {
    pub(super) fn new(shard: Arc<dyn Shard>) -> Self {
        Self { shard, known: Arc::default() }
    }

    /// The name, if it was asked for before.
    pub(super) fn known(&self, workspace: &Name, agent: AgentId) -> Option<Name> {
        self.known.get(&(workspace.clone(), agent)).map(|name| name.clone())
    }

    pub(super) fn note(&self, workspace: &Name, agent: AgentId, name: &Name) {
        self.known.insert((workspace.clone(), agent), name.clone());
    }

    /// Asks for the names that are not known yet.
    ///
    /// Cancel safe.
    pub(super) async fn learn(
        &self,
        workspace: &Name,
        agents: impl IntoIterator<Item = AgentId>,
    ) -> Result<(), Unavailable> {
        let mut missing: Vec<AgentId> =
            agents.into_iter().filter(|agent| !self.known.contains_key(&(workspace.clone(), *agent))).collect();
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        let names = self.shard.agent_names(workspace.clone(), missing.clone()).await?;
        for (agent, name) in missing.into_iter().zip(names) {
            if let Some(name) = name {
                self.note(workspace, agent, &name);
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").field("known", &self.known.len()).finish_non_exhaustive()
    }
}
