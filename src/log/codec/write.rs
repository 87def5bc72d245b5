//! Changes, from the domain into the log. Total: every change has its form.

use super::effort::{effort_noted, enrichment_set, entries, notice_sent, notice_set};
use super::joining::{
    bots_due, hand_back_ended, handed_back, handed_to_people, owner_told, participant_joined, participant_left,
    taking_part,
};
use super::marks::{answer_counted, priority_given, summary_set, tagged};
use super::passing::{
    hold_set, idle_set, overcommitted, parked, promised, transfer_ended, transferring, woken, wrap_up_extended,
};
use super::routing::{hours_turned, required, routed};
use super::widened::{overflow_set, overflowed, step_set, unserved};
use super::wire::Wire;
use super::words::{Word, author_number};
use crate::domain::id::{AgentId, AssignmentId, MessageId, Name, Position, WorkId};
use crate::domain::record::{
    Assigned, Change, CooledDown, DeadLettered, IdentityOpened, IdentityRekeyed, Input, InputResumed, MessageStored,
    OfferMade, OptNoted, PartHeld, PartsJoined, PresenceSet, ReceiptNoted, Resettled, SessionLost, ThroughParked,
    WorkBrief, WorkOpened, WrapUpStarted,
};
use crate::domain::time::Timestamp;
use crate::proto::log as p;

/// The fields of one change: its number in `Change.kind`, and what it says.
///
/// `seal` seals what is secret and no customer's.
pub(super) fn write_change(wire: &mut Wire<'_>, change: &Change, seal: &dyn Fn(&[u8]) -> Vec<u8>) {
    match change {
        Change::WorkspaceOpened { hash_key } => wire.message(16, &p::WorkspaceOpened { hash_key: seal(hash_key) }),
        Change::ConfigApplied { canonical, sha256 } => {
            wire.message(17, &p::ConfigApplied { canonical: canonical.clone(), sha256: sha256.to_vec() })
        }
        Change::StreamBound { stream, name, created_ns } => wire
            .message(18, &p::StreamBound { stream: (*stream).into(), name: name.to_string(), created_ns: *created_ns }),
        Change::InputBroken { stream, applied, found } => {
            wire.message(19, &p::InputBroken { stream: (*stream).into(), applied: *applied, found: *found })
        }
        Change::InputResumed(InputResumed { stream, created_ns, sequence, digest }) => wire.message(
            38,
            &p::InputResumed {
                stream: (*stream).into(),
                created_ns: *created_ns,
                sequence: *sequence,
                digest: *digest,
            },
        ),
        Change::InputGap { stream, from, to } => {
            wire.message(20, &p::InputGap { stream: (*stream).into(), from: *from, to: *to })
        }
        Change::Progress { reached } => wire.message(15, &p::Progress { reached: reached.iter().map(input).collect() }),
        Change::DeadLettered(DeadLettered { input: at, stream, channel, endpoint, reason }) => wire.message(
            21,
            &p::DeadLettered {
                input: Some(input(at)),
                stream: stream.to_string(),
                channel: channel.to_string(),
                endpoint: endpoint.to_string(),
                reason: reason.to_string(),
            },
        ),
        Change::HandedOver { stream, stream_sequence, position: at } => wire.message(
            14,
            &p::HandedOver {
                stream: stream.to_string(),
                stream_sequence: *stream_sequence,
                position: Some(position(*at)),
            },
        ),
        Change::Resumed { outage_ms, extension_ms } => {
            wire.message(22, &p::Resumed { outage_ms: *outage_ms, extension_ms: *extension_ms })
        }
        Change::AccountNoted { endpoint, subject } => {
            wire.message(23, &p::AccountNoted { endpoint: endpoint.to_string(), subject: subject.to_string() })
        }
        Change::IdentityOpened(opened) => wire.message(10, &identity_opened(opened)),
        Change::IdentityMarked { leaf, status, shared } => {
            wire.message(24, &p::IdentityMarked { leaf: leaf.0, status: status.number(), shared: *shared })
        }
        Change::LinkEnded { leaf, successor, shared } => {
            wire.message(43, &p::LinkEnded { leaf: leaf.0, successor: successor.map(|leaf| leaf.0), shared: *shared })
        }
        Change::Linked { leaf, evidence, assurance } => {
            wire.message(52, &p::Linked { leaf: leaf.0, evidence: evidence.number(), assurance: assurance.number() })
        }
        Change::Heard { leaf } => wire.message(53, &p::Heard { leaf: leaf.0 }),
        Change::Suggested { one, other, reason } => {
            wire.message(50, &p::Suggested { one: one.0, other: other.0, reason: reason.number() })
        }
        Change::SuggestionEnded { one, other, end } => {
            wire.message(51, &p::SuggestionEnded { one: one.0, other: other.0, end: end.number() })
        }
        Change::Named { leaf, assurance } => {
            wire.message(11, &p::Named { leaf: leaf.0, assurance: assurance.number() })
        }
        Change::Erased { root, leaves } => {
            wire.message(90, &p::Erased { root: root.0, leaves: leaves.iter().map(|leaf| leaf.0).collect() })
        }
        Change::BodiesNamed { leaf, bodies } => {
            wire.message(120, &p::BodiesNamed { leaf: leaf.0, bodies: bodies.clone() })
        }
        Change::IdentityRekeyed(IdentityRekeyed { leaf, kind, hash, generation, normaliser }) => wire.message(
            121,
            &p::IdentityRekeyed {
                leaf: leaf.0,
                kind: kind.number(),
                hash: hash.to_be_bytes().to_vec(),
                generation: *generation,
                normaliser: (*normaliser).into(),
            },
        ),
        Change::RekeyedTo { normaliser, leaves } => {
            wire.message(122, &p::RekeyedTo { normaliser: (*normaliser).into(), leaves: *leaves })
        }
        Change::KeyDestroyed { erasure, leaves } => wire
            .message(91, &p::KeyDestroyed { erasure: erasure.0, leaves: leaves.iter().map(|leaf| leaf.0).collect() }),
        Change::OptNoted(OptNoted { leaf, purposes, refused, source }) => wire.message(
            42,
            &p::OptNoted {
                leaf: leaf.0,
                purposes: purposes.iter().map(|purpose| purpose.number()).collect(),
                refused: *refused,
                source: source.number(),
            },
        ),
        Change::Merged { winner, loser, leaves, evidence } => wire.message(
            25,
            &p::Merged {
                winner: winner.0,
                loser: loser.0,
                leaves: leaves.iter().map(|leaf| leaf.0).collect(),
                evidence: evidence.number(),
            },
        ),
        Change::Unmerged { customer, rest, parted, leaves } => wire.message(
            60,
            &p::Unmerged {
                customer: customer.0,
                rest: rest.0,
                parted: parted.0,
                leaves: leaves.iter().map(|leaf| leaf.0).collect(),
            },
        ),
        Change::CustomerChanged { work, agent, conversation, split } => wire.message(
            63,
            &p::CustomerChanged {
                work: work.to_bits(),
                agent: agent.0,
                conversation: conversation.0,
                split: split.map(WorkId::to_bits),
            },
        ),
        Change::FactsSet { leaf } => wire.message(100, &p::FactsSet { leaf: leaf.0 }),
        Change::FactAsked { work, leaf, known } => {
            wire.message(101, &p::FactAsked { work: work.to_bits(), leaf: leaf.0, known: *known })
        }
        Change::Upserted { leaf, root, created } => {
            wire.message(102, &p::Upserted { leaf: leaf.0, root: root.0, created: *created })
        }
        Change::Blocked { leaf, until } => wire.message(103, &p::Blocked { leaf: leaf.0, until_ms: until.map(millis) }),
        Change::Unblocked { leaf } => wire.message(104, &p::Unblocked { leaf: leaf.0 }),
        Change::SpamMarked { work, leaf } => wire.message(105, &p::SpamMarked { work: work.to_bits(), leaf: leaf.0 }),
        Change::SpamCleared { work, leaf } => wire.message(106, &p::SpamCleared { work: work.to_bits(), leaf: leaf.0 }),
        Change::Quarantined { leaf, endpoint } => {
            wire.message(107, &p::Quarantined { leaf: leaf.0, endpoint: endpoint.to_string() })
        }
        Change::QuarantineLifted { leaf } => wire.message(108, &p::QuarantineLifted { leaf: leaf.0 }),
        Change::Restored { work, leaf, messages, audience: told } => wire.message(
            109,
            &p::Restored {
                work: work.to_bits(),
                leaf: leaf.0,
                messages: messages.iter().map(|message| message.to_bits()).collect(),
                audience: audience(told),
            },
        ),
        Change::MessageStored(message) => wire.nested(1, |wire| write_message_stored(wire, message)),
        Change::ReplyKeyMade { number, key } => {
            wire.message(80, &p::ReplyKeyMade { number: (*number).into(), key: seal(key) })
        }
        Change::PartHeld(part) => wire.message(39, &part_held(part)),
        Change::PartsJoined(PartsJoined { leaf, set, message, complete }) => wire
            .message(40, &p::PartsJoined { leaf: leaf.0, set: *set, message: message.to_bits(), complete: *complete }),
        Change::AlsoReceived { message, leaf, endpoint } => wire
            .message(36, &p::AlsoReceived { message: message.to_bits(), leaf: leaf.0, endpoint: endpoint.to_string() }),
        Change::CooldownEnded { work, agent } => {
            wire.message(37, &p::CooldownEnded { work: work.to_bits(), agent: agent.0 })
        }
        Change::ReceiptNoted(receipt) => wire.message(2, &receipt_noted(receipt)),
        Change::ReceiptParked { fingerprint, status, class } => wire.message(
            26,
            &p::ReceiptParked { fingerprint: *fingerprint, status: status.number(), error_class: class.number() },
        ),
        Change::ThroughParked(ThroughParked { leaf, channel, endpoint, status, through }) => wire.message(
            41,
            &p::ThroughParked {
                leaf: leaf.0,
                channel: channel.to_string(),
                endpoint: endpoint.to_string(),
                status: status.number(),
                through_ms: through.0,
            },
        ),
        Change::SeenMarked { agent, work, through } => {
            wire.message(9, &p::SeenMarked { agent: agent.0, work: work.to_bits(), through: through.to_bits() })
        }
        Change::WorkOpened(work) => wire.message(3, &work_opened(work)),
        Change::WorkQueued { work, queue, key, cause, preferred } => wire.message(
            4,
            &p::WorkQueued {
                work: work.to_bits(),
                queue: queue.to_string(),
                key: *key,
                preferred: preferred.map(|agent| agent.0),
                cause: cause.number(),
            },
        ),
        Change::OfferMade(offer) => wire.message(5, &offer_made(offer)),
        Change::OfferEnded { offer, work, agent, outcome } => wire.message(
            6,
            &p::OfferEnded { offer: offer.to_bits(), work: work.to_bits(), agent: agent.0, outcome: outcome.number() },
        ),
        Change::Assigned(made) => wire.message(7, &assigned(made)),
        Change::Unassigned { assignment, work, agent, reason } => wire.message(
            8,
            &p::Unassigned {
                assignment: assignment.to_bits(),
                work: work.to_bits(),
                agent: agent.0,
                reason: reason.number(),
            },
        ),
        Change::CooledDown(CooledDown { work, agent, liftable, until }) => wire.message(
            27,
            &p::CooledDown { work: work.to_bits(), agent: agent.0, liftable: *liftable, until_ms: until.0 },
        ),
        Change::WrapUpStarted(WrapUpStarted { work, agent, until, cost, disposition }) => wire.message(
            12,
            &p::WrapUpStarted {
                work: work.to_bits(),
                agent: agent.0,
                until_ms: until.0,
                cost: *cost,
                disposition: disposition.to_string(),
            },
        ),
        Change::WrapUpLeft { work, agent, cost } => {
            wire.message(28, &p::WrapUpLeft { work: work.to_bits(), agent: agent.0, cost: *cost })
        }
        Change::Parked(change) => wire.message(160, &parked(change)),
        Change::Woken(change) => wire.message(161, &woken(change)),
        Change::Transferring(change) => wire.message(162, &transferring(change)),
        Change::WrapUpExtended(change) => wire.message(164, &wrap_up_extended(change)),
        Change::Promised(change) => wire.message(165, &promised(change)),
        Change::TransferEnded(change) => wire.message(163, &transfer_ended(change)),
        Change::HoldSet(set) => wire.message(253, &hold_set(set)),
        Change::IdleSet(set) => wire.message(251, &idle_set(set)),
        Change::CustomerLeft { work } => wire.message(252, &p::CustomerLeft { work: work.to_bits() }),
        Change::Overcommitted(change) => wire.message(250, &overcommitted(change)),
        Change::ParticipantJoined(change) => wire.message(260, &participant_joined(change, brief(&change.brief))),
        Change::HandedToPeople(change) => wire.message(262, &handed_to_people(change)),
        Change::HandedBack(change) => wire.message(263, &handed_back(change)),
        Change::BotsDue(change) => wire.message(264, &bots_due(change)),
        Change::OwnerTold(change) => wire.message(265, &owner_told(change)),
        Change::HandBackEnded(change) => wire.message(266, &hand_back_ended(change)),
        Change::ParticipantLeft(change) => wire.message(261, &participant_left(change)),
        Change::SummarySet(change) => wire.message(230, &summary_set(change)),
        Change::Tagged(change) => wire.message(231, &tagged(change)),
        Change::PriorityGiven(change) => wire.message(232, &priority_given(change)),
        Change::AnswerCounted(change) => wire.message(233, &answer_counted(change)),
        Change::EnrichmentSet(change) => wire.message(241, &enrichment_set(change)),
        Change::NoticeSet(change) => wire.message(242, &notice_set(change)),
        Change::NoticeSent(change) => wire.message(243, &notice_sent(change)),
        Change::EffortNoted(change) => wire.message(240, &effort_noted(change)),
        Change::WorkClosed { work, disposition, reopen_until, canceled } => wire.message(
            13,
            &p::WorkClosed {
                work: work.to_bits(),
                disposition: disposition.to_string(),
                reopen_until_ms: reopen_until.0,
                canceled: *canceled,
            },
        ),
        Change::WorkJoined { work, channel, endpoint, queue } => wire.message(
            70,
            &p::WorkJoined {
                work: work.to_bits(),
                channel: channel.to_string(),
                endpoint: endpoint.to_string(),
                queue: queue.to_string(),
            },
        ),
        Change::Routed(change) => wire.message(151, &routed(change)),
        Change::HoursTurned(turned) => wire.message(210, &hours_turned(turned)),
        Change::Required(change) => wire.message(150, &required(change)),
        Change::StepSet(set) => wire.message(180, &step_set(set)),
        Change::OverflowSet(set) => wire.message(181, &overflow_set(set)),
        Change::Overflowed(change) => wire.message(182, &overflowed(change)),
        Change::Unserved(change) => wire.message(183, &unserved(change)),
        Change::WorkRekeyed { work, key } => wire.message(71, &p::WorkRekeyed { work: work.to_bits(), key: *key }),
        Change::CostChanged { work, agent, cost } => {
            wire.message(72, &p::CostChanged { work: work.to_bits(), agent: agent.0, cost: *cost })
        }
        Change::AutomationMuted(muted) => {
            wire.message(130, &p::AutomationMuted { work: muted.work.to_bits(), reason: muted.reason.number() })
        }
        Change::WorksMerged { from, into, answer_by, audience: told } => wire.message(
            73,
            &p::WorksMerged {
                from: from.to_bits(),
                into: into.to_bits(),
                answer_by_ms: answer_by.map(millis),
                audience: audience(told),
            },
        ),
        Change::WorkSplit { from, into, messages, audience: told } => wire.message(
            74,
            &p::WorkSplit {
                from: from.to_bits(),
                into: into.to_bits(),
                messages: messages.iter().map(|message| message.to_bits()).collect(),
                audience: audience(told),
            },
        ),
        Change::WorkReopened { work, leaf } => {
            wire.message(29, &p::WorkReopened { work: work.to_bits(), leaf: leaf.0 })
        }
        Change::AgentRegistered { agent, name } => {
            wire.message(30, &p::AgentRegistered { agent: agent.0, name: name.to_string() })
        }
        Change::SessionOpened { agent, session_epoch } => {
            wire.message(31, &p::SessionOpened { agent: agent.0, session_epoch: *session_epoch })
        }
        Change::SessionLost(SessionLost { agent, session_epoch, offers_until, until }) => wire.message(
            32,
            &p::SessionLost {
                agent: agent.0,
                session_epoch: *session_epoch,
                offers_until_ms: offers_until.0,
                until_ms: until.0,
            },
        ),
        Change::SessionEnded { agent, session_epoch, reason } => wire
            .message(33, &p::SessionEnded { agent: agent.0, session_epoch: *session_epoch, reason: reason.number() }),
        Change::PresenceSet(PresenceSet { agent, presence, reason, channels }) => wire.message(
            34,
            &p::PresenceSet {
                agent: agent.0,
                presence: presence.number(),
                reason: reason.to_string(),
                channels: channels.iter().map(Name::to_string).collect(),
            },
        ),
        Change::Resettled(Resettled { through, more }) => {
            wire.message(200, &p::Resettled { through: through.map(WorkId::to_bits), more: *more })
        }
        Change::MatchDeferred { agent, more } => wire.message(35, &p::MatchDeferred { agent: agent.0, more: *more }),
    }
}

/// A place in an IN stream.
pub(super) fn write_input(wire: &mut Wire<'_>, input: &Input) {
    wire.uint(1, input.stream);
    wire.uint(2, input.sequence);
    wire.uint(3, input.event);
    wire.uint(4, input.of);
    wire.uint(5, input.splitter);
    wire.fixed(6, input.digest);
}

fn write_message_stored(wire: &mut Wire<'_>, message: &MessageStored) {
    let (author, author_agent) = author_number(message.author);
    wire.uint(1, message.leaf.0);
    wire.uint(2, message.conversation.0);
    wire.optional(3, message.work.map(WorkId::to_bits));
    wire.int(4, message.direction.number());
    wire.int(5, message.kind.number());
    wire.int(6, author);
    wire.uint(7, author_agent);
    wire.int(8, message.assurance.number());
    wire.int(9, message.scope.number());
    wire.int(10, message.purpose.number());
    wire.text(11, &message.channel);
    wire.text(12, &message.endpoint);
    wire.optional(13, message.provider_time.map(|time| time.0.cast_unsigned()));
    wire.uint(14, message.flags.0);
    wire.optional(15, message.about.map(MessageId::to_bits));
    wire.fixed(16, message.duplicate_key);
    wire.fixed(17, message.digest);
    wire.fixed(18, message.provider_fingerprint);
    wire.packed(19, message.audience.iter().map(|agent| agent.0.into()));
    wire.optional(20, message.assignment.map(AssignmentId::to_bits));
    wire.optional(21, message.seen_through.map(MessageId::to_bits));
    wire.optional(22, message.not_after.map(|time| time.0.cast_unsigned()));
    wire.optional(23, message.answer_by.map(|time| time.0.cast_unsigned()));
    wire.optional(260, message.whispered_to.map(|agent| agent.0.into()));
    message.copied.iter().for_each(|hash| wire.bytes(80, &hash.to_be_bytes()));
}

fn input(input: &Input) -> p::Input {
    p::Input {
        stream: input.stream.into(),
        sequence: input.sequence,
        event: input.event.into(),
        of: input.of.into(),
        splitter: input.splitter.into(),
        digest: input.digest,
    }
}

fn position(at: Position) -> p::Position {
    p::Position { index: at.index.0, output: at.output }
}

fn identity_opened(opened: &IdentityOpened) -> p::IdentityOpened {
    p::IdentityOpened {
        leaf: opened.leaf.0,
        root: opened.root.0,
        kind: opened.kind.number(),
        namespace_scope: opened.namespace_scope.to_string(),
        scope: opened.scope.number(),
        hash: opened.hash.to_be_bytes().to_vec(),
        generation: opened.generation,
        normaliser: opened.normaliser.into(),
        status: opened.status.number(),
        shared: opened.shared,
        assurance: opened.assurance.number(),
        evidence: opened.evidence.number(),
        beside: opened.beside.map(|leaf| leaf.0),
    }
}

fn part_held(part: &PartHeld) -> p::PartHeld {
    p::PartHeld {
        leaf: part.leaf.0,
        channel: part.channel.to_string(),
        endpoint: part.endpoint.to_string(),
        set: part.set,
        number: part.number.into(),
        of: part.of.into(),
        until_ms: part.until.0,
        assurance: part.assurance.number(),
        provider_time_ms: part.provider_time.map(millis),
        flags: part.flags.0,
        duplicate_key: part.duplicate_key,
        digest: part.digest,
        provider_fingerprint: part.provider_fingerprint,
    }
}

fn receipt_noted(receipt: &ReceiptNoted) -> p::ReceiptNoted {
    p::ReceiptNoted {
        message: receipt.message.to_bits(),
        leaf: receipt.leaf.0,
        work: receipt.work.map(WorkId::to_bits),
        status: receipt.status.number(),
        applied: receipt.applied,
        error_class: receipt.class.number(),
        code: receipt.code.to_string(),
        provider_fingerprint: receipt.provider_fingerprint,
        audience: audience(&receipt.audience),
        sent_at_ms: receipt.sent_at.map(millis),
    }
}

fn work_opened(work: &WorkOpened) -> p::WorkOpened {
    p::WorkOpened {
        leaf: work.leaf.0,
        conversation: work.conversation.0,
        channel: work.channel.to_string(),
        endpoint: work.endpoint.to_string(),
        brand: work.brand.to_string(),
        linked: work.linked.iter().map(|work| work.to_bits()).collect(),
    }
}

fn offer_made(offer: &OfferMade) -> p::OfferMade {
    p::OfferMade {
        work: offer.work.to_bits(),
        agent: offer.agent.0,
        cost: offer.cost,
        expires_at_ms: offer.expires_at.0,
        brief: Some(brief(&offer.brief)),
        from: offer.from.map(|agent| agent.0),
    }
}

fn assigned(assigned: &Assigned) -> p::Assigned {
    p::Assigned {
        work: assigned.work.to_bits(),
        agent: assigned.agent.0,
        cause: assigned.cause.number(),
        cost: assigned.cost,
        grace_ms: assigned.grace_ms,
        answer_by_ms: assigned.answer_by.map(millis),
        overcommit: assigned.overcommit,
        participants: assigned.participants.iter().map(taking_part).collect(),
        brief: Some(brief(&assigned.brief)),
    }
}

fn brief(brief: &WorkBrief) -> p::WorkBrief {
    p::WorkBrief {
        leaf: brief.leaf.0,
        conversation: brief.conversation.0,
        channel: brief.channel.to_string(),
        endpoint: brief.endpoint.to_string(),
        brand: brief.brand.to_string(),
        queue: brief.queue.to_string(),
        opened_at_ms: brief.opened_at.0,
        waiting_since_ms: brief.waiting_since.map(millis),
        waited_ms: brief.waited_ms,
        last_message: brief.last_message.to_bits(),
        linked: brief.linked.iter().map(|work| work.to_bits()).collect(),
        effort: entries(&brief.effort),
    }
}

fn audience(agents: &[AgentId]) -> Vec<u32> {
    agents.iter().map(|agent| agent.0).collect()
}

fn millis(time: Timestamp) -> i64 {
    time.0
}
