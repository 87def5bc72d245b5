//! Agents who take part in a Work that another owns, in records.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::WorkBrief;
use crate::domain::id::{AgentId, AssignmentId, MessageId, WorkId};
use crate::domain::time::Timestamp;

/// As what an agent takes part in a Work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Its owner asks: sees what is said, and talks to the owner by notes.
    #[default]
    Consultant,
    /// A supervisor who speaks to the customer, too, and of whom the customer was told.
    Barged,
}

/// An agent takes part in a Work. The change's number is the fence of what it says to the customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParticipantJoined {
    /// The Work.
    pub work: WorkId,
    /// Who.
    pub agent: AgentId,
    /// As what.
    pub role: Role,
    /// The assignment of the owner who asks: with it the consult ends; none: nobody asked.
    pub asked_under: Option<AssignmentId>,
    /// When it ends; none: with the Work.
    pub until: Option<Timestamp>,
    /// The notice that told the customer; none: it was told of somebody not long before, or is not.
    pub notice: Option<MessageId>,
    /// Others who are told: who owns the Work or takes part in it.
    pub audience: SmallVec<[AgentId; 2]>,
    /// What the agent sees of it.
    pub brief: WorkBrief,
}

/// Who takes part in a Work that is somebody's from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakingPart {
    /// Who.
    pub agent: AgentId,
    /// As what.
    pub role: Role,
    /// Number of the change by which it joined.
    pub id: AssignmentId,
    /// When it ends; none: with the Work.
    pub until: Option<Timestamp>,
}

/// Who takes part in a Work is told who owns it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerTold {
    /// The Work.
    pub work: WorkId,
    /// Its new owner, with the assignment; none: it has no owner any more.
    pub owner: Option<(AssignmentId, AgentId)>,
    /// Who are told.
    pub audience: SmallVec<[AgentId; 2]>,
}

/// Why an agent takes part in a Work no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LeaveReason {
    /// It left.
    #[default]
    Left,
    /// The owner has asked what was to be asked.
    Ended,
    /// Its time was over.
    Lapsed,
    /// Its session is over.
    Gone,
    /// Whoever asked is the owner no longer.
    OwnerChanged,
    /// The Work is over, or part of another.
    Closed,
    /// It owns the Work now.
    Owns,
}

/// An agent takes part in a Work no longer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParticipantLeft {
    /// The Work.
    pub work: WorkId,
    /// Who.
    pub agent: AgentId,
    /// Why.
    pub reason: LeaveReason,
    /// Others who are told.
    pub audience: SmallVec<[AgentId; 2]>,
}
