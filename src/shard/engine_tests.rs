//! Given commands, when records become durable, then effects: never before.

use super::*;
use crate::domain::command::{AgentCommand, Arrival, Verb};
use crate::domain::content::Content;
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Message, Scope, Sender};
use crate::domain::record::{Change, DeadLettered, Presence};
use crate::domain::workspace::WorkspaceConfig;

/// Takes records; says when it has enough.
#[derive(Debug)]
struct Taken {
    records: Vec<Record>,
    room: usize,
    too_large: bool,
}

impl Appender for Taken {
    fn has_room(&self) -> bool {
        self.records.len() < self.room
    }

    fn next_index(&self, _: &Name) -> Index {
        Index(self.records.len() as u64).next()
    }

    fn append(&mut self, record: &Record) -> Result<(), AppendError> {
        if self.too_large && matches!(record.changes[0], Change::IdentityOpened(_)) {
            return Err(AppendError::TooLarge);
        }
        self.records.push(record.clone());
        Ok(())
    }
}

struct Bench {
    engine: Engine<&'static str>,
    log: Taken,
    now: Timestamp,
}

impl Bench {
    /// A shard with one workspace, one stream, one queue; all of it durable and released.
    fn new() -> Self {
        let mut bench = Self {
            engine: Engine::new(State::new(Name::new("test"))),
            log: Taken { records: Vec::new(), room: usize::MAX, too_large: false },
            now: Timestamp(1_000_000),
        };
        let workspace = Name::new("acme");
        for command in [
            Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [7; 16] },
            Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(config()) },
            Command::BindStream { workspace, stream: Name::new("IN"), created_ns: 1 },
        ] {
            assert_eq!(bench.handle(command, None), Step::Recorded);
        }
        bench.settle();
        bench
    }

    fn handle(&mut self, command: Command, reply: Option<&'static str>) -> Step {
        self.engine.handle(command, self.now, reply, &mut self.log).expect("the log goes on")
    }

    /// Everything appended becomes durable; what leaves because of it.
    fn settle(&mut self) -> Vec<String> {
        let head = self.engine.state().head();
        self.engine.durable(head);
        self.released()
    }

    fn released(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.engine.release())
            .map(|released| match released {
                Released::Record(record) => format!("record {}", record.index),
                Released::Answer(asker, Ok(answer)) => {
                    format!("answer {asker} {}", answer.position.index)
                }
                Released::Answer(asker, Err(_)) => format!("refusal {asker}"),
                Released::Read(asker) => format!("read {asker}"),
            })
            .collect()
    }

    fn head(&self) -> u64 {
        self.engine.state().head().0
    }

    fn position(&self) -> (u64, u16) {
        let position = self.engine.state().stream("IN").expect("bound").position;
        (position.sequence, position.event)
    }
}

/// The workspace that tests share.
fn config() -> WorkspaceConfig {
    let text = include_str!("../../tests/support/acme.toml");
    crate::config::parse_workspace(std::path::Path::new("acme.toml"), text).expect("a valid workspace")
}

fn input(sequence: u64, event: u16, of: u16) -> Input {
    Input { stream: 0, sequence, event, of, splitter: 1, digest: sequence }
}

fn says(sequence: u64, text: &str) -> Command {
    Command::Input(Box::new(Arrival {
        body: None,
        older: None,
        workspace: Name::new("acme"),
        channel: Name::new("sms"),
        endpoint: Name::new("line1"),
        stream: Name::new("IN"),
        input: input(sequence, 0, 1),
        event: InboundEvent {
            event_id: Some(format!("event-{text}")),
            message_ref: None,
            occurred_at: None,
            odd_time: None,
            senders: vec![Sender { kind: AddressKind::Phone, address: "+4915112345678".into() }],
            assurance: Assurance::Claimed,
            scope: Scope::Direct,
            thread: None,
            our_address: None,
            kind: EventKind::Message(Message { content: Content::text(text), ..Message::default() }),
            profile: None,
            backfill: false,
            redelivery: false,
            reply_token: None,
            read_token: None,
            reply_to_tokens: Vec::new(),
        },
    }))
}

fn agent(verb: Verb) -> Command {
    Command::Agent(Box::new(AgentCommand {
        workspace: Name::new("acme"),
        agent: Name::new("ann"),
        request: None,
        session_epoch: None,
        oversees: false,
        verb,
    }))
}

fn open_session() -> Command {
    agent(Verb::OpenSession { resume: None, takeover: false })
}

fn ready() -> Command {
    agent(Verb::SetPresence { presence: Presence::Ready, reason: Name::default(), channels: Vec::new() })
}

#[test]
fn nothing_leaves_before_its_record_is_durable() {
    let mut bench = Bench::new();
    let durable = bench.head();
    bench.handle(open_session(), Some("ann"));
    assert_eq!(bench.head(), durable + 1);
    assert!(bench.released().is_empty(), "head is not durable");
    bench.engine.durable(Index(durable + 1));
    assert_eq!(bench.released(), [format!("record {}", durable + 1), format!("answer ann {}", durable + 1)]);
}

#[test]
fn a_refusal_waits_for_the_head_it_was_made_at() {
    let mut bench = Bench::new();
    let durable = bench.head();
    bench.handle(open_session(), None);
    // Refused because of the session that may still be undone.
    let step = bench.handle(open_session(), Some("second"));
    assert!(matches!(step, Step::Refused(_)), "{step:?}");
    assert!(bench.released().is_empty());
    bench.engine.durable(Index(durable + 1));
    let record = format!("record {}", durable + 1);
    assert_eq!(bench.released(), [record.as_str(), "refusal second"]);
}

#[test]
fn a_refusal_at_a_durable_head_leaves_at_once() {
    let mut bench = Bench::new();
    bench.handle(ready(), Some("nobody"));
    assert_eq!(bench.released(), ["refusal nobody"]);
}

#[test]
fn a_read_sees_what_was_written_before_it_and_waits_for_it() {
    let mut bench = Bench::new();
    bench.handle(open_session(), None);
    let seen = bench.engine.state().workspace("acme").and_then(|space| space.agent("ann"));
    assert!(seen.is_some(), "reads see head");
    bench.engine.hold_read("reader");
    assert!(bench.released().is_empty());
    let left = bench.settle();
    assert_eq!(left.last().map(String::as_str), Some("read reader"));
}

#[test]
fn effects_leave_in_the_order_of_the_decisions() {
    let mut bench = Bench::new();
    let first = bench.head() + 1;
    bench.handle(open_session(), Some("a"));
    bench.handle(ready(), Some("b"));
    bench.handle(says(1, "hello"), None);
    bench.engine.hold_read("c");
    // Acks may name any later index: the rest of the prefix comes with it.
    bench.engine.durable(Index(first + 1));
    let order = bench.released();
    assert_eq!(
        order,
        [
            format!("record {first}"),
            format!("answer a {first}"),
            format!("record {}", first + 1),
            format!("answer b {}", first + 1)
        ]
    );
    assert_eq!(bench.settle(), [format!("record {}", first + 2), "read c".into()]);
}

#[test]
fn a_repeated_input_makes_no_record_and_no_dead_letter() {
    let mut bench = Bench::new();
    assert_eq!(bench.handle(says(1, "hello"), None), Step::Recorded);
    let head = bench.head();
    assert_eq!(bench.handle(says(1, "hello"), None), Step::Repeated, "same position");
    assert_eq!(bench.handle(says(2, "hello"), None), Step::Repeated, "same event again");
    assert_eq!(bench.head(), head);
}

#[test]
fn inputs_without_effect_move_the_position_after_a_second() {
    let mut bench = Bench::new();
    bench.handle(says(1, "hello"), None);
    bench.handle(says(2, "hello"), None);
    assert_eq!(bench.position(), (1, 0));
    let due = bench.engine.next_wake().expect("progress is due some time");
    assert!(due <= bench.now + std::time::Duration::from_secs(1));
    bench.now = bench.now + std::time::Duration::from_secs(1);
    bench.engine.record_progress(bench.now, &mut bench.log).expect("the log goes on");
    assert_eq!(bench.position(), (2, 0));
}

#[test]
fn a_thousand_messages_without_events_move_the_position_at_once() {
    let mut bench = Bench::new();
    let head = bench.head();
    for sequence in 1..=1_000 {
        bench.handle(Command::Progress { workspace: Name::new("acme"), reached: vec![input(sequence, 0, 0)] }, None);
    }
    assert_eq!(bench.head(), head);
    bench.engine.record_progress(bench.now, &mut bench.log).expect("the log goes on");
    assert_eq!((bench.head(), bench.position()), (head + 1, (1_000, 0)));
}

#[test]
fn an_input_that_is_refused_even_as_a_dead_letter_moves_the_position() {
    let mut bench = Bench::new();
    let Command::Input(mut arrival) = says(1, "hello") else { unreachable!("it is an input") };
    arrival.workspace = Name::new("elsewhere");
    let step = bench.handle(Command::Input(arrival), None);
    assert_eq!(step, Step::Refused(Rejection::UnknownWorkspace));
    bench.now = bench.now + std::time::Duration::from_secs(1);
    bench.engine.record_progress(bench.now, &mut bench.log).expect("the log goes on");
    assert_eq!(bench.position(), (1, 0));
}

#[test]
fn an_input_whose_record_is_too_large_becomes_a_dead_letter_and_changes_nothing_else() {
    let mut bench = Bench::new();
    bench.log.too_large = true;
    bench.handle(says(1, "hello"), None);
    let last = bench.log.records.last().expect("a record");
    assert!(
        matches!(&last.changes[0], Change::DeadLettered(DeadLettered { reason, .. }) if reason == TOO_LARGE),
        "{last:?}"
    );
    bench.log.too_large = false;
    assert_eq!(bench.handle(says(2, "again"), None), Step::Recorded);
}

#[test]
fn timers_fire_when_due_and_only_while_the_log_has_room() {
    let mut bench = Bench::new();
    bench.handle(open_session(), None);
    bench.handle(ready(), None);
    bench.handle(says(1, "hello"), None);
    let deadline = bench.engine.next_wake().expect("an offer expires");
    let before = bench.head();
    let early = Timestamp(deadline.0 - 1);
    let fire = |bench: &mut Bench, at| bench.engine.fire_due(at, 1_000, &mut bench.log).expect("the log goes on");
    assert_eq!(fire(&mut bench, early), 0);
    bench.log.room = bench.log.records.len();
    assert_eq!(fire(&mut bench, deadline), 0);
    bench.log.room = usize::MAX;
    assert!(fire(&mut bench, deadline) >= 1);
    assert!(bench.head() > before);
}
