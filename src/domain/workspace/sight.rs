//! Who may see what: the visibility of queues (domain rules, section 7).
//!
//! A Work is seen by whoever its queue shows it to: everybody, those of its brand, or those who serve the queue; and by its owner,
//! whoever is offered it, and whoever takes part in it. Everybody else sees a stub of it. A message is seen where the Work is seen that it is in now; one in no Work,
//! or in one that is known no longer, where the endpoint's queue is seen, or the queue that the Work was in at last if that is shown to
//! fewer. A customer is seen where any Work of it is, or the endpoint by which it wrote last.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::config::{AgentProfile, WorkspaceConfig};
use super::{IndexedConfig, Symbol, Workspace};
use crate::domain::id::{LeafId, MessageId, Name, WorkId};
use crate::domain::view::{ConversationView, WorkView};
use crate::domain::work::ClosedWork;

/// To whom a queue shows its Work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// To all agents of the workspace.
    #[default]
    Workspace,
    /// To those of the Work's brand, and to those who serve the queue.
    Brand,
    /// To those who serve the queue.
    Queue,
}

impl Visibility {
    /// Whether it is shown to everybody.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::Workspace
    }
}

/// What one agent may see, as the configuration is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// None: everything.
    limits: Option<Box<Limits>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Limits {
    /// Queues, each with whether its Work is shown whatever its brand; others are not known.
    queues: BTreeMap<Name, Shows>,
    /// Brands of the agent.
    brands: BTreeSet<Name>,
    /// Queue and brand of each endpoint.
    endpoints: BTreeMap<Name, (Name, Name)>,
    /// Works that it owns, is offered, or takes part in.
    own: BTreeSet<WorkId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Always,
    OfBrand,
    Never,
}

impl Sight {
    /// Of whoever sees everything.
    #[must_use]
    pub fn whole() -> Self {
        Self::default()
    }

    /// Whether nothing is hidden.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.limits.is_none()
    }

    /// Whether Work of the brand is seen in the queue.
    #[must_use]
    pub fn sees_queue(&self, queue: &str, brand: &str) -> bool {
        let Some(limits) = &self.limits else { return true };
        match limits.queues.get(queue) {
            Some(Shows::Always) => true,
            Some(Shows::OfBrand) => limits.brands.contains(brand),
            // A queue that is gone may have been shown to few.
            Some(Shows::Never) | None => false,
        }
    }

    /// Whether the Work is seen.
    #[must_use]
    pub fn sees_work(&self, work: &WorkView) -> bool {
        let Some(limits) = &self.limits else { return true };
        limits.own.contains(&work.work) || self.sees_queue(&work.queue, &work.brand)
    }

    /// Whether what comes by the endpoint is seen.
    #[must_use]
    pub fn sees_endpoint(&self, endpoint: &str) -> bool {
        let Some(limits) = &self.limits else { return true };
        limits.endpoints.get(endpoint).is_some_and(|(queue, brand)| self.sees_queue(queue, brand))
    }

    /// Whether a message of a conversation is seen: that with this id, stored in this Work by this endpoint.
    #[must_use]
    pub fn sees_message(
        &self,
        view: &ConversationView,
        message: MessageId,
        stored: Option<WorkId>,
        endpoint: &str,
    ) -> bool {
        let Some(limits) = &self.limits else { return true };
        let current = view.current(message, stored);
        if let Some(id) = current {
            if limits.own.contains(&id) {
                return true;
            }
            if let Some(work) = view.works.iter().find(|work| work.work == id) {
                return self.sees_work(work);
            }
        }
        let brand = limits.endpoints.get(endpoint).map(|(_, brand)| brand.as_str());
        let last = view.forgotten_messages.get(&message).or_else(|| view.forgotten.get(&current?));
        match last {
            Some(queue) => brand.is_some_and(|brand| self.sees_queue(queue, brand)),
            // A note about the customer: by no endpoint, and in no Work.
            None if endpoint.is_empty() && stored.is_none() => self.sees_customer(view),
            None => self.sees_endpoint(endpoint),
        }
    }

    /// Whether the customer of a conversation is seen, with its names and addresses.
    #[must_use]
    pub fn sees_customer(&self, view: &ConversationView) -> bool {
        if self.is_whole() || view.works.iter().any(|work| self.sees_work(work)) {
            return true;
        }
        let mut by = view.identities.iter().filter_map(|identity| identity.heard_by.as_deref()).peekable();
        // One that has never been written with is in nobody's queue.
        let unheard = by.peek().is_none() && view.works.is_empty();
        unheard || by.any(|endpoint| self.sees_endpoint(endpoint))
    }
}

impl IndexedConfig {
    /// What one with the profile may see, who has these Works and offers.
    fn sight(&self, profile: &AgentProfile, own: impl Iterator<Item = WorkId>) -> Sight {
        let brands = self.brands_of(profile);
        let shows = |queue: &super::QueueConfig| {
            let serves = profile.queues.contains(&queue.name);
            match queue.visibility {
                Visibility::Workspace => Shows::Always,
                Visibility::Brand | Visibility::Queue if serves => Shows::Always,
                Visibility::Brand => Shows::OfBrand,
                Visibility::Queue => Shows::Never,
            }
        };
        let queues = self.queues.iter().map(|queue| (queue.name.clone(), shows(queue))).collect();
        let of = |endpoint: &super::EndpointConfig| (endpoint.queue.clone(), self.brand(endpoint).clone());
        let endpoints = self.endpoints.iter().map(|endpoint| (endpoint.name.clone(), of(endpoint))).collect();
        Sight { limits: Some(Box::new(Limits { queues, brands, endpoints, own: own.collect() })) }
    }
}

impl WorkspaceConfig {
    /// Whether every queue is shown to all agents.
    #[must_use]
    pub fn shows_all(&self) -> bool {
        self.queues.iter().all(|queue| queue.visibility.is_open())
    }

    /// Brands of an agent: its own, or those of the endpoints that lead to its queues.
    fn brands_of(&self, profile: &AgentProfile) -> BTreeSet<Name> {
        if !profile.brands.is_empty() {
            return profile.brands.iter().cloned().collect();
        }
        let led = self.endpoints.iter().filter(|endpoint| profile.queues.contains(&endpoint.queue));
        led.map(|endpoint| self.brand(endpoint).clone()).collect()
    }
}

impl Workspace {
    /// What an agent may see. One who is known to nobody sees what guests may, where there are any, and else nothing that is not shown
    /// to all.
    #[must_use]
    pub fn sight(&self, agent: &str) -> Sight {
        if self.config.shows_all() {
            return Sight::whole();
        }
        let known = self.agent_id(agent).and_then(|id| self.agents.get(id.at()));
        let nobody = AgentProfile::default();
        let profile = known.map(|agent| &agent.profile).or_else(|| self.config.profile(agent)).unwrap_or(&nobody);
        let works = known.into_iter().flat_map(|agent| agent.works.iter().map(|held| held.id));
        let offers = known.into_iter().flat_map(|agent| agent.offers.iter().map(|held| held.work));
        let joined = known.into_iter().flat_map(|agent| agent.joined.iter().copied());
        self.config.sight(profile, works.chain(offers).chain(joined))
    }
}

/// In which queue Works were that are known no longer, where that is shown to fewer than the endpoint's: what was said in them is not
/// shown to more people for having become old.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    works: BTreeMap<LeafId, BTreeMap<WorkId, Symbol>>,
    messages: BTreeMap<LeafId, BTreeMap<MessageId, Symbol>>,
}

impl Workspace {
    /// A closed Work is known no longer.
    pub(super) fn forget_work(&mut self, work: &ClosedWork) {
        let queue = self.names.get(work.queue);
        let is_open = self.config.queue(queue).is_some_and(|queue| queue.visibility.is_open());
        if !is_open {
            let beside = self.matters.of_closed(work.id);
            let brought = beside.into_iter().flat_map(|beside| beside.brought.iter().map(|brought| brought.work.id));
            self.forgotten
                .works
                .entry(work.leaf)
                .or_default()
                .extend(brought.chain([work.id]).map(|id| (id, work.queue)));
            let moved: Vec<MessageId> = beside.map(|beside| beside.moved.to_vec()).unwrap_or_default();
            if !moved.is_empty() {
                self.forgotten
                    .messages
                    .entry(work.leaf)
                    .or_default()
                    .extend(moved.into_iter().map(|id| (id, work.queue)));
            }
        }
        self.matters.forget(work.id);
    }

    /// Works of these leaves that are known no longer, and messages in them, each with the queue.
    pub(super) fn forgotten(&self, leaves: &[LeafId]) -> (BTreeMap<WorkId, Name>, BTreeMap<MessageId, Name>) {
        let name = |symbol: &Symbol| self.names.get(*symbol).clone();
        let works = leaves.iter().filter_map(|leaf| self.forgotten.works.get(leaf)).flatten();
        let messages = leaves.iter().filter_map(|leaf| self.forgotten.messages.get(leaf)).flatten();
        (
            works.map(|(id, queue)| (*id, name(queue))).collect(),
            messages.map(|(id, queue)| (*id, name(queue))).collect(),
        )
    }
}
