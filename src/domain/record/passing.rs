//! Works that are parked and passed on, in records.

use serde::{Deserialize, Serialize};

use crate::domain::id::{AgentId, LeafId, Name, WorkId};
use crate::domain::time::Timestamp;

/// A Work waits for a time, a message or a fact, and keeps its agent. Which fact is personal content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The Work.
    pub work: WorkId,
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// Its agent.
    pub agent: AgentId,
    /// When it wakes at the latest.
    pub until: Timestamp,
}

/// Why a parked Work wakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WakeCause {
    /// Its time has come.
    #[default]
    Time,
    /// The customer wrote.
    Message,
    /// The fact is known.
    Fact,
    /// Its agent takes it up, or does something else with it.
    Agent,
}

/// A parked Work wakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Woken {
    /// The Work.
    pub work: WorkId,
    /// Its agent.
    pub agent: AgentId,
    /// Why.
    pub cause: WakeCause,
    /// What it costs of the agent's capacity from now on; it may be more than there is.
    pub cost: u32,
    /// When the agent is recalled if the customer still waits.
    pub answer_by: Option<Timestamp>,
    /// The agent is not there: the Work waits for it until then. None: it goes on.
    pub held_until: Option<Timestamp>,
}

/// The owner passes a Work on, and stays its owner until somebody takes it. What the owner notes about it is personal content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transferring {
    /// The Work.
    pub work: WorkId,
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// Its owner.
    pub agent: AgentId,
    /// To whom; none: to whoever takes it from the queue.
    pub to: Option<AgentId>,
    /// The queue that it is of from now on.
    pub queue: Name,
    /// Static key there: due time minus credit, milliseconds.
    pub key: i64,
    /// When its owner is released if nobody has taken it; none: as soon as the offer to the agent expires.
    pub until: Option<Timestamp>,
    /// Its owner has more than it can: it is offered elsewhere, to nobody in particular, and stays with its owner until somebody takes it.
    pub relief: bool,
}

/// How a transfer ended that left the Work with its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TransferOutcome {
    /// The agent whom it was offered did not want it.
    #[default]
    Declined,
    /// The agent left, or cannot have it any more; or the queue is gone.
    Unavailable,
    /// The owner did something else with the Work.
    Withdrawn,
    /// It relieved its owner, who has room again, or whose customer has an answer.
    Relieved,
}

/// A transfer is over, and the Work stays with its owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferEnded {
    /// The Work.
    pub work: WorkId,
    /// Its owner.
    pub agent: AgentId,
    /// How.
    pub outcome: TransferOutcome,
    /// The queue that it is of again.
    pub queue: Name,
}

/// A wrap-up lasts longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrapUpExtended {
    /// The Work.
    pub work: WorkId,
    /// Its owner.
    pub agent: AgentId,
    /// Until when at most.
    pub until: Timestamp,
}

/// What the customer was promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promised {
    /// The Work.
    pub work: WorkId,
    /// Its owner.
    pub agent: AgentId,
    /// Until then the customer hears from us; none: nothing is promised any more.
    pub by: Option<Timestamp>,
}
