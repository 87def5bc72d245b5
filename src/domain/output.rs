//! What must leave because of a record: derived from the record alone, the same on any node at any time (design, law 1).
//! An output's id is its record's index and its place in the list.

use super::id::{AgentId, MessageId, Name};
use super::record::{
    Assigned, Author, Change, DeadLettered, Direction, OfferMade, Parked, PresenceSet, PriorityGiven, Promised, Record,
    SummarySet, Tagged, TransferEnded, Woken, WrapUpExtended, WrapUpStarted,
};

/// One thing that leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// To an agent's sessions: the change at `place` of the record concerns it.
    Agent {
        /// To whom.
        agent: AgentId,
        /// The change it is about.
        place: u16,
    },
    /// To the adapter of an endpoint, by OUT: the message stored at `place`.
    Send {
        /// Channel of the subject.
        channel: Name,
        /// Endpoint of the subject.
        endpoint: Name,
        /// The message.
        message: MessageId,
        /// The change it is about.
        place: u16,
    },
    /// To DEAD, with the original bytes: the dead letter at `place`.
    DeadLetter {
        /// Token of the subject.
        reason: Name,
        /// The change it is about.
        place: u16,
    },
}

/// Everything that must leave because of `record`, in order.
#[must_use]
pub fn outputs(record: &Record) -> Vec<Output> {
    let mut list = Vec::new();
    for (place, change) in (0u16..).zip(&record.changes) {
        match change {
            Change::MessageStored(message) => {
                list.extend(message.audience.iter().map(|&agent| Output::Agent { agent, place }));
                if message.direction == Direction::Out && !matches!(message.author, Author::External) {
                    list.push(Output::Send {
                        channel: message.channel.clone(),
                        endpoint: message.endpoint.clone(),
                        message: MessageId::new(record.index, place),
                        place,
                    });
                }
            }
            Change::ReceiptNoted(receipt) if receipt.applied => {
                list.extend(receipt.audience.iter().map(|&agent| Output::Agent { agent, place }));
            }
            Change::WorksMerged { audience, .. }
            | Change::WorkSplit { audience, .. }
            | Change::Restored { audience, .. } => {
                list.extend(audience.iter().map(|&agent| Output::Agent { agent, place }));
            }
            Change::SummarySet(SummarySet { audience, .. })
            | Change::Tagged(Tagged { audience, .. })
            | Change::PriorityGiven(PriorityGiven { audience, .. }) => {
                list.extend(audience.iter().map(|&agent| Output::Agent { agent, place }));
            }
            Change::OwnerTold(told) => {
                list.extend(told.audience.iter().map(|&agent| Output::Agent { agent, place }));
            }
            Change::OfferMade(OfferMade { agent, .. })
            | Change::OfferEnded { agent, .. }
            | Change::Assigned(Assigned { agent, .. })
            | Change::Unassigned { agent, .. }
            | Change::WrapUpStarted(WrapUpStarted { agent, .. })
            | Change::Parked(Parked { agent, .. })
            | Change::Woken(Woken { agent, .. })
            | Change::TransferEnded(TransferEnded { agent, .. })
            | Change::WrapUpExtended(WrapUpExtended { agent, .. })
            | Change::Promised(Promised { agent, .. })
            | Change::WrapUpLeft { agent, .. }
            | Change::PresenceSet(PresenceSet { agent, .. })
            | Change::CustomerChanged { agent, .. }
            | Change::SessionEnded { agent, .. } => list.push(Output::Agent { agent: *agent, place }),
            Change::Transferring(change) => list.push(Output::Agent { agent: change.agent, place }),
            Change::ParticipantJoined(joined) => {
                let told = std::iter::once(joined.agent).chain(joined.audience.iter().copied());
                list.extend(told.map(|agent| Output::Agent { agent, place }));
            }
            Change::ParticipantLeft(left) => {
                let told = std::iter::once(left.agent).chain(left.audience.iter().copied());
                list.extend(told.map(|agent| Output::Agent { agent, place }));
            }
            Change::DeadLettered(DeadLettered { reason, .. }) => {
                list.push(Output::DeadLetter { reason: reason.clone(), place })
            }
            Change::WorkspaceOpened { .. }
            | Change::ConfigApplied { .. }
            | Change::HoursTurned(_)
            | Change::Resettled(_)
            | Change::StreamBound { .. }
            | Change::InputBroken { .. }
            | Change::InputResumed(_)
            | Change::InputGap { .. }
            | Change::Progress { .. }
            | Change::HandedOver { .. }
            | Change::Resumed { .. }
            | Change::AccountNoted { .. }
            | Change::IdentityOpened(_)
            | Change::IdentityMarked { .. }
            | Change::OptNoted(_)
            | Change::LinkEnded { .. }
            | Change::Linked { .. }
            | Change::Heard { .. }
            | Change::Suggested { .. }
            | Change::SuggestionEnded { .. }
            | Change::Erased { .. }
            | Change::KeyDestroyed { .. }
            | Change::Named { .. }
            | Change::FactsSet { .. }
            | Change::FactAsked { .. }
            | Change::Upserted { .. }
            | Change::Blocked { .. }
            | Change::Unblocked { .. }
            | Change::SpamMarked { .. }
            | Change::SpamCleared { .. }
            | Change::Quarantined { .. }
            | Change::QuarantineLifted { .. }
            | Change::Merged { .. }
            | Change::ReplyKeyMade { .. }
            | Change::BodiesNamed { .. }
            | Change::IdentityRekeyed(_)
            | Change::RekeyedTo { .. }
            | Change::Unmerged { .. }
            | Change::ReceiptNoted(_)
            | Change::PartHeld(_)
            | Change::PartsJoined(_)
            | Change::ReceiptParked { .. }
            | Change::ThroughParked(_)
            | Change::SeenMarked { .. }
            | Change::WorkOpened(_)
            | Change::WorkQueued { .. }
            | Change::CooledDown(_)
            | Change::CooldownEnded { .. }
            | Change::AlsoReceived { .. }
            | Change::WorkClosed { .. }
            | Change::WorkReopened { .. }
            | Change::WorkJoined { .. }
            | Change::IdleSet(_)
            | Change::HoldSet(_)
            | Change::CustomerLeft { .. }
            | Change::WorkRekeyed { .. }
            | Change::Required(_)
            | Change::EnrichmentSet(_)
            | Change::NoticeSet(_)
            | Change::NoticeSent(_)
            | Change::StepSet(_)
            | Change::OverflowSet(_)
            | Change::Overflowed(_)
            | Change::Unserved(_)
            | Change::Routed(_)
            | Change::CostChanged { .. }
            | Change::AnswerCounted(_)
            | Change::EffortNoted(_)
            | Change::AutomationMuted(_)
            | Change::HandedToPeople(_)
            | Change::HandedBack(_)
            | Change::HandBackEnded(_)
            | Change::BotsDue(_)
            | Change::AgentRegistered { .. }
            | Change::SessionOpened { .. }
            | Change::SessionLost(_)
            | Change::Overcommitted(_)
            | Change::MatchDeferred { .. } => {}
        }
    }
    list
}
