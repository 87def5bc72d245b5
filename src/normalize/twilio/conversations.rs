//! Webhooks of Twilio Conversations (Twilio documentation, "Conversations webhooks").
//!
//! Who wrote shows in `Source` and `Author`. A person of a messaging channel is named by an address. What the API wrote is
//! ours, by whatever name. Whoever writes by an SDK has an identity of the company's own making: on a web chat's endpoint a
//! visitor, whom nobody vouches for; on any other one of our people, for its customers have no SDK. A request of ours does not
//! say to whom it was written: it is counted.

use serde::Deserialize;

use super::super::fields::{bare_media_type, event, filled, unsupported};
use super::super::form::Form;
use super::super::json::{self, List, Object, Text};
use super::super::refusal::bounded;
use super::{People, assurance, errors, sender, set_iso_time, status};
use crate::domain::content::{Attachment, AttachmentKind, AttachmentState, Content, Part};
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Message, Receipt, Sender};

/// Hosts of files that people sent.
const MEDIA_HOSTS: [&str; 2] = ["api.twilio.com", "twiliocdn.com"];

/// Schemes of the addresses of people.
const NETWORKS: [&str; 11] =
    ["whatsapp", "messenger", "fb", "instagram", "telegram", "viber", "line", "sms", "mms", "tel", "rcs"];

/// What a request says.
pub(super) fn read(form: &Form<'_>, people: People) -> InboundEvent {
    let name = form.get("EventType").unwrap_or_default();
    let customer = customer(form, people);
    let kind = match name {
        "onMessageAdded" if customer.is_some() => {
            EventKind::Message(Message { content: content(form), ..Message::default() })
        }
        "onMessageUpdated" if customer.is_some() => {
            EventKind::Edit { version: form.owned("DateUpdated"), content: content(form) }
        }
        "onMessageRemoved" if customer.is_some() => EventKind::Deletion,
        "onDeliveryUpdated" => match form.get("Status").and_then(status::receipt_status) {
            Some(status) => EventKind::Receipt(Receipt {
                status,
                error: form
                    .get("ErrorCode")
                    .filter(|code| *code != "0")
                    .map(|code| errors::receipt_error(code, form.get("ErrorMessage"))),
                ..Receipt::default()
            }),
            None => EventKind::Ignored { kind: "conversations:onDeliveryUpdated".to_owned() },
        },
        _ => EventKind::Ignored { kind: bounded(&format!("conversations:{name}")) },
    };
    let mut found = event(kind);
    found.message_ref = form.owned("MessageSid");
    found.thread = form.owned("ConversationSid");
    let time = form.get("DateUpdated").filter(|_| name != "onMessageAdded").or_else(|| form.get("DateCreated"));
    if let Some(time) = time {
        set_iso_time(&mut found, time);
    }
    if let Some((customer, assurance)) = customer {
        (found.senders, found.assurance) = (vec![customer], assurance);
    }
    found
}

/// The author, if it is none of ours, and who vouches for it.
fn customer(form: &Form<'_>, people: People) -> Option<(Sender, Assurance)> {
    let author = form.get("Author")?;
    let source = form.get("Source").unwrap_or_default().to_ascii_lowercase();
    match source.as_str() {
        "api" => None,
        // The identity may look like anything, a phone's number too.
        "sdk" => visitor(author, people),
        _ if is_address(author) => Some((sender(author, people.whatsapp), assurance(author, people.whatsapp))),
        // Event streams do not tell the source.
        "" => visitor(author, people),
        _ => None,
    }
}

/// `system` is what Twilio itself says.
fn visitor(author: &str, people: People) -> Option<(Sender, Assurance)> {
    let address = Sender { kind: AddressKind::Web, address: author.to_owned() };
    (people.visitors && author != "system").then_some((address, Assurance::Claimed))
}

/// A number, or an address with the scheme of a network. Any other scheme, such as `client:`, belongs to the company's own
/// programs.
fn is_address(author: &str) -> bool {
    author.starts_with('+') || NETWORKS.contains(&super::split(author).0)
}

#[derive(Deserialize, Default)]
struct Medium<'a> {
    #[serde(borrow, rename = "Sid", alias = "MediaSid")]
    sid: Option<Text<'a>>,
    #[serde(borrow, rename = "Filename")]
    filename: Option<Text<'a>>,
    #[serde(borrow, rename = "ContentType")]
    content_type: Option<Text<'a>>,
    #[serde(borrow, rename = "Size")]
    size: Option<Text<'a>>,
}

fn content(form: &Form<'_>) -> Content {
    let mut content = Content::text(form.get("Body").or_else(|| form.get("MessageBody")).unwrap_or_default());
    let Some(media) = form.get("Media") else { return content };
    match json::checked(media.as_bytes()).as_deref().map(serde_json::from_str::<List<Object<Medium<'_>>>>) {
        Ok(Ok(media)) => content.parts.extend(media.into_iter().map(|Object(medium)| attachment(medium))),
        // Something was sent along: the words are worth more than it.
        Ok(Err(_)) | Err(_) => content.parts.push(unsupported("media")),
    }
    content
}

fn attachment(medium: Medium<'_>) -> Part {
    let media_type = medium.content_type.map(|found| bare_media_type(found.as_str()));
    Part::Attachment(Attachment {
        kind: media_type.as_deref().map_or(AttachmentKind::File, super::attachment_kind),
        state: AttachmentState::Pending,
        provider_id: medium.sid.and_then(|sid| filled(sid.into_string())),
        name: json::name(medium.filename, &MEDIA_HOSTS),
        bytes: medium.size.and_then(|size| size.as_str().parse().ok()),
        media_type,
        ..Attachment::default()
    })
}
