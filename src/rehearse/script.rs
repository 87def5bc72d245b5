//! What is given: what customers wrote, who was there when, and what operators did, as the records have it. What agents did with Works is
//! no part of it.

use std::collections::BTreeMap;

use crate::domain::State;
use crate::domain::command::Verb;
use crate::domain::event::{AddressKind, EventKind, InboundEvent, Message, Scope, Sender};
use crate::domain::id::{AgentId, LeafId, MessageId, Name};
use crate::domain::record::{
    Author, Cause, Change, Direction, Flags, MessageContent, MessageKind, MessageStored, PersonalValue, Presence,
    PresenceSet, Record, SessionEnd,
};
use crate::domain::time::Timestamp;
use crate::domain::workspace::WorkspaceConfig;

/// One thing that is given.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A customer writes. `recorded`: the message that was stored of it.
    Arrives { channel: Name, endpoint: Name, event: Box<InboundEvent>, recorded: MessageId },
    /// An agent's session opens.
    LogsIn { agent: Name },
    /// What an agent does about its session or presence.
    Does { agent: Name, verb: Verb },
    /// Another configuration came into force.
    Config(Box<WorkspaceConfig>),
    /// The daemon was started again after so long.
    Resume { outage_ms: u64 },
}

/// All of it, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    pub(super) steps: Vec<(Timestamp, Step)>,
    /// Messages of customers whose words cannot be read any longer: rules see none.
    pub(super) wordless: u64,
}

/// Reads a script from records.
#[derive(Debug)]
pub(super) struct Reader<'s> {
    /// The state at the beginning.
    pub(super) state: &'s State,
    pub(super) workspace: &'s Name,
    /// Names of agents by number.
    pub(super) names: &'s [Name],
    /// Addresses that became known since the beginning.
    addresses: BTreeMap<LeafId, Sender>,
    script: Script,
}

impl<'s> Reader<'s> {
    pub(super) fn new(state: &'s State, workspace: &'s Name, names: &'s [Name]) -> Self {
        Self { state, workspace, names, addresses: BTreeMap::new(), script: Script::default() }
    }

    pub(super) fn finish(self) -> Script {
        self.script
    }

    /// The next record.
    pub(super) fn read(&mut self, record: &Record) {
        let opens = record.changes.iter().any(|change| matches!(change, Change::SessionOpened { .. }));
        // Deadlines come by themselves. What a session sends without request id has no cause of its own.
        let commanded = matches!(record.cause, Cause::Command(_) | Cause::System);
        for (place, change) in (0u16..).zip(&record.changes) {
            let step = match change {
                Change::IdentityOpened(opened) => {
                    if let Some(PersonalValue::Address(address)) = personal(record, place) {
                        let sender = Sender { kind: opened.kind, address: address.to_string() };
                        self.addresses.insert(opened.leaf, sender);
                    }
                    None
                }
                Change::MessageStored(message) => self.arrives(record, place, message),
                Change::SessionOpened { agent, .. } => self.named(*agent).map(|agent| Step::LogsIn { agent }),
                Change::SessionLost(lost) => self.does(lost.agent, Verb::LoseSession),
                Change::SessionEnded { agent, reason, .. } if is_decided(*reason) && !opens => {
                    self.does(*agent, Verb::EndSession { reason: *reason })
                }
                Change::PresenceSet(set) if commanded && !opens => self.presence(set),
                Change::ConfigApplied { canonical, .. } => {
                    WorkspaceConfig::from_canonical(canonical).ok().map(|config| Step::Config(Box::new(config)))
                }
                Change::Resumed { outage_ms, .. } => Some(Step::Resume { outage_ms: *outage_ms }),
                _ => None,
            };
            self.script.steps.extend(step.map(|step| (record.time, step)));
        }
    }

    fn named(&self, agent: AgentId) -> Option<Name> {
        self.names.get(agent.at()).cloned()
    }

    fn does(&self, agent: AgentId, verb: Verb) -> Option<Step> {
        Some(Step::Does { agent: self.named(agent)?, verb })
    }

    fn presence(&self, set: &PresenceSet) -> Option<Step> {
        let PresenceSet { agent, presence, reason, channels } = set;
        if *presence == Presence::Offline {
            // What ends a session does.
            return None;
        }
        let verb = Verb::SetPresence { presence: *presence, reason: reason.clone(), channels: channels.clone() };
        self.does(*agent, verb)
    }

    /// What a customer wrote, as its adapter could have told it.
    fn arrives(&mut self, record: &Record, place: u16, message: &MessageStored) -> Option<Step> {
        let asked = matches!(message.kind, MessageKind::Message | MessageKind::Unsupported | MessageKind::VisitEnd);
        let theirs = matches!(message.author, Author::Customer | Author::Participant);
        if message.direction != Direction::In || !asked || !theirs {
            return None;
        }
        let words = match personal(record, place) {
            Some(PersonalValue::Message(words)) => (**words).clone(),
            _ => {
                self.script.wordless += 1;
                MessageContent::default()
            }
        };
        let sender = self.sender(message.leaf);
        let MessageContent { content, provider_ref, quoted_ref, thread, .. } = words;
        let forwarded = message.flags.has(Flags::FORWARDED);
        let said = Message { content, quoted: quoted_ref, forwarded, ..Message::default() };
        let grouped = message.scope != Scope::Direct;
        let event = InboundEvent {
            event_id: Some(format!("rehearsed-{}-{place}", record.index)),
            message_ref: provider_ref,
            occurred_at: message.provider_time,
            odd_time: None,
            thread: if grouped { Some(sender.address.clone()) } else { thread },
            senders: if grouped { Vec::new() } else { vec![sender] },
            assurance: message.assurance,
            scope: message.scope,
            our_address: None,
            kind: match message.kind {
                MessageKind::Unsupported => EventKind::Unsupported(said.content),
                MessageKind::VisitEnd => EventKind::VisitEnd,
                _ => EventKind::Message(said),
            },
            profile: None,
            backfill: message.flags.has(Flags::BACKFILL),
            redelivery: false,
            reply_token: None,
            read_token: None,
            reply_to_tokens: Vec::new(),
        };
        let (channel, endpoint) = (message.channel.clone(), message.endpoint.clone());
        let recorded = MessageId::new(record.index, place);
        Some(Step::Arrives { channel, endpoint, event: Box::new(event), recorded })
    }

    /// The address of an identity. Where it cannot be read any longer, one that stands for it.
    fn sender(&self, leaf: LeafId) -> Sender {
        if let Some(sender) = self.addresses.get(&leaf) {
            return sender.clone();
        }
        let known = self.state.workspace(self.workspace).and_then(|space| space.address_of(leaf));
        known.unwrap_or_else(|| Sender { kind: AddressKind::Web, address: format!("rehearsed-{leaf}") })
    }
}

/// Whether somebody ended the session: what graces and other sessions end ends by itself.
fn is_decided(reason: SessionEnd) -> bool {
    matches!(reason, SessionEnd::LoggedOut | SessionEnd::SlowReader | SessionEnd::Operator)
}

/// Personal content of a change.
pub(super) fn personal(record: &Record, place: u16) -> Option<&PersonalValue> {
    record.content.iter().find(|personal| personal.place == place).map(|personal| &personal.value)
}
