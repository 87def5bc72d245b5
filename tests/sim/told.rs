//! What is not said any more of who is erased.

use skein::domain::id::{LeafId, RootId};

use super::checks::{Auditor, Broken, holds};

impl Auditor {
    /// Nothing of who is erased is readable in the state, and nothing of theirs is open.
    pub(super) fn is_erased(&self, leaves: &[LeafId]) -> Result<(), Broken> {
        let space = self.space()?;
        for leaf in leaves {
            let view = space.conversation(RootId(leaf.0));
            let identity = view.as_ref().and_then(|view| view.identities.iter().find(|one| one.leaf == *leaf));
            let unknown = identity.is_some_and(|identity| identity.address.is_none() && identity.ended);
            let nameless = view.as_ref().is_some_and(|view| view.shown_name.is_none() && view.works.is_empty());
            holds("who is erased is not known any more", unknown && nameless, || format!("{leaf}: {view:?}"))?;
        }
        Ok(())
    }
}
