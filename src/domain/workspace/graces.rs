//! Deadlines that need a person: those of agents whose connection is gone, and all of them when nobody owned the shard for a while.

use super::Workspace;
use crate::domain::id::{AgentId, WorkId};
use crate::domain::session::Lost;
use crate::domain::time::Timestamp;

impl Workspace {
    /// The graces of an agent's Works begin, or are over because it is back.
    pub(super) fn graces(&mut self, agent: AgentId, lost_at: Option<Timestamp>) {
        let Some(works) = self.agents.get(agent.at()).map(|agent| agent.works.clone()) else {
            return;
        };
        for held in works {
            self.with_work(held.id, |work| {
                if let Some(owner) = &mut work.owner {
                    owner.grace_until = match (lost_at, owner.grace_ms) {
                        (Some(at), Some(grace_ms)) => {
                            Some(owner.grace_until.unwrap_or(at + std::time::Duration::from_millis(grace_ms)))
                        }
                        _ => None,
                    };
                }
            });
        }
    }

    /// Nobody owned the shard for a while: every session lost its connection, and deadlines that need a person move on.
    pub(super) fn resume(&mut self, now: Timestamp, extension_ms: u64) {
        let extension = std::time::Duration::from_millis(extension_ms);
        let ids: Vec<WorkId> = self.works.ids().collect();
        for id in ids {
            self.with_work(id, |work| {
                work.each_offer(|offer| offer.expires_at = offer.expires_at + extension);
                work.wrapup_until = work.wrapup_until.map(|at| at + extension);
                work.extend(extension);
                if let Some(owner) = &mut work.owner {
                    owner.answer_by = owner.answer_by.map(|at| at + extension);
                    owner.grace_until = owner.grace_until.map(|at| at + extension);
                }
            });
        }
        // What is missing of a text may wait in the adapter, or in the stream.
        for (timer, later) in self.parts.later(extension) {
            self.unset_timer(&timer);
            self.set_timer(later);
        }
        for at in 0..self.agents.len() {
            let id = self.agents[at].id;
            let was_connected = self.agents[at].is_connected();
            let longest = self.longest_grace(id);
            self.with_agent(id, |agent| {
                if let Some(over) = &mut agent.over {
                    over.relieve_at = over.relieve_at.map(|at| at + extension);
                }
                if let Some(session) = &mut agent.session {
                    session.lost = Some(match session.lost {
                        Some(lost) => {
                            Lost { offers_until: lost.offers_until + extension, until: lost.until + extension }
                        }
                        None => Lost::from(now, longest).later(extension),
                    });
                }
            });
            if was_connected {
                self.graces(id, Some(now + extension));
            }
        }
    }

    /// The longest time any Work of an agent waits for it.
    pub(crate) fn longest_grace(&self, agent: AgentId) -> u64 {
        let works = self.agents.get(agent.at()).map(|agent| agent.works.as_slice()).unwrap_or_default();
        works.iter().filter_map(|held| self.works.get(held.id)?.owner?.grace_ms).max().unwrap_or(0)
    }
}
