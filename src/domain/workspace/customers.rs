//! Customers of a workspace: which leaves each has, and how records join and part them.

use smallvec::SmallVec;

use super::Workspace;
use crate::domain::customer::{Aside, Merge, Parting, known};
use crate::domain::id::{AgentId, LeafId, RootId, WorkId};
use crate::domain::record::{Cause, Evidence, Record};
use crate::domain::view::{CustomerQuery, CustomerView, CustomersFound, MergeView};

impl Workspace {
    /// The customer that an id stands for: a merged one's id resolves to the winner.
    pub(crate) fn resolve_root(&self, id: RootId) -> Option<RootId> {
        self.leaves.root(LeafId(id.0))
    }

    /// Leaves of a customer.
    pub(crate) fn leaves_of(&self, root: RootId) -> SmallVec<[LeafId; 2]> {
        self.joined.leaves_of(&self.leaves, root)
    }

    pub(super) fn merge(
        &mut self,
        record: &Record,
        (winner, loser): (RootId, RootId),
        leaves: &[LeafId],
        evidence: Evidence,
    ) {
        for &leaf in leaves {
            if let Some(leaf) = self.leaves.get_mut(leaf) {
                leaf.root = winner;
            }
        }
        let by = self.said_by(record);
        let merge = Merge { leaves: leaves.to_vec(), evidence, at: record.time, by };
        self.joined.merge(&mut self.leaves, (winner, loser), merge);
    }

    pub(super) fn part(&mut self, customer: RootId, rest: RootId, parted: RootId, leaves: &[LeafId]) {
        for leaf in self.leaves_of(customer) {
            let root = if leaves.contains(&leaf) { parted } else { rest };
            if let Some(leaf) = self.leaves.get_mut(leaf) {
                leaf.root = root;
            }
        }
        let parting = Parting { customer, rest, parted, leaves: leaves.to_vec() };
        self.joined.part(&mut self.leaves, &parting);
        let works: Vec<WorkId> = self.works_of(rest).chain(self.works_of(parted)).collect();
        for id in works {
            let strange = self.works.get(id).map(|work| work.strangers(|leaf| self.root_of(leaf)));
            if let Some(strange) = strange.filter(|strange| !strange.is_empty()) {
                self.with_work(id, |work| work.part(&strange));
            }
        }
    }

    /// The agent whose command the record is.
    pub(super) fn said_by(&self, record: &Record) -> Option<AgentId> {
        match &record.cause {
            Cause::Command(request) => self.agent_id(request.principal.strip_prefix("agent:")?),
            Cause::Input(_) | Cause::Timer | Cause::System => None,
        }
    }
}

impl Workspace {
    /// Customers as the edge may see them. One id or address costs the same whatever the number of customers.
    #[must_use]
    pub fn customers(&self, query: &CustomerQuery) -> CustomersFound {
        match query {
            CustomerQuery::Id(id) => {
                CustomersFound { customers: self.customer(*id).into_iter().collect(), ..CustomersFound::default() }
            }
            CustomerQuery::Address { sender, scope } => {
                let leaf = known(self, sender, scope);
                let customer = leaf.and_then(|leaf| self.customer(self.root_of(leaf)));
                CustomersFound { customers: customer.into_iter().collect(), leaf, next: None }
            }
            CustomerQuery::Like { text, seen_by, from, size } => self.search(text, seen_by.as_ref(), *from, *size),
            CustomerQuery::Quarantined { endpoint, from, size } => self.quarantined(endpoint, *from, *size),
        }
    }

    /// Customers in quarantine, oldest first.
    fn quarantined(&self, endpoint: &str, from: LeafId, size: usize) -> CustomersFound {
        let here =
            |aside: &Aside| aside.quarantine.as_ref().is_some_and(|(by, _)| endpoint.is_empty() || by == endpoint);
        let mut waiting =
            self.people.asides.iter().filter(|(leaf, aside)| *leaf >= from && here(aside)).map(|(leaf, _)| leaf);
        let customers = waiting.by_ref().take(size).filter_map(|leaf| self.customer(self.root_of(leaf))).collect();
        CustomersFound { customers, next: waiting.next(), leaf: None }
    }

    pub(super) fn customer(&self, id: RootId) -> Option<CustomerView> {
        let conversation = self.conversation(id)?;
        let merges =
            self.joined.merges_into(&self.leaves, conversation.conversation).map(|(customer, merge)| MergeView {
                customer,
                leaves: merge.leaves.clone(),
                evidence: merge.evidence,
                at: merge.at,
                by: merge.by.and_then(|agent| self.agent_name(agent)).cloned(),
            });
        let suggestions = self.suggestions_of(id).map(|suggestion| (suggestion, self.root_of(suggestion.other)));
        let facts = self.facts_of(conversation.conversation);
        Some(CustomerView { merges: merges.collect(), suggestions: suggestions.collect(), facts, conversation })
    }
}
