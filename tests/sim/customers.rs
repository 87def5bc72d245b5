//! Customers and adapters: what arrives in the IN streams.

use skein::domain::content::{Attachment, Content, Mail, Part};
use skein::domain::event::{
    AddressKind, Assurance, CallState, ErrorClass, EventKind, InboundEvent, Message, Profile, Receipt, ReceiptError,
    ReceiptStatus, Scope, Sender,
};
use skein::domain::id::{MessageId, Name};
use skein::domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use super::rng::Rng;

/// Persons who write.
const PERSONS: usize = 5;
/// Endpoints: channel, name, and the IN stream whose adapter publishes for it.
pub(crate) const ENDPOINTS: [(&str, &str, usize); 6] = [
    ("whatsapp", "wa1", 0),
    ("sms", "sms1", 0),
    ("telegram", "tg1", 0),
    ("email", "mail1", 1),
    ("email", "mail2", 1),
    ("chat", "web1", 1),
];

/// An event with what its subject says.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) workspace: Name,
    pub(crate) channel: Name,
    pub(crate) endpoint: Name,
    pub(crate) event: InboundEvent,
}

/// A message of an IN stream.
#[derive(Clone, Debug)]
pub(crate) enum InMessage {
    Events(Vec<Published>),
    Undecodable,
    Empty,
    Gone,
}

/// A message of ours, as its adapter knows it.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) message: MessageId,
    pub(crate) channel: Name,
    pub(crate) endpoint: Name,
    pub(crate) provider_id: String,
}

/// What adapters have said about a message of ours.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reported {
    /// A report has named both ids.
    pub(crate) bound: bool,
    /// Highest status under our id.
    pub(crate) ours: ReceiptStatus,
    /// Highest status under any id.
    pub(crate) any: ReceiptStatus,
}

/// A person has got, or read, everything up to a time.
#[derive(Clone, Debug)]
pub(crate) struct Through {
    pub(crate) address: String,
    pub(crate) at: Timestamp,
    pub(crate) status: ReceiptStatus,
}

impl Through {
    /// What an event says of everything up to a time.
    pub(crate) fn of(event: &InboundEvent) -> Option<Self> {
        let EventKind::Receipt(Receipt { status, through: Some(at), .. }) = &event.kind else { return None };
        Some(Self { address: event.senders.first()?.address.clone(), at: *at, status: *status })
    }
}

/// Everybody who publishes, and what must come of it.
#[derive(Debug)]
pub(crate) struct Customers {
    rng: Rng,
    no_dedup: bool,
    next: u64,
    /// What was published with an id, to be retried.
    published: Vec<(usize, Published)>,
    pub(crate) handed: Vec<Handed>,
    pub(crate) reported: BTreeMap<MessageId, Reported>,
    /// What was said of everything up to a time.
    pub(crate) throughs: Vec<Through>,
    /// Messages that must be stored exactly once.
    pub(crate) once: BTreeSet<String>,
    /// Messages without id: at least once.
    pub(crate) at_least_once: BTreeSet<String>,
    /// Pairs of addresses that the provider has vouched for as one person's.
    pub(crate) pairs: Vec<(String, String)>,
    /// All pairs that an event has named at all, whatever became of it.
    pub(crate) named: BTreeSet<(String, String)>,
    /// Parts of texts still to be published, with the stream.
    parts: Vec<(usize, Published)>,
    /// Marks of the parts published: each must be in one message.
    pub(crate) pieces: BTreeSet<String>,
}

impl Customers {
    pub(crate) fn new(rng: Rng, no_dedup: bool) -> Self {
        Self {
            rng,
            no_dedup,
            next: 0,
            published: Vec::new(),
            handed: Vec::new(),
            reported: BTreeMap::new(),
            throughs: Vec::new(),
            once: BTreeSet::new(),
            at_least_once: BTreeSet::new(),
            pairs: Vec::new(),
            named: BTreeSet::new(),
            parts: Vec::new(),
            pieces: BTreeSet::new(),
        }
    }

    /// Whether the message went out by the chat.
    pub(crate) fn is_chat(&self, message: MessageId) -> bool {
        self.handed.iter().any(|handed| handed.message == message && handed.channel == ENDPOINTS[5].0)
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The next message, and the stream it goes to.
    pub(crate) fn publish(&mut self, now: Timestamp) -> (usize, InMessage) {
        match self.rng.weighted(&[66, 14, 14, 2, 2, 1, 8]) {
            1 if !self.published.is_empty() => self.retry(),
            2 if !self.handed.is_empty() => self.report(now),
            3 => (self.rng.below(2), InMessage::Undecodable),
            4 => (self.rng.below(2), InMessage::Empty),
            5 => (self.rng.below(2), InMessage::Gone),
            6 => self.part(now),
            _ => {
                let (channel, endpoint, stream) = *self.rng.pick(&ENDPOINTS);
                let count = if self.rng.percent(12) { 2 + self.rng.below(2) } else { 1 };
                let list = (0..count).map(|_| self.event(channel, endpoint, stream, now)).collect();
                (stream, InMessage::Events(list))
            }
        }
    }

    /// The provider sends the same again; a mail may come by the other endpoint.
    fn retry(&mut self) -> (usize, InMessage) {
        let recent = self.published.len().saturating_sub(12);
        let at = recent + self.rng.below(self.published.len() - recent);
        let (stream, mut again) = self.published[at].clone();
        again.event.redelivery = true;
        if again.channel == "email" && self.rng.percent(50) {
            again.endpoint = Name::new(if again.endpoint == "mail1" { "mail2" } else { "mail1" });
        }
        if self.no_dedup {
            let number = self.number();
            again.event.event_id = Some(format!("other-{number}"));
        }
        (stream, InMessage::Events(vec![again]))
    }

    /// The next part of a long text; one may be lost for good, and they come in any order.
    fn part(&mut self, now: Timestamp) -> (usize, InMessage) {
        if self.parts.is_empty() {
            let (channel, endpoint, stream) = ENDPOINTS[1];
            let (of, number) = (2 + u16::try_from(self.rng.below(2)).expect("small"), self.number());
            let (person, backfill) = (self.rng.below(PERSONS), self.rng.percent(3));
            // A sender that uses a reference again before its text is whole cannot be told from one text.
            let reference = number.to_string();
            for part in 1..=of {
                let mut event = blank(EventKind::Message(Message {
                    content: Content::text(piece(number, part, of)),
                    part: Some((part, of, reference.clone())),
                    ..Message::default()
                }));
                event.senders = self.senders(channel, person);
                event.assurance = Assurance::Claimed;
                event.message_ref = Some(format!("ref-{number}-{part}"));
                event.backfill = backfill;
                let (workspace, channel) = (Name::new(super::checks::ACME), Name::new(channel));
                self.parts.push((stream, Published { workspace, channel, endpoint: Name::new(endpoint), event }));
            }
            if self.rng.percent(30) {
                self.parts.pop();
            }
        }
        let at = self.rng.below(self.parts.len());
        let (stream, mut published) = self.parts.swap_remove(at);
        published.event.occurred_at = Some(now);
        if let EventKind::Message(message) = &published.event.kind {
            self.pieces.insert(message.content.text.clone());
        }
        self.published.push((stream, published.clone()));
        (stream, InMessage::Events(vec![published]))
    }

    /// The chat says what of everything up to now has reached somebody.
    fn report_through(&mut self, now: Timestamp) -> (usize, InMessage) {
        let (channel, endpoint, stream) = ENDPOINTS[5];
        let status = *self.rng.pick(&[ReceiptStatus::Delivered, ReceiptStatus::Read]);
        let mut event = blank(EventKind::Receipt(Receipt { status, through: Some(now), ..Receipt::default() }));
        let person = self.rng.below(PERSONS);
        event.senders = self.senders(channel, person);
        self.throughs.extend(Through::of(&event));
        let (workspace, channel) = (Name::new(super::checks::ACME), Name::new(channel));
        (stream, InMessage::Events(vec![Published { workspace, channel, endpoint: Name::new(endpoint), event }]))
    }

    /// When everything else is done: what is still reported, mostly of the chat.
    pub(crate) fn late_report(&mut self, now: Timestamp) -> Option<(usize, InMessage)> {
        match self.rng.below(3) {
            _ if self.handed.is_empty() => None,
            0 => Some(self.report_through(now)),
            _ => Some(self.report(now)),
        }
    }

    fn report(&mut self, now: Timestamp) -> (usize, InMessage) {
        if self.rng.percent(10) {
            return self.report_through(now);
        }
        let recent = self.handed.len().saturating_sub(6);
        let handed = self.handed[recent + self.rng.below(self.handed.len() - recent)].clone();
        let status = *self.rng.pick(&[
            ReceiptStatus::Unknown,
            ReceiptStatus::Sent,
            ReceiptStatus::Sent,
            ReceiptStatus::Failed,
            ReceiptStatus::Expired,
            ReceiptStatus::Delivered,
            ReceiptStatus::Delivered,
            ReceiptStatus::Read,
        ]);
        let (ours, theirs) =
            *self.rng.pick(&[(true, true), (true, true), (true, false), (false, true), (false, true), (false, false)]);
        let reported = self.reported.entry(handed.message).or_default();
        if reported.bound && self.rng.percent(15) {
            // The page inbox tells us what we sent ourselves: as good as SENT.
            reported.any = reported.any.max(ReceiptStatus::Sent);
            let mut event = blank(EventKind::Echo(Message::default()));
            event.message_ref = Some(handed.provider_id.clone());
            event.senders = vec![sender(AddressKind::Telegram, "tg-0")];
            return of_ours(&handed, event);
        }
        reported.bound |= ours && theirs;
        if ours || theirs {
            reported.any = reported.any.max(status);
        }
        if ours {
            reported.ours = reported.ours.max(status);
        }
        let error = (status == ReceiptStatus::Failed).then(|| ReceiptError {
            class: ErrorClass::Retryable,
            code: "131000".to_owned(),
            reason: "try again".to_owned(),
        });
        let receipt =
            Receipt { message_id: ours.then(|| handed.message.to_string()), status, error, ..Receipt::default() };
        let mut event = blank(EventKind::Receipt(receipt));
        event.message_ref = theirs.then(|| handed.provider_id.clone());
        event.occurred_at = self.rng.percent(50).then_some(now);
        of_ours(&handed, event)
    }

    fn event(&mut self, channel: &str, endpoint: &str, stream: usize, now: Timestamp) -> Published {
        let person = self.rng.below(PERSONS);
        let number = self.number();
        let reference = format!("ref-{number}");
        let mut text = format!("words {number}");
        let mut event = blank(EventKind::Typing);
        event.senders = self.senders(channel, person);
        event.assurance = if matches!(channel, "sms" | "email") { Assurance::Claimed } else { Assurance::Platform };
        event.event_id = self.rng.percent(40).then(|| format!("ev-{number}"));
        event.message_ref = Some(reference);
        event.occurred_at = Some(if self.rng.percent(3) { Timestamp(1) } else { now });
        event.odd_time = self.rng.percent(1).then(|| "yesterday".to_owned());
        event.backfill = self.rng.percent(3);
        event.reply_token = self.rng.percent(30).then(|| format!("reply-{number}"));
        event.read_token = self.rng.percent(30).then(|| format!("read-{number}"));
        event.thread = (channel == "telegram" && self.rng.percent(80)).then(|| format!("topic-{}", self.rng.below(2)));
        if self.rng.percent(20) {
            event.profile = Some(Box::new(Profile {
                name: Some(format!("Person {person} {}", self.rng.below(2))),
                ..Profile::default()
            }));
        }
        let earlier = self.earlier(endpoint);
        let mut counted = false;
        let visit_ends = if channel == "chat" { 8 } else { 1 };
        event.kind = match self.rng.weighted(&[60, 8, 4, 2, 4, 2, 1, 3, 4, 1, 1, visit_ends, 1, 1, 2, 1]) {
            1 => {
                text = (*self.rng.pick(&["Thanks!", "ok thank you", "thanks", "Stop", "start", "CANCEL"])).to_owned();
                counted = true;
                said(channel, &text, number, None)
            }
            2 => {
                event.message_ref = earlier;
                EventKind::Edit {
                    version: self.rng.percent(50).then(|| number.to_string()),
                    content: Content::text(text.clone()),
                }
            }
            3 => {
                event.message_ref = earlier;
                EventKind::Deletion
            }
            4 => {
                event.message_ref = earlier;
                EventKind::Reaction { emoji: "👍".to_owned() }
            }
            5 => EventKind::Typing,
            6 => EventKind::Ignored { kind: "noise".to_owned() },
            7 => EventKind::Echo(Message { content: Content::text(text.clone()), ..Message::default() }),
            8 => EventKind::Call {
                state: *self.rng.pick(&[CallState::Ringing, CallState::Answered, CallState::Ended, CallState::Missed]),
                seconds: Some(7),
            },
            9 => EventKind::Opt {
                opted_in: self.rng.percent(50),
                purpose: "marketing".to_owned(),
                payload: None,
                title: None,
            },
            10 => EventKind::Start { title: None, payload: None, referral: self.rng.percent(50) },
            11 => EventKind::VisitEnd,
            12 => EventKind::IdentityChange { old: None, new: None, reason: None },
            13 => EventKind::MediaArrived(Attachment::default()),
            14 => EventKind::Unsupported(Content::text(text.clone())),
            15 => EventKind::Account { subject: "template_paused".to_owned(), detail: String::new() },
            _ => {
                counted = true;
                said(channel, &text, number, earlier.filter(|_| self.rng.percent(30)))
            }
        };
        let mut published = Published {
            workspace: Name::new(super::checks::ACME),
            channel: Name::new(channel),
            endpoint: Name::new(endpoint),
            event,
        };
        counted &= self.spoil(&mut published, stream);
        if counted {
            self.expect(&published, &text);
        }
        if published.event.event_id.is_some() || published.event.message_ref.is_some() {
            self.published.push((stream, published.clone()));
        }
        published
    }

    /// Odd things; false: it need not be stored as a person's message.
    fn spoil(&mut self, published: &mut Published, stream: usize) -> bool {
        let event = &mut published.event;
        match self.rng.below(100) {
            0 => event.our_address = Some("another".to_owned()),
            1 => published.endpoint = Name::new("nowhere"),
            2 => event.senders.clear(),
            3 => published.workspace = Name::new("nobody"),
            4 | 5 => {
                event.scope = Scope::Group;
                event.thread = Some(format!("thread-{}", self.rng.below(3)));
            }
            6..=9 => {
                // No ids: told from others by its words alone.
                event.event_id = None;
                event.message_ref = None;
                return true;
            }
            10..=12 => {
                // An id used again with other words, by the same person on the same endpoint.
                let same = |(of, known): &&(usize, Published)| {
                    *of == stream
                        && known.endpoint == published.endpoint
                        && known.event.senders == event.senders
                        && text(&known.event) != text(event)
                };
                if let Some((_, known)) = self.published.iter().rev().find(same) {
                    event.event_id.clone_from(&known.event.event_id);
                    event.message_ref.clone_from(&known.event.message_ref);
                }
                return true;
            }
            _ => return true,
        }
        false
    }

    fn expect(&mut self, published: &Published, text: &str) {
        let event = &published.event;
        let key = |backfill| message_key(&published.channel, event.message_ref.as_deref(), text, backfill);
        if event.backfill && self.once.contains(&key(false)) {
            // It is known already, and nothing new about it.
            return;
        }
        let key = key(event.backfill);
        if event.event_id.is_some() || event.message_ref.is_some() {
            self.once.insert(key);
        } else {
            self.at_least_once.insert(key);
        }
        if let ("whatsapp", [first, second]) = (published.channel.as_str(), event.senders.as_slice()) {
            let plain = |address: &str| address.trim_start_matches('+').to_owned();
            self.pairs.push((plain(&first.address), plain(&second.address)));
        }
    }

    fn senders(&mut self, channel: &str, person: usize) -> Vec<Sender> {
        let plus = if self.rng.percent(50) { "+" } else { "" };
        let phone = sender(AddressKind::Phone, &format!("{plus}4915112345{person:03}"));
        let other = if self.rng.percent(2) { self.rng.below(PERSONS) } else { person };
        let user = sender(AddressKind::Whatsapp, &format!("user-{other}"));
        self.named.insert((phone.address.trim_start_matches('+').to_owned(), user.address.clone()));
        match channel {
            "whatsapp" => match self.rng.below(4) {
                0 => vec![user],
                1 => vec![phone],
                2 => vec![phone, user],
                _ => vec![user, phone],
            },
            "sms" => self.known_by_id(phone, person),
            "telegram" => self.known_by_id(sender(AddressKind::Telegram, &format!("tg-{person}")), person),
            "email" => self.known_by_id(sender(AddressKind::Email, &format!("Person.{person}@example.com")), person),
            _ => vec![sender(AddressKind::Web, &format!("visitor-{person}"))],
        }
    }

    /// Whoever wrote, at times with the id that the company has for him, of which the endpoint is trusted; somebody else of the
    /// household may have written. Or with an address that anybody could name.
    fn known_by_id(&mut self, address: Sender, person: usize) -> Vec<Sender> {
        let (other, percent) = (self.rng.below(PERSONS), self.rng.below(100));
        match percent {
            0..12 => vec![address, sender(AddressKind::Crm, &format!("crm-{person}"))],
            12 | 13 => vec![address, sender(AddressKind::Crm, &format!("crm-{other}"))],
            14..17 => vec![address, sender(AddressKind::Telegram, &format!("tg-{other}"))],
            _ => vec![address],
        }
    }

    /// The provider's id of something said on the endpoint before, by a customer or by us.
    fn earlier(&mut self, endpoint: &str) -> Option<String> {
        let recent = self.published.iter().rev().filter(|(_, known)| known.endpoint == endpoint).take(4);
        let mut ids: Vec<String> = recent.filter_map(|(_, known)| known.event.message_ref.clone()).collect();
        let ours = self.handed.iter().rev().filter(|handed| handed.endpoint == endpoint).take(3);
        ids.extend(ours.map(|handed| handed.provider_id.clone()));
        if ids.is_empty() { None } else { Some(self.rng.pick(&ids).clone()) }
    }
}

/// What a message says.
fn text(event: &InboundEvent) -> Option<&str> {
    match &event.kind {
        EventKind::Message(message) => Some(&message.content.text),
        _ => None,
    }
}

/// The words of a part: they say which it is.
fn piece(number: u64, part: u16, of: u16) -> String {
    format!("[{number}.{part}.{of}]")
}

/// What the adapter of a message of ours publishes about it.
fn of_ours(handed: &Handed, event: InboundEvent) -> (usize, InMessage) {
    let published = Published {
        workspace: Name::new(super::checks::ACME),
        channel: handed.channel.clone(),
        endpoint: handed.endpoint.clone(),
        event,
    };
    (stream_of(&handed.endpoint), InMessage::Events(vec![published]))
}

fn stream_of(endpoint: &str) -> usize {
    ENDPOINTS.iter().find(|(_, name, _)| *name == endpoint).map_or(0, |(_, _, stream)| *stream)
}

fn said(channel: &str, text: &str, number: u64, quoted: Option<String>) -> EventKind {
    let mut content = Content::text(text);
    if channel == "email" && number.is_multiple_of(3) {
        content.parts.push(Part::Mail(Box::new(Mail {
            subject: "A matter".to_owned(),
            message_id: Some(format!("ref-{number}")),
            in_reply_to: quoted.clone().into_iter().collect(),
            auto_submitted: number.is_multiple_of(9),
            ..Mail::default()
        })));
    }
    EventKind::Message(Message { content, quoted, ..Message::default() })
}

fn sender(kind: AddressKind, address: &str) -> Sender {
    Sender { kind, address: address.to_owned() }
}

fn blank(kind: EventKind) -> InboundEvent {
    InboundEvent {
        event_id: None,
        message_ref: None,
        occurred_at: None,
        odd_time: None,
        senders: Vec::new(),
        assurance: Assurance::Platform,
        scope: Scope::Direct,
        thread: None,
        our_address: None,
        kind,
        profile: None,
        backfill: false,
        redelivery: false,
        reply_token: None,
        read_token: None,
        reply_to_tokens: Vec::new(),
    }
}

/// What identifies a customer's message to the world: it must be stored once. What was told as history is told again by itself.
pub(crate) fn message_key(channel: &str, provider_ref: Option<&str>, text: &str, backfill: bool) -> String {
    format!("{channel}|{}|{text}{}", provider_ref.unwrap_or(""), if backfill { "|history" } else { "" })
}
