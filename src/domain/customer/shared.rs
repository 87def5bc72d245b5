//! Addresses of several people: household phones, receptions, role mailboxes (domain rules, section 4).
//!
//! A SHARED address has a customer of its own, with no other address: it carries no merge, no names, and nobody's history. What was
//! said from it while it was one customer's stays with that customer, under the generation of then, whose link ends; the address goes
//! on as its next generation. It is the same phone as before, so what was asked there is still answered there: unlike an address that
//! changed hands. Whatever is named with it, what is said from it is filed with it: who of them wrote is not known well enough to show
//! it to one and hide it from the other, and the answer is read by all of them.

use smallvec::SmallVec;

use super::leaf::MAX_GENERATIONS;
use super::resolve::{Address, Bond, Opening, open};
use super::single::live_leaves;
use crate::domain::delivery::carry_refusals;
use crate::domain::draft::Draft;
use crate::domain::event::AddressKind;
use crate::domain::id::LeafId;
use crate::domain::record::{Change, Evidence, IdentityStatus};
use crate::domain::workspace::Workspace;

impl Workspace {
    /// Whether what is said to a leaf still reaches those whom it was meant for: its link stands, or the address went on as SHARED.
    pub(crate) fn is_answerable(&self, leaf: LeafId) -> bool {
        self.leaves.get(leaf).is_some_and(|found| !found.ended || self.goes_on_shared(leaf).is_some())
    }

    /// The current generation of the address of an ended leaf, where that is SHARED, and the same people's as it was then: none has
    /// been given up or fallen silent since. That those who share it were erased takes it from nobody.
    pub(crate) fn goes_on_shared(&self, leaf: LeafId) -> Option<LeafId> {
        let ended = self.leaves.get(leaf).filter(|leaf| leaf.ended && leaf.kind != AddressKind::Web)?;
        let current = self.leaves.find(ended.hash()).filter(|&current| current != leaf)?;
        let mut since = std::iter::once(current).chain(self.earlier(current)).take_while(|&since| since != leaf);
        let stands = |since: LeafId| {
            self.leaves.get(since).is_some_and(|known| known.shared && (!known.ended || known.is_erased()))
        };
        (!self.leaves.is_given_up(leaf) && since.all(stands)).then_some(current)
    }

    /// Generations of an address before this one, newest first.
    pub(crate) fn earlier(&self, leaf: LeafId) -> impl Iterator<Item = LeafId> {
        std::iter::successors(self.leaves.before(leaf), |&leaf| self.leaves.before(leaf)).take(MAX_GENERATIONS)
    }
}

/// Whether a mail address is one of a role, by its part before the `@`, without what stands behind a plus; or a mailbox of ours, from
/// which whoever works there, or forges it, passes on what others wrote.
pub(super) fn is_role(space: &Workspace, kind: AddressKind, address: &str) -> bool {
    let config = space.config();
    kind == AddressKind::Email && (config.identity.is_role_mailbox(address) || config.is_own_mailbox(address))
}

/// The address is SHARED from now on. Gives the leaf that it has now.
pub(super) fn share(draft: &mut Draft<'_>, mut address: Address, opening: Opening) -> LeafId {
    address.shared = true;
    let Some(id) = address.leaf else {
        return open(draft, address, None, opening);
    };
    let Some((root, shared, status)) = draft.space.leaves.get(id).map(|leaf| (leaf.root, leaf.shared, leaf.status))
    else {
        return id;
    };
    if shared {
        return id;
    }
    if draft.space.leaves_of(root).len() == 1 {
        draft.push(Change::IdentityMarked { leaf: id, status, shared: true });
        return id;
    }
    draft.push(Change::LinkEnded { leaf: id, successor: None, shared: true });
    address.next_generation(draft.space);
    let status = if opening.wrote { IdentityStatus::Verified } else { status };
    let wrote = status == IdentityStatus::Verified;
    let leaf = open(draft, address, None, Opening { wrote, evidence: Evidence::First, ..opening });
    carry_refusals(draft, id, leaf);
    leaf
}

/// Addresses that a provider pairs with one of a customer's: whoever shares the one shares the other.
pub(super) fn companions(draft: &Draft<'_>, address: &Address) -> SmallVec<[Address; 1]> {
    let space = draft.space;
    let Some((id, leaf)) = address.leaf.and_then(|id| Some((id, space.leaves.get(id)?))) else {
        return SmallVec::new();
    };
    let mut found = SmallVec::new();
    for other in live_leaves(space, leaf.root).filter(|&other| other != id) {
        let Some(known) = space.leaves.get(other) else { continue };
        let proven = leaf.evidence == Evidence::SameEvent || known.evidence == Evidence::SameEvent;
        if proven
            && Bond::pairs(leaf.kind, known.kind)
            && let Some(address) = Address::of_leaf(space, other)
        {
            found.push(address);
        }
    }
    found
}
