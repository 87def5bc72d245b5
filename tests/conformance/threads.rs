//! Which mails a peer adds to a ticket and which open a new one, against ours: nothing that a stranger can write into a mail (a
//! number in the subject, an id in `In-Reply-To` or `References`, words, files) leads into somebody's matter.
//!
//! Each row is played by bytes: a customer asked and was answered; then somebody else sends the mail that the row describes, with
//! everything of our answer that can be read off it but the token of its recipient's address in the customer's own hands.

use std::path::Path;

use serde_json::Value;
use skein::config::parse_workspace;
use skein::domain::command::{AgentCommand, Arrival, Command, Send, Verb};
use skein::domain::content::{Content, Part};
use skein::domain::id::Name;
use skein::domain::record::{Change, Direction, Input, MessageStored, PersonalValue, Presence, Purpose, Record};
use skein::domain::time::Timestamp;
use skein::domain::{State, answer, decide, evolve};
use skein::normalize::{Format, Request, normalize};

use crate::{Rates, lines};

const CONFIG: &str = r#"
name = "acme"
[[queue]]
name = "mail"
accept = "auto"
[[endpoint]]
name = "help"
channel = "email"
queue = "mail"
addresses = ["help@acme.example"]
[[agent]]
name = "ann"
queues = ["mail"]
capacity = 9
"#;

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    for row in lines(&root.join("routing-scenarios/zammad.jsonl")) {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        if text("area") != "e-mail threading" && text("area") != "references" {
            continue;
        }
        let opens = text("then").contains("new ticket");
        let set = if opens { "zammad_new_ticket" } else { "zammad_not_joined" };
        rates.note(set, text("id"), stays_apart(&row));
    }
}

/// Whether the mail of the row is a matter of its own.
fn stays_apart(row: &Value) -> bool {
    let when = format!("{} {}", row["given"].as_str().unwrap_or_default(), row["when"].as_str().unwrap_or_default());
    let mut desk = Desk::new();
    let asked = desk.hears("From: anna@example.com\r\nSubject: Order 7\r\nMessage-ID: <1@anna>", "hello");
    let (work, id) = desk.answers();
    if when.contains("is closed") || when.contains("is merged") || when.contains("is removed") {
        desk.closes();
    }
    let has = |words: &str| when.contains(words);
    // What our answer shows to whoever sees it: its subject and its ids.
    let subject =
        if has("subject contains") || has("subject matches") || has("two tickets") { "Re: Order 7" } else { "Hello" };
    let mut head = format!("From: eve@evil.example\r\nSubject: {subject} [{work}]\r\nMessage-ID: <1@eve>");
    if has("In-Reply-To") {
        head += &format!("\r\nIn-Reply-To: <{id}>");
    }
    if has("References") {
        head += &format!("\r\nReferences: <1@anna> <{id}>");
    }
    let auto = has("auto-replied");
    if auto {
        head += "\r\nAuto-Submitted: auto-replied";
    }
    let body = if has("body contains") || has("attachment") { format!("About {work}, {id}.") } else { "Hi".to_owned() };
    let said = desk.hears(&head, &body);
    // What a program answers opens nothing, and joins nothing either.
    said.conversation != asked.conversation && said.work != asked.work && said.work.is_some() != auto
}

/// A workspace with one agent, who owns what comes.
struct Desk {
    state: State,
    sequence: u64,
    held: Option<(skein::domain::id::WorkId, skein::domain::id::AssignmentId)>,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self { state: State::new(Name::new("s0")), sequence: 0, held: None };
        let config = parse_workspace(Path::new("acme.toml"), CONFIG).expect("a workspace");
        let workspace = Name::new("acme");
        desk.does(Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [3; 16] });
        desk.does(Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(config) });
        desk.does(Command::RenewReplyKey { workspace: workspace.clone(), key: [5; 32] });
        desk.does(Command::BindStream { workspace, stream: Name::new("in"), created_ns: 1 });
        desk.asks(Verb::OpenSession { resume: None, takeover: false });
        desk.asks(Verb::SetPresence { presence: Presence::Ready, reason: Name::default(), channels: Vec::new() });
        desk
    }

    fn does(&mut self, command: Command) -> Record {
        let decided = decide(&self.state, self.state.head().next(), command, Timestamp(1_790_000_000_000));
        let record = decided.expect("it is accepted").expect("it has an effect");
        evolve(&mut self.state, &record);
        record
    }

    fn asks(&mut self, verb: Verb) -> Record {
        let (workspace, agent) = (Name::new("acme"), Name::new("ann"));
        self.does(Command::Agent(Box::new(AgentCommand {
            workspace,
            agent,
            request: None,
            session_epoch: None,
            oversees: false,
            verb,
        })))
    }

    fn hears(&mut self, head: &str, body: &str) -> MessageStored {
        let bytes = format!("{head}\r\nTo: help@acme.example\r\n\r\n{body}");
        let made = normalize(Format::Email, Request::new(bytes.as_bytes())).expect("a mail");
        self.sequence += 1;
        let record = self.does(Command::Input(Box::new(Arrival {
            body: None,
            older: None,
            workspace: Name::new("acme"),
            channel: Name::new("email"),
            endpoint: Name::new("help"),
            stream: Name::new("in"),
            input: Input { sequence: self.sequence, of: 1, ..Input::default() },
            event: made.events.into_iter().next().expect("an event"),
        })));
        if let (Some(assignment), None) = (answer(&record).assignment, self.held) {
            self.held = stored(&record).work.map(|work| (work, assignment));
        }
        stored(&record).clone()
    }

    /// Answers the first matter; gives its id and that of the mail.
    fn answers(&mut self) -> (String, String) {
        let (work, assignment) = self.held.expect("it is assigned at once");
        let record = self.asks(Verb::Send(Box::new(Send {
            work,
            assignment,
            seen_through: None,
            if_unchanged: None,
            to: None,
            content: Content::text("good day"),
            purpose: Purpose::Service,
            not_after: None,
            note: false,
        })));
        assert_eq!(stored(&record).direction, Direction::Out);
        let id = record.content.iter().find_map(|personal| match &personal.value {
            PersonalValue::Message(words) => words.content.parts.iter().find_map(|part| match part {
                Part::Mail(mail) => mail.message_id.clone(),
                _ => None,
            }),
            _ => None,
        });
        (work.to_string(), id.expect("a mail of ours has an id"))
    }

    fn closes(&mut self) {
        let (work, assignment) = self.held.expect("it is assigned at once");
        self.asks(Verb::Close { work, assignment, disposition: Name::new("solved") });
    }
}

fn stored(record: &Record) -> &MessageStored {
    let stored = record.changes.iter().find_map(|change| match change {
        Change::MessageStored(message) => Some(&**message),
        _ => None,
    });
    stored.expect("a message")
}
