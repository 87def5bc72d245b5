//! How the circle of those who may take a waiting Work widens, in records.

use serde::{Deserialize, Serialize};

use crate::domain::id::{Name, WorkId};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Relax;

/// What is left of a time that runs only while a Work is QUEUED.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// How much, milliseconds.
    pub left_ms: u64,
    /// When it runs on, if the Work is QUEUED then.
    pub from: Timestamp,
}

/// Why a Work stands at a step of its plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StepCause {
    /// It has come to the queue.
    #[default]
    Queued,
    /// The clock of the step before has run out.
    Clock,
    /// Nobody who is logged in could have taken it at the steps before.
    NobodyThere,
    /// Another configuration is in force.
    Reconfigured,
    /// It stands where it stood: its queue was closed for a part of the time, or is.
    Closed,
}

/// The step of its plan that a Work stands at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepSet {
    /// The Work.
    pub work: WorkId,
    /// The plan; empty: it has none any more.
    pub plan: Name,
    /// How many steps have been taken; 0: it wants what queue and rule want.
    pub step: u32,
    /// Why.
    pub cause: StepCause,
    /// Queues beside its own whose agents may take it.
    pub queues: Vec<Name>,
    /// Clock of this step; none: it is the last.
    pub clock: Option<Clock>,
}

/// What a Work overflows by next, of what does not come to pass at its arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OverflowSet {
    /// The Work.
    pub work: WorkId,
    /// It overflows when it has been QUEUED in its queue for so long, milliseconds; 0: not by its wait.
    pub after_ms: u64,
    /// What is left of that; none: it does not overflow by its wait.
    pub clock: Option<Clock>,
    /// It overflows when nobody is logged in who could take it.
    pub no_agent: bool,
}

/// Why a Work overflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OverflowCause {
    /// Its queue is too long.
    #[default]
    Length,
    /// It has waited too long.
    Wait,
    /// Nobody is logged in who could take it.
    NoAgent,
    /// It would have to wait too long.
    Estimate,
}

/// A Work overflows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overflowed {
    /// The Work.
    pub work: WorkId,
    /// The queue that it overflows from, or that it was to come to.
    pub queue: Name,
    /// Why.
    pub cause: OverflowCause,
    /// The length, the wait or the estimate (milliseconds) that it came to; 0 of the others.
    pub at: u64,
    /// The queue that it goes to; none: it stays.
    pub to: Option<Name>,
    /// Queues whose agents may take it, too.
    pub queues: Vec<Name>,
    /// What is wanted less.
    pub relax: Relax,
    /// Operators are told.
    pub notify: bool,
}

/// Nobody whom the configuration knows could ever take a Work; or somebody could again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unserved {
    /// The Work.
    pub work: WorkId,
    /// Its queue.
    pub queue: Name,
    /// Nobody could.
    pub unserved: bool,
}
