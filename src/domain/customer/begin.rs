//! The identity of an address that we write to first (domain rules, section 8): whoever has it, or a new generation with a customer of
//! its own, PROVISIONAL until its person answers.

use super::resolve::{Address, Opening, open};
use super::shared::is_role;
use super::suggestion::suggest;
use crate::domain::delivery::carry_refusals;
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, Sender};
use crate::domain::id::{LeafId, Name};
use crate::domain::record::{Evidence, SuggestionReason};
use crate::domain::rejection::Rejection;

/// An address that is written to.
#[derive(Debug)]
pub(crate) struct Addressed {
    address: Address,
    /// Whose it is now; none: nobody's.
    pub(crate) leaf: Option<LeafId>,
    /// Of which generation it was last, if it was: a refusal and a block outlive that.
    pub(crate) before: Option<LeafId>,
    /// Several people use it.
    pub(crate) shared: bool,
}

impl Addressed {
    /// Kind of the address, and the scope of its namespace.
    pub(crate) fn kind(&self) -> (AddressKind, &Name) {
        (self.address.kind, &self.address.scope)
    }

    /// The address and its keyed hash.
    pub(crate) fn text(&self) -> (&Name, u128) {
        (&self.address.text, self.address.hash)
    }
}

/// Looks up who has an address, as an adapter could write it.
pub(crate) fn addressed(draft: &Draft<'_>, sender: &Sender, scope: &str) -> Result<Addressed, Rejection> {
    let space = draft.space;
    if sender.kind == AddressKind::Staff {
        return Err(Rejection::Invalid("namespace: an agent's own address is no customer's"));
    }
    let mut address = Address::look_up(space, sender, scope).ok_or(Rejection::Invalid("address: cannot be read"))?;
    if sender.kind == AddressKind::Phone && address.kind != AddressKind::Phone {
        // What it answers with would be another number.
        return Err(Rejection::Invalid("address: a number with its country code is wanted"));
    }
    let before = space.leaves.find(address.hash);
    // Who has a number now that was silent for so long is not known: it begins anew.
    let silent =
        address.leaf.and_then(|leaf| space.leaves.get(leaf)).is_some_and(|leaf| leaf.may_be_anothers(draft.now));
    let leaf = address.leaf.filter(|_| !silent);
    let known = address.leaf.and_then(|leaf| space.leaves.get(leaf));
    address.shared |= match known {
        Some(leaf) => leaf.shared,
        None => address.was_shared(space) || is_role(space, address.kind, address.text()),
    };
    Ok(Addressed { leaf, before, shared: address.shared, address })
}

/// Opens the next generation of an address that nobody has, or surely has.
pub(crate) fn open_addressed(draft: &mut Draft<'_>, addressed: Addressed) -> LeafId {
    let Addressed { mut address, before, .. } = addressed;
    let doubted = address.leaf.is_some() || address.is_given_up();
    let former = before.filter(|_| doubted);
    address.pass_on(draft);
    let opening = Opening { assurance: Assurance::Claimed, wrote: false, evidence: Evidence::Agent };
    let leaf = open(draft, address, None, opening);
    if let Some(former) = former {
        suggest(draft, leaf, former, SuggestionReason::DoubtedAddress);
        carry_refusals(draft, former, leaf);
    }
    leaf
}
