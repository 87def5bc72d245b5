//! What agents do with a Work beside answering it: give it back, move it, pass it on (domain rules, sections 7 and 8).

use super::id::{AssignmentId, Name, WorkId};
use super::time::Timestamp;

/// What an agent does with a Work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The owner gives it back to its queue.
    Requeue {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
    },
    /// It goes to another queue: by its owner, or, while it waits, by somebody who serves its queue.
    Move {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under; none: nobody owns it.
        assignment: Option<AssignmentId>,
        /// Where to.
        queue: Name,
        /// However often it was passed on before: a supervisor says so.
        force: bool,
    },
    /// The owner puts it aside until something comes.
    Park {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// When it wakes at the latest.
        until: Timestamp,
        /// Fact of the customer that wakes it, too; empty: none.
        wake_on_fact: Name,
    },
    /// Its agent takes a parked one up again.
    Unpark {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
    },
    /// The owner passes it on, to an agent or a queue.
    Transfer {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// Name of the agent; empty: nobody in particular.
        to: Name,
        /// The queue, or that behind the agent; empty: the Work's.
        queue: Name,
        /// The owner does not wait until somebody takes it.
        cold: bool,
        /// Also if it was passed on more often than the workspace allows: a supervisor says so.
        force: bool,
        /// What the other is to know; may be empty.
        note: String,
    },
    /// The owner takes a transfer back.
    TakeBack {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
    },
    /// An agent takes one that waits in a queue that it serves.
    Claim {
        /// The Work.
        work: WorkId,
    },
    /// The owner needs longer to finish notes.
    ExtendWrapUp {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// By how much, milliseconds; none: by as much as its queue allows.
        by_ms: Option<u64>,
    },
    /// The owner notes what the customer was promised.
    Promise {
        /// The Work.
        work: WorkId,
        /// The assignment it is done under.
        assignment: AssignmentId,
        /// Until then the customer hears from us; none: nothing is promised any more.
        by: Option<Timestamp>,
    },
}
