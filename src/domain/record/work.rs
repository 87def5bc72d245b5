//! Works, offers and assignments in records.

use serde::{Deserialize, Serialize};

use crate::domain::id::{AgentId, LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::record::{EffortEntry, TakingPart};
use crate::domain::time::Timestamp;

/// A new Work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkOpened {
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// Conversation at that time.
    pub conversation: RootId,
    /// Channel of the endpoint.
    pub channel: Name,
    /// Endpoint that it came by.
    pub endpoint: Name,
    /// Brand of the endpoint.
    pub brand: Name,
    /// Open Works of the Conversation that it is linked to.
    pub linked: Vec<WorkId>,
}

/// Why a Work waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueueCause {
    /// It is new.
    #[default]
    New,
    /// It was reopened.
    Reopened,
    /// Its offer was declined, expired or revoked.
    OfferEnded,
    /// Its owner was silent too long.
    Recalled,
    /// Its owner is gone.
    OwnerLost,
    /// Its owner gave it back.
    Requeued,
    /// Something else is known of its customer, and rules say otherwise now.
    Rerouted,
    /// An agent moved it there from another queue.
    Moved,
    /// Its owner passes it on, and does not wait until somebody takes it.
    Transferred,
    /// It was parked and woke, and its agent was not there.
    Woken,
    /// It overflowed from another queue.
    Overflowed,
    /// A program handed it over to people.
    HandedOver,
}

/// A Work shown to an agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfferMade {
    /// The Work.
    pub work: WorkId,
    /// To whom.
    pub agent: AgentId,
    /// What it reserves of the agent's capacity.
    pub cost: u32,
    /// When it expires.
    pub expires_at: Timestamp,
    /// What the agent sees of it.
    pub brief: WorkBrief,
    /// Who passes it on, or did before nobody owned it.
    pub from: Option<AgentId>,
}

/// What an agent sees of a Work with an offer or an assignment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkBrief {
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// Conversation.
    pub conversation: RootId,
    /// Channel.
    pub channel: Name,
    /// Endpoint.
    pub endpoint: Name,
    /// Brand.
    pub brand: Name,
    /// Queue it waited in.
    pub queue: Name,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when the customer waits for us, if so.
    pub waiting_since: Option<Timestamp>,
    /// Milliseconds the customer has waited in it so far.
    pub waited_ms: u64,
    /// Last message of the customer's.
    pub last_message: MessageId,
    /// Works of the Conversation that it is linked to.
    pub linked: Vec<WorkId>,
    /// What its customer went through in it.
    pub effort: Vec<EffortEntry>,
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OfferOutcome {
    /// The agent took it.
    #[default]
    Accepted,
    /// The agent did not want it.
    Declined,
    /// Nobody answered.
    Expired,
    /// It was taken back.
    Revoked,
}

/// An agent owns a Work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assigned {
    /// The Work.
    pub work: WorkId,
    /// Who.
    pub agent: AgentId,
    /// How it came to be.
    pub cause: AssignCause,
    /// What it costs of the agent's capacity.
    pub cost: u32,
    /// How long it waits for its owner when the owner's session is gone, milliseconds; none: for ever.
    pub grace_ms: Option<u64>,
    /// When the owner is recalled if the customer still waits.
    pub answer_by: Option<Timestamp>,
    /// By how much the agent has more than it has room for then.
    pub overcommit: u32,
    /// Who takes part in it beside the agent.
    pub participants: Vec<TakingPart>,
    /// What the agent sees of it.
    pub brief: WorkBrief,
}

/// How an assignment came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AssignCause {
    /// An accepted offer.
    #[default]
    Offer,
    /// The queue assigns at once.
    Auto,
    /// The agent took it from a queue.
    Claim,
    /// The agent began it.
    Start,
    /// A supervisor gave it.
    Assign,
    /// It was handed over.
    Transfer,
    /// A supervisor took it over.
    Takeover,
}

/// Why an assignment ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UnassignReason {
    /// The Work is closed.
    #[default]
    Closed,
    /// The owner was silent too long.
    Recalled,
    /// The owner is gone.
    OwnerLost,
    /// The owner gave it back.
    Requeued,
    /// The Work was merged into another.
    Merged,
    /// Programs are silent in it from now on: a person is asked.
    Muted,
    /// The owner passed it on.
    Transferred,
    /// The owner was passing it on, and nobody took it in time.
    TransferLapsed,
    /// It woke, and its agent was not READY for too long.
    NotReady,
    /// A supervisor took the Work over.
    TakenOver,
    /// A supervisor gave the Work to another agent.
    Reassigned,
    /// A supervisor put the Work back into its queue.
    ForceRequeued,
    /// A supervisor passed the Work on.
    ForceTransferred,
    /// The owner is a program, and handed it over to people.
    HandedOver,
}

/// Programs are silent in a Work until it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutomationMuted {
    /// Which.
    pub work: WorkId,
    /// Why.
    pub reason: MuteReason,
}

/// Why programs of ours are silent in a Work (domain rules, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MuteReason {
    /// Five of their messages in a row were each answered within three seconds.
    SwiftAnswers,
    /// The customer said the same three times.
    SameText,
    /// They wrote twenty times within ten minutes.
    TooMany,
    /// They had it back from a person twice.
    HandedBack,
    /// A program wrote what is to be answered: it awaits a person.
    Generated,
}

/// Open Works were held against the configuration in force, in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resettled {
    /// The last that was looked at; none: there was none.
    pub through: Option<WorkId>,
    /// Whether others are still to be looked at.
    pub more: bool,
}

/// A Work waits for one agent, so that the customer need not explain again, or no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldSet {
    /// The Work.
    pub work: WorkId,
    /// For whom.
    pub agent: AgentId,
    /// Until when at most; none: no longer.
    pub until: Option<Timestamp>,
}

/// A customer does not answer, and something follows from that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdleSet {
    /// The Work.
    pub work: WorkId,
    /// Its owner.
    pub agent: AgentId,
    /// Since our last word, which times count from.
    pub since: Timestamp,
    /// It costs a fraction now.
    pub lowered: bool,
    /// The customer was asked whether they are there, as far as that was allowed.
    pub nudged: bool,
    /// When something follows; none: nothing more.
    pub at: Option<Timestamp>,
}

/// The owner has finished and notes what there is to note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapUpStarted {
    /// The Work.
    pub work: WorkId,
    /// Its owner.
    pub agent: AgentId,
    /// Until when at most.
    pub until: Timestamp,
    /// What it costs of the owner's capacity.
    pub cost: u32,
    /// Reason the Work ended.
    pub disposition: Name,
}

/// The pair is not matched for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CooledDown {
    /// The Work.
    pub work: WorkId,
    /// The agent.
    pub agent: AgentId,
    /// Whether it is lifted when nobody else is left.
    pub liftable: bool,
    /// From then on it becomes liftable, or is over.
    pub until: Timestamp,
}
