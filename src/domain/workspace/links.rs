//! What the end of an identity's link means for the Works that would have been answered there.

use super::Workspace;
use crate::domain::id::{LeafId, WorkId};
use crate::domain::record::IdentityStatus;

impl Workspace {
    /// The address is the customer's no longer. Unless it is the same phone or mailbox as before, now SHARED, it is in doubt, and what
    /// would have been answered there goes elsewhere.
    pub(super) fn end_link(&mut self, id: LeafId, successor: Option<LeafId>, shared: bool) {
        let Some(leaf) = self.leaves.get_mut(id) else {
            return;
        };
        leaf.ended = true;
        if shared {
            return;
        }
        leaf.status = IdentityStatus::Provisional;
        let root = leaf.root;
        let answered = |work: &WorkId| {
            let answer_to = self.works.get(work).and_then(|work| work.answer_to.as_ref());
            answer_to.is_some_and(|(leaf, _)| *leaf == id)
        };
        let works: Vec<WorkId> = self.works_of(root).filter(answered).collect();
        for work in works {
            self.with_work(work, |work| {
                work.tokens = None;
                // A thread is one of a chat with the address.
                work.thread = None;
                work.answer_to = successor.zip(work.answer_to.take()).map(|(leaf, (_, endpoint))| (leaf, endpoint));
            });
        }
    }
}
