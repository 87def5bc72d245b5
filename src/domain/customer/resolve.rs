//! Which customer wrote: from the addresses of an event to a leaf and its root, with what must be opened, linked or merged.

use smallvec::SmallVec;

use super::merge::join;
use super::{Leaf, NORMALISER_VERSION, address_hash, end_between, normalise};
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, Scope, Sender};
use crate::domain::id::{LeafId, Name, RootId};
use crate::domain::record::{Change, Evidence, IdentityOpened, IdentityStatus, PersonalValue, SuggestionEnd};
use crate::domain::workspace::Workspace;

/// Addresses of one event that are looked at; a person has no more on one channel.
const MAX_SENDERS: usize = 4;

/// Who wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    /// Leaf of the first address: what is said is filed there.
    pub(crate) leaf: LeafId,
    /// The customer.
    pub(crate) root: RootId,
}

/// An address as it is looked up.
pub(super) struct Address {
    pub(super) kind: AddressKind,
    pub(super) scope: Name,
    pub(super) text: Name,
    pub(super) hash: u128,
    /// Its current generation; none: nobody has it now.
    pub(super) leaf: Option<LeafId>,
    /// The generation that is opened for whoever has it next, where nobody has it now.
    pub(super) generation: u16,
    /// It may be somebody else's by now: it was silent for long, or reported, or its link has ended.
    doubted: bool,
}

impl Address {
    /// Looks an address up; none: it cannot be read. Whether it is doubted is for whoever asks.
    pub(super) fn look_up(space: &Workspace, sender: &Sender, namespace_scope: &str) -> Option<Self> {
        let (kind, text) = normalise(sender, space.config().default_country.as_deref())?;
        let scope = if kind.is_scoped() { Name::new(namespace_scope) } else { Name::default() };
        let hash = address_hash(space.hash_key(), kind, &scope, &text);
        let current = space.leaves.find(hash).and_then(|id| Some((id, space.leaves.get(id)?)));
        let (leaf, generation) = match current {
            None => (None, 1),
            // Whoever has it now is not known by what was before.
            Some((_, leaf)) if leaf.ended => (None, leaf.next_generation()),
            Some((id, leaf)) => (Some(id), leaf.generation),
        };
        Some(Self { kind, scope, text, hash, leaf, generation, doubted: false })
    }

    /// Its link has ended, and nobody has written from it since.
    pub(super) fn is_given_up(&self) -> bool {
        self.leaf.is_none() && self.generation > 1
    }
}

/// Finds, opens and links the addresses of one person. None: no address can be read.
///
/// Where the provider vouches for the event, its addresses are one person's: new ones are linked to the known customer, and two
/// known customers are merged. Anything less links nobody: only the first address counts, which the answer goes to. A shared
/// address takes part in neither. A doubted address (a number that was silent for long, or changed hands) proves nothing and
/// merges nothing: it stays its customer's, PROVISIONAL, until an address that is not doubted is named with it. `wrote`: the person
/// did, it is not somebody who was written to.
pub(crate) fn resolve(
    draft: &mut Draft<'_>,
    senders: &[Sender],
    assurance: Assurance,
    namespace_scope: &Name,
    wrote: bool,
) -> Option<Who> {
    let vouched = assurance >= Assurance::Platform;
    let mut addresses: SmallVec<[Address; 2]> = SmallVec::new();
    for sender in senders.iter().take(MAX_SENDERS) {
        let Some(mut address) = Address::look_up(draft.space, sender, namespace_scope) else {
            continue;
        };
        if addresses.iter().any(|known| known.hash == address.hash) {
            continue;
        }
        let found = address.leaf.and_then(|leaf| draft.space.leaves.get(leaf));
        address.doubted = address.is_given_up() || found.is_some_and(|leaf| leaf.may_be_anothers(draft.now));
        addresses.push(address);
        if !vouched {
            break;
        }
    }

    let first = addresses.first()?;
    let shared = |leaf: LeafId| draft.space.leaves.get(leaf).is_some_and(|leaf| leaf.shared);
    if let Some(leaf) = first.leaf.filter(|&leaf| shared(leaf)) {
        return draft.space.leaves.get(leaf).map(|found| Who { leaf, root: found.root });
    }
    addresses.retain(|address| address.leaf.is_none_or(|leaf| !shared(leaf)));
    let sure = addresses.iter().filter(|address| !address.doubted).find_map(|address| address.leaf);
    let sure = sure.map(|leaf| draft.space.root_of(leaf));
    if let Some(sure) = sure {
        let of_another = |leaf: LeafId| draft.space.root_of(leaf) != sure;
        addresses.retain(|address| !(address.doubted && address.leaf.is_some_and(of_another)));
    }
    // Nobody whom we are sure of is named: what is said comes from whoever has the doubted address now.
    let unsure = sure.is_none() && addresses.iter().any(|address| address.doubted);
    let addresses = of_one_person(draft, addresses);

    let known = addresses.iter().find_map(|address| address.leaf);
    let root =
        known.and_then(|leaf| draft.space.leaves.get(leaf)).map_or(RootId(draft.next_leaf().0), |leaf| leaf.root);
    let root = merge(draft, root, &addresses);

    let mut leaf_of_first = None;
    for address in addresses {
        let (opened, doubted) = (address.leaf, address.doubted);
        let beside = known.or(leaf_of_first);
        let leaf = opened.unwrap_or_else(|| open(draft, address, root, assurance, beside, wrote && !unsure));
        if wrote && opened.is_some() {
            match (doubted, unsure) {
                (true, true) => doubt(draft, leaf),
                (false, _) if leaf_of_first.is_some() => {}
                _ => verify(draft, leaf),
            }
        }
        leaf_of_first.get_or_insert(leaf);
    }
    leaf_of_first.map(|leaf| Who { leaf, root })
}

/// The leaf of an address, if its customer is known; nothing is opened.
pub(crate) fn known(space: &Workspace, sender: &Sender, namespace_scope: &str) -> Option<LeafId> {
    Address::look_up(space, sender, namespace_scope)?.leaf
}

/// The leaf of whoever an event is about, found as [`resolve`] finds it: by the first address that can be read; by a later one, of
/// that person alone, only where the provider vouches that they are one person's. Nothing is opened.
pub(crate) fn known_person(
    space: &Workspace,
    senders: &[Sender],
    assurance: Assurance,
    namespace_scope: &str,
) -> Option<LeafId> {
    let shared = |leaf: LeafId| space.leaves.get(leaf).is_some_and(|leaf| leaf.shared);
    let looked_up = senders.iter().take(MAX_SENDERS).filter_map(|who| Address::look_up(space, who, namespace_scope));
    let mut leaves = looked_up.map(|address| address.leaf);
    let first = leaves.next()?;
    if first.is_some() || assurance < Assurance::Platform {
        return first;
    }
    leaves.flatten().find(|&leaf| !shared(leaf))
}

/// Without the addresses that would give one customer two values of a single-valued kind (domain rules, section 4): those are
/// two people. A new login in a browser ends the old link: the browser's address gets its next generation.
fn of_one_person(draft: &Draft<'_>, addresses: SmallVec<[Address; 2]>) -> SmallVec<[Address; 2]> {
    let mut kept: SmallVec<[Address; 2]> = SmallVec::new();
    for address in addresses {
        let new_login = address.kind == AddressKind::Login;
        if kept.iter().all(|other| compatible(draft, other, &address)) {
            kept.push(address);
        } else if let ([browser], true) = (kept.as_mut_slice(), new_login)
            && browser.kind == AddressKind::Web
            && let Some(old) = browser.leaf.and_then(|leaf| draft.space.leaves.get(leaf))
        {
            browser.generation = old.next_generation();
            browser.leaf = None;
            kept.push(address);
        }
    }
    kept
}

fn compatible(draft: &Draft<'_>, one: &Address, other: &Address) -> bool {
    let root = |address: &Address| address.leaf.map(|leaf| draft.space.root_of(leaf));
    if let (Some(one), Some(other)) = (root(one), root(other))
        && draft.space.are_parted(one, other)
    {
        return false;
    }
    [AddressKind::Crm, AddressKind::Login].into_iter().all(|kind| {
        let mut values = values(draft, one, kind);
        values.extend(self::values(draft, other, kind));
        values.sort_unstable();
        values.dedup();
        values.len() <= 1
    })
}

/// Hashes of the addresses of that kind that the address's customer has.
fn values(draft: &Draft<'_>, address: &Address, kind: AddressKind) -> SmallVec<[u128; 2]> {
    let leaves = &draft.space.leaves;
    match address.leaf.and_then(|leaf| leaves.get(leaf)) {
        Some(leaf) => draft
            .space
            .leaves_of(leaf.root)
            .into_iter()
            .filter_map(|id| leaves.get(id))
            .filter(|leaf| leaf.kind == kind)
            .map(Leaf::hash)
            .collect(),
        None => (address.kind == kind).then_some(address.hash).into_iter().collect(),
    }
}

/// Whoever has the address may be somebody else now.
pub(super) fn doubt(draft: &mut Draft<'_>, id: LeafId) {
    if let Some(leaf) = draft.space.leaves.get(id)
        && leaf.status == IdentityStatus::Verified
    {
        let shared = leaf.shared;
        draft.push(Change::IdentityMarked { leaf: id, status: IdentityStatus::Provisional, shared });
    }
}

/// Whoever was only written to has written now; or who was doubted is proven.
fn verify(draft: &mut Draft<'_>, id: LeafId) {
    if let Some(leaf) = draft.space.leaves.get(id)
        && leaf.status == IdentityStatus::Provisional
        && leaf.scope == Scope::Direct
    {
        let shared = leaf.shared;
        draft.push(Change::IdentityMarked { leaf: id, status: IdentityStatus::Verified, shared });
    }
}

/// Finds or opens the leaf of a group or public thread.
pub(crate) fn resolve_thread(draft: &mut Draft<'_>, endpoint: &Name, thread: &str, scope: Scope) -> Who {
    let namespace = Name::new(format!("thread:{endpoint}"));
    let hash = address_hash(draft.space.hash_key(), AddressKind::Web, &namespace, thread);
    if let Some(leaf) = draft.space.leaves.find(hash) {
        let root = draft.space.leaves.get(leaf).map_or(RootId(leaf.0), |found| found.root);
        return Who { leaf, root };
    }
    let leaf = draft.next_leaf();
    draft.with_content(leaf, PersonalValue::Address(Name::new(thread)));
    draft.push(Change::IdentityOpened(IdentityOpened {
        leaf,
        root: RootId(leaf.0),
        kind: AddressKind::Web,
        namespace_scope: namespace,
        scope,
        hash,
        generation: 1,
        normaliser: NORMALISER_VERSION,
        status: IdentityStatus::Provisional,
        shared: true,
        assurance: Assurance::Claimed,
        evidence: Evidence::First,
        beside: None,
    }));
    Who { leaf, root: RootId(leaf.0) }
}

pub(super) fn open(
    draft: &mut Draft<'_>,
    address: Address,
    root: RootId,
    assurance: Assurance,
    beside: Option<LeafId>,
    wrote: bool,
) -> LeafId {
    let leaf = draft.next_leaf();
    draft.with_content(leaf, PersonalValue::Address(address.text));
    draft.push(Change::IdentityOpened(IdentityOpened {
        leaf,
        root,
        kind: address.kind,
        namespace_scope: address.scope,
        scope: Scope::Direct,
        hash: address.hash,
        generation: address.generation,
        normaliser: NORMALISER_VERSION,
        status: if wrote { IdentityStatus::Verified } else { IdentityStatus::Provisional },
        shared: false,
        assurance,
        evidence: if beside.is_some() { Evidence::SameEvent } else { Evidence::First },
        beside,
    }));
    leaf
}

/// Joins the customers of all known addresses; the oldest one's id stays.
fn merge(draft: &mut Draft<'_>, root: RootId, addresses: &[Address]) -> RootId {
    let leaves = &draft.space.leaves;
    let mut roots: SmallVec<[RootId; 4]> = addresses
        .iter()
        .filter_map(|address| address.leaf.and_then(|leaf| leaves.get(leaf)))
        .map(|leaf: &Leaf| leaf.root)
        .collect();
    roots.sort_unstable();
    roots.dedup();
    let Some((&winner, losers)) = roots.split_first() else {
        return root;
    };
    if !losers.is_empty() {
        end_between(draft, &roots, SuggestionEnd::Merged);
    }
    for &loser in losers {
        join(draft, winner, loser, Evidence::SameEvent);
    }
    winner
}

impl AddressKind {
    /// Whether an address of the kind means something only within a portfolio, page or account.
    pub(super) fn is_scoped(self) -> bool {
        matches!(self, Self::Whatsapp | Self::Messenger | Self::Instagram)
    }
}
