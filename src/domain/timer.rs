//! Deadlines of the state. They fire in (deadline, timer) order, between commands (design, law 14).

use super::id::{AgentId, LeafId, WorkId};

/// What a deadline is for. A timer whose reason has gone is without effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Nobody answered the open offer of a Work.
    OfferExpiry(WorkId),
    /// Wrap-up has lasted long enough.
    WrapUpEnd(WorkId),
    /// A cool-down may be lifted, or is over.
    CooldownEnd(WorkId, AgentId),
    /// The owner was silent too long, or programs that have had the Work by turns.
    Recall(WorkId),
    /// Open offers of an agent without connection wait no longer.
    OffersGrace(AgentId),
    /// A Work waits no longer for its owner without connection.
    WorkGrace(WorkId),
    /// The session of an agent without connection is over.
    SessionGrace(AgentId),
    /// More is to be matched for an agent than one record held.
    Match(AgentId),
    /// The parts of a text that are not there are waited for no longer.
    PartsDue(LeafId, u64),
    /// The block of an identity is over.
    BlockEnd(LeafId),
    /// Hours of the configuration, by their place there, open or close.
    HoursTurn(u16),
    /// Works are to be looked at because another configuration is in force.
    Resettle,
    /// The clock of a step has run out.
    Step(WorkId),
    /// A Work has waited for so long that it overflows.
    Overflow(WorkId),
    /// Nobody is logged in who could take Works that wait: they go a step further, or overflow.
    Skip,
    /// A parked Work wakes, or has waited long enough for its agent.
    WakeUp(WorkId),
    /// A new Work has waited long enough for facts.
    FactsDue(WorkId),
    /// A Notice to the customer of a Work is due.
    Notice(WorkId),
    /// An owner who passes a Work on has waited long enough for somebody to take it.
    TransferEnd(WorkId),
    /// An agent was asked about a Work for long enough.
    ConsultEnd(WorkId, AgentId),
    /// An agent has had more than it can for long enough.
    Relief(AgentId),
    /// A customer has not answered for so long that something follows.
    Idle(WorkId),
    /// A Work was held for an agent for as long as it may.
    HoldEnd(WorkId),
}
