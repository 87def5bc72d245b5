//! Records of all shapes for tests. A variant of [`Change`] that is forgotten here does not compile, or fails the test that
//! counts them.

mod words;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use self::words::{
    address_kind, assign_cause, assurance, author, error_class, evidence, opt_source, outcome, presence, queue_cause,
    receipt_status, scope, session_end, status, suggestion_end, suggestion_reason, unassign_reason,
};
use crate::domain::content::{Attachment, AttachmentKind, Content, Location, Mail, Mailbox, Part};
use crate::domain::event::Assurance;
use crate::domain::id::{AgentId, AssignmentId, Index, LeafId, MessageId, Name, OfferId, Position, RootId, WorkId};
use crate::domain::record::{
    Assigned, Cause, Change, Direction, Flags, IdentityOpened, Input, MailCopy, MessageContent, MessageKind,
    MessageStored, OfferMade, PartHeld, Personal, PersonalValue, Purpose, ReceiptNoted, Record, Request, Touch,
    WorkBrief, WorkOpened,
};
use crate::domain::time::Timestamp;

/// How many variants [`variant`] numbers.
pub(super) const VARIANTS: usize = 57;

/// The number of a change's variant, from 0.
pub(super) fn variant(change: &Change) -> usize {
    match change {
        Change::WorkspaceOpened { .. } => 0,
        Change::ConfigApplied { .. } => 1,
        Change::StreamBound { .. } => 2,
        Change::InputBroken { .. } => 3,
        Change::InputGap { .. } => 4,
        Change::Progress { .. } => 5,
        Change::DeadLettered { .. } => 6,
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
        Change::CooledDown { .. } => 24,
        Change::WrapUpStarted { .. } => 25,
        Change::WrapUpLeft { .. } => 26,
        Change::WorkClosed { .. } => 27,
        Change::WorkReopened { .. } => 28,
        Change::AgentRegistered { .. } => 29,
        Change::SessionOpened { .. } => 30,
        Change::SessionLost { .. } => 31,
        Change::SessionEnded { .. } => 32,
        Change::PresenceSet { .. } => 33,
        Change::MatchDeferred { .. } => 34,
        Change::AlsoReceived { .. } => 35,
        Change::CooldownEnded { .. } => 36,
        Change::InputResumed { .. } => 37,
        Change::PartHeld(_) => 38,
        Change::PartsJoined { .. } => 39,
        Change::ThroughParked { .. } => 40,
        Change::OptNoted { .. } => 41,
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
        Change::CostChanged { .. } => 52,
        Change::WorksMerged { .. } => 53,
        Change::WorkSplit { .. } => 54,
        Change::Unmerged { .. } => 55,
        Change::CustomerChanged { .. } => 56,
    }
}

/// One strategy per variant, in the order of [`variant`].
pub(super) fn every_change() -> Vec<BoxedStrategy<Change>> {
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
            .prop_map(|(input, stream, channel, endpoint, reason)| Change::DeadLettered {
                input,
                stream,
                channel,
                endpoint,
                reason,
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
        (work(), agent(), any::<u32>(), time(), brief())
            .prop_map(|(work, agent, cost, expires_at, brief)| {
                Change::OfferMade(OfferMade { work, agent, cost, expires_at, brief })
            })
            .boxed(),
        (any::<u64>().prop_map(OfferId::from_bits), work(), agent(), outcome())
            .prop_map(|(offer, work, agent, outcome)| Change::OfferEnded { offer, work, agent, outcome })
            .boxed(),
        (work(), agent(), assign_cause(), any::<u32>(), of(any::<u64>()), of(time()), brief())
            .prop_map(|(work, agent, cause, cost, grace_ms, answer_by, brief)| {
                Change::Assigned(Assigned { work, agent, cause, cost, grace_ms, answer_by, brief })
            })
            .boxed(),
        (assignment(), work(), agent(), unassign_reason())
            .prop_map(|(assignment, work, agent, reason)| Change::Unassigned { assignment, work, agent, reason })
            .boxed(),
        (work(), agent(), any::<bool>(), time())
            .prop_map(|(work, agent, liftable, until)| Change::CooledDown { work, agent, liftable, until })
            .boxed(),
        (work(), agent(), time(), any::<u32>(), name())
            .prop_map(|(work, agent, until, cost, disposition)| Change::WrapUpStarted {
                work,
                agent,
                until,
                cost,
                disposition,
            })
            .boxed(),
        (work(), agent(), any::<u32>())
            .prop_map(|(work, agent, cost)| Change::WrapUpLeft { work, agent, cost })
            .boxed(),
        (work(), name(), time())
            .prop_map(|(work, disposition, reopen_until)| Change::WorkClosed { work, disposition, reopen_until })
            .boxed(),
        (work(), leaf()).prop_map(|(work, leaf)| Change::WorkReopened { work, leaf }).boxed(),
        (agent(), name()).prop_map(|(agent, name)| Change::AgentRegistered { agent, name }).boxed(),
        (agent(), any::<u64>())
            .prop_map(|(agent, session_epoch)| Change::SessionOpened { agent, session_epoch })
            .boxed(),
        (agent(), any::<u64>(), time(), time())
            .prop_map(|(agent, session_epoch, offers_until, until)| Change::SessionLost {
                agent,
                session_epoch,
                offers_until,
                until,
            })
            .boxed(),
        (agent(), any::<u64>(), session_end())
            .prop_map(|(agent, session_epoch, reason)| Change::SessionEnded { agent, session_epoch, reason })
            .boxed(),
        (agent(), presence(), name(), vec(name(), 0..3))
            .prop_map(|(agent, presence, reason, channels)| Change::PresenceSet { agent, presence, reason, channels })
            .boxed(),
        (agent(), any::<bool>()).prop_map(|(agent, more)| Change::MatchDeferred { agent, more }).boxed(),
        (message(), leaf(), name())
            .prop_map(|(message, leaf, endpoint)| Change::AlsoReceived { message, leaf, endpoint })
            .boxed(),
        (work(), agent()).prop_map(|(work, agent)| Change::CooldownEnded { work, agent }).boxed(),
        any::<(u16, i64, u64, u64)>()
            .prop_map(|(stream, created_ns, sequence, digest)| Change::InputResumed {
                stream,
                created_ns,
                sequence,
                digest,
            })
            .boxed(),
        part_held().boxed(),
        (leaf(), any::<u64>(), message(), any::<bool>())
            .prop_map(|(leaf, set, message, complete)| Change::PartsJoined { leaf, set, message, complete })
            .boxed(),
        (leaf(), name(), name(), receipt_status(), time())
            .prop_map(|(leaf, channel, endpoint, status, through)| Change::ThroughParked {
                leaf,
                channel,
                endpoint,
                status,
                through,
            })
            .boxed(),
        (
            leaf(),
            vec(select(vec![Purpose::Proactive, Purpose::Marketing, Purpose::Survey]), 0..4),
            any::<bool>(),
            opt_source(),
        )
            .prop_map(|(leaf, purposes, refused, source)| Change::OptNoted { leaf, purposes, refused, source })
            .boxed(),
        (leaf(), of(leaf()), any::<bool>())
            .prop_map(|(leaf, successor, shared)| Change::LinkEnded { leaf, successor, shared })
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
        (root(), root(), root(), vec(leaf(), 0..4))
            .prop_map(|(customer, rest, parted, leaves)| Change::Unmerged { customer, rest, parted, leaves })
            .boxed(),
        (work(), agent(), root(), of(work()))
            .prop_map(|(work, agent, conversation, split)| Change::CustomerChanged { work, agent, conversation, split })
            .boxed(),
    ]
}

/// Workspaces of the records; their leaves with content are below 5 blocks.
pub(super) const WORKSPACES: [&str; 3] = ["acme", "demo", "north-2"];

/// A record with at least one change.
pub(super) fn record() -> impl Strategy<Value = Record> {
    let changes = vec(proptest::strategy::Union::new(every_change()), 1..5);
    let head = (any::<u64>(), time(), select(WORKSPACES.to_vec()).prop_map(Name::new), cause());
    let touches = vec((leaf(), vec(any::<u64>(), 0..9)), 0..3);
    let by_place = |mut content: Vec<Personal>| {
        content.sort_by_key(|personal| personal.place);
        content.dedup_by_key(|personal| personal.place);
        content
    };
    let content =
        prop_oneof![Just((Vec::new(), None)), (vec(personal(), 0..3).prop_map(by_place), leaf().prop_map(Some)),];
    (head, touches, changes, content).prop_map(
        |((index, time, workspace, cause), touches, changes, (content, content_leaf))| Record {
            index: Index(index),
            time,
            workspace,
            cause,
            touches: touches.into_iter().map(|(leaf, previous)| Touch { leaf, previous: previous.into() }).collect(),
            changes: changes.into(),
            content,
            content_leaf,
        },
    )
}

/// What most records are: a text of 100 bytes of a customer whose Work is an agent's.
pub(super) fn typical() -> Record {
    let index = Index(12_345_678);
    Record {
        index,
        time: Timestamp(1_790_000_000_000),
        workspace: "demo".into(),
        cause: Cause::Input(Input {
            stream: 1,
            sequence: 9_876_543,
            event: 0,
            of: 1,
            splitter: 1,
            digest: 0x1234_5678_9abc_def0,
        }),
        touches: [Touch { leaf: LeafId(17_123), previous: (1..9).map(|n| index.0 - n * 20_000).collect() }].into(),
        changes: [Change::MessageStored(Box::new(MessageStored {
            leaf: LeafId(17_123),
            conversation: RootId(17_123),
            work: Some(WorkId::new(Index(11_000_000), 2)),
            assurance: Assurance::Platform,
            channel: "whatsapp".into(),
            endpoint: "main".into(),
            provider_time: Some(Timestamp(1_789_999_999_000)),
            duplicate_key: 0x1111_2222_3333_4444,
            digest: 0x5555_6666_7777_8888,
            provider_fingerprint: 0x9999_aaaa_bbbb_cccc,
            audience: [AgentId(7)].into(),
            ..MessageStored::default()
        }))]
        .into_iter()
        .collect(),
        content: vec![Personal {
            place: 0,
            value: PersonalValue::Message(Box::new(MessageContent {
                content: Content::text("x".repeat(100)),
                provider_ref: Some("wamid.HBgNNDkxNTExMjM0NTY3OBUCABIYFjNFQjA5QzZFRTM5".into()),
                ..MessageContent::default()
            })),
        }],
        content_leaf: Some(LeafId(17_123)),
    }
}

fn name() -> impl Strategy<Value = Name> {
    ".{0,30}".prop_map(Name::from)
}

/// One with a key, as each leaf has.
fn leaf() -> impl Strategy<Value = LeafId> {
    (0..20_480_u32).prop_map(LeafId)
}

fn root() -> impl Strategy<Value = RootId> {
    any::<u32>().prop_map(RootId)
}

fn agent() -> impl Strategy<Value = AgentId> {
    any::<u32>().prop_map(AgentId)
}

fn work() -> impl Strategy<Value = WorkId> {
    any::<u64>().prop_map(WorkId::from_bits)
}

fn message() -> impl Strategy<Value = MessageId> {
    any::<u64>().prop_map(MessageId::from_bits)
}

fn assignment() -> impl Strategy<Value = AssignmentId> {
    any::<u64>().prop_map(AssignmentId::from_bits)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn input() -> impl Strategy<Value = Input> {
    any::<(u16, u64, u16, u16, u16, u64)>().prop_map(|(stream, sequence, event, of, splitter, digest)| Input {
        stream,
        sequence,
        event,
        of,
        splitter,
        digest,
    })
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        input().prop_map(Cause::Input),
        (name(), name(), any::<u64>()).prop_map(|(principal, request_id, digest)| Cause::Command(Request {
            principal,
            request_id,
            digest
        })),
        Just(Cause::Timer),
        Just(Cause::System),
    ]
}

fn identity_opened() -> impl Strategy<Value = Change> {
    let who = (leaf(), root(), address_kind(), name(), scope());
    (who, any::<(u128, u16, u16, bool)>(), status(), assurance(), evidence(), of(leaf())).prop_map(
        |((leaf, root, kind, namespace_scope, scope), plain, status, assurance, evidence, beside)| {
            let (hash, generation, normaliser, shared) = plain;
            Change::IdentityOpened(IdentityOpened {
                leaf,
                root,
                kind,
                namespace_scope,
                scope,
                hash,
                generation,
                normaliser,
                status,
                shared,
                assurance,
                evidence,
                beside,
            })
        },
    )
}

fn message_stored() -> impl Strategy<Value = Change> {
    use {MessageKind as K, Purpose as P};
    let kinds = select(vec![
        K::Message,
        K::Edit,
        K::Deletion,
        K::Reaction,
        K::IdentityChange,
        K::Opt,
        K::Start,
        K::VisitEnd,
        K::Call,
        K::MediaArrived,
        K::Unsupported,
    ]);
    let purposes = select(vec![P::Service, P::Proactive, P::Marketing, P::Notice, P::Survey]);
    let directions = select(vec![Direction::In, Direction::Out, Direction::Note]);
    let filed = (leaf(), root(), of(work()), of(message()), vec(agent(), 0..3));
    let words = (directions, kinds, author(), assurance(), scope(), purposes);
    let outbound = (of(assignment()), of(message()), of(time()), of(time()), vec(any::<u128>(), 0..3));
    (filed, words, name(), name(), of(time()), any::<(u32, u64, u64, u64)>(), outbound).prop_map(
        |(filed, words, channel, endpoint, provider_time, plain, outbound)| {
            let (leaf, conversation, work, about, audience) = filed;
            let (direction, kind, author, assurance, scope, purpose) = words;
            let (flags, duplicate_key, digest, provider_fingerprint) = plain;
            let (assignment, seen_through, not_after, answer_by, copied) = outbound;
            Change::MessageStored(Box::new(MessageStored {
                leaf,
                conversation,
                work,
                direction,
                kind,
                author,
                assurance,
                scope,
                purpose,
                channel,
                endpoint,
                provider_time,
                flags: Flags(flags),
                about,
                duplicate_key,
                digest,
                provider_fingerprint,
                audience: audience.into(),
                assignment,
                seen_through,
                not_after,
                answer_by,
                copied,
            }))
        },
    )
}

fn receipt_noted() -> impl Strategy<Value = Change> {
    let filed = (message(), leaf(), of(work()), vec(agent(), 0..3));
    (filed, receipt_status(), any::<(bool, u64)>(), error_class(), name(), of(time())).prop_map(
        |(filed, status, plain, class, code, sent_at)| {
            let (message, leaf, work, audience) = filed;
            let (applied, provider_fingerprint) = plain;
            Change::ReceiptNoted(ReceiptNoted {
                message,
                leaf,
                work,
                status,
                applied,
                class,
                code,
                provider_fingerprint,
                audience: audience.into(),
                sent_at,
            })
        },
    )
}

fn part_held() -> impl Strategy<Value = Change> {
    let filed = (leaf(), name(), name(), any::<(u64, u16, u16)>(), time());
    let keys = (any::<u32>().prop_map(Flags), any::<u64>(), any::<u64>(), any::<u64>());
    (filed, assurance(), of(time()), keys).prop_map(
        |((leaf, channel, endpoint, (set, number, of), until), assurance, provider_time, keys)| {
            let (flags, duplicate_key, digest, provider_fingerprint) = keys;
            Change::PartHeld(Box::new(PartHeld {
                leaf,
                channel,
                endpoint,
                set,
                number,
                of,
                until,
                assurance,
                provider_time,
                flags,
                duplicate_key,
                digest,
                provider_fingerprint,
            }))
        },
    )
}

fn work_opened() -> impl Strategy<Value = Change> {
    (leaf(), root(), name(), name(), name(), vec(work(), 0..4)).prop_map(
        |(leaf, conversation, channel, endpoint, brand, linked)| {
            Change::WorkOpened(Box::new(WorkOpened { leaf, conversation, channel, endpoint, brand, linked }))
        },
    )
}

fn brief() -> impl Strategy<Value = WorkBrief> {
    let filed = (leaf(), root(), name(), name(), name(), name());
    let last = (message(), vec(work(), 0..3));
    (filed, time(), of(time()), any::<u64>(), last).prop_map(
        |((leaf, conversation, channel, endpoint, brand, queue), opened_at, waiting_since, waited_ms, last)| {
            let (last_message, linked) = last;
            WorkBrief {
                leaf,
                conversation,
                channel,
                endpoint,
                brand,
                queue,
                opened_at,
                waiting_since,
                waited_ms,
                last_message,
                linked,
            }
        },
    )
}

fn personal() -> impl Strategy<Value = Personal> {
    let value = prop_oneof![
        message_content().prop_map(|content| PersonalValue::Message(Box::new(content))),
        name().prop_map(PersonalValue::Address),
        name().prop_map(PersonalValue::Shown),
    ];
    (any::<u16>(), value).prop_map(|(place, value)| Personal { place, value })
}

fn message_content() -> impl Strategy<Value = MessageContent> {
    let text = || of(".{0,20}");
    let copy = (".{0,20}", ".{0,20}").prop_map(|(address, reply_to_token)| MailCopy { address, reply_to_token });
    let beside = (text(), text(), text(), text(), text(), text(), vec(copy, 0..3));
    (content(), text(), text(), text(), text(), text(), beside).prop_map(
        |(content, provider_ref, quoted_ref, recipient, detail, odd_time, beside)| {
            let (language, reply_token, reply_to_token, author_name, read_token, thread, copies) = beside;
            MessageContent {
                content,
                provider_ref,
                quoted_ref,
                recipient,
                detail,
                odd_time,
                language,
                reply_token,
                reply_to_token,
                author_name,
                read_token,
                thread,
                copies,
            }
        },
    )
}

fn content() -> impl Strategy<Value = Content> {
    let part = prop_oneof![
        (".{0,9}", any::<u64>()).prop_map(|(name, bytes)| Part::Attachment(Attachment {
            kind: AttachmentKind::Voice,
            name: Some(name),
            bytes: Some(bytes),
            ..Attachment::default()
        })),
        (-90.0..90.0, -180.0..180.0).prop_map(|(latitude, longitude)| Part::Location(Location {
            latitude,
            longitude,
            ..Location::default()
        })),
        (".{0,9}", ".{0,9}").prop_map(|(subject, address)| Part::Mail(Box::new(Mail {
            subject,
            from: vec![Mailbox { name: None, address }],
            ..Mail::default()
        }))),
    ];
    (".{0,60}", vec(part, 0..3)).prop_map(|(text, parts)| Content { text, parts })
}
