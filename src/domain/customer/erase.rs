//! Erasing a customer: what becomes of the Works, and that the keys of all identities are to be destroyed (design, law 11).
//!
//! One record ends everything at once, also while somebody works on it: open Works are closed with the disposition [`ERASED`], offers
//! are taken back, owners are told. From then on the address's next message begins a new customer, who is not linked to this one. The
//! keys are destroyed by the shell when all outputs before that record are handed over, for they are read again after a crash; then
//! it says so by [`keys_destroyed`].
//!
//! What stays is structure: keyed hashes, ids, times, and refusals to be written to (an opt-out outlives whoever gave it: to forget it
//! would be to write to somebody who asked twice not to be bothered). Provider's ids stay as fingerprints, so a webhook that comes
//! again within its 8 days brings nothing back.

use smallvec::SmallVec;

use super::Suggestion;
use crate::domain::draft::Draft;
use crate::domain::event::Scope;
use crate::domain::id::{AgentId, Index, LeafId, Name, OfferId, RootId, WorkId};
use crate::domain::record::{Change, OfferOutcome, SuggestionEnd, UnassignReason};
use crate::domain::rejection::Rejection;
use crate::domain::routing::fill;
use crate::domain::time::Timestamp;

/// Disposition of Works that end because their customer is erased.
const ERASED: &str = "ERASED";

/// Erases a customer with all identities, ended ones too. Of one who is erased already, nothing.
pub(crate) fn erase(draft: &mut Draft<'_>, id: RootId) -> Result<(), Rejection> {
    let space = draft.space;
    let root = space.resolve_root(id).ok_or(Rejection::UnknownCustomer)?;
    let leaf = |id: &LeafId| space.leaves.get(*id);
    let all = space.leaves_of(root);
    if all.iter().filter_map(leaf).any(|leaf| leaf.scope != Scope::Direct) {
        return Err(Rejection::Invalid("a group or public thread is no customer"));
    }
    let leaves: Vec<LeafId> = all.into_iter().filter(|id| leaf(id).is_some_and(|leaf| !leaf.is_erased())).collect();
    if leaves.is_empty() {
        return Ok(());
    }
    let works: Vec<WorkId> = space.works_of(root).filter(|work| space.works.contains(*work)).collect();
    let (now, erased) = (draft.now, Name::const_new(ERASED));
    let freed: Vec<AgentId> = works.into_iter().flat_map(|work| cut_off(draft, work, erased.clone(), now)).collect();
    for &leaf in &leaves {
        draft.touch(leaf);
    }
    // Whoever else may be this person has room for a suggestion again.
    for Suggestion { one, other, .. } in space.suggestions_of(root) {
        draft.push(Change::SuggestionEnded { one, other, end: SuggestionEnd::Erased });
    }
    draft.push(Change::Erased { root, leaves });
    for agent in freed {
        fill(draft, agent);
    }
    Ok(())
}

/// Ends a Work whoever has it: its customer is gone, or it is no matter. Agents who have room again.
pub(super) fn cut_off(
    draft: &mut Draft<'_>,
    id: WorkId,
    disposition: Name,
    reopen_until: Timestamp,
) -> SmallVec<[AgentId; 2]> {
    let Some(work) = draft.work(id) else { return SmallVec::new() };
    let owner = work.owner;
    let offers: SmallVec<[(OfferId, AgentId); 2]> = work.offers().map(|offer| (offer.id, offer.agent)).collect();
    for (offer, agent) in offers.iter().copied() {
        let outcome = OfferOutcome::Revoked;
        draft.push(Change::OfferEnded { offer, work: id, agent, outcome });
    }
    if let Some(owner) = owner {
        let (agent, reason) = (owner.agent, UnassignReason::Closed);
        draft.push(Change::Unassigned { assignment: owner.assignment, work: id, agent, reason });
    }
    draft.push(Change::WorkClosed { work: id, disposition, reopen_until, canceled: false });
    offers.into_iter().map(|(_, agent)| agent).chain(owner.map(|owner| owner.agent)).collect()
}

/// The keys of an erasure are destroyed. None, when that was said before.
pub(crate) fn keys_destroyed(draft: &mut Draft<'_>, erasure: Index) {
    let Some(leaves) = draft.space.erasures.get(&erasure) else {
        return;
    };
    for &leaf in leaves {
        draft.touch(leaf);
    }
    draft.push(Change::KeyDestroyed { erasure, leaves: leaves.clone() });
}
