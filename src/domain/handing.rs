//! What owners pass between programs and people (domain rules, sections 3 and 7).

use super::command::FactTold;
use super::id::{AssignmentId, Name, WorkId};
use super::record::Briefing;

/// What an owner wants passed to the other kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hand {
    /// A program hands its Work over to people.
    Over {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// The queue; empty: the Work's, or where the rules lead with the facts.
        queue: Name,
        /// What whoever takes it is to know.
        briefing: Briefing,
        /// What the program has learned of the customer.
        facts: Vec<FactTold>,
    },
    /// A person hands a Work back to programs.
    Back {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// Name of the program; empty: any that serves the queue.
        to: Name,
        /// The queue; empty: the Work's.
        queue: Name,
        /// What the program is to know; may be empty.
        note: String,
    },
}

impl Hand {
    /// The Work that it is about.
    #[must_use]
    pub fn work(&self) -> WorkId {
        match self {
            Self::Over { work, .. } | Self::Back { work, .. } => *work,
        }
    }
}
