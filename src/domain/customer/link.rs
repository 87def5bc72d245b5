//! An agent says whose an address is (domain rules, section 4).
//!
//! An address that nobody has becomes the customer's, PROVISIONAL until it writes. One that is all another customer has brings that
//! customer along: linking it is merging the two, and can be undone as a merge. One of a customer who has others is refused: taking
//! it would break what bound it there, and merging would join what nobody spoke of. Whoever asks says which: merge, or unlink first.

use super::end_between;
use super::merge::{has_room, has_value, is_shared, join, may_be_one};
use super::resolve::{Address, Opening, open_beside};
use super::shared::is_role;
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, Sender};
use crate::domain::id::{LeafId, RootId};
use crate::domain::record::{Change, Evidence, SuggestionEnd};
use crate::domain::rejection::Rejection;

/// Links an address to a customer.
pub(crate) fn link(draft: &mut Draft<'_>, id: RootId, sender: &Sender, scope: &str) -> Result<(), Rejection> {
    let space = draft.space;
    let customer = space.resolve_root(id).ok_or(Rejection::UnknownCustomer)?;
    if sender.kind == AddressKind::Staff {
        return Err(Rejection::Invalid("namespace: an agent's own address is no customer's"));
    }
    if sender.kind.is_scoped() && !space.config().endpoints.iter().any(|endpoint| endpoint.scope == scope) {
        return Err(Rejection::Invalid("namespace: no endpoint has that scope"));
    }
    let leaves = space.leaves_of(customer);
    if let Some(leaf) = leaves.iter().copied().find(|&leaf| is_shared(space, leaf)) {
        return Err(Rejection::SharedIdentity { leaf });
    }
    let address = Address::look_up(space, sender, scope).ok_or(Rejection::Invalid("address: cannot be read"))?;
    if address.shared || is_role(space, address.kind, address.text()) {
        return Err(Rejection::Invalid("address: several people use it"));
    }
    let Some(leaf) = address.leaf else {
        let single = matches!(address.kind, AddressKind::Crm | AddressKind::Login);
        if single && has_value(space, &leaves, address.kind) {
            return Err(Rejection::TwoValues { kind: address.kind });
        }
        has_room(leaves.len() + 1)?;
        let opening = Opening { assurance: Assurance::Claimed, wrote: false, evidence: Evidence::Agent };
        // It goes with the leaf that the customer was named by.
        open_beside(draft, address, Some(customer), opening, Some(LeafId(id.0)));
        return Ok(());
    };
    let other = space.root_of(leaf);
    may_be_one(space, customer, other)?;
    let more = |&other: &LeafId| other != leaf && space.leaves.get(other).is_some_and(|leaf| !leaf.ended);
    if space.leaves_of(other).iter().any(more) {
        return Err(Rejection::IdentityTaken { customer: other });
    }
    let (winner, loser) = (customer.min(other), customer.max(other));
    end_between(draft, &[winner, loser], SuggestionEnd::Accepted);
    join(draft, winner, loser, Evidence::Agent);
    Ok(())
}

/// An agent decides a suggestion: the two are one person, or they are not.
pub(crate) fn decide_suggestion(
    draft: &mut Draft<'_>,
    one: LeafId,
    other: LeafId,
    is_one: bool,
) -> Result<(), Rejection> {
    let space = draft.space;
    let root = |leaf: LeafId| space.leaves.get(leaf).map(|leaf| leaf.root).ok_or(Rejection::UnknownIdentity);
    let (ours, theirs) = (root(one)?, root(other)?);
    let open = space.suggestions_of(ours).find(|known| space.root_of(known.other) == theirs);
    let suggestion = open.ok_or(Rejection::UnknownSuggestion)?;
    if !is_one {
        let (one, other) = (suggestion.one, suggestion.other);
        draft.push(Change::SuggestionEnded { one, other, end: SuggestionEnd::Rejected });
        return Ok(());
    }
    may_be_one(space, ours, theirs)?;
    let (winner, loser) = (ours.min(theirs), ours.max(theirs));
    end_between(draft, &[winner, loser], SuggestionEnd::Accepted);
    join(draft, winner, loser, Evidence::Agent);
    Ok(())
}
