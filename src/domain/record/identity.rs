//! Identities in records.

use serde::{Deserialize, Serialize};

use super::Purpose;
use crate::domain::event::{AddressKind, Assurance, Scope};
use crate::domain::id::{LeafId, Name, RootId};

/// A new generation of an identity and its leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityOpened {
    /// The new leaf.
    pub leaf: LeafId,
    /// The customer that it belongs to; the leaf's own number for a new customer.
    pub root: RootId,
    /// Kind of address.
    pub kind: AddressKind,
    /// Scope of the namespace (portfolio, page, account, endpoint of a thread); empty for none.
    pub namespace_scope: Name,
    /// Whether it is a person or a group or public thread.
    pub scope: Scope,
    /// Keyed hash of namespace and normalised address.
    pub hash: u128,
    /// Generation of the address, from 1.
    pub generation: u32,
    /// Version of the function that normalised the address.
    pub normaliser: u16,
    /// VERIFIED or PROVISIONAL.
    pub status: IdentityStatus,
    /// The mark of an address of several people.
    pub shared: bool,
    /// How sure the link to the customer is.
    pub assurance: Assurance,
    /// Who says that it belongs to the customer.
    pub evidence: Evidence,
    /// A leaf of the customer's that it was named with: where that goes at an unmerge, it goes too.
    pub beside: Option<LeafId>,
}

/// Who says that an identity belongs to a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// The customer began with it.
    #[default]
    First,
    /// One event named it together with another of the customer's addresses.
    SameEvent,
    /// An agent said so.
    Agent,
    /// A claim of an endpoint that is trusted with it.
    Claim,
    /// Our signed reply token.
    Token,
    /// A login.
    Login,
}

/// What speaks for two customers being one person, weakest first: of too many suggestions the strongest are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SuggestionReason {
    /// Both use an address that several people use, or that was named with two values of a kind that a person has one of.
    SharedAddress,
    /// Both wrote from one browser, one after the logout of the other.
    SameBrowser,
    /// An address was named for both that may have another owner by now.
    DoubtedAddress,
    /// An endpoint named an address of the other's that it is not trusted with.
    Claim,
    /// The provider says that the one's address is the other's now.
    Moved,
    /// Our signed reply token came back from another address than it was made for.
    Token,
    /// A newer version of the normaliser sees one address where there were two.
    SameAddress,
}

/// How a suggestion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SuggestionEnd {
    /// An agent says that the two are one: they are merged by the same record.
    Accepted,
    /// An agent says that the two are not one: it is never suggested again.
    Rejected,
    /// An agent took two apart that were one: never suggested again, and no evidence merges them without an agent.
    Parted,
    /// A stronger one took its place.
    Displaced,
    /// The two became one by stronger evidence.
    Merged,
    /// One of the two was erased.
    Erased,
    /// Evidence named the first leaf once more with the customer of the other, from whom an agent took it: it joins nobody, but
    /// whoever else is named with that address shares it.
    ClaimedAgain,
}

/// How far an identity is to be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentityStatus {
    /// Has itself written to us with no open doubt.
    Verified,
    /// Only claimed, or doubted.
    #[default]
    Provisional,
}

/// How we know that somebody refuses to be written to, or allows it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OptSource {
    /// A message that consists of such a word.
    Word,
    /// The provider says so.
    Provider,
    /// A message of ours failed because of it.
    Failure,
}

/// An identity is keyed anew, because another version of the normaliser sees its address in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRekeyed {
    /// Its leaf.
    pub leaf: LeafId,
    /// Kind of address now.
    pub kind: AddressKind,
    /// Keyed hash of namespace and normalised address now.
    pub hash: u128,
    /// Generation of that address: it is the current one from now on.
    pub generation: u32,
    /// Version of the function that normalised the address.
    pub normaliser: u16,
}

/// Somebody refuses to be written to, or allows it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptNoted {
    /// The identity.
    pub leaf: LeafId,
    /// For what.
    pub purposes: Vec<Purpose>,
    /// True: refuses.
    pub refused: bool,
    /// How we know.
    pub source: OptSource,
}
