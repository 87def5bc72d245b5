//! What is asked of a state from which the recorded log is run again.

use super::Workspace;
use crate::domain::event::Sender;
use crate::domain::id::{AgentId, LeafId, WorkId};

impl Workspace {
    /// The address of an identity, normalised; none: it is not known, or not any longer.
    #[must_use]
    pub fn address_of(&self, leaf: LeafId) -> Option<Sender> {
        let leaf = self.leaves.get(leaf)?;
        Some(Sender { kind: leaf.kind, address: leaf.address.as_ref()?.to_string() })
    }

    /// Who are shown an open Work.
    #[must_use]
    pub fn shown_to(&self, work: WorkId) -> Vec<AgentId> {
        self.works.get(work).into_iter().flat_map(|work| work.offers()).map(|offer| offer.agent).collect()
    }
}
