//! What is left of an erased customer in the state: structure, and that the keys are still to be destroyed.

use super::Workspace;
use crate::domain::event::Assurance;
use crate::domain::id::{Index, LeafId};
use crate::domain::time::Timestamp;

impl Workspace {
    /// Erasures whose keys are not known to be destroyed: the record of each, and its leaves.
    pub fn erasures(&self) -> impl Iterator<Item = (Index, &[LeafId])> {
        self.erasures.iter().map(|(&index, leaves)| (index, leaves.as_slice()))
    }

    /// Leaves whose keys are destroyed.
    #[must_use]
    pub fn destroyed(&self) -> &[LeafId] {
        &self.destroyed
    }

    /// Notes that the keys of an erasure are destroyed.
    pub(super) fn keys_destroyed(&mut self, erasure: Index, leaves: &[LeafId], now: Timestamp) {
        self.erasures.remove(&erasure);
        self.bodies.done(erasure, now);
        self.destroyed.extend_from_slice(leaves);
    }

    /// Notes that a customer is erased: addresses, names and words are gone from here on, and whoever writes from such an address
    /// next is a new customer.
    pub(super) fn erase(&mut self, index: Index, leaves: &[LeafId]) {
        for &id in leaves {
            self.bodies.erase(id, index);
            self.ended.erase(id);
            for timer in self.parts.drop_leaf(id) {
                self.unset_timer(&timer);
            }
            let Some(leaf) = self.leaves.get_mut(id) else {
                continue;
            };
            leaf.address = None;
            leaf.shown = None;
            leaf.shown_assurance = Assurance::Claimed;
            leaf.ended = true;
            for work in std::mem::take(&mut leaf.works) {
                self.closed.remove(work);
                self.mail.forget_work(work);
                self.matters.forget(work);
            }
        }
        self.erasures.insert(index, leaves.to_vec());
    }
}
