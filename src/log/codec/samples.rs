//! Records of all shapes for tests.

mod changes;
mod words;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

pub(super) use self::changes::{VARIANTS, every_change, variant};
use self::words::{address_kind, assurance, author, effort_kind, error_class, evidence, receipt_status, scope, status};
use crate::domain::content::{Attachment, AttachmentKind, Content, Location, Mail, Mailbox, Part};
use crate::domain::event::Assurance;
use crate::domain::id::{AgentId, AssignmentId, Index, LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::record::{
    Asked, Briefing, Cause, Change, Credit, Direction, EffortEntry, Fact, Flags, IdentityOpened, Input, Inputs,
    MailCopy, Marked, MessageContent, MessageKind, MessageStored, PartHeld, Personal, PersonalValue, Purpose,
    ReceiptNoted, Record, Request, Tags, Touch, WorkBrief, WorkOpened,
};
use crate::domain::time::Timestamp;
use crate::domain::workspace::{Levels, MAX_LEVEL};

/// Workspaces of the records; their leaves with content are below 5 blocks.
pub(super) const WORKSPACES: [&str; 3] = ["acme", "demo", "north-2"];

/// Records of each kind of change in [`of_each_kind`].
const OF_EACH_KIND: usize = 4;

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

/// Records with one change each, several of each kind, with the content that goes with it: for what is stored for good. The same for
/// the same kind, whatever kinds there are beside it.
pub(super) fn of_each_kind() -> Vec<(String, Vec<Record>)> {
    every_change().iter().map(records_of).collect()
}

fn records_of(strategy: &BoxedStrategy<Change>) -> (String, Vec<Record>) {
    let mut runner = TestRunner::deterministic();
    let mut sample = || strategy.new_tree(&mut runner).expect("a sample").current();
    let changes: Vec<Change> = (0..OF_EACH_KIND).map(|_| sample()).collect();
    let kind = changes.first().map(|change| format!("{change:?}")).unwrap_or_default();
    let kind = kind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
    let mut runner = TestRunner::deterministic();
    let records = (1..).zip(changes).map(|(number, change)| {
        let mut draw = |what: &BoxedStrategy<PersonalValue>| what.new_tree(&mut runner).expect("a sample").current();
        let value = match &change {
            Change::MessageStored(_) | Change::PartHeld(_) => {
                Some(draw(&message_content().prop_map(|words| PersonalValue::Message(Box::new(words))).boxed()))
            }
            Change::IdentityOpened(_) | Change::IdentityRekeyed(_) => {
                Some(draw(&name().prop_map(PersonalValue::Address).boxed()))
            }
            Change::Transferring(_) => Some(draw(&".{0,20}".prop_map(PersonalValue::Note).boxed())),
            Change::SummarySet(_) => Some(draw(&".{0,20}".prop_map(PersonalValue::Summary).boxed())),
            Change::Tagged(_) => Some(draw(&tags().prop_map(PersonalValue::Tags).boxed())),
            Change::PriorityGiven(_) => Some(draw(&".{0,20}".prop_map(PersonalValue::Reason).boxed())),
            Change::Parked(_) => Some(draw(&name().prop_map(PersonalValue::WakeFact).boxed())),
            Change::Named { .. } => Some(draw(&name().prop_map(PersonalValue::Shown).boxed())),
            Change::Routed(_) => Some(draw(&inputs().prop_map(|given| PersonalValue::Inputs(Box::new(given))).boxed())),
            _ => None,
        };
        let content_leaf = value.as_ref().and_then(|_| change.leaf());
        Record {
            index: Index(number),
            time: Timestamp(1_790_000_000_000),
            workspace: Name::new(WORKSPACES[0]),
            cause: cause().new_tree(&mut TestRunner::deterministic()).expect("a sample").current(),
            touches: content_leaf
                .into_iter()
                .map(|leaf| Touch { leaf, previous: [1, 9].into_iter().collect() })
                .collect(),
            changes: [change].into_iter().collect(),
            content: value.into_iter().map(|value| Personal { place: 0, value }).collect(),
            content_leaf,
        }
    });
    let records = records.collect();
    (kind, records)
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

fn levels() -> impl Strategy<Value = Levels> {
    vec((name(), 0..=MAX_LEVEL), 0..3).prop_map(|levels| levels.into_iter().collect())
}

fn credit() -> impl Strategy<Value = Credit> {
    (name(), any::<u64>()).prop_map(|(name, ms)| Credit { name, ms })
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
    (who, any::<(u128, u32, u16, bool)>(), status(), assurance(), evidence(), of(leaf())).prop_map(
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
    let outbound = (of(assignment()), of(message()), of(time()), of(time()), vec(any::<u128>(), 0..3), of(agent()));
    (filed, words, name(), name(), of(time()), any::<(u32, u64, u64, u64)>(), outbound).prop_map(
        |(filed, words, channel, endpoint, provider_time, plain, outbound)| {
            let (leaf, conversation, work, about, audience) = filed;
            let (direction, kind, author, assurance, scope, purpose) = words;
            let (flags, duplicate_key, digest, provider_fingerprint) = plain;
            let (assignment, seen_through, not_after, answer_by, copied, whispered_to) = outbound;
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
                whispered_to,
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

fn effort_entry() -> impl Strategy<Value = EffortEntry> {
    (effort_kind(), any::<u32>(), any::<u64>()).prop_map(|(kind, count, ms)| EffortEntry { kind, count, ms })
}

fn brief() -> impl Strategy<Value = WorkBrief> {
    let filed = (leaf(), root(), name(), name(), name(), name());
    let last = (message(), vec(work(), 0..3), vec(effort_entry(), 0..3));
    (filed, time(), of(time()), any::<u64>(), last).prop_map(
        |((leaf, conversation, channel, endpoint, brand, queue), opened_at, waiting_since, waited_ms, last)| {
            let (last_message, linked, effort) = last;
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
                effort,
            }
        },
    )
}

fn personal() -> impl Strategy<Value = Personal> {
    let value = prop_oneof![
        message_content().prop_map(|content| PersonalValue::Message(Box::new(content))),
        name().prop_map(PersonalValue::Address),
        name().prop_map(PersonalValue::Shown),
        vec(fact(), 0..3).prop_map(PersonalValue::Facts),
        (name(), ".{0,20}").prop_map(|(key, prompt)| PersonalValue::Asked(Asked { key, prompt })),
        ".{0,20}".prop_map(PersonalValue::Reason),
        inputs().prop_map(|given| PersonalValue::Inputs(Box::new(given))),
        name().prop_map(PersonalValue::WakeFact),
        ".{0,20}".prop_map(PersonalValue::Note),
        ".{0,20}".prop_map(PersonalValue::Summary),
        tags().prop_map(PersonalValue::Tags),
        marked().prop_map(|noted| PersonalValue::Marked(Box::new(noted))),
        (".{0,20}", vec(".{0,20}", 0..3))
            .prop_map(|(reason, steps)| PersonalValue::Briefing(Box::new(Briefing { reason, steps }))),
    ];
    (any::<u16>(), value).prop_map(|(place, value)| Personal { place, value })
}

fn tags() -> impl Strategy<Value = Tags> {
    (vec(name(), 0..3), vec(name(), 0..3)).prop_map(|(added, removed)| Tags { added, removed })
}

fn marked() -> impl Strategy<Value = Marked> {
    (".{0,20}", vec(name(), 0..3)).prop_map(|(summary, tags)| Marked { summary, tags })
}

fn inputs() -> impl Strategy<Value = Inputs> {
    let facts = || vec((name(), ".{0,20}"), 0..3);
    let when = (any::<bool>(), any::<bool>(), any::<u32>());
    let said = (any::<u32>(), name(), name(), vec(".{0,9}", 0..3), vec(name(), 0..3), when);
    (assurance(), scope(), said, facts(), facts()).prop_map(|(assurance, scope, said, facts, facts_elsewhere)| {
        let (length, locale, language, keywords, attachments, (returning, closed, effort)) = said;
        Inputs {
            kind: MessageKind::Call,
            scope,
            assurance,
            length,
            locale,
            language,
            keywords,
            attachments,
            returning,
            closed,
            effort,
            facts,
            facts_elsewhere,
        }
    })
}

fn fact() -> impl Strategy<Value = Fact> {
    (name(), ".{0,20}", name(), time(), assurance()).prop_map(|(key, value, source, at, assurance)| Fact {
        key,
        value,
        source,
        at,
        assurance,
    })
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
