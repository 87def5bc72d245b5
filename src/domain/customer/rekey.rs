//! Identities are keyed anew when the normaliser's version rises (domain rules, section 4): by records of their own, before anything
//! is looked up by the new version.
//!
//! Only the current generation of an address decides who it is; the generations before it go with it. Whoever turns out to have the
//! address of somebody else is not merged: the two are suggested to be one, and from now on the address is the one's who was heard
//! last, or the one's that is SHARED; what the others refused from it is refused there, and if they were blocked it is blocked. The
//! address of somebody who was erased is not known, so it stays as it was: whoever writes from it, spelled so that the versions
//! differ, is new.

use std::collections::{BTreeMap, BTreeSet};

use super::{Leaf, address_hash, suggest};
use crate::domain::delivery::carry_refusals;
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Scope, Sender};
use crate::domain::id::{LeafId, Name};
use crate::domain::record::{Change, IdentityRekeyed, PersonalValue, SuggestionReason};

/// A version of [`normalise`](super::normalise).
pub type Normaliser = fn(&Sender, Option<&str>) -> Option<(AddressKind, Name)>;

/// Leaves that one record looks at: about two milliseconds.
const LOOKED_AT: u32 = 2_048;
/// Leaves that one record keys anew: each may name another one and a suggestion, and carry what was refused.
const REKEYED: usize = 64;

/// What this record has keyed so far: what the state does not know yet.
#[derive(Default)]
struct Batch {
    /// Who has each address now, with its generation.
    current: BTreeMap<u128, (LeafId, u32)>,
    /// Who had each address that several turned out to have.
    had: BTreeMap<u128, BTreeSet<LeafId>>,
    moved: BTreeMap<LeafId, u128>,
}

/// Keys the next leaves by this version. Nothing, when none is behind.
pub(crate) fn rekey(draft: &mut Draft<'_>, version: u16, normalise: Normaliser) {
    let behind = draft.space.behind(version);
    if behind.is_empty() {
        return;
    }
    let end = behind.end.min(behind.start.saturating_add(LOOKED_AT));
    let mut batch = Batch::default();
    let mut leaves = behind.start;
    for id in (behind.start..end).map(LeafId) {
        if batch.moved.len() >= REKEYED {
            break;
        }
        leaves = id.0 + 1;
        one(draft, &mut batch, id, version, normalise);
    }
    draft.push(Change::RekeyedTo { normaliser: version, leaves });
}

fn one(draft: &mut Draft<'_>, batch: &mut Batch, id: LeafId, version: u16, normalise: Normaliser) {
    let space = draft.space;
    let Some(leaf) = space.leaves.get(id).filter(|leaf| leaf.scope == Scope::Direct) else { return };
    let Some(address) = leaf.address.as_ref().filter(|_| space.leaves.find(leaf.hash()) == Some(id)) else { return };
    let sender = Sender { kind: leaf.kind, address: address.to_string() };
    // What the new version takes for no address stays as it is: it has been written to.
    let Some((kind, text)) = normalise(&sender, space.config().default_country.as_deref()) else { return };
    let hash = address_hash(space.hash_key(), kind, space.names.get(leaf.namespace_scope), &text);
    if hash == leaf.hash() && kind == leaf.kind && text == *address {
        return;
    }
    let holder = holder(draft, batch, id, hash);
    let generation = holder.map_or(leaf.generation, |(_, of)| leaf.generation.max(of).saturating_add(1));
    put(draft, batch, id, (kind, text.clone(), hash), (generation, version));
    let Some((other, found)) = holder.and_then(|(other, _)| Some((other, space.leaves.get(other)?))) else { return };
    let stays = goes_before(&found, &leaf);
    if stays {
        put(draft, batch, other, (kind, text, hash), (generation.saturating_add(1), version));
    }
    let had = batch.had.entry(hash).or_default();
    had.extend([id, other]);
    if stays {
        carry_refusals(draft, id, other);
    } else {
        had.iter().filter(|&&before| before != id).for_each(|&before| carry_refusals(draft, before, id));
    }
    if !leaf.ended && !found.ended {
        suggest(draft, id, other, SuggestionReason::SameAddress);
    }
}

/// Who else has the address, and in which generation.
fn holder(draft: &Draft<'_>, batch: &Batch, id: LeafId, hash: u128) -> Option<(LeafId, u32)> {
    let known = batch.current.get(&hash).copied().or_else(|| {
        let found = draft.space.leaves.find(hash)?;
        let stays = batch.moved.get(&found).is_none_or(|to| *to == hash);
        Some((found, draft.space.leaves.get(found)?.generation)).filter(|_| stays)
    });
    known.filter(|(other, _)| *other != id)
}

/// Whether of two who have one address it is the first one's from now on.
fn goes_before(one: &Leaf, other: &Leaf) -> bool {
    (!one.ended, one.shared, one.last()) > (!other.ended, other.shared, other.last())
}

fn put(
    draft: &mut Draft<'_>,
    batch: &mut Batch,
    leaf: LeafId,
    (kind, text, hash): (AddressKind, Name, u128),
    (generation, normaliser): (u32, u16),
) {
    // An erased one has no address to lose.
    let erased = draft.space.leaves.get(leaf).is_some_and(|leaf| leaf.is_erased());
    if !erased {
        draft.with_content(leaf, PersonalValue::Address(text));
    }
    batch.current.insert(hash, (leaf, generation));
    batch.moved.insert(leaf, hash);
    draft.push(Change::IdentityRekeyed(IdentityRekeyed { leaf, kind, hash, generation, normaliser }));
}
