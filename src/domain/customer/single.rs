//! One person as the evidence of an event makes it up, and what can be no part of it: a person has one value of each single-valued
//! kind (domain rules, section 4), over all customers that would become one. What has ended counts no longer.

use smallvec::SmallVec;

use super::resolve::Address;
use crate::domain::draft::Draft;
use crate::domain::event::AddressKind;
use crate::domain::id::{LeafId, RootId};
use crate::domain::workspace::Workspace;

/// A value of a single-valued kind: the kind, and the hash of the address.
type Value = (AddressKind, u128);

/// Who the addresses looked at so far make up.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    roots: SmallVec<[RootId; 2]>,
    values: SmallVec<[Value; 2]>,
    members: usize,
}

/// Whether an address can be that person's too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Joins,
    /// The person would have two values of a single-valued kind.
    TwoValues,
    /// An agent took the two customers apart.
    Parted,
    /// Somebody else claims an address of that customer (see `contested`).
    Contested,
}

impl Person {
    /// A customer, as the changes so far leave it.
    pub(super) fn of(draft: &Draft<'_>, root: RootId) -> Self {
        let config = &draft.space.config().identity;
        let roots: SmallVec<[RootId; 2]> = draft.group(root).collect();
        let known = roots.iter().flat_map(|&root| live_values(draft.space, root));
        let opened = draft.opened_of(root).filter(|opened| config.is_single(opened.kind));
        let values = known.chain(opened.map(|opened| (opened.kind, opened.hash))).collect();
        Self { roots, values, members: 1 }
    }

    /// Whom the CRM ids and logins of an event name; a login that was proven just now says it first.
    pub(super) fn of_singles(draft: &Draft<'_>, addresses: &[Address]) -> Self {
        let config = &draft.space.config().identity;
        let mut person = Self::default();
        let mut singles: SmallVec<[&Address; 2]> =
            addresses.iter().filter(|address| config.is_single(address.kind)).collect();
        singles.sort_by_key(|address| address.kind != AddressKind::Login);
        for address in singles {
            if person.fit(draft, address) == Fit::Joins {
                person.take(draft, address);
            }
        }
        person
    }

    pub(super) fn is_nobody(&self) -> bool {
        self.members == 0
    }

    pub(super) fn has(&self, root: RootId) -> bool {
        self.roots.contains(&root)
    }

    pub(super) fn fit(&self, draft: &Draft<'_>, address: &Address) -> Fit {
        let root = address.leaf.map(|leaf| draft.space.root_of(leaf));
        let theirs = values(draft.space, address, root);
        let differs = |&(kind, hash): &Value| self.values.iter().any(|&(other, value)| other == kind && value != hash);
        if theirs.iter().any(differs) || before(draft.space, address).any(|value| differs(&value)) {
            return Fit::TwoValues;
        }
        match root {
            Some(root) if self.roots.iter().any(|&other| other != root && draft.space.are_parted(root, other)) => {
                Fit::Parted
            }
            Some(root) if !self.is_nobody() && !self.has(root) && draft.space.is_contested(root, &self.roots) => {
                Fit::Contested
            }
            _ => Fit::Joins,
        }
    }

    pub(super) fn take(&mut self, draft: &Draft<'_>, address: &Address) {
        self.members += 1;
        let root = address.leaf.map(|leaf| draft.space.root_of(leaf));
        for value in values(draft.space, address, root) {
            if !self.values.contains(&value) {
                self.values.push(value);
            }
        }
        if let Some(root) = root.filter(|root| !self.roots.contains(root)) {
            self.roots.push(root);
        }
    }
}

/// What the customer of an address has of single-valued kinds; of an address that nobody has, itself.
fn values(space: &Workspace, address: &Address, root: Option<RootId>) -> SmallVec<[Value; 2]> {
    match root {
        Some(root) => live_values(space, root).collect(),
        None if space.config().identity.is_single(address.kind) => SmallVec::from_iter([(address.kind, address.hash)]),
        None => SmallVec::new(),
    }
}

/// What those have who had a number before, and whom only silence took it from, or who claim it: they may be members of one household.
fn before(space: &Workspace, address: &Address) -> impl Iterator<Item = Value> {
    let number = (address.kind == AddressKind::Phone && address.generation > 1).then_some(address.hash);
    let earlier = number.into_iter().flat_map(|hash| space.leaves.unannounced(hash));
    let theirs = earlier.flat_map(|leaf| space.claimants(leaf).into_iter().chain([space.root_of(leaf)]));
    theirs.flat_map(|root| live_values(space, root))
}

/// Values of single-valued kinds that a customer has now.
pub(super) fn live_values(space: &Workspace, root: RootId) -> impl Iterator<Item = Value> {
    live_leaves(space, root)
        .filter_map(|leaf| space.leaves.get(leaf))
        .filter(|leaf| space.config().identity.is_single(leaf.kind))
        .map(|leaf| (leaf.kind, leaf.hash()))
}

/// Leaves of a customer whose link has not ended.
pub(super) fn live_leaves(space: &Workspace, root: RootId) -> impl Iterator<Item = LeafId> {
    space.leaves_of(root).into_iter().filter(|&leaf| space.leaves.get(leaf).is_some_and(|leaf| !leaf.ended))
}
