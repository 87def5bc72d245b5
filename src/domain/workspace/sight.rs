//! Who may see what: the visibility of queues (domain rules, section 7).
//!
//! A Work is seen by whoever its queue shows it to: everybody, those of its brand, or those who serve the queue; and by its owner,
//! whoever is offered it, and whoever takes part in it. Everybody else sees a stub of it. A message is seen where the Work is seen that it is in now; one in no Work,
//! or in one that is known no longer, where the endpoint's queue is seen, or the queue that the Work was in at last if that is shown to
//! fewer. A customer is seen where any Work of it is, or the endpoint by which it wrote last.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::config::{AgentProfile, WorkspaceConfig};
use super::{IndexedConfig, Symbol, Workspace};
use crate::domain::growing::SortedMap;
use crate::domain::id::{LeafId, MessageId, Name, WorkId};
use crate::domain::view::{ConversationView, ForgottenView, WorkView};
use crate::domain::work::ClosedWork;

/// To whom a queue shows its Work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

    /// Whether what was said by the endpoint is seen in a queue where it was once.
    #[must_use]
    pub fn sees_past(&self, queue: &str, endpoint: &str) -> bool {
        let Some(limits) = &self.limits else { return true };
        limits.endpoints.get(endpoint).is_some_and(|(_, brand)| self.sees_queue(queue, brand))
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
        let past = &view.forgotten;
        let last = past.messages.get(&message).or_else(|| past.works.get(&current?));
        match last {
            Some(queue) => self.sees_past(queue, endpoint),
            None if past.is_older(message, current) => past.queues.iter().all(|queue| self.sees_past(queue, endpoint)),
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

/// Works of one leaf that are known no longer, of which the queue is remembered: years of matters of one customer.
const MAX_FORGOTTEN: usize = 64;
/// Messages that are remembered so: as many as a Work keeps apart.
const MAX_FORGOTTEN_MESSAGES: usize = 128;

/// In which queue Works were that are known no longer, where that is shown to fewer than the endpoint's: what was said in them is not
/// shown to more people for having become old.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forgotten(SortedMap<LeafId, ForgottenOfLeaf>);

impl Forgotten {
    /// All of it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (LeafId, ForgottenOfLeaf)> {
        self.0.rows()
    }

    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<(LeafId, ForgottenOfLeaf)>) {
        self.0.restore(rows);
    }
}

/// The same of one leaf. Of the oldest only all queues together are remembered: what is as old is seen by whoever sees each of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ForgottenOfLeaf {
    works: BTreeMap<WorkId, Symbol>,
    messages: BTreeMap<MessageId, Symbol>,
    older: Option<(WorkId, MessageId)>,
    queues: SmallVec<[Symbol; 2]>,
}

impl ForgottenOfLeaf {
    fn forget(&mut self, works: impl Iterator<Item = WorkId>, messages: &[MessageId], queue: Symbol) {
        self.works.extend(works.map(|id| (id, queue)));
        self.messages.extend(messages.iter().map(|id| (*id, queue)));
        while self.works.len() > MAX_FORGOTTEN || self.messages.len() > MAX_FORGOTTEN_MESSAGES {
            let (mut work, mut message) = self.older.unwrap_or_default();
            let mut gone: SmallVec<[Symbol; 2]> = SmallVec::new();
            if self.works.len() > MAX_FORGOTTEN
                && let Some((id, queue)) = self.works.pop_first()
            {
                work = work.max(id);
                gone.push(queue);
            }
            if self.messages.len() > MAX_FORGOTTEN_MESSAGES
                && let Some((id, queue)) = self.messages.pop_first()
            {
                message = message.max(id);
                gone.push(queue);
            }
            self.older = Some((work, message));
            self.queues.extend(gone);
            self.queues.sort_unstable();
            self.queues.dedup();
        }
    }
}

impl Workspace {
    /// A closed Work is known no longer.
    pub(super) fn forget_work(&mut self, work: &ClosedWork) {
        let queue = self.names.get(work.queue);
        let is_open = self.config.queue(queue).is_some_and(|queue| queue.visibility.is_open());
        if !is_open {
            let beside = self.matters.of_closed(work.id);
            let brought = beside.into_iter().flat_map(|beside| beside.brought.iter().map(|brought| brought.work.id));
            let works = brought.chain([work.id]);
            let moved: Vec<MessageId> = beside.map(|beside| beside.moved.to_vec()).unwrap_or_default();
            self.forgotten.0.or_default(work.leaf).forget(works, &moved, work.queue);
        }
        self.matters.forget(work.id);
    }

    /// Works of these leaves that are known no longer, and messages in them, each with the queue.
    pub(super) fn forgotten(&self, leaves: &[LeafId]) -> ForgottenView {
        let name = |symbol: &Symbol| self.names.get(*symbol).clone();
        let mut view = ForgottenView::default();
        for of in leaves.iter().filter_map(|leaf| self.forgotten.0.get(leaf)) {
            view.works.extend(of.works.iter().map(|(id, queue)| (*id, name(queue))));
            view.messages.extend(of.messages.iter().map(|(id, queue)| (*id, name(queue))));
            view.older = view.older.max(of.older);
            view.queues.extend(of.queues.iter().map(name));
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;

    #[test]
    fn of_one_leaf_few_works_are_remembered_and_of_older_ones_all_their_queues() {
        let (mut leaf, mut names) = (ForgottenOfLeaf::default(), super::super::Names::new());
        let queues = ["legal", "fraud"].map(|queue| names.intern(&Name::const_new(queue)));
        let work = |number: u64| WorkId::new(Index(number), 0);
        let message = |number: u64| MessageId::new(Index(number), 1);
        for number in 1..=1_000 {
            let queue = queues[usize::from(number > 900)];
            leaf.forget([work(number)].into_iter(), &[message(number)], queue);
            assert!(leaf.works.len() <= MAX_FORGOTTEN && leaf.messages.len() <= MAX_FORGOTTEN_MESSAGES);
        }
        assert_eq!(leaf.works.first_key_value(), Some((&work(937), &queues[1])));
        assert_eq!(leaf.older, Some((work(936), message(872))));
        assert_eq!(leaf.queues.as_slice(), queues.as_slice(), "each once");
    }

    #[test]
    fn what_is_older_than_what_is_remembered_is_seen_by_whoever_sees_all_queues_that_it_may_have_been_in() {
        let name = Name::const_new;
        let sees = |queues: &[&'static str]| Sight {
            limits: Some(Box::new(Limits {
                queues: queues.iter().map(|queue| (name(queue), Shows::Always)).collect(),
                endpoints: BTreeMap::from([(name("support"), (name("help"), name("acme")))]),
                ..Limits::default()
            })),
        };
        let (old, new) = (WorkId::new(Index(5), 0), WorkId::new(Index(50), 0));
        let view = ConversationView {
            forgotten: ForgottenView {
                older: Some((WorkId::new(Index(9), 0), MessageId::default())),
                queues: BTreeSet::from([name("legal"), name("fraud")]),
                ..ForgottenView::default()
            },
            ..ConversationView::default()
        };
        let seen = |sight: Sight, work| sight.sees_message(&view, MessageId::new(Index(5), 1), Some(work), "support");
        assert!(!seen(sees(&["help", "legal"]), old), "it may have been fraud's");
        assert!(seen(sees(&["help", "legal", "fraud"]), old));
        assert!(seen(sees(&["help"]), new), "that was in queues shown to all");
    }
}
