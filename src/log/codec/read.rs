//! Changes, from the log into the domain. Refuses what no writer of this format writes.

use zeroize::Zeroizing;

use super::effort::{effort_noted_from, enrichment_set_from, entries_from, notice_sent_from, notice_set_from};
use super::error::CodecError;
use super::joining::{
    bots_due_from, hand_back_ended_from, handed_back_from, handed_to_people_from, owner_told_from,
    participant_joined_from, participant_left_from, taking_part_from,
};
use super::marks::{answer_counted_from, priority_given_from, summary_set_from, tagged_from};
use super::passing::{
    hold_set_from, idle_set_from, overcommitted_from, parked_from, promised_from, transfer_ended_from,
    transferring_from, woken_from, wrap_up_extended_from,
};
use super::routing::{hours_turned_from, required_from, routed_from};
use super::widened::{overflow_set_from, overflowed_from, step_set_from, unserved_from};
use super::words::{Word, author};
use crate::domain::id::{AgentId, AssignmentId, Index, LeafId, MessageId, Name, OfferId, Position, RootId, WorkId};
use crate::domain::record::{
    Assigned, AutomationMuted, Change, CooledDown, DeadLettered, Flags, IdentityOpened, IdentityRekeyed, Input,
    InputResumed, MessageStored, OfferMade, OptNoted, PartHeld, PartsJoined, PresenceSet, ReceiptNoted, Resettled,
    SessionLost, ThroughParked, WorkBrief, WorkOpened, WrapUpStarted,
};
use crate::domain::time::Timestamp;
use crate::proto::log as p;
use crate::proto::log::change::Kind;

/// Opens a secret of the workspace; none: it stays closed.
pub(super) type Open<'a> = dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, CodecError> + 'a;

/// One change.
///
/// `open` opens what is secret and no customer's.
pub(super) fn change_from(change: p::Change, open: &Open<'_>) -> Result<Change, CodecError> {
    // A change of a kind that is not known has no kind.
    Ok(match change.kind.ok_or(CodecError::Missing("kind of change"))? {
        Kind::WorkspaceOpened(c) => Change::WorkspaceOpened { hash_key: secret(open(&c.hash_key)?, "hash key")? },
        Kind::ConfigApplied(c) => {
            Change::ConfigApplied { canonical: c.canonical, sha256: bytes(&c.sha256, "configuration hash")? }
        }
        Kind::StreamBound(c) => {
            Change::StreamBound { stream: short(c.stream)?, name: Name::from(c.name), created_ns: c.created_ns }
        }
        Kind::InputBroken(c) => Change::InputBroken { stream: short(c.stream)?, applied: c.applied, found: c.found },
        Kind::InputResumed(c) => Change::InputResumed(InputResumed {
            stream: short(c.stream)?,
            created_ns: c.created_ns,
            sequence: c.sequence,
            digest: c.digest,
        }),
        Kind::InputGap(c) => Change::InputGap { stream: short(c.stream)?, from: c.from, to: c.to },
        Kind::Progress(c) => {
            Change::Progress { reached: c.reached.into_iter().map(input_from).collect::<Result<_, _>>()? }
        }
        Kind::DeadLettered(c) => Change::DeadLettered(DeadLettered {
            input: input_from(c.input.ok_or(CodecError::Missing("input of a dead letter"))?)?,
            stream: Name::from(c.stream),
            channel: Name::from(c.channel),
            endpoint: Name::from(c.endpoint),
            reason: Name::from(c.reason),
        }),
        Kind::HandedOver(c) => Change::HandedOver {
            stream: Name::from(c.stream),
            stream_sequence: c.stream_sequence,
            position: position(c.position.ok_or(CodecError::Missing("position handed over"))?),
        },
        Kind::Resumed(c) => Change::Resumed { outage_ms: c.outage_ms, extension_ms: c.extension_ms },
        Kind::AccountNoted(c) => {
            Change::AccountNoted { endpoint: Name::from(c.endpoint), subject: Name::from(c.subject) }
        }
        Kind::IdentityOpened(c) => Change::IdentityOpened(identity_opened(c)?),
        Kind::IdentityMarked(c) => {
            Change::IdentityMarked { leaf: LeafId(c.leaf), status: Word::from_number(c.status)?, shared: c.shared }
        }
        Kind::LinkEnded(c) => {
            Change::LinkEnded { leaf: LeafId(c.leaf), successor: c.successor.map(LeafId), shared: c.shared }
        }
        Kind::Linked(c) => Change::Linked {
            leaf: LeafId(c.leaf),
            evidence: Word::from_number(c.evidence)?,
            assurance: Word::from_number(c.assurance)?,
        },
        Kind::Heard(c) => Change::Heard { leaf: LeafId(c.leaf) },
        Kind::Suggested(c) => {
            Change::Suggested { one: LeafId(c.one), other: LeafId(c.other), reason: Word::from_number(c.reason)? }
        }
        Kind::SuggestionEnded(c) => {
            Change::SuggestionEnded { one: LeafId(c.one), other: LeafId(c.other), end: Word::from_number(c.end)? }
        }
        Kind::Named(c) => Change::Named { leaf: LeafId(c.leaf), assurance: Word::from_number(c.assurance)? },
        Kind::Erased(c) => Change::Erased { root: RootId(c.root), leaves: c.leaves.into_iter().map(LeafId).collect() },
        Kind::BodiesNamed(c) => Change::BodiesNamed { leaf: LeafId(c.leaf), bodies: c.bodies },
        Kind::IdentityRekeyed(c) => Change::IdentityRekeyed(IdentityRekeyed {
            leaf: LeafId(c.leaf),
            kind: Word::from_number(c.kind)?,
            hash: u128::from_be_bytes(bytes(&c.hash, "hash of an address")?),
            generation: c.generation,
            normaliser: short(c.normaliser)?,
        }),
        Kind::RekeyedTo(c) => Change::RekeyedTo { normaliser: short(c.normaliser)?, leaves: c.leaves },
        Kind::KeyDestroyed(c) => {
            Change::KeyDestroyed { erasure: Index(c.erasure), leaves: c.leaves.into_iter().map(LeafId).collect() }
        }
        Kind::OptNoted(c) => Change::OptNoted(OptNoted {
            leaf: LeafId(c.leaf),
            purposes: c.purposes.into_iter().map(Word::from_number).collect::<Result<_, _>>()?,
            refused: c.refused,
            source: Word::from_number(c.source)?,
        }),
        Kind::Merged(c) => Change::Merged {
            winner: RootId(c.winner),
            loser: RootId(c.loser),
            leaves: c.leaves.into_iter().map(LeafId).collect(),
            evidence: Word::from_number(c.evidence)?,
        },
        Kind::ReplyKeyMade(c) => Change::ReplyKeyMade {
            number: u8::try_from(c.number).map_err(|_| CodecError::Value("number of a reply key"))?,
            key: secret(open(&c.key)?, "reply key")?,
        },
        Kind::Unmerged(c) => Change::Unmerged {
            customer: RootId(c.customer),
            rest: RootId(c.rest),
            parted: RootId(c.parted),
            leaves: c.leaves.into_iter().map(LeafId).collect(),
        },
        Kind::CustomerChanged(c) => Change::CustomerChanged {
            work: WorkId::from_bits(c.work),
            agent: AgentId(c.agent),
            conversation: RootId(c.conversation),
            split: c.split.map(WorkId::from_bits),
        },
        Kind::FactsSet(c) => Change::FactsSet { leaf: LeafId(c.leaf) },
        Kind::FactAsked(c) => {
            Change::FactAsked { work: WorkId::from_bits(c.work), leaf: LeafId(c.leaf), known: c.known }
        }
        Kind::Upserted(c) => Change::Upserted { leaf: LeafId(c.leaf), root: RootId(c.root), created: c.created },
        Kind::Blocked(c) => Change::Blocked { leaf: LeafId(c.leaf), until: c.until_ms.map(Timestamp) },
        Kind::Unblocked(c) => Change::Unblocked { leaf: LeafId(c.leaf) },
        Kind::SpamMarked(c) => Change::SpamMarked { work: WorkId::from_bits(c.work), leaf: LeafId(c.leaf) },
        Kind::SpamCleared(c) => Change::SpamCleared { work: WorkId::from_bits(c.work), leaf: LeafId(c.leaf) },
        Kind::Quarantined(c) => Change::Quarantined { leaf: LeafId(c.leaf), endpoint: Name::from(c.endpoint) },
        Kind::QuarantineLifted(c) => Change::QuarantineLifted { leaf: LeafId(c.leaf) },
        Kind::Restored(c) => Change::Restored {
            work: WorkId::from_bits(c.work),
            leaf: LeafId(c.leaf),
            messages: c.messages.into_iter().map(MessageId::from_bits).collect(),
            audience: c.audience.into_iter().map(AgentId).collect(),
        },
        Kind::MessageStored(c) => Change::MessageStored(Box::new(message_stored(c)?)),
        Kind::PartHeld(c) => Change::PartHeld(Box::new(part_held(c)?)),
        Kind::PartsJoined(c) => Change::PartsJoined(PartsJoined {
            leaf: LeafId(c.leaf),
            set: c.set,
            message: MessageId::from_bits(c.message),
            complete: c.complete,
        }),
        Kind::AlsoReceived(c) => Change::AlsoReceived {
            message: MessageId::from_bits(c.message),
            leaf: LeafId(c.leaf),
            endpoint: Name::from(c.endpoint),
        },
        Kind::CooldownEnded(c) => Change::CooldownEnded { work: WorkId::from_bits(c.work), agent: AgentId(c.agent) },
        Kind::ReceiptNoted(c) => Change::ReceiptNoted(receipt_noted(c)?),
        Kind::ReceiptParked(c) => Change::ReceiptParked {
            fingerprint: c.fingerprint,
            status: Word::from_number(c.status)?,
            class: Word::from_number(c.error_class)?,
        },
        Kind::ThroughParked(c) => Change::ThroughParked(ThroughParked {
            leaf: LeafId(c.leaf),
            channel: Name::from(c.channel),
            endpoint: Name::from(c.endpoint),
            status: Word::from_number(c.status)?,
            through: Timestamp(c.through_ms),
        }),
        Kind::SeenMarked(c) => Change::SeenMarked {
            agent: AgentId(c.agent),
            work: WorkId::from_bits(c.work),
            through: MessageId::from_bits(c.through),
        },
        Kind::WorkOpened(c) => Change::WorkOpened(Box::new(work_opened(c))),
        Kind::WorkQueued(c) => Change::WorkQueued {
            work: WorkId::from_bits(c.work),
            queue: Name::from(c.queue),
            key: c.key,
            cause: Word::from_number(c.cause)?,
            preferred: c.preferred.map(AgentId),
        },
        Kind::OfferMade(c) => Change::OfferMade(OfferMade {
            work: WorkId::from_bits(c.work),
            agent: AgentId(c.agent),
            cost: c.cost,
            expires_at: Timestamp(c.expires_at_ms),
            brief: brief(c.brief)?,
            from: c.from.map(AgentId),
        }),
        Kind::OfferEnded(c) => Change::OfferEnded {
            offer: OfferId::from_bits(c.offer),
            work: WorkId::from_bits(c.work),
            agent: AgentId(c.agent),
            outcome: Word::from_number(c.outcome)?,
        },
        Kind::Assigned(c) => Change::Assigned(Assigned {
            work: WorkId::from_bits(c.work),
            agent: AgentId(c.agent),
            cause: Word::from_number(c.cause)?,
            cost: c.cost,
            grace_ms: c.grace_ms,
            answer_by: c.answer_by_ms.map(Timestamp),
            overcommit: c.overcommit,
            participants: c.participants.into_iter().map(taking_part_from).collect::<Result<_, _>>()?,
            brief: brief(c.brief)?,
        }),
        Kind::Unassigned(c) => Change::Unassigned {
            assignment: AssignmentId::from_bits(c.assignment),
            work: WorkId::from_bits(c.work),
            agent: AgentId(c.agent),
            reason: Word::from_number(c.reason)?,
        },
        Kind::CooledDown(c) => Change::CooledDown(CooledDown {
            work: WorkId::from_bits(c.work),
            agent: AgentId(c.agent),
            liftable: c.liftable,
            until: Timestamp(c.until_ms),
        }),
        Kind::WrapUpStarted(c) => Change::WrapUpStarted(WrapUpStarted {
            work: WorkId::from_bits(c.work),
            agent: AgentId(c.agent),
            until: Timestamp(c.until_ms),
            cost: c.cost,
            disposition: Name::from(c.disposition),
        }),
        Kind::WrapUpLeft(c) => {
            Change::WrapUpLeft { work: WorkId::from_bits(c.work), agent: AgentId(c.agent), cost: c.cost }
        }
        Kind::Parked(c) => Change::Parked(parked_from(c)),
        Kind::Woken(c) => Change::Woken(woken_from(c)?),
        Kind::Transferring(c) => Change::Transferring(Box::new(transferring_from(c))),
        Kind::WrapUpExtended(c) => Change::WrapUpExtended(wrap_up_extended_from(c)),
        Kind::Promised(c) => Change::Promised(promised_from(c)),
        Kind::TransferEnded(c) => Change::TransferEnded(transfer_ended_from(c)?),
        Kind::ParticipantJoined(mut c) => {
            let brief = brief(c.brief.take())?;
            Change::ParticipantJoined(Box::new(participant_joined_from(c, brief)?))
        }
        Kind::HandedToPeople(c) => Change::HandedToPeople(handed_to_people_from(c)?),
        Kind::HandedBack(c) => Change::HandedBack(handed_back_from(c)),
        Kind::BotsDue(c) => Change::BotsDue(bots_due_from(c)),
        Kind::OwnerTold(c) => Change::OwnerTold(owner_told_from(c)),
        Kind::HandBackEnded(c) => Change::HandBackEnded(hand_back_ended_from(c)),
        Kind::ParticipantLeft(c) => Change::ParticipantLeft(participant_left_from(c)?),
        Kind::HoldSet(c) => Change::HoldSet(hold_set_from(c)),
        Kind::IdleSet(c) => Change::IdleSet(idle_set_from(c)),
        Kind::CustomerLeft(c) => Change::CustomerLeft { work: WorkId::from_bits(c.work) },
        Kind::Overcommitted(c) => Change::Overcommitted(overcommitted_from(c)),
        Kind::SummarySet(c) => Change::SummarySet(summary_set_from(c)),
        Kind::Tagged(c) => Change::Tagged(tagged_from(c)),
        Kind::PriorityGiven(c) => Change::PriorityGiven(priority_given_from(c)),
        Kind::AnswerCounted(c) => Change::AnswerCounted(answer_counted_from(c)?),
        Kind::EnrichmentSet(c) => Change::EnrichmentSet(enrichment_set_from(c)),
        Kind::NoticeSet(c) => Change::NoticeSet(notice_set_from(c)?),
        Kind::NoticeSent(c) => Change::NoticeSent(notice_sent_from(c)?),
        Kind::EffortNoted(c) => Change::EffortNoted(effort_noted_from(c)?),
        Kind::WorkClosed(c) => Change::WorkClosed {
            work: WorkId::from_bits(c.work),
            disposition: Name::from(c.disposition),
            reopen_until: Timestamp(c.reopen_until_ms),
            canceled: c.canceled,
        },
        Kind::WorkJoined(c) => Change::WorkJoined {
            work: WorkId::from_bits(c.work),
            channel: Name::from(c.channel),
            endpoint: Name::from(c.endpoint),
            queue: Name::from(c.queue),
        },
        Kind::Routed(c) => Change::Routed(Box::new(routed_from(c)?)),
        Kind::HoursTurned(c) => Change::HoursTurned(hours_turned_from(c)),
        Kind::StepSet(c) => Change::StepSet(Box::new(step_set_from(c)?)),
        Kind::OverflowSet(c) => Change::OverflowSet(overflow_set_from(c)),
        Kind::Overflowed(c) => Change::Overflowed(Box::new(overflowed_from(c)?)),
        Kind::Unserved(c) => Change::Unserved(unserved_from(c)),
        Kind::Required(c) => Change::Required(required_from(c)?),
        Kind::WorkRekeyed(c) => Change::WorkRekeyed { work: WorkId::from_bits(c.work), key: c.key },
        Kind::CostChanged(c) => {
            Change::CostChanged { work: WorkId::from_bits(c.work), agent: AgentId(c.agent), cost: c.cost }
        }
        Kind::AutomationMuted(c) => {
            let reason = Word::from_number(c.reason)?;
            Change::AutomationMuted(AutomationMuted { work: WorkId::from_bits(c.work), reason })
        }
        Kind::WorksMerged(c) => Change::WorksMerged {
            from: WorkId::from_bits(c.from),
            into: WorkId::from_bits(c.into),
            answer_by: c.answer_by_ms.map(Timestamp),
            audience: c.audience.into_iter().map(AgentId).collect(),
        },
        Kind::WorkSplit(c) => Change::WorkSplit {
            from: WorkId::from_bits(c.from),
            into: WorkId::from_bits(c.into),
            messages: c.messages.into_iter().map(MessageId::from_bits).collect(),
            audience: c.audience.into_iter().map(AgentId).collect(),
        },
        Kind::WorkReopened(c) => Change::WorkReopened { work: WorkId::from_bits(c.work), leaf: LeafId(c.leaf) },
        Kind::AgentRegistered(c) => Change::AgentRegistered { agent: AgentId(c.agent), name: Name::from(c.name) },
        Kind::SessionOpened(c) => Change::SessionOpened { agent: AgentId(c.agent), session_epoch: c.session_epoch },
        Kind::SessionLost(c) => Change::SessionLost(SessionLost {
            agent: AgentId(c.agent),
            session_epoch: c.session_epoch,
            offers_until: Timestamp(c.offers_until_ms),
            until: Timestamp(c.until_ms),
        }),
        Kind::SessionEnded(c) => Change::SessionEnded {
            agent: AgentId(c.agent),
            session_epoch: c.session_epoch,
            reason: Word::from_number(c.reason)?,
        },
        Kind::PresenceSet(c) => Change::PresenceSet(PresenceSet {
            agent: AgentId(c.agent),
            presence: Word::from_number(c.presence)?,
            reason: Name::from(c.reason),
            channels: c.channels.into_iter().map(Name::from).collect(),
        }),
        Kind::Resettled(c) => Change::Resettled(Resettled { through: c.through.map(WorkId::from_bits), more: c.more }),
        Kind::MatchDeferred(c) => Change::MatchDeferred { agent: AgentId(c.agent), more: c.more },
    })
}

/// A place in an IN stream.
pub(super) fn input_from(input: p::Input) -> Result<Input, CodecError> {
    Ok(Input {
        stream: short(input.stream)?,
        sequence: input.sequence,
        event: short(input.event)?,
        of: short(input.of)?,
        splitter: short(input.splitter)?,
        digest: input.digest,
    })
}

fn position(at: p::Position) -> Position {
    Position { index: Index(at.index), output: at.output }
}

fn identity_opened(opened: p::IdentityOpened) -> Result<IdentityOpened, CodecError> {
    Ok(IdentityOpened {
        leaf: LeafId(opened.leaf),
        root: RootId(opened.root),
        kind: Word::from_number(opened.kind)?,
        namespace_scope: Name::from(opened.namespace_scope),
        scope: Word::from_number(opened.scope)?,
        hash: u128::from_be_bytes(bytes(&opened.hash, "hash of an address")?),
        generation: opened.generation,
        normaliser: short(opened.normaliser)?,
        status: Word::from_number(opened.status)?,
        shared: opened.shared,
        assurance: Word::from_number(opened.assurance)?,
        evidence: Word::from_number(opened.evidence)?,
        beside: opened.beside.map(LeafId),
    })
}

fn message_stored(message: p::MessageStored) -> Result<MessageStored, CodecError> {
    Ok(MessageStored {
        leaf: LeafId(message.leaf),
        conversation: RootId(message.conversation),
        work: message.work.map(WorkId::from_bits),
        direction: Word::from_number(message.direction)?,
        kind: Word::from_number(message.kind)?,
        author: author(message.author, message.author_agent)?,
        assurance: Word::from_number(message.assurance)?,
        scope: Word::from_number(message.scope)?,
        purpose: Word::from_number(message.purpose)?,
        channel: Name::from(message.channel),
        endpoint: Name::from(message.endpoint),
        provider_time: message.provider_time_ms.map(Timestamp),
        flags: Flags(message.flags),
        about: message.about.map(MessageId::from_bits),
        duplicate_key: message.duplicate_key,
        digest: message.digest,
        provider_fingerprint: message.provider_fingerprint,
        audience: message.audience.into_iter().map(AgentId).collect(),
        whispered_to: message.whispered_to.map(AgentId),
        assignment: message.assignment.map(AssignmentId::from_bits),
        seen_through: message.seen_through.map(MessageId::from_bits),
        not_after: message.not_after_ms.map(Timestamp),
        answer_by: message.answer_by_ms.map(Timestamp),
        copied: message
            .copied
            .iter()
            .map(|hash| bytes(hash, "address hash").map(u128::from_be_bytes))
            .collect::<Result<_, _>>()?,
    })
}

fn part_held(part: p::PartHeld) -> Result<PartHeld, CodecError> {
    Ok(PartHeld {
        leaf: LeafId(part.leaf),
        channel: Name::from(part.channel),
        endpoint: Name::from(part.endpoint),
        set: part.set,
        number: short(part.number)?,
        of: short(part.of)?,
        until: Timestamp(part.until_ms),
        assurance: Word::from_number(part.assurance)?,
        provider_time: part.provider_time_ms.map(Timestamp),
        flags: Flags(part.flags),
        duplicate_key: part.duplicate_key,
        digest: part.digest,
        provider_fingerprint: part.provider_fingerprint,
    })
}

fn receipt_noted(receipt: p::ReceiptNoted) -> Result<ReceiptNoted, CodecError> {
    Ok(ReceiptNoted {
        message: MessageId::from_bits(receipt.message),
        leaf: LeafId(receipt.leaf),
        work: receipt.work.map(WorkId::from_bits),
        status: Word::from_number(receipt.status)?,
        applied: receipt.applied,
        class: Word::from_number(receipt.error_class)?,
        code: Name::from(receipt.code),
        provider_fingerprint: receipt.provider_fingerprint,
        audience: receipt.audience.into_iter().map(AgentId).collect(),
        sent_at: receipt.sent_at_ms.map(Timestamp),
    })
}

fn work_opened(work: p::WorkOpened) -> WorkOpened {
    WorkOpened {
        leaf: LeafId(work.leaf),
        conversation: RootId(work.conversation),
        channel: Name::from(work.channel),
        endpoint: Name::from(work.endpoint),
        brand: Name::from(work.brand),
        linked: work.linked.into_iter().map(WorkId::from_bits).collect(),
    }
}

fn brief(brief: Option<p::WorkBrief>) -> Result<WorkBrief, CodecError> {
    let brief = brief.ok_or(CodecError::Missing("brief of a work"))?;
    Ok(WorkBrief {
        leaf: LeafId(brief.leaf),
        conversation: RootId(brief.conversation),
        channel: Name::from(brief.channel),
        endpoint: Name::from(brief.endpoint),
        brand: Name::from(brief.brand),
        queue: Name::from(brief.queue),
        opened_at: Timestamp(brief.opened_at_ms),
        waiting_since: brief.waiting_since_ms.map(Timestamp),
        waited_ms: brief.waited_ms,
        last_message: MessageId::from_bits(brief.last_message),
        linked: brief.linked.into_iter().map(WorkId::from_bits).collect(),
        effort: entries_from(brief.effort)?,
    })
}

fn short(number: u32) -> Result<u16, CodecError> {
    u16::try_from(number).map_err(|_| CodecError::Value("a number of 16 bits"))
}

/// Zeros where it stays closed: nothing is decided of a workspace that is not served.
fn secret<const N: usize>(opened: Option<Vec<u8>>, what: &'static str) -> Result<[u8; N], CodecError> {
    opened.map_or(Ok([0; N]), |opened| bytes(&Zeroizing::new(opened), what))
}

fn bytes<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N], CodecError> {
    bytes.try_into().map_err(|_| CodecError::Value(what))
}
