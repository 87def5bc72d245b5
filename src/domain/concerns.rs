//! Whom a change concerns: the one Work and the one agent whose state it moves, and the leaf that it is filed under.

use super::id::{AgentId, LeafId, WorkId};
use super::record::Change;

impl Change {
    /// The Work that it moves.
    pub(crate) fn work(&self) -> Option<WorkId> {
        match self {
            Self::MessageStored(message) => message.work,
            Self::WorkQueued { work, .. }
            | Self::OfferEnded { work, .. }
            | Self::Unassigned { work, .. }
            | Self::CooledDown { work, .. }
            | Self::CooldownEnded { work, .. }
            | Self::WrapUpStarted { work, .. }
            | Self::WrapUpLeft { work, .. }
            | Self::WorkClosed { work, .. }
            | Self::WorkReopened { work, .. }
            | Self::SeenMarked { work, .. } => Some(*work),
            Self::OfferMade(offer) => Some(offer.work),
            Self::Assigned(assigned) => Some(assigned.work),
            Self::WorkspaceOpened { .. }
            | Self::ConfigApplied { .. }
            | Self::StreamBound { .. }
            | Self::InputBroken { .. }
            | Self::InputGap { .. }
            | Self::Progress { .. }
            | Self::DeadLettered { .. }
            | Self::HandedOver { .. }
            | Self::Resumed { .. }
            | Self::AccountNoted { .. }
            | Self::IdentityOpened(_)
            | Self::IdentityMarked { .. }
            | Self::Named { .. }
            | Self::Merged { .. }
            | Self::AlsoReceived { .. }
            | Self::ReceiptNoted(_)
            | Self::ReceiptParked { .. }
            | Self::WorkOpened(_)
            | Self::AgentRegistered { .. }
            | Self::SessionOpened { .. }
            | Self::SessionLost { .. }
            | Self::SessionEnded { .. }
            | Self::PresenceSet { .. }
            | Self::MatchDeferred { .. } => None,
        }
    }

    /// The agent whom it moves.
    pub(crate) fn agent(&self) -> Option<AgentId> {
        match self {
            Self::OfferMade(offer) => Some(offer.agent),
            Self::Assigned(assigned) => Some(assigned.agent),
            Self::OfferEnded { agent, .. }
            | Self::Unassigned { agent, .. }
            | Self::WrapUpStarted { agent, .. }
            | Self::WrapUpLeft { agent, .. }
            | Self::SessionOpened { agent, .. }
            | Self::SessionLost { agent, .. }
            | Self::SessionEnded { agent, .. }
            | Self::PresenceSet { agent, .. }
            | Self::MatchDeferred { agent, .. } => Some(*agent),
            // Who wrote a message is not moved by it: sending copies nothing of an agent with hundreds of Works.
            Self::MessageStored(_)
            | Self::WorkspaceOpened { .. }
            | Self::ConfigApplied { .. }
            | Self::StreamBound { .. }
            | Self::InputBroken { .. }
            | Self::InputGap { .. }
            | Self::Progress { .. }
            | Self::DeadLettered { .. }
            | Self::HandedOver { .. }
            | Self::Resumed { .. }
            | Self::AccountNoted { .. }
            | Self::IdentityOpened(_)
            | Self::IdentityMarked { .. }
            | Self::Named { .. }
            | Self::Merged { .. }
            | Self::AlsoReceived { .. }
            | Self::ReceiptNoted(_)
            | Self::ReceiptParked { .. }
            | Self::SeenMarked { .. }
            | Self::WorkOpened(_)
            | Self::WorkQueued { .. }
            | Self::CooledDown { .. }
            | Self::CooldownEnded { .. }
            | Self::WorkClosed { .. }
            | Self::WorkReopened { .. }
            | Self::AgentRegistered { .. } => None,
        }
    }

    /// The leaf that it names by itself. That of a Work comes with the Work.
    pub(crate) fn leaf(&self) -> Option<LeafId> {
        match self {
            Self::MessageStored(message) => Some(message.leaf),
            Self::IdentityOpened(opened) => Some(opened.leaf),
            Self::IdentityMarked { leaf, .. }
            | Self::Named { leaf, .. }
            | Self::AlsoReceived { leaf, .. }
            | Self::WorkReopened { leaf, .. } => Some(*leaf),
            Self::ReceiptNoted(receipt) => Some(receipt.leaf),
            Self::WorkOpened(opened) => Some(opened.leaf),
            Self::WorkspaceOpened { .. }
            | Self::ConfigApplied { .. }
            | Self::StreamBound { .. }
            | Self::InputBroken { .. }
            | Self::InputGap { .. }
            | Self::Progress { .. }
            | Self::DeadLettered { .. }
            | Self::HandedOver { .. }
            | Self::Resumed { .. }
            | Self::AccountNoted { .. }
            | Self::Merged { .. }
            | Self::ReceiptParked { .. }
            | Self::SeenMarked { .. }
            | Self::WorkQueued { .. }
            | Self::OfferMade(_)
            | Self::OfferEnded { .. }
            | Self::Assigned(_)
            | Self::Unassigned { .. }
            | Self::CooledDown { .. }
            | Self::CooldownEnded { .. }
            | Self::WrapUpStarted { .. }
            | Self::WrapUpLeft { .. }
            | Self::WorkClosed { .. }
            | Self::AgentRegistered { .. }
            | Self::SessionOpened { .. }
            | Self::SessionLost { .. }
            | Self::SessionEnded { .. }
            | Self::PresenceSet { .. }
            | Self::MatchDeferred { .. } => None,
        }
    }
}
