//! What adapters publish: an event with its subject, said in a line.

use skein::domain::content::{Content, Mail, MailClass, Mailbox, Part};
use skein::domain::event::{
    AddressKind, Assurance, ErrorClass, EventKind, InboundEvent, Message, Profile, Receipt, ReceiptError,
    ReceiptStatus, Scope, Sender,
};
use skein::domain::id::{MessageId, Name};
use skein::domain::time::Timestamp;

/// An event on its way to an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) channel: Name,
    pub(crate) endpoint: Name,
    pub(crate) event: InboundEvent,
}

fn heard(channel: &str, endpoint: &str, kind: AddressKind, address: &str, text: &str) -> Heard {
    Heard {
        channel: Name::new(channel),
        endpoint: Name::new(endpoint),
        event: InboundEvent {
            event_id: None,
            message_ref: None,
            occurred_at: None,
            odd_time: None,
            senders: vec![Sender { kind, address: address.to_owned() }],
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
    }
}

/// Somebody writes to `wa`; the provider vouches.
pub(crate) fn whatsapp(phone: &str, text: &str) -> Heard {
    let mut heard = heard("whatsapp", "wa", AddressKind::Phone, phone, text);
    heard.event.assurance = Assurance::Platform;
    heard
}

/// Somebody writes to `sms`; anybody could claim the number.
pub(crate) fn sms(phone: &str, text: &str) -> Heard {
    heard("sms", "sms", AddressKind::Phone, phone, text)
}

/// A visitor writes in the chat `web`.
pub(crate) fn chat(visitor: &str, text: &str) -> Heard {
    heard("chat", "web", AddressKind::Web, visitor, text)
}

/// A mail comes to `mail`, with a Message-ID.
pub(crate) fn mail(from: &str, message_id: &str, text: &str) -> Heard {
    let mut heard = heard("email", "mail", AddressKind::Email, from, text);
    heard.event.message_ref = Some(message_id.to_owned());
    let head = Mail {
        subject: "Order 7".to_owned(),
        from: vec![Mailbox { name: None, address: from.to_owned() }],
        message_id: Some(message_id.to_owned()),
        ..Mail::default()
    };
    heard.message().content.parts.push(Part::Mail(Box::new(head)));
    heard
}

/// Somebody answered the number outside skein.
pub(crate) fn echo(phone: &str, text: &str) -> Heard {
    let mut heard = whatsapp(phone, "");
    heard.event.kind = EventKind::Echo(Message { content: Content::text(text), ..Message::default() });
    heard
}

/// The adapter of `wa` reports on a message by the provider's id.
pub(crate) fn report(provider_ref: &str, status: ReceiptStatus) -> Heard {
    let mut heard = whatsapp("", "");
    heard.event.senders.clear();
    heard.event.message_ref = Some(provider_ref.to_owned());
    heard.event.kind = EventKind::Receipt(Receipt { status, ..Receipt::default() });
    heard
}

/// The adapter of `wa` reports on a message by our id, and tells the provider's.
pub(crate) fn own_report(ours: MessageId, provider_ref: &str, status: ReceiptStatus) -> Heard {
    let mut heard = report(provider_ref, status);
    if let EventKind::Receipt(receipt) = &mut heard.event.kind {
        receipt.message_id = Some(ours.to_string());
    }
    heard
}

impl Heard {
    pub(crate) fn message(&mut self) -> &mut Message {
        match &mut self.event.kind {
            EventKind::Message(message) | EventKind::Echo(message) => message,
            other => panic!("no message: {other:?}"),
        }
    }

    fn head(&mut self) -> &mut Mail {
        let head = self.message().content.parts.iter_mut().find_map(|part| match part {
            Part::Mail(mail) => Some(mail),
            _ => None,
        });
        head.expect("a mail")
    }

    /// With the provider's id of the event.
    pub(crate) fn event_id(mut self, id: &str) -> Self {
        self.event.event_id = Some(id.to_owned());
        self
    }

    /// With the provider's id of the message.
    pub(crate) fn id(mut self, id: &str) -> Self {
        self.event.message_ref = Some(id.to_owned());
        self
    }

    /// Quoting a message by the provider's id.
    pub(crate) fn quoting(mut self, id: &str) -> Self {
        self.message().quoted = Some(id.to_owned());
        self
    }

    /// With the provider's tokens for an answer and for a mark as read.
    pub(crate) fn tokens(mut self, reply: Option<&str>, read: Option<&str>) -> Self {
        self.event.reply_token = reply.map(str::to_owned);
        self.event.read_token = read.map(str::to_owned);
        self
    }

    /// Sent to, or answering, what holds these reply tokens.
    pub(crate) fn reply_tokens(mut self, tokens: &[&str]) -> Self {
        self.event.reply_to_tokens.extend(tokens.iter().map(|&token| token.to_owned()));
        self
    }

    /// A part of a text: its number, of how many, reference.
    pub(crate) fn part(mut self, number: u16, of: u16, reference: &str) -> Self {
        self.message().part = Some((number, of, reference.to_owned()));
        self
    }

    /// Answering a mail.
    pub(crate) fn in_reply_to(mut self, id: &str) -> Self {
        self.head().in_reply_to.push(id.to_owned());
        self
    }

    /// Written by a machine (RFC 3834).
    pub(crate) fn auto_submitted(mut self) -> Self {
        self.head().auto_submitted = true;
        self
    }

    /// Written by that kind of program.
    pub(crate) fn classed(mut self, class: MailClass) -> Self {
        self.head().class = class;
        self.auto_submitted()
    }

    /// To another endpoint of the same channel.
    pub(crate) fn at(mut self, endpoint: &str) -> Self {
        self.endpoint = Name::new(endpoint);
        self
    }

    /// The payload names one of our addresses.
    pub(crate) fn naming(mut self, our_address: &str) -> Self {
        self.event.our_address = Some(our_address.to_owned());
        self
    }

    /// With one more address of the person.
    pub(crate) fn also(mut self, kind: AddressKind, address: &str) -> Self {
        self.event.senders.push(Sender { kind, address: address.to_owned() });
        self
    }

    /// From these addresses instead.
    pub(crate) fn from(mut self, senders: &[(AddressKind, &str)]) -> Self {
        self.event.senders.clear();
        self.event.senders.extend(senders.iter().map(|&(kind, address)| Sender { kind, address: address.to_owned() }));
        self
    }

    /// Somebody vouches so much.
    pub(crate) fn assured(mut self, assurance: Assurance) -> Self {
        self.event.assurance = assurance;
        self
    }

    /// With a display name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.event.profile = Some(Box::new(Profile { name: Some(name.to_owned()), ..Profile::default() }));
        self
    }

    /// As history.
    pub(crate) fn backfill(mut self) -> Self {
        self.event.backfill = true;
        self
    }

    /// In a group, in public, or in a thread of the chat with us.
    pub(crate) fn in_thread(mut self, scope: Scope, thread: Option<&str>) -> Self {
        self.event.scope = scope;
        self.event.thread = thread.map(str::to_owned);
        self
    }

    /// Something else than a message.
    pub(crate) fn kind(mut self, kind: EventKind) -> Self {
        self.event.kind = kind;
        self
    }

    /// With a time of the provider's.
    pub(crate) fn occurred(mut self, at: i64) -> Self {
        self.event.occurred_at = Some(Timestamp(at));
        self
    }

    /// A report of failure has a class and a code.
    pub(crate) fn because(mut self, class: ErrorClass, code: &str) -> Self {
        if let EventKind::Receipt(receipt) = &mut self.event.kind {
            receipt.error = Some(ReceiptError { class, code: code.to_owned(), reason: String::new() });
        }
        self
    }
}
