//! Finding customers by part of a name or address.
//!
//! There is no index: each identity in memory is looked at, in the order in which they came, at most [`SCAN`] at a time, for the
//! shard does nothing else meanwhile: a few milliseconds. Whom the agent may not see is put together to be judged, [`LOOKED_AT`] at most. Whoever wants more asks again, from where this ended. So a search costs nothing
//! while nobody searches, and at a million customers it takes fifty questions in the worst case.

use super::Workspace;
use crate::domain::customer::Leaf;
use crate::domain::event::Scope;
use crate::domain::id::{LeafId, Name};
use crate::domain::view::{CustomerView, CustomersFound};

/// Identities looked at for one question.
const SCAN: usize = 20_000;
/// Customers that are put together for one question at most, shown or hidden: each costs microseconds.
const LOOKED_AT: usize = 500;

impl Workspace {
    /// Customers with an identity whose address begins with the text, or whose name holds it, from the leaf `from` on; of those whom the
    /// agent `seen_by` sees, where one is named: pages neither hold nor count others.
    pub(super) fn search(&self, text: &str, seen_by: Option<&Name>, from: LeafId, size: usize) -> CustomersFound {
        let text = folded(text);
        let sight = seen_by.map(|agent| self.sight(agent)).unwrap_or_default();
        let mut customers: Vec<CustomerView> = Vec::new();
        let mut looked = 0;
        for (id, leaf) in self.leaves.iter(from).take(SCAN) {
            if customers.len() == size {
                return CustomersFound { customers, next: Some(id), ..CustomersFound::default() };
            }
            // Of several identities that fit, the first brings the customer.
            let is_first =
                |&other: &LeafId| other >= id || !self.leaves.get(other).is_some_and(|leaf| fits(&leaf, &text));
            if looked == LOOKED_AT {
                return CustomersFound { customers, next: Some(id), ..CustomersFound::default() };
            }
            if fits(&leaf, &text) && self.leaves_of(leaf.root).iter().all(is_first) {
                looked += 1;
                let found = self.customer(leaf.root);
                customers.extend(found.filter(|customer| sight.sees_customer(&customer.conversation)));
            }
        }
        let next = u32::try_from(from.at().saturating_add(SCAN)).ok().map(LeafId);
        let next = next.filter(|next| next.at() < self.leaves.len());
        CustomersFound { customers, next, ..CustomersFound::default() }
    }
}

fn fits(leaf: &Leaf, text: &str) -> bool {
    let begins = |address: &str| {
        let address = folded(address);
        address.starts_with(text) || address.strip_prefix('+').is_some_and(|digits| digits.starts_with(text))
    };
    leaf.scope == Scope::Direct
        && (leaf.address.as_deref().is_some_and(begins)
            || leaf.shown.as_deref().is_some_and(|name| folded(name).contains(text)))
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}
