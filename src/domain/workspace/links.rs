//! What the end of an identity's link means for the Works that would have been answered there.

use smallvec::SmallVec;

use super::Workspace;
use crate::domain::id::{Index, LeafId, WorkId};
use crate::domain::record::IdentityStatus;
use crate::domain::time::Timestamp;

impl Workspace {
    /// The address is the customer's no longer. Unless it is the same phone or mailbox as before, now SHARED, it is in doubt, and what
    /// would have been answered there goes elsewhere.
    pub(super) fn end_link(&mut self, id: LeafId, successor: Option<LeafId>, shared: bool, at: (Index, Timestamp)) {
        self.leaves.end(id, !shared, at);
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
        // What was asked before it was SHARED was answered there, too.
        let before: SmallVec<[LeafId; 2]> = if leaf.shared { self.earlier(id).collect() } else { SmallVec::new() };
        self.relink(id, successor);
        for earlier in before {
            self.relink(earlier, None);
        }
    }

    /// What would have been answered at an address is answered at its successor, if there is one.
    fn relink(&mut self, id: LeafId, successor: Option<LeafId>) {
        let named = |work: &WorkId| self.works.get(*work).is_some_and(|work| work.names(id));
        let works: Vec<WorkId> = self.works_of(self.root_of(id)).filter(named).collect();
        for work in works {
            self.with_work(work, |work| work.relink(id, successor));
        }
    }
}
