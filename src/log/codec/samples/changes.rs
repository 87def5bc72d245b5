//! A sample of each kind of change. A variant of [`Change`] that is forgotten here does not compile, or fails the test that counts
//! them.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::words::{
    address_kind, answer_outcome, assign_cause, assurance, effort_kind, error_class, evidence, hand_over_cause,
    leave_reason, mute_reason, notice_kind, opt_source, outcome, overflow_cause, presence, queue_cause, receipt_status,
    role, session_end, status, step_cause, suggestion_end, suggestion_reason, transfer_outcome, unassign_reason,
    wake_cause,
};
use super::{
    agent, assignment, brief, credit, identity_opened, input, leaf, levels, message, message_stored, name, part_held,
    receipt_noted, root, time, work, work_opened,
};
use crate::domain::id::{Index, OfferId, Position};
use crate::domain::record::{
    AnswerCounted, Assigned, AutomationMuted, BotsDue, Change, Clock, CooledDown, DeadLettered, EffortNoted,
    EnrichmentSet, HandBackEnded, HandedBack, HandedToPeople, HoldSet, HoursTurned, IdentityRekeyed, IdleSet,
    InputResumed, NoticeSent, NoticeSet, OfferMade, OptNoted, Overcommitted, OverflowSet, Overflowed, OwnerTold,
    Parked, ParticipantJoined, ParticipantLeft, PartsJoined, PresenceSet, PriorityGiven, Promised, Purpose, Required,
    Resettled, Routed, SessionLost, StepSet, SummarySet, Tagged, TakingPart, ThroughParked, TransferEnded,
    Transferring, Unserved, Woken, WrapUpExtended, WrapUpStarted,
};
use crate::domain::workspace::Relax;

fn taking_part() -> impl Strategy<Value = TakingPart> {
    (agent(), role(), assignment(), of(time())).prop_map(|(agent, role, id, until)| TakingPart {
        agent,
        role,
        id,
        until,
    })
}

fn clock() -> impl Strategy<Value = Clock> {
    (any::<u64>(), time()).prop_map(|(left_ms, from)| Clock { left_ms, from })
}

/// How many variants [`variant`] numbers.
pub(in crate::log::codec) const VARIANTS: usize = 104;

/// The number of a change's variant, from 0.
pub(in crate::log::codec) fn variant(change: &Change) -> usize {
    match change {
        Change::WorkspaceOpened { .. } => 0,
        Change::ConfigApplied { .. } => 1,
        Change::StreamBound { .. } => 2,
        Change::InputBroken { .. } => 3,
        Change::InputGap { .. } => 4,
        Change::Progress { .. } => 5,
        Change::DeadLettered(_) => 6,
        Change::HandedOver { .. } => 7,
        Change::Resumed { .. } => 8,
        Change::AccountNoted { .. } => 9,
        Change::IdentityOpened(_) => 10,
        Change::IdentityMarked { .. } => 11,
        Change::Named { .. } => 12,
        Change::Merged { .. } => 13,
        Change::MessageStored(_) => 14,
        Change::ReceiptNoted(_) => 15,
        Change::ReceiptParked { .. } => 16,
        Change::SeenMarked { .. } => 17,
        Change::WorkOpened(_) => 18,
        Change::WorkQueued { .. } => 19,
        Change::OfferMade(_) => 20,
        Change::OfferEnded { .. } => 21,
        Change::Assigned(_) => 22,
        Change::Unassigned { .. } => 23,
        Change::CooledDown(_) => 24,
        Change::WrapUpStarted(_) => 25,
        Change::WrapUpLeft { .. } => 26,
        Change::WorkClosed { .. } => 27,
        Change::WorkReopened { .. } => 28,
        Change::AgentRegistered { .. } => 29,
        Change::SessionOpened { .. } => 30,
        Change::SessionLost(_) => 31,
        Change::SessionEnded { .. } => 32,
        Change::PresenceSet(_) => 33,
        Change::MatchDeferred { .. } => 34,
        Change::AlsoReceived { .. } => 35,
        Change::CooldownEnded { .. } => 36,
        Change::InputResumed(_) => 37,
        Change::PartHeld(_) => 38,
        Change::PartsJoined(_) => 39,
        Change::ThroughParked(_) => 40,
        Change::OptNoted(_) => 41,
        Change::LinkEnded { .. } => 42,
        Change::Suggested { .. } => 43,
        Change::SuggestionEnded { .. } => 44,
        Change::Linked { .. } => 45,
        Change::Heard { .. } => 46,
        Change::ReplyKeyMade { .. } => 47,
        Change::Erased { .. } => 48,
        Change::KeyDestroyed { .. } => 49,
        Change::WorkJoined { .. } => 50,
        Change::WorkRekeyed { .. } => 51,
        Change::HoursTurned(_) => 80,
        Change::Required(_) => 71,
        Change::Routed(_) => 72,
        Change::CostChanged { .. } => 52,
        Change::WorksMerged { .. } => 53,
        Change::WorkSplit { .. } => 54,
        Change::Unmerged { .. } => 55,
        Change::CustomerChanged { .. } => 56,
        Change::BodiesNamed { .. } => 57,
        Change::IdentityRekeyed(_) => 58,
        Change::RekeyedTo { .. } => 59,
        Change::FactsSet { .. } => 60,
        Change::FactAsked { .. } => 61,
        Change::Upserted { .. } => 62,
        Change::Blocked { .. } => 63,
        Change::Unblocked { .. } => 64,
        Change::SpamMarked { .. } => 65,
        Change::SpamCleared { .. } => 66,
        Change::Quarantined { .. } => 67,
        Change::QuarantineLifted { .. } => 68,
        Change::Restored { .. } => 69,
        Change::AutomationMuted(_) => 70,
        Change::Resettled(_) => 73,
        Change::Parked(_) => 74,
        Change::Woken(_) => 75,
        Change::Transferring(_) => 76,
        Change::TransferEnded(_) => 77,
        Change::WrapUpExtended(_) => 78,
        Change::Promised(_) => 79,
        Change::StepSet(_) => 81,
        Change::OverflowSet(_) => 82,
        Change::Overflowed(_) => 83,
        Change::Unserved(_) => 84,
        Change::SummarySet(_) => 85,
        Change::Tagged(_) => 86,
        Change::PriorityGiven(_) => 87,
        Change::AnswerCounted(_) => 88,
        Change::Overcommitted(_) => 89,
        Change::IdleSet(_) => 90,
        Change::CustomerLeft { .. } => 91,
        Change::HoldSet(_) => 92,
        Change::EffortNoted(_) => 93,
        Change::EnrichmentSet(_) => 94,
        Change::NoticeSet(_) => 95,
        Change::NoticeSent(_) => 96,
        Change::ParticipantJoined(_) => 97,
        Change::ParticipantLeft(_) => 98,
        Change::HandedToPeople(_) => 99,
        Change::HandedBack(_) => 100,
        Change::BotsDue(_) => 101,
        Change::OwnerTold(_) => 102,
        Change::HandBackEnded(_) => 103,
    }
}

/// One strategy per variant, in the order of [`variant`].
pub(in crate::log::codec) fn every_change() -> Vec<BoxedStrategy<Change>> {
    vec![
        any::<[u8; 16]>().prop_map(|hash_key| Change::WorkspaceOpened { hash_key }).boxed(),
        (".{0,40}", any::<[u8; 32]>())
            .prop_map(|(canonical, sha256)| Change::ConfigApplied { canonical, sha256 })
            .boxed(),
        (any::<u16>(), name(), any::<i64>())
            .prop_map(|(stream, name, created_ns)| Change::StreamBound { stream, name, created_ns })
            .boxed(),
        any::<(u16, u64, u64)>()
            .prop_map(|(stream, applied, found)| Change::InputBroken { stream, applied, found })
            .boxed(),
        any::<(u16, u64, u64)>().prop_map(|(stream, from, to)| Change::InputGap { stream, from, to }).boxed(),
        vec(input(), 0..4).prop_map(|reached| Change::Progress { reached }).boxed(),
        (input(), name(), name(), name(), name())
            .prop_map(|(input, stream, channel, endpoint, reason)| {
                Change::DeadLettered(DeadLettered { input, stream, channel, endpoint, reason })
            })
            .boxed(),
        (name(), any::<u64>(), any::<(u64, u32)>())
            .prop_map(|(stream, stream_sequence, (index, output))| Change::HandedOver {
                stream,
                stream_sequence,
                position: Position { index: Index(index), output },
            })
            .boxed(),
        any::<(u64, u64)>().prop_map(|(outage_ms, extension_ms)| Change::Resumed { outage_ms, extension_ms }).boxed(),
        (name(), name()).prop_map(|(endpoint, subject)| Change::AccountNoted { endpoint, subject }).boxed(),
        identity_opened().boxed(),
        (leaf(), status(), any::<bool>())
            .prop_map(|(leaf, status, shared)| Change::IdentityMarked { leaf, status, shared })
            .boxed(),
        (leaf(), assurance()).prop_map(|(leaf, assurance)| Change::Named { leaf, assurance }).boxed(),
        (root(), root(), vec(leaf(), 0..4), evidence())
            .prop_map(|(winner, loser, leaves, evidence)| Change::Merged { winner, loser, leaves, evidence })
            .boxed(),
        message_stored().boxed(),
        receipt_noted().boxed(),
        (any::<u64>(), receipt_status(), error_class())
            .prop_map(|(fingerprint, status, class)| Change::ReceiptParked { fingerprint, status, class })
            .boxed(),
        (agent(), work(), message())
            .prop_map(|(agent, work, through)| Change::SeenMarked { agent, work, through })
            .boxed(),
        work_opened().boxed(),
        (work(), name(), any::<i64>(), queue_cause(), of(agent()))
            .prop_map(|(work, queue, key, cause, preferred)| Change::WorkQueued { work, queue, key, cause, preferred })
            .boxed(),
        (work(), agent(), any::<u32>(), time(), brief(), of(agent()))
            .prop_map(|(work, agent, cost, expires_at, brief, from)| {
                Change::OfferMade(OfferMade { work, agent, cost, expires_at, brief, from })
            })
            .boxed(),
        (any::<u64>().prop_map(OfferId::from_bits), work(), agent(), outcome())
            .prop_map(|(offer, work, agent, outcome)| Change::OfferEnded { offer, work, agent, outcome })
            .boxed(),
        (
            (work(), agent(), assign_cause()),
            any::<(u32, u32)>(),
            (of(any::<u64>()), of(time())),
            brief(),
            vec(taking_part(), 0..3),
        )
            .prop_map(|((work, agent, cause), (cost, overcommit), (grace_ms, answer_by), brief, participants)| {
                let what = Assigned { work, agent, cause, cost, brief, ..Assigned::default() };
                Change::Assigned(Assigned { grace_ms, answer_by, overcommit, participants, ..what })
            })
            .boxed(),
        (assignment(), work(), agent(), unassign_reason())
            .prop_map(|(assignment, work, agent, reason)| Change::Unassigned { assignment, work, agent, reason })
            .boxed(),
        (work(), agent(), any::<bool>(), time())
            .prop_map(|(work, agent, liftable, until)| Change::CooledDown(CooledDown { work, agent, liftable, until }))
            .boxed(),
        (work(), agent(), time(), any::<u32>(), name())
            .prop_map(|(work, agent, until, cost, disposition)| {
                Change::WrapUpStarted(WrapUpStarted { work, agent, until, cost, disposition })
            })
            .boxed(),
        (work(), agent(), any::<u32>())
            .prop_map(|(work, agent, cost)| Change::WrapUpLeft { work, agent, cost })
            .boxed(),
        (work(), name(), time(), any::<bool>())
            .prop_map(|(work, disposition, reopen_until, canceled)| Change::WorkClosed {
                work,
                disposition,
                reopen_until,
                canceled,
            })
            .boxed(),
        (work(), leaf()).prop_map(|(work, leaf)| Change::WorkReopened { work, leaf }).boxed(),
        (agent(), name()).prop_map(|(agent, name)| Change::AgentRegistered { agent, name }).boxed(),
        (agent(), any::<u64>())
            .prop_map(|(agent, session_epoch)| Change::SessionOpened { agent, session_epoch })
            .boxed(),
        (agent(), any::<u64>(), time(), time())
            .prop_map(|(agent, session_epoch, offers_until, until)| {
                Change::SessionLost(SessionLost { agent, session_epoch, offers_until, until })
            })
            .boxed(),
        (agent(), any::<u64>(), session_end())
            .prop_map(|(agent, session_epoch, reason)| Change::SessionEnded { agent, session_epoch, reason })
            .boxed(),
        (agent(), presence(), name(), vec(name(), 0..3))
            .prop_map(|(agent, presence, reason, channels)| {
                Change::PresenceSet(PresenceSet { agent, presence, reason, channels })
            })
            .boxed(),
        (agent(), any::<bool>()).prop_map(|(agent, more)| Change::MatchDeferred { agent, more }).boxed(),
        (message(), leaf(), name())
            .prop_map(|(message, leaf, endpoint)| Change::AlsoReceived { message, leaf, endpoint })
            .boxed(),
        (work(), agent()).prop_map(|(work, agent)| Change::CooldownEnded { work, agent }).boxed(),
        any::<(u16, i64, u64, u64)>()
            .prop_map(|(stream, created_ns, sequence, digest)| {
                Change::InputResumed(InputResumed { stream, created_ns, sequence, digest })
            })
            .boxed(),
        part_held().boxed(),
        (leaf(), any::<u64>(), message(), any::<bool>())
            .prop_map(|(leaf, set, message, complete)| {
                Change::PartsJoined(PartsJoined { leaf, set, message, complete })
            })
            .boxed(),
        (leaf(), name(), name(), receipt_status(), time())
            .prop_map(|(leaf, channel, endpoint, status, through)| {
                Change::ThroughParked(ThroughParked { leaf, channel, endpoint, status, through })
            })
            .boxed(),
        (
            leaf(),
            vec(select(vec![Purpose::Proactive, Purpose::Marketing, Purpose::Survey]), 0..4),
            any::<bool>(),
            opt_source(),
        )
            .prop_map(|(leaf, purposes, refused, source)| {
                Change::OptNoted(OptNoted { leaf, purposes, refused, source })
            })
            .boxed(),
        (leaf(), of(leaf()), any::<bool>())
            .prop_map(|(leaf, successor, shared)| Change::LinkEnded { leaf, successor, shared })
            .boxed(),
        (leaf(), leaf(), suggestion_reason())
            .prop_map(|(one, other, reason)| Change::Suggested { one, other, reason })
            .boxed(),
        (leaf(), leaf(), suggestion_end())
            .prop_map(|(one, other, end)| Change::SuggestionEnded { one, other, end })
            .boxed(),
        (leaf(), evidence(), assurance())
            .prop_map(|(leaf, evidence, assurance)| Change::Linked { leaf, evidence, assurance })
            .boxed(),
        leaf().prop_map(|leaf| Change::Heard { leaf }).boxed(),
        any::<(u8, [u8; 32])>().prop_map(|(number, key)| Change::ReplyKeyMade { number, key }).boxed(),
        (root(), vec(leaf(), 0..4)).prop_map(|(root, leaves)| Change::Erased { root, leaves }).boxed(),
        (any::<u64>(), vec(leaf(), 0..4))
            .prop_map(|(erasure, leaves)| Change::KeyDestroyed { erasure: Index(erasure), leaves })
            .boxed(),
        (work(), name(), name(), name())
            .prop_map(|(work, channel, endpoint, queue)| Change::WorkJoined { work, channel, endpoint, queue })
            .boxed(),
        (work(), any::<i64>()).prop_map(|(work, key)| Change::WorkRekeyed { work, key }).boxed(),
        (work(), agent(), any::<u32>())
            .prop_map(|(work, agent, cost)| Change::CostChanged { work, agent, cost })
            .boxed(),
        (work(), work(), of(time()), vec(agent(), 0..3))
            .prop_map(|(from, into, answer_by, audience)| Change::WorksMerged {
                from,
                into,
                answer_by,
                audience: audience.into(),
            })
            .boxed(),
        (work(), work(), vec(message(), 0..4), vec(agent(), 0..3))
            .prop_map(|(from, into, messages, audience)| Change::WorkSplit {
                from,
                into,
                messages,
                audience: audience.into(),
            })
            .boxed(),
        (root(), root(), root(), vec(leaf(), 0..4))
            .prop_map(|(customer, rest, parted, leaves)| Change::Unmerged { customer, rest, parted, leaves })
            .boxed(),
        (work(), agent(), root(), of(work()))
            .prop_map(|(work, agent, conversation, split)| Change::CustomerChanged { work, agent, conversation, split })
            .boxed(),
        (leaf(), vec(any::<u64>(), 0..4)).prop_map(|(leaf, bodies)| Change::BodiesNamed { leaf, bodies }).boxed(),
        (leaf(), address_kind(), any::<(u128, u32, u16)>())
            .prop_map(|(leaf, kind, (hash, generation, normaliser))| {
                Change::IdentityRekeyed(IdentityRekeyed { leaf, kind, hash, generation, normaliser })
            })
            .boxed(),
        any::<(u16, u32)>().prop_map(|(normaliser, leaves)| Change::RekeyedTo { normaliser, leaves }).boxed(),
        leaf().prop_map(|leaf| Change::FactsSet { leaf }).boxed(),
        (work(), leaf(), any::<bool>()).prop_map(|(work, leaf, known)| Change::FactAsked { work, leaf, known }).boxed(),
        (leaf(), root(), any::<bool>())
            .prop_map(|(leaf, root, created)| Change::Upserted { leaf, root, created })
            .boxed(),
        (leaf(), of(time())).prop_map(|(leaf, until)| Change::Blocked { leaf, until }).boxed(),
        leaf().prop_map(|leaf| Change::Unblocked { leaf }).boxed(),
        (work(), leaf()).prop_map(|(work, leaf)| Change::SpamMarked { work, leaf }).boxed(),
        (work(), leaf()).prop_map(|(work, leaf)| Change::SpamCleared { work, leaf }).boxed(),
        (leaf(), name()).prop_map(|(leaf, endpoint)| Change::Quarantined { leaf, endpoint }).boxed(),
        leaf().prop_map(|leaf| Change::QuarantineLifted { leaf }).boxed(),
        (work(), leaf(), vec(message(), 0..4), vec(agent(), 0..3))
            .prop_map(|(work, leaf, messages, audience)| Change::Restored {
                work,
                leaf,
                messages,
                audience: audience.into(),
            })
            .boxed(),
        (work(), mute_reason())
            .prop_map(|(work, reason)| Change::AutomationMuted(AutomationMuted { work, reason }))
            .boxed(),
        (work(), levels()).prop_map(|(work, levels)| Change::Required(Required { work, levels })).boxed(),
        (work(), leaf(), name(), name(), levels(), vec(credit(), 0..3), name())
            .prop_map(|(work, leaf, rule, queue, requires, credits, plan)| {
                Change::Routed(Box::new(Routed { work, leaf, rule, queue, requires, credits, plan }))
            })
            .boxed(),
        (of(work()), any::<bool>()).prop_map(|(through, more)| Change::Resettled(Resettled { through, more })).boxed(),
        (work(), leaf(), agent(), time())
            .prop_map(|(work, leaf, agent, until)| Change::Parked(Parked { work, leaf, agent, until }))
            .boxed(),
        (work(), agent(), wake_cause(), any::<u32>(), of(time()), of(time()))
            .prop_map(|(work, agent, cause, cost, answer_by, held_until)| {
                Change::Woken(Woken { work, agent, cause, cost, answer_by, held_until })
            })
            .boxed(),
        (work(), leaf(), agent(), of(agent()), name(), any::<i64>(), of(time()), any::<bool>())
            .prop_map(|(work, leaf, agent, to, queue, key, until, relief)| {
                Change::Transferring(Box::new(Transferring { work, leaf, agent, to, queue, key, until, relief }))
            })
            .boxed(),
        (work(), agent(), transfer_outcome(), name())
            .prop_map(|(work, agent, outcome, queue)| {
                Change::TransferEnded(TransferEnded { work, agent, outcome, queue })
            })
            .boxed(),
        (work(), agent(), time())
            .prop_map(|(work, agent, until)| Change::WrapUpExtended(WrapUpExtended { work, agent, until }))
            .boxed(),
        (work(), agent(), of(time()))
            .prop_map(|(work, agent, by)| Change::Promised(Promised { work, agent, by }))
            .boxed(),
        (name(), any::<bool>(), of(time()))
            .prop_map(|(hours, open, until)| Change::HoursTurned(HoursTurned { hours, open, until }))
            .boxed(),
        (work(), name(), any::<u32>(), step_cause(), vec(name(), 0..3), of(clock()))
            .prop_map(|(work, plan, step, cause, queues, clock)| {
                Change::StepSet(Box::new(StepSet { work, plan, step, cause, queues, clock }))
            })
            .boxed(),
        (work(), any::<u64>(), of(clock()), any::<bool>())
            .prop_map(|(work, after_ms, clock, no_agent)| {
                Change::OverflowSet(OverflowSet { work, after_ms, clock, no_agent })
            })
            .boxed(),
        (
            work(),
            name(),
            (overflow_cause(), any::<u64>()),
            of(name()),
            vec(name(), 0..3),
            (levels(), vec(name(), 0..3)),
            any::<bool>(),
        )
            .prop_map(|(work, queue, (cause, at), to, queues, (lower, drop), notify)| {
                let relax = Relax { lower, drop };
                Change::Overflowed(Box::new(Overflowed { work, queue, cause, at, to, queues, relax, notify }))
            })
            .boxed(),
        (work(), name(), any::<bool>())
            .prop_map(|(work, queue, unserved)| Change::Unserved(Unserved { work, queue, unserved }))
            .boxed(),
        (of(work()), leaf(), vec(agent(), 0..3))
            .prop_map(|(work, leaf, audience)| Change::SummarySet(SummarySet { work, leaf, audience: audience.into() }))
            .boxed(),
        (of(work()), leaf(), vec(agent(), 0..3))
            .prop_map(|(work, leaf, audience)| Change::Tagged(Tagged { work, leaf, audience: audience.into() }))
            .boxed(),
        (work(), leaf(), any::<u64>(), vec(agent(), 0..3))
            .prop_map(|(work, leaf, ms, audience)| {
                Change::PriorityGiven(PriorityGiven { work, leaf, ms, audience: audience.into() })
            })
            .boxed(),
        (work(), name(), answer_outcome(), any::<u64>())
            .prop_map(|(work, queue, outcome, waited_ms)| {
                Change::AnswerCounted(AnswerCounted { work, queue, outcome, waited_ms })
            })
            .boxed(),
        (agent(), any::<u32>(), of(time()))
            .prop_map(|(agent, by, relieve_at)| Change::Overcommitted(Overcommitted { agent, by, relieve_at }))
            .boxed(),
        (work(), agent(), time(), any::<(bool, bool)>(), of(time()))
            .prop_map(|(work, agent, since, (lowered, nudged), at)| {
                Change::IdleSet(IdleSet { work, agent, since, lowered, nudged, at })
            })
            .boxed(),
        work().prop_map(|work| Change::CustomerLeft { work }).boxed(),
        (work(), agent(), of(time()))
            .prop_map(|(work, agent, until)| Change::HoldSet(HoldSet { work, agent, until }))
            .boxed(),
        (work(), effort_kind(), any::<u64>())
            .prop_map(|(work, kind, ms)| Change::EffortNoted(EffortNoted { work, kind, ms }))
            .boxed(),
        (work(), of(time())).prop_map(|(work, until)| Change::EnrichmentSet(EnrichmentSet { work, until })).boxed(),
        (work(), notice_kind(), of(time()))
            .prop_map(|(work, kind, at)| Change::NoticeSet(NoticeSet { work, kind, at }))
            .boxed(),
        (work(), notice_kind(), message(), of(time()))
            .prop_map(|(work, kind, message, opens_at)| {
                Change::NoticeSent(NoticeSent { work, kind, message, opens_at })
            })
            .boxed(),
        (work(), (agent(), role()), of(assignment()), of(time()), of(message()), vec(agent(), 0..3), brief())
            .prop_map(|(work, (agent, role), asked_under, until, notice, audience, brief)| {
                let audience = audience.into();
                let joined = ParticipantJoined { work, agent, role, asked_under, until, notice, audience, brief };
                Change::ParticipantJoined(Box::new(joined))
            })
            .boxed(),
        (work(), agent(), leave_reason(), vec(agent(), 0..3))
            .prop_map(|(work, agent, reason, audience)| {
                Change::ParticipantLeft(ParticipantLeft { work, agent, reason, audience: audience.into() })
            })
            .boxed(),
        (work(), leaf(), agent(), hand_over_cause())
            .prop_map(|(work, leaf, agent, cause)| Change::HandedToPeople(HandedToPeople { work, leaf, agent, cause }))
            .boxed(),
        (work(), agent()).prop_map(|(work, agent)| Change::HandedBack(HandedBack { work, agent })).boxed(),
        (work(), agent(), time()).prop_map(|(work, agent, by)| Change::BotsDue(BotsDue { work, agent, by })).boxed(),
        (work(), of((assignment(), agent())), vec(agent(), 0..3))
            .prop_map(|(work, owner, audience)| Change::OwnerTold(OwnerTold { work, owner, audience: audience.into() }))
            .boxed(),
        (work(), any::<bool>()).prop_map(|(work, taken)| Change::HandBackEnded(HandBackEnded { work, taken })).boxed(),
    ]
}
