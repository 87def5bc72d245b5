//! What agents do to take part in a Work that another owns (domain rules, section 7).

use super::content::Content;
use super::id::{AssignmentId, Name, WorkId};
use super::time::Timestamp;

/// What an agent does about who takes part in a Work.
#[derive(Clone, Debug, PartialEq)]
pub enum TakePart {
    /// The owner asks somebody, and stays the owner.
    Consult {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// Name of the agent who is asked.
        agent: Name,
        /// When it ends by itself; none: after a while.
        until: Option<Timestamp>,
        /// What is asked: a note in the Work; none: that is said some other way.
        question: Option<Content>,
    },
    /// The owner has asked what was to be asked.
    EndConsult {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// Name of the agent who was asked.
        agent: Name,
    },
    /// Whoever takes part leaves.
    Leave {
        /// The Work.
        work: WorkId,
    },
}

impl TakePart {
    /// The Work that it is about.
    #[must_use]
    pub fn work(&self) -> WorkId {
        match self {
            Self::Consult { work, .. } | Self::EndConsult { work, .. } | Self::Leave { work } => *work,
        }
    }
}
