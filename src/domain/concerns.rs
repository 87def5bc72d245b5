//! Whom a change concerns: the one Work and the one agent whose state it moves, and the leaf that it is filed under.

use super::id::{AgentId, LeafId, WorkId};
use super::record::{
    Change, CooledDown, HoldSet, IdentityRekeyed, IdleSet, OptNoted, Overcommitted, PartsJoined, PresenceSet, Promised,
    SessionLost, SummarySet, Tagged, ThroughParked, TransferEnded, Woken, WrapUpExtended, WrapUpStarted,
};

/// What a change moves.
#[derive(Clone, Copy, Debug, Default)]
struct Concerned {
    work: Option<WorkId>,
    agent: Option<AgentId>,
    /// The leaf that it names by itself. That of a Work comes with the Work.
    leaf: Option<LeafId>,
}

impl Concerned {
    fn work(work: WorkId) -> Self {
        Self { work: Some(work), ..Self::default() }
    }

    fn agent(agent: AgentId) -> Self {
        Self { agent: Some(agent), ..Self::default() }
    }

    fn leaf(leaf: LeafId) -> Self {
        Self { leaf: Some(leaf), ..Self::default() }
    }

    fn of(self, agent: AgentId) -> Self {
        Self { agent: Some(agent), ..self }
    }
}

impl Change {
    /// The Work that it moves.
    pub(crate) fn work(&self) -> Option<WorkId> {
        self.concerned().work
    }

    /// The agent whom it moves.
    pub(crate) fn agent(&self) -> Option<AgentId> {
        self.concerned().agent
    }

    /// The leaf that it names by itself. That of a Work comes with the Work.
    pub(crate) fn leaf(&self) -> Option<LeafId> {
        self.concerned().leaf
    }

    #[inline]
    fn concerned(&self) -> Concerned {
        match self {
            // Who wrote a message is not moved by it: sending copies nothing of an agent with hundreds of Works.
            Self::MessageStored(message) => Concerned { work: message.work, ..Concerned::leaf(message.leaf) },
            Self::Restored { work, leaf, .. } => Concerned { work: Some(*work), ..Concerned::leaf(*leaf) },
            Self::WorkReopened { work, leaf } => Concerned { work: Some(*work), ..Concerned::leaf(*leaf) },
            Self::WorkQueued { work, .. }
            | Self::CooledDown(CooledDown { work, .. })
            | Self::CooldownEnded { work, .. }
            | Self::WorkClosed { work, .. }
            | Self::WorkJoined { work, .. }
            | Self::CustomerLeft { work }
            | Self::IdleSet(IdleSet { work, .. })
            | Self::HoldSet(HoldSet { work, .. })
            | Self::WorkRekeyed { work, .. }
            | Self::SeenMarked { work, .. } => Concerned::work(*work),
            // The Work may be over by then.
            Self::EffortNoted(noted) => Concerned::work(noted.work),
            Self::AnswerCounted(counted) => Concerned::work(counted.work),
            Self::OfferEnded { work, agent, .. }
            | Self::Unassigned { work, agent, .. }
            | Self::WrapUpStarted(WrapUpStarted { work, agent, .. })
            | Self::Woken(Woken { work, agent, .. })
            | Self::TransferEnded(TransferEnded { work, agent, .. })
            | Self::WrapUpExtended(WrapUpExtended { work, agent, .. })
            | Self::Promised(Promised { work, agent, .. })
            | Self::WrapUpLeft { work, agent, .. }
            | Self::CostChanged { work, agent, .. } => Concerned::work(*work).of(*agent),
            Self::Routed(routed) => Concerned { work: Some(routed.work), ..Concerned::leaf(routed.leaf) },
            Self::Transferring(change) => {
                let (work, agent) = (Some(change.work), Some(change.agent));
                Concerned { work, agent, ..Concerned::leaf(change.leaf) }
            }
            Self::Parked(parked) => Concerned {
                work: Some(parked.work),
                agent: Some(parked.agent),
                ..Concerned::leaf(parked.leaf)
            },
            Self::ParticipantJoined(joined) => {
                Concerned { leaf: Some(joined.brief.leaf), ..Concerned::work(joined.work).of(joined.agent) }
            }
            Self::HandedToPeople(handed) => {
                Concerned { leaf: Some(handed.leaf), ..Concerned::work(handed.work) }
            }
            Self::HandedBack(handed) => Concerned::work(handed.work),
            Self::HandBackEnded(ended) => Concerned::work(ended.work),
            Self::BotsDue(due) => Concerned::work(due.work),
            Self::OwnerTold(told) => Concerned::work(told.work),
            Self::ParticipantLeft(left) => Concerned::work(left.work).of(left.agent),
            Self::EnrichmentSet(set) => Concerned::work(set.work),
            Self::NoticeSet(set) => Concerned::work(set.work),
            Self::NoticeSent(sent) => Concerned::work(sent.work),
            Self::StepSet(set) => Concerned::work(set.work),
            Self::OverflowSet(set) => Concerned::work(set.work),
            Self::Overflowed(overflowed) => Concerned::work(overflowed.work),
            Self::Unserved(unserved) => Concerned::work(unserved.work),
            Self::SummarySet(SummarySet { work, leaf, .. }) | Self::Tagged(Tagged { work, leaf, .. }) => {
                Concerned { work: *work, ..Concerned::leaf(*leaf) }
            }
            Self::PriorityGiven(given) => Concerned { work: Some(given.work), ..Concerned::leaf(given.leaf) },
            Self::Required(required) => Concerned::work(required.work),
            Self::AutomationMuted(muted) => Concerned::work(muted.work),
            // What whoever passed it on noted stands with them.
            Self::OfferMade(offer) => {
                Concerned { leaf: Some(offer.brief.leaf), ..Concerned::work(offer.work).of(offer.agent) }
            }
            Self::Assigned(assigned) => {
                Concerned { leaf: Some(assigned.brief.leaf), ..Concerned::work(assigned.work).of(assigned.agent) }
            }
            Self::SessionOpened { agent, .. }
            | Self::SessionLost(SessionLost { agent, .. })
            | Self::SessionEnded { agent, .. }
            | Self::PresenceSet(PresenceSet { agent, .. })
            | Self::Overcommitted(Overcommitted { agent, .. })
            | Self::MatchDeferred { agent, .. } => Concerned::agent(*agent),
            Self::IdentityMarked { leaf, .. }
            | Self::OptNoted(OptNoted { leaf, .. })
            | Self::LinkEnded { leaf, .. }
            | Self::Linked { leaf, .. }
            | Self::Heard { leaf }
            | Self::BodiesNamed { leaf, .. }
            | Self::IdentityRekeyed(IdentityRekeyed { leaf, .. })
            | Self::Named { leaf, .. }
            | Self::FactsSet { leaf }
            // An agent may ask for a fact of a Work that is nobody's: it moves nothing there.
            | Self::FactAsked { leaf, .. }
            | Self::Upserted { leaf, .. }
            | Self::Blocked { leaf, .. }
            | Self::Unblocked { leaf }
            | Self::SpamMarked { leaf, .. }
            | Self::SpamCleared { leaf, .. }
            | Self::Quarantined { leaf, .. }
            | Self::QuarantineLifted { leaf }
            | Self::AlsoReceived { leaf, .. }
            | Self::PartsJoined(PartsJoined { leaf, .. })
            | Self::ThroughParked(ThroughParked { leaf, .. }) => Concerned::leaf(*leaf),
            Self::Suggested { one, .. } | Self::SuggestionEnded { one, .. } => Concerned::leaf(*one),
            Self::PartHeld(part) => Concerned::leaf(part.leaf),
            Self::IdentityOpened(opened) => Concerned::leaf(opened.leaf),
            Self::ReceiptNoted(receipt) => Concerned::leaf(receipt.leaf),
            Self::WorkOpened(opened) => Concerned::leaf(opened.leaf),
            Self::WorkspaceOpened { .. }
            | Self::ConfigApplied { .. }
            | Self::HoursTurned(_)
            | Self::Resettled(_)
            | Self::StreamBound { .. }
            | Self::InputBroken { .. }
            | Self::InputResumed { .. }
            | Self::InputGap { .. }
            | Self::Progress { .. }
            | Self::DeadLettered { .. }
            | Self::HandedOver { .. }
            | Self::Resumed { .. }
            | Self::AccountNoted { .. }
            | Self::ReplyKeyMade { .. }
            | Self::RekeyedTo { .. }
            | Self::Merged { .. }
            | Self::Erased { .. }
            | Self::KeyDestroyed { .. }
            // Two Works: whoever folds them takes from one and gives to the other.
            | Self::WorksMerged { .. }
            | Self::WorkSplit { .. }
            | Self::Unmerged { .. }
            | Self::CustomerChanged { .. }
            | Self::ReceiptParked { .. }
            | Self::AgentRegistered { .. } => Concerned::default(),
        }
    }
}
