//! By which version of the normaliser the leaves are keyed: what is left to do when it rises.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Workspace;
use crate::domain::customer::NORMALISER_VERSION;
use crate::domain::id::LeafId;
use crate::domain::record::IdentityOpened;

/// Versions of all leaves: leaves are opened in order, and so are the versions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Keyed {
    /// Each version with the first leaf that was opened by it.
    opened: Vec<(u16, LeafId)>,
    /// Leaves below the number are keyed by this version.
    done: (u16, u32),
}

impl Keyed {
    pub(super) fn opened(&mut self, opened: &IdentityOpened) {
        if self.opened.last().is_none_or(|(version, _)| *version != opened.normaliser) {
            self.opened.push((opened.normaliser, opened.leaf));
        }
    }

    pub(super) fn rekeyed(&mut self, version: u16, leaves: u32) {
        self.done = (version, leaves);
    }
}

impl Workspace {
    /// Leaves that are not keyed by this version of the normaliser yet.
    pub(crate) fn behind(&self, version: u16) -> Range<u32> {
        let from = if self.keyed.done.0 >= version { self.keyed.done.1 } else { 0 };
        let newer = self.keyed.opened.iter().find(|(opened, _)| *opened >= version);
        from..newer.map_or(self.leaves.next_id().0, |(_, leaf)| leaf.0)
    }

    /// Whether identities are to be keyed anew, because this build normalises addresses in another way than the one that opened them.
    #[must_use]
    pub fn wants_rekeying(&self) -> bool {
        !self.behind(NORMALISER_VERSION).is_empty()
    }
}
