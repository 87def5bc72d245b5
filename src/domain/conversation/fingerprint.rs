//! Keyed 64-bit fingerprints: of a provider's message id, of the duplicate key, and of what a message says.
//!
//! Zero means "none" in records, so no fingerprint is zero.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::domain::content::{Content, Part};
use crate::domain::event::{AddressKind, InboundEvent};
use crate::domain::id::LeafId;
use crate::domain::record::MessageKind;

/// Keeps fingerprints of different purposes apart under one key.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Provider = 1,
    Duplicate = 2,
    Digest = 3,
    Parts = 4,
    OwnMail = 5,
}

struct Fingerprint(SipHasher13);

impl Fingerprint {
    fn new(key: &[u8; 16], purpose: Purpose) -> Self {
        let mut hasher = SipHasher13::new_with_key(key);
        hasher.write_u8(purpose as u8);
        Self(hasher)
    }

    fn field(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.0.write_usize(bytes.len());
        self.0.write(bytes);
        self
    }

    fn finish(self) -> u64 {
        self.0.finish().max(1)
    }
}

/// Of a provider's id of a message on an endpoint. Mail ids are known in the whole workspace.
pub(crate) fn provider_fingerprint(key: &[u8; 16], channel: &str, endpoint: &str, provider_ref: &str) -> u64 {
    let endpoint = if channel == "email" { "" } else { endpoint };
    Fingerprint::new(key, Purpose::Provider).field(channel).field(endpoint).field(provider_ref).finish()
}

/// Of the id of a mail of somebody's, where somebody else had used that id before: no one takes another's thread by an id.
pub(crate) fn own_mail_fingerprint(key: &[u8; 16], leaf: LeafId, mail_id: &str) -> u64 {
    Fingerprint::new(key, Purpose::OwnMail).field(leaf.0.to_le_bytes()).field(mail_id).finish()
}

/// Whose ids are told apart from those of others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counterpart<'a> {
    /// A person's address, in its normal form.
    Person(AddressKind, &'a str),
    /// A group's or public thread, where nobody is told as the sender.
    Thread(&'a str),
}

impl<'a> Counterpart<'a> {
    /// What no kind of an address is.
    const THREAD: u8 = u8::MAX;

    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Person(_, name) | Self::Thread(name) => name,
        }
    }

    fn kind(self) -> u8 {
        match self {
            Self::Person(kind, _) => kind as u8,
            Self::Thread(_) => Self::THREAD,
        }
    }
}

/// Of the duplicate key (domain rules, section 2): endpoint, kind, counterpart, the event's id and the version of an edit.
/// None: it has no id.
pub(crate) fn duplicate_key(
    key: &[u8; 16],
    channel: &str,
    endpoint: &str,
    kind: MessageKind,
    counterpart: Counterpart<'_>,
    edit_version: Option<&str>,
    event: &InboundEvent,
) -> Option<u64> {
    let (event_id, message_ref) = (event.event_id.as_deref(), event.message_ref.as_deref());
    // One mail comes by several mailboxes, with an event id of each: what is the same is its Message-ID.
    let (id, endpoint) = match channel {
        "email" => (message_ref.or(event_id)?, ""),
        _ => (event_id.or(message_ref)?, endpoint),
    };
    let mut fingerprint = Fingerprint::new(key, Purpose::Duplicate)
        .field(channel)
        .field(endpoint)
        .field([kind as u8, counterpart.kind()])
        .field(counterpart.name())
        .field(id);
    if let Some(version) = edit_version {
        fingerprint = fingerprint.field(version);
    }
    Some(fingerprint.finish())
}

/// Of what the parts of one text have in common: sender, endpoint, reference and how many there are. What is told as history is
/// another text.
pub(crate) fn parts_fingerprint(
    key: &[u8; 16],
    leaf: LeafId,
    channel: &str,
    endpoint: &str,
    (of, reference): (u16, &str),
    backfill: bool,
) -> u64 {
    Fingerprint::new(key, Purpose::Parts)
        .field(leaf.0.to_le_bytes())
        .field(channel)
        .field(endpoint)
        .field(of.to_le_bytes())
        .field(reference)
        .field([u8::from(backfill)])
        .finish()
}

/// A key for the same id with another body, and for a body without an id.
pub(crate) fn with_digest(key: u64, digest: u64) -> u64 {
    (key.rotate_left(31) ^ digest).max(1)
}

/// Of what a message says: kind, text, attachment ids, buttons; not its time, headers or redelivery flags.
pub(crate) fn digest(key: &[u8; 16], kind: MessageKind, content: &Content, detail: &str) -> u64 {
    let mut fingerprint = Fingerprint::new(key, Purpose::Digest).field([kind as u8]).field(&content.text).field(detail);
    for part in &content.parts {
        fingerprint = match part {
            Part::Attachment(file) => {
                let id = file.provider_id.as_ref().or(file.sha256.as_ref());
                fingerprint.field("a").field(id.map_or("", String::as_str))
            }
            Part::ButtonReply(button) => fingerprint.field("b").field(&button.payload).field(&button.title),
            Part::ListReply(row) => fingerprint.field("l").field(&row.id).field(&row.title),
            Part::FlowReply(flow) => fingerprint.field("f").field(&flow.response_json),
            Part::Location(place) => {
                fingerprint.field("p").field(place.latitude.to_le_bytes()).field(place.longitude.to_le_bytes())
            }
            Part::Order(order) => {
                let mut fingerprint = fingerprint.field("o").field(&order.catalog_id);
                for item in &order.items {
                    fingerprint = fingerprint.field(&item.product_id).field(item.quantity.to_le_bytes());
                }
                fingerprint
            }
            Part::ContactCard(card) => fingerprint.field("c").field(&card.name).field(card.phones.join("\0")),
            Part::Mail(mail) => fingerprint.field("m").field(&mail.subject),
            Part::Buttons(_) | Part::List(_) | Part::Template(_) | Part::Unsupported(_) | Part::Referral(_) => {
                fingerprint
            }
        };
    }
    fingerprint.finish()
}
