//! The company tells whom it knows: an address, with a name, facts and further addresses (domain rules, sections 4 and 8).
//!
//! Whoever has the address is found; who is nobody's is opened, PROVISIONAL until it writes. Further addresses are the same person's,
//! as when an agent links them: one that nobody has is opened beside the others, one that is all another customer has brings that
//! customer along, and what would make two people one is refused.

use smallvec::SmallVec;

use super::end_between;
use super::fact;
use super::merge::{has_room, is_shared, join};
use super::resolve::{Address, Opening, open_beside};
use super::shared::is_role;
use crate::domain::command::Upsert;
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, Sender};
use crate::domain::id::{LeafId, Name, RootId};
use crate::domain::record::{Change, Evidence, PersonalValue, SuggestionEnd};
use crate::domain::rejection::Rejection;
use crate::domain::workspace::Workspace;

/// Addresses of one command: the one, and those that are named with it. A person has no more at a time.
const MAX_ADDRESSES: usize = 8;
/// Longest name to show, characters.
const MAX_NAME_CHARS: usize = 128;
/// How sure a name is that the company tells: as sure as a provider's, and newer.
const NAME_ASSURANCE: Assurance = Assurance::Platform;

/// Finds or opens a customer, and notes what is told of it.
pub(crate) fn upsert(draft: &mut Draft<'_>, agent: &Name, told: Upsert) -> Result<(), Rejection> {
    let Upsert { addresses, shown_name, facts } = told;
    let mut addresses = look_up(draft.space, &addresses)?;
    let facts = fact::read(draft, agent, facts)?;
    let name = read_name(&shown_name)?;
    let space = draft.space;
    let roots = roots(space, &addresses)?;
    let (first, winner) = (addresses.remove(0), roots.iter().copied().min());
    let mut leaves: SmallVec<[LeafId; 4]> = roots.iter().flat_map(|&root| space.leaves_of(root)).collect();
    if roots.len() > 1 {
        end_between(draft, &roots, SuggestionEnd::Accepted);
        let winner = winner.expect("there are two");
        for &loser in roots.iter().filter(|&&root| root != winner) {
            join(draft, winner, loser, Evidence::Agent);
        }
    }
    let beside = first.leaf.or_else(|| addresses.iter().find_map(|address| address.leaf));
    let (created, shared) = (winner.is_none(), first.shared);
    let opening = Opening { assurance: Assurance::Claimed, wrote: false, evidence: Evidence::Agent };
    let leaf = first.leaf.unwrap_or_else(|| open_beside(draft, first, winner, opening, beside));
    let root = winner.unwrap_or(RootId(leaf.0));
    for address in addresses.into_iter().filter(|address| address.leaf.is_none()) {
        open_beside(draft, address, Some(root), opening, beside.or(Some(leaf)));
    }
    if !leaves.contains(&leaf) {
        leaves.push(leaf);
    }
    let known = space.shown_name(root).filter(|_| !created);
    let better = known.is_none_or(|(assurance, known)| NAME_ASSURANCE >= assurance && Some(&known) != name.as_ref());
    if let Some(name) = name.filter(|_| better && !shared && !is_shared(space, leaf)) {
        draft.with_content(leaf, PersonalValue::Shown(name));
        draft.push(Change::Named { leaf, assurance: NAME_ASSURANCE });
    }
    fact::has_room(draft, &leaves, leaf, &facts, 0)?;
    fact::push(draft, leaf, facts)?;
    draft.push(Change::Upserted { leaf, root, created });
    Ok(())
}

/// The addresses, each once and readable.
fn look_up(space: &Workspace, told: &[(Sender, Name)]) -> Result<SmallVec<[Address; 2]>, Rejection> {
    if told.len() > MAX_ADDRESSES {
        return Err(Rejection::Limit("addresses of one command: 8"));
    }
    let mut addresses: SmallVec<[Address; 2]> = SmallVec::new();
    for (sender, scope) in told {
        if sender.kind == AddressKind::Staff {
            return Err(Rejection::Invalid("namespace: an agent's own address is no customer's"));
        }
        if sender.kind.is_scoped() && !space.config().endpoints.iter().any(|endpoint| endpoint.scope == *scope) {
            return Err(Rejection::Invalid("namespace: no endpoint has that scope"));
        }
        let mut address =
            Address::look_up(space, sender, scope).ok_or(Rejection::Invalid("address: cannot be read"))?;
        let known = address.leaf.map(|leaf| is_shared(space, leaf));
        address.shared = known.unwrap_or_else(|| is_role(space, address.kind, address.text()));
        if addresses.iter().all(|other| other.hash != address.hash) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(Rejection::Invalid("address: is wanted")) } else { Ok(addresses) }
}

/// The customers that the addresses are of, in their order, if they can be one person.
fn roots(space: &Workspace, addresses: &[Address]) -> Result<SmallVec<[RootId; 2]>, Rejection> {
    let mut roots: SmallVec<[RootId; 2]> = SmallVec::new();
    for leaf in addresses.iter().filter_map(|address| address.leaf) {
        let root = space.root_of(leaf);
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    if addresses.len() == 1 {
        return Ok(roots);
    }
    let leaves: SmallVec<[LeafId; 4]> = roots.iter().flat_map(|&root| space.leaves_of(root)).collect();
    if let Some(leaf) = leaves.iter().copied().find(|&leaf| is_shared(space, leaf)) {
        return Err(Rejection::SharedIdentity { leaf });
    }
    if addresses.iter().any(|address| address.shared) {
        return Err(Rejection::Invalid("address: a role's mailbox is used by several people"));
    }
    let opened = addresses.iter().filter(|address| address.leaf.is_none());
    has_room(leaves.len() + opened.clone().count())?;
    for kind in [AddressKind::Crm, AddressKind::Login] {
        let live = leaves.iter().filter_map(|&leaf| space.leaves.get(leaf)).filter(|leaf| !leaf.ended);
        let values = live.filter(|leaf| leaf.kind == kind).count();
        if values + opened.clone().filter(|address| address.kind == kind).count() > 1 {
            return Err(Rejection::TwoValues { kind });
        }
    }
    // Whoever has more than what is named here is somebody whom nobody spoke of: as when an address is linked.
    for &root in roots.iter().skip(1) {
        let named = |leaf: &LeafId| addresses.iter().any(|address| address.leaf == Some(*leaf));
        let more = |leaf: &LeafId| !named(leaf) && space.leaves.get(*leaf).is_some_and(|leaf| !leaf.ended);
        if space.leaves_of(root).iter().any(more) {
            return Err(Rejection::IdentityTaken { customer: root });
        }
    }
    Ok(roots)
}

fn read_name(told: &str) -> Result<Option<Name>, Rejection> {
    let name = told.trim();
    if name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Rejection::Invalid("shown_name: at most 128 characters, none of control"));
    }
    Ok(Some(name).filter(|name| !name.is_empty()).map(Name::from))
}
