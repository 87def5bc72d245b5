//! Addresses that several say are theirs: an agent took one from a customer, and evidence named it with that customer again.
//!
//! The evidence joins nobody: the agent knew better. But it is noted, for it says that whoever it was taken from may be writing from it
//! still. So whoever else is named with the address has it in common with them: it is SHARED, and nothing that was said from it
//! goes along; a customer who has such an address becomes nobody else's by another address of his either, that is only suggested. One
//! that is claimed by one person alone after it was taken from another is that person's, as ever.

use smallvec::SmallVec;

use super::resolve::{Address, Bond, Named, Opening};
use super::shared::{companions, share};
use crate::domain::draft::Draft;
use crate::domain::event::AddressKind;
use crate::domain::id::{LeafId, RootId};
use crate::domain::record::{Change, Evidence, SuggestionEnd};
use crate::domain::workspace::Workspace;

impl Workspace {
    /// Other customers whom evidence named with an address after an agent took it from them.
    pub(super) fn claimants(&self, leaf: LeafId) -> SmallVec<[RootId; 2]> {
        let own = self.root_of(leaf);
        self.suggestions.claimants(leaf).map(|other| self.root_of(other)).filter(|&other| other != own).collect()
    }

    /// Whether an address of a customer is claimed by another one than these.
    pub(super) fn is_contested(&self, root: RootId, by: &[RootId]) -> bool {
        let contested = |leaf: LeafId| {
            let claimants = self.claimants(leaf);
            !claimants.is_empty() && (by.is_empty() || by.iter().any(|one| !claimants.contains(one)))
        };
        self.suggestions.has_claimants() && self.leaves_of(root).into_iter().any(contested)
    }
}

/// Notes which addresses of an event are named once more with whom an agent took them from; none of them is SHARED.
pub(super) fn note(draft: &mut Draft<'_>, addresses: &[Address]) {
    let space = draft.space;
    for address in addresses {
        let Some((leaf, root)) =
            address.leaf.filter(|_| may_be_common(space, address)).map(|it| (it, space.root_of(it)))
        else {
            continue;
        };
        for other in addresses.iter().filter(|other| !is_known_by(address, other)) {
            let Some((claimant, owner)) = other.leaf.map(|it| (it, space.root_of(it))) else { continue };
            if owner != root && space.are_parted(root, owner) && !space.claimants(leaf).contains(&owner) {
                let end = SuggestionEnd::ClaimedAgain;
                draft.push(Change::SuggestionEnded { one: leaf, other: claimant, end });
            }
        }
    }
}

/// Shares the addresses of an event that somebody else is named with than who has them and who claims them.
pub(super) fn settle(draft: &mut Draft<'_>, named: &Named<'_>, addresses: &mut [Address]) {
    if !draft.space.suggestions.has_claimants() {
        return;
    }
    for at in 0..addresses.len() {
        let Some(leaf) = addresses[at].leaf.filter(|_| !addresses[at].shared && !addresses[at].doubted) else {
            continue;
        };
        if !is_anothers_too(draft.space, addresses, at, leaf) {
            continue;
        }
        let opening = Opening { assurance: named.assurance, wrote: false, evidence: Evidence::First };
        for companion in companions(draft, &addresses[at]) {
            let named = addresses.iter().position(|address| address.hash == companion.hash);
            let shared = share(draft, companion, opening);
            if let Some(named) = named {
                (addresses[named].leaf, addresses[named].shared) = (Some(shared), true);
            }
        }
        let wrote = named.wrote && addresses[at].bond != Bond::Claimed;
        let shared = share(draft, addresses[at].clone(), Opening { wrote, ..opening });
        (addresses[at].leaf, addresses[at].shared) = (Some(shared), true);
    }
}

/// Whether the event names somebody with an address who neither has it nor is known to claim it.
fn is_anothers_too(space: &Workspace, addresses: &[Address], at: usize, leaf: LeafId) -> bool {
    let claimants = space.claimants(leaf);
    if claimants.is_empty() {
        return false;
    }
    let own = space.root_of(leaf);
    let others = || addresses.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
    let root = |other: &Address| other.leaf.map(|leaf| space.root_of(leaf));
    let named = |one: RootId| others().any(|other| root(other) == Some(one));
    let by_claimant = claimants.iter().any(|&claimant| named(claimant));
    let is_single = |other: &Address| space.config().identity.is_single(other.kind);
    others().any(|other| match root(other) {
        Some(root) => root != own && !claimants.contains(&root),
        // A new account is of whoever else is named.
        None => !by_claimant && (is_single(other) || !named(own)),
    })
}

/// Whether several people can use an address: whatever is none of ours, and no browser, which begins anew with each login.
fn may_be_common(space: &Workspace, address: &Address) -> bool {
    !space.config().identity.is_single(address.kind) && address.kind != AddressKind::Web
}

/// Whether the other address is what a provider knows this account by: the account tells its users apart, not it them.
fn is_known_by(account: &Address, other: &Address) -> bool {
    account.hash == other.hash || (account.kind == AddressKind::Whatsapp && other.kind == AddressKind::Phone)
}
