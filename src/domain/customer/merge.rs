//! Two customers are one person (domain rules, section 4): their leaves are joined by one record, and nothing moves.
//!
//! Works that are open and messages in flight on either side go on as they are; a merge joins no Works. Whoever has one of them is
//! told. The older id stays (see [`super::joined`]).

use smallvec::SmallVec;

use super::end_between;
use crate::domain::draft::Draft;
use crate::domain::event::AddressKind;
use crate::domain::id::{AgentId, LeafId, RootId, WorkId};
use crate::domain::record::{Change, Evidence, SuggestionEnd};
use crate::domain::rejection::Rejection;
use crate::domain::workspace::Workspace;

/// Identities of a customer at most: a page of history follows so many.
const MAX_IDENTITIES: usize = 256;

/// An agent says that two customers are one person.
pub(crate) fn merge(draft: &mut Draft<'_>, one: RootId, other: RootId) -> Result<(), Rejection> {
    let find = |id| draft.space.resolve_root(id).ok_or(Rejection::UnknownCustomer);
    let (one, other) = (find(one)?, find(other)?);
    may_be_one(draft.space, one, other)?;
    end_between(draft, &[one.min(other), one.max(other)], SuggestionEnd::Accepted);
    join(draft, one.min(other), one.max(other), Evidence::Agent);
    Ok(())
}

/// Whether two customers can be one person, as far as their addresses tell.
pub(super) fn may_be_one(space: &Workspace, one: RootId, other: RootId) -> Result<(), Rejection> {
    if one == other {
        return Err(Rejection::SameCustomer { customer: one });
    }
    let (ours, theirs) = (space.leaves_of(one), space.leaves_of(other));
    has_room(ours.len() + theirs.len())?;
    if let Some(leaf) = ours.iter().chain(&theirs).copied().find(|&leaf| is_shared(space, leaf)) {
        return Err(Rejection::SharedIdentity { leaf });
    }
    let two = [AddressKind::Crm, AddressKind::Login]
        .into_iter()
        .find(|&kind| has_value(space, &ours, kind) && has_value(space, &theirs, kind));
    two.map_or(Ok(()), |kind| Err(Rejection::TwoValues { kind }))
}

/// Whether a customer may have so many identities.
pub(super) fn has_room(identities: usize) -> Result<(), Rejection> {
    if identities > MAX_IDENTITIES { Err(Rejection::Limit("identities of a customer: 256")) } else { Ok(()) }
}

/// Whether several people use the address now. One that has changed hands since was one person's when its words were said.
pub(super) fn is_shared(space: &Workspace, leaf: LeafId) -> bool {
    space.leaves.get(leaf).is_some_and(|leaf| leaf.shared && !leaf.ended)
}

/// Whether one of the leaves is an address of that kind, of which a person has one. Links that have ended do not count.
pub(super) fn has_value(space: &Workspace, leaves: &[LeafId], kind: AddressKind) -> bool {
    leaves.iter().filter_map(|&leaf| space.leaves.get(leaf)).any(|leaf| leaf.kind == kind && !leaf.ended)
}

/// Joins two customers; the owners of their Works are told.
pub(super) fn join(draft: &mut Draft<'_>, winner: RootId, loser: RootId, evidence: Evidence) {
    let leaves = draft.space.leaves_of(loser).to_vec();
    for &leaf in &leaves {
        draft.touch(leaf);
    }
    let works: SmallVec<[WorkId; 4]> =
        [winner, loser].into_iter().flat_map(|root| draft.space.works_of(root)).collect();
    draft.push(Change::Merged { winner, loser, leaves, evidence });
    for work in works {
        tell(draft, work, None);
    }
}

/// Tells whoever owns a Work, or is offered it, that its customer is not what it was.
pub(super) fn tell(draft: &mut Draft<'_>, id: WorkId, split: Option<WorkId>) {
    let Some(work) = draft.work(id) else { return };
    let owner = work.owner.map(|owner| owner.agent).into_iter();
    let holders: SmallVec<[AgentId; 2]> = owner.chain(work.offers().map(|offer| offer.agent)).collect();
    let conversation = draft.root_of(work.leaf);
    for agent in holders {
        draft.push(Change::CustomerChanged { work: id, agent, conversation, split });
    }
}
