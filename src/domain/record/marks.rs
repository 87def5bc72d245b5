//! What agents note beside what is said, in records: summaries, tags, priorities. Words are personal content of the leaf.

use smallvec::SmallVec;

use crate::domain::id::{AgentId, LeafId, Name, WorkId};

/// A summary is another, or gone. What it says is personal content; empty: there is none any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummarySet {
    /// Of this Work; none: of the customer.
    pub work: Option<WorkId>,
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// Agents who are told.
    pub audience: SmallVec<[AgentId; 2]>,
}

/// Tags came or went. Which is personal content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tagged {
    /// Of this Work; none: of the customer.
    pub work: Option<WorkId>,
    /// Leaf that they are filed under.
    pub leaf: LeafId,
    /// Agents who are told.
    pub audience: SmallVec<[AgentId; 2]>,
}

/// An agent made a Work due earlier. Why is personal content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriorityGiven {
    /// The Work.
    pub work: WorkId,
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// By how much, milliseconds; 0: by nothing any more.
    pub ms: u64,
    /// Agents who are told.
    pub audience: SmallVec<[AgentId; 2]>,
}

/// Which tags of a [`Tagged`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// It has these from now on.
    pub added: Vec<Name>,
    /// It has these no longer.
    pub removed: Vec<Name>,
}

/// What an agent is shown of a Work that others noted: with an [`OfferMade`](super::OfferMade) and an [`Assigned`](super::Assigned).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// The summary; empty: none.
    pub summary: String,
    /// Tags, in order.
    pub tags: Vec<Name>,
}
