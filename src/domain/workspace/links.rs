//! What the end of an identity's link means for the Works that would have been answered there.

use super::Workspace;
use crate::domain::id::{LeafId, WorkId};
use crate::domain::record::IdentityStatus;
use crate::domain::time::Timestamp;

impl Workspace {
    /// The address is the customer's no longer. Unless it is the same phone or mailbox as before, now SHARED, it is in doubt, and what
    /// would have been answered there goes elsewhere.
    pub(super) fn end_link(&mut self, id: LeafId, successor: Option<LeafId>, shared: bool, now: Timestamp) {
        self.leaves.end(id, !shared, now);
        if let Some(successor) = successor {
            self.carry_windows(id, successor);
        }
        let Some(leaf) = self.leaves.get_mut(id) else {
            return;
        };
        if shared {
            return;
        }
        leaf.status = IdentityStatus::Provisional;
        let root = leaf.root;
        let named = |work: &WorkId| self.works.get(work).is_some_and(|work| work.names(id));
        let works: Vec<WorkId> = self.works_of(root).filter(named).collect();
        for work in works {
            self.with_work(work, |work| work.relink(id, successor));
        }
    }
}
