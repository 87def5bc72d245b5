//! READY agents of each queue, least loaded first; of equals the one that was given nothing for the longest time.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{AgentId, Name};
use crate::domain::time::Timestamp;

/// Order in which agents are asked.
pub(crate) type Standing = (u64, Timestamp, AgentId);

/// READY agents by queue.
#[derive(Debug, Default)]
pub(crate) struct ReadyAgents {
    queues: BTreeMap<Name, BTreeSet<Standing>>,
}

impl ReadyAgents {
    pub(crate) fn insert(&mut self, queues: &[Name], standing: Standing) {
        for queue in queues {
            match self.queues.get_mut(queue) {
                Some(agents) => agents.insert(standing),
                None => self.queues.entry(queue.clone()).or_default().insert(standing),
            };
        }
    }

    pub(crate) fn remove(&mut self, queues: &[Name], standing: Standing) {
        for queue in queues {
            if let Some(agents) = self.queues.get_mut(queue) {
                agents.remove(&standing);
            }
        }
    }

    /// READY agents of the queue in the order in which they are asked.
    pub(crate) fn of(&self, queue: &str) -> impl Iterator<Item = Standing> {
        self.queues.get(queue).into_iter().flatten().copied()
    }
}
