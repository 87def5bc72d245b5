//! The company: the core, with agents who answer what they have.

use std::path::Path;

use skein::config::parse_workspace;
use skein::domain::command::{AgentCommand, Arrival, Command, Recipient, Send, Verb};
use skein::domain::content::{Content, Part};
use skein::domain::event::AddressKind;
use skein::domain::id::{LeafId, Name, WorkId};
use skein::domain::invariant::{Violation, violations};
use skein::domain::record::{Change, Direction, Input, PersonalValue, Presence, Purpose, Record};
use skein::domain::time::Timestamp;
use skein::domain::workspace::{AgentConfig, WorkspaceConfig};
use skein::domain::{State, Workspace, decide, evolve};

use super::life::BEGIN;
use super::mails::Ours;
use super::told::Happening;

const SPACE: &str = "town";
const STREAM: &str = "SKEIN_IN_town";
/// People at each desk; whoever is free gets the Work at once.
const AGENTS: usize = 30;

/// An answer that left.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) work: WorkId,
    pub(crate) to: LeafId,
    /// As a mail.
    pub(crate) letter: Option<Ours>,
}

/// The core with its agents.
#[derive(Debug)]
pub(crate) struct Desk {
    state: State,
    now: Timestamp,
    sequence: u64,
}

impl Desk {
    pub(crate) fn open(single_valued: bool) -> Self {
        let mut desk = Self { state: State::new(Name::new("s0")), now: Timestamp(BEGIN), sequence: 0 };
        let workspace = Name::new(SPACE);
        let config = config(single_valued);
        let agents: Vec<Name> = config.agents.iter().map(|agent| agent.name.clone()).collect();
        desk.does(Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [5; 16] });
        desk.does(Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(config) });
        desk.does(Command::BindStream { workspace, stream: Name::new(STREAM), created_ns: 1 });
        for agent in agents {
            desk.asks(&agent, Verb::OpenSession { resume: None, takeover: false });
            let ready = Verb::SetPresence { presence: Presence::Ready, reason: Name::default(), channels: Vec::new() };
            desk.asks(&agent, ready);
        }
        desk
    }

    pub(crate) fn space(&self) -> &Workspace {
        self.state.workspace(SPACE).expect("the town's workspace")
    }

    /// What is so though it must never be.
    pub(crate) fn broken(&self) -> Vec<Violation> {
        violations(&self.state)
    }

    fn does(&mut self, command: Command) -> Option<Record> {
        let record = decide(&self.state, self.state.head().next(), command, self.now).ok().flatten()?;
        evolve(&mut self.state, &record);
        Some(record)
    }

    fn asks(&mut self, agent: &Name, verb: Verb) -> Option<Record> {
        self.does(Command::Agent(Box::new(AgentCommand {
            workspace: Name::new(SPACE),
            agent: agent.clone(),
            request: None,
            session_epoch: None,
            oversees: false,
            verb,
        })))
    }

    /// What is due by then happens.
    pub(crate) fn until(&mut self, at: i64) {
        let at = BEGIN + at;
        while let Some(due) = self.state.next_deadline().filter(|due| due.0 <= at) {
            self.now = self.now.max(due);
            let (workspace, timer) = self.state.due(self.now).expect("a deadline that has come");
            self.does(Command::Timer { workspace, timer }).expect("a timer that is due does something");
        }
        self.now = self.now.max(Timestamp(at));
        if self.sequence.is_multiple_of(1_000) {
            let day = u8::try_from(self.now.0 / 86_400_000 % 251).expect("a small number");
            self.does(Command::RenewReplyKey { workspace: Name::new(SPACE), key: [day; 32] });
        }
    }

    pub(crate) fn hears(&mut self, happening: &Happening) -> Option<Record> {
        self.sequence += 1;
        self.does(Command::Input(Box::new(Arrival {
            workspace: Name::new(SPACE),
            channel: Name::new(happening.channel()),
            endpoint: Name::new(happening.endpoint),
            stream: Name::new(STREAM),
            input: Input { sequence: self.sequence, of: 1, ..Input::default() },
            event: happening.event.clone(),
            body: None,
            older: None,
        })))
    }

    /// An agent does something about whoever wrote.
    pub(crate) fn about(&mut self, verb: Verb) {
        self.asks(&Name::new("helper0"), verb);
    }

    /// The owner of the message's matter answers, also at whatever other address of the customer skein lets him, and may end it.
    pub(crate) fn answers(&mut self, record: &Record, elsewhere: bool, ends: bool) -> Vec<Answer> {
        let mut answers = Vec::new();
        let Some((work, conversation)) = record.changes.iter().find_map(|change| match change {
            Change::MessageStored(message) => Some((message.work?, message.conversation)),
            _ => None,
        }) else {
            return answers;
        };
        let Some(((_, owner), assignment)) =
            self.space().work(work).and_then(|view| Some((view.owner?, view.assignment?)))
        else {
            return answers;
        };
        let mut to = vec![None];
        if elsewhere && let Some(customer) = self.space().conversation(conversation) {
            let known = customer.identities.iter();
            to.extend(known.filter_map(|one| Some(Some((one.leaf, endpoint_of(one.kind)?)))));
        }
        for to in to {
            let send = Send {
                work,
                assignment,
                seen_through: None,
                if_unchanged: None,
                to: to.map(|(leaf, endpoint)| Recipient { leaf, endpoint: Name::new(endpoint) }),
                content: Content::text("tomorrow"),
                purpose: Purpose::Service,
                not_after: None,
                note: false,
            };
            let sent = self.asks(&owner, Verb::Send(Box::new(send)));
            answers.extend(sent.and_then(|record| answer(work, &record)));
        }
        if ends {
            self.asks(&owner, Verb::Close { work, assignment, disposition: Name::new("done") });
        }
        answers
    }
}

fn answer(work: WorkId, record: &Record) -> Option<Answer> {
    let sent = record.changes.iter().find_map(|change| match change {
        Change::MessageStored(message) if message.direction == Direction::Out => Some(message),
        _ => None,
    })?;
    let words = record.content.iter().find_map(|personal| match &personal.value {
        PersonalValue::Message(words) => Some(words),
        _ => None,
    })?;
    let id = words.content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => mail.message_id.clone(),
        _ => None,
    });
    let endpoint = if sent.endpoint == "sales" { "sales" } else { "mail" };
    let letter = id.zip(words.recipient.clone()).map(|(id, recipient)| Ours {
        to: (AddressKind::Email, recipient),
        endpoint,
        id,
        token: words.reply_to_token.clone(),
    });
    Some(Answer { work, to: sent.leaf, letter })
}

/// By which endpoint an agent would write to an address.
fn endpoint_of(kind: AddressKind) -> Option<&'static str> {
    Some(match kind {
        AddressKind::Phone | AddressKind::Whatsapp => "wa",
        AddressKind::Email => "mail",
        AddressKind::Messenger => "page",
        AddressKind::Instagram => "insta",
        AddressKind::Telegram => "tg",
        AddressKind::Line => "line",
        AddressKind::Viber => "viber",
        AddressKind::Web => "web",
        AddressKind::ShortCode | AddressKind::Crm | AddressKind::Login | AddressKind::Staff => return None,
    })
}

fn config(single_valued: bool) -> WorkspaceConfig {
    let text = include_str!("company.toml");
    let mut config = parse_workspace(Path::new("company.toml"), text).expect("a workspace");
    let one_of_each = std::mem::take(&mut config.agents);
    let colleagues = |one: &AgentConfig| {
        let one = one.clone();
        (0..AGENTS).map(move |n| AgentConfig { name: Name::new(format!("{}{n}", one.name)), ..one.clone() })
    };
    config.agents = one_of_each.iter().flat_map(colleagues).collect();
    if !single_valued {
        config.identity.single_valued.clear();
    }
    config
}
