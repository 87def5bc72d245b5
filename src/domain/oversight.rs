//! What supervisors do with agents, and with Works that others have (domain rules, sections 7 and 8).

use super::content::Content;
use super::id::{AssignmentId, Name, WorkId};
use super::record::Presence;

/// What a supervisor does. Who is one is decided at the edge, by the role of a token: the core takes the word of whoever asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Oversight {
    /// Changes presence and channels of another agent.
    Presence {
        /// Whose.
        agent: Name,
        /// Presence wanted.
        presence: Presence,
        /// Reason, with AWAY.
        reason: Name,
        /// Channels; empty: all of the profile.
        channels: Vec<Name>,
    },
    /// Ends the session of another agent.
    EndSession {
        /// Whose.
        agent: Name,
    },
    /// Takes a Work from its owner, back to its queue with its place.
    Requeue {
        /// The Work.
        work: WorkId,
        /// Its assignment as the supervisor knows it.
        assignment: AssignmentId,
    },
    /// Passes a Work on in its owner's stead, without waiting until somebody takes it.
    Transfer {
        /// The Work.
        work: WorkId,
        /// Its assignment as the supervisor knows it.
        assignment: AssignmentId,
        /// Name of the agent; empty: nobody in particular.
        to: Name,
        /// The queue, or that behind the agent; empty: the Work's.
        queue: Name,
        /// What the other is to know; may be empty.
        note: String,
    },
    /// Gives a Work to an agent, whoever has it.
    Assign {
        /// The Work.
        work: WorkId,
        /// Its assignment as the supervisor knows it; none: nobody owns it.
        assignment: Option<AssignmentId>,
        /// Name of the agent.
        to: Name,
        /// Also where that is more than the agent has room for.
        over_capacity: bool,
        /// What the agent is to know; may be empty.
        note: String,
    },
    /// Takes a Work over: it is the supervisor's own.
    TakeOver {
        /// The Work.
        work: WorkId,
        /// Its assignment as the supervisor knows it; none: nobody owns it.
        assignment: Option<AssignmentId>,
        /// Also where that is more than the supervisor has room for.
        over_capacity: bool,
    },
    /// Joins a Work that somebody owns, and may speak to its customer.
    BargeIn {
        /// The Work.
        work: WorkId,
        /// What the customer is told of it before.
        notice: Content,
    },
}

impl Oversight {
    /// The Work that it is about; none: it is about an agent.
    #[must_use]
    pub fn work(&self) -> Option<WorkId> {
        match self {
            Self::Presence { .. } | Self::EndSession { .. } => None,
            Self::Requeue { work, .. }
            | Self::Transfer { work, .. }
            | Self::Assign { work, .. }
            | Self::TakeOver { work, .. }
            | Self::BargeIn { work, .. } => Some(*work),
        }
    }
}
