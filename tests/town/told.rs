//! What an adapter tells: events in the making.

use skein::domain::content::{Content, Mail, Mailbox, Part};
use skein::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Message, Profile, Scope, Sender};

use super::people::{Address, Person};

/// An event of the town, with what nobody but the town knows.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    /// When it happened.
    pub(crate) at: i64,
    pub(crate) endpoint: &'static str,
    pub(crate) event: InboundEvent,
    /// Who did it.
    pub(crate) by: Person,
    /// Somebody else's address was used for it.
    pub(crate) spoofed: bool,
    /// Addresses that it shows to be one person's, where it is true and sure.
    pub(crate) strong: Option<(Address, Address)>,
    /// Addresses that it names together, where it is true and nobody vouches.
    pub(crate) weak: Option<(Address, Address)>,
    /// It goes on with what the same person said just before.
    pub(crate) goes_on: bool,
    /// A webhook that came before.
    pub(crate) again: bool,
}

impl Happening {
    pub(crate) fn channel(&self) -> &'static str {
        match self.endpoint {
            "wa" => "whatsapp",
            "sms" => "sms",
            "mail" | "sales" => "email",
            "web" => "chat",
            "page" => "messenger",
            "insta" => "instagram",
            "tg" => "telegram",
            other => other,
        }
    }

    /// Whether those who serve the endpoint's queue are others than those who serve most.
    pub(crate) fn is_trade(&self) -> bool {
        matches!(self.endpoint, "sales" | "page" | "insta")
    }

    pub(crate) fn senders(&self) -> impl Iterator<Item = Address> {
        self.event.senders.iter().map(|sender| (sender.kind, sender.address.clone()))
    }
}

pub(crate) fn sender((kind, address): &Address) -> Sender {
    Sender { kind: *kind, address: address.clone() }
}

/// Somebody says something.
pub(crate) fn said(at: i64, endpoint: &'static str, by: Person, from: &[Address], assurance: Assurance) -> Happening {
    let words = Message { content: Content::text("when does it come?"), ..Message::default() };
    told(at, endpoint, by, from, assurance, EventKind::Message(words))
}

/// A login or an address ends, or is another one now.
pub(crate) fn changed(
    at: i64,
    endpoint: &'static str,
    by: Person,
    from: &Address,
    old: &Address,
    new: Option<&Address>,
) -> Happening {
    let kind = EventKind::IdentityChange { old: Some(sender(old)), new: new.map(sender), reason: None };
    told(at, endpoint, by, std::slice::from_ref(from), Assurance::Platform, kind)
}

/// Whoever sat at a browser has gone.
pub(crate) fn left(at: i64, endpoint: &'static str, by: Person, from: &Address) -> Happening {
    told(at, endpoint, by, std::slice::from_ref(from), Assurance::Claimed, EventKind::VisitEnd)
}

fn told(
    at: i64,
    endpoint: &'static str,
    by: Person,
    from: &[Address],
    assurance: Assurance,
    kind: EventKind,
) -> Happening {
    let event = InboundEvent {
        event_id: None,
        message_ref: None,
        occurred_at: None,
        odd_time: None,
        senders: from.iter().map(sender).collect(),
        assurance,
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
    };
    Happening { at, endpoint, event, by, spoofed: false, strong: None, weak: None, goes_on: false, again: false }
}

impl Happening {
    /// For the reader of what is wrong.
    pub(crate) fn brief(&self) -> String {
        let from: Vec<Address> = self.senders().collect();
        let Self { at, endpoint, by, goes_on, again, .. } = self;
        let (assurance, backfill) = (self.event.assurance, self.event.backfill);
        let kind = if matches!(self.event.kind, EventKind::Message(_)) { "" } else { "a change" };
        format!(
            "{by:?} at {at} by {endpoint} {from:?} {assurance:?} {kind} history {backfill} on {goes_on} again {again}"
        )
    }

    pub(crate) fn named(mut self, name: &str) -> Self {
        self.event.profile = Some(Box::new(Profile { name: Some(name.to_owned()), ..Profile::default() }));
        self
    }

    /// As a mail, which may answer one of ours.
    pub(crate) fn mail(mut self, id: &str, answers: Option<&str>, token: Option<&str>) -> Self {
        let from = self.senders().find(|(kind, _)| *kind == AddressKind::Email).map(|(_, address)| address);
        let head = Mail {
            subject: "Re: my order".to_owned(),
            from: from.into_iter().map(|address| Mailbox { name: None, address }).collect(),
            message_id: Some(id.to_owned()),
            in_reply_to: answers.map(str::to_owned).into_iter().collect(),
            references: answers.map(str::to_owned).into_iter().collect(),
            ..Mail::default()
        };
        if let EventKind::Message(message) = &mut self.event.kind {
            message.content.parts.push(Part::Mail(Box::new(head)));
        }
        self.event.message_ref = Some(id.to_owned());
        self.event.reply_to_tokens = token.map(str::to_owned).into_iter().collect();
        self
    }
}
