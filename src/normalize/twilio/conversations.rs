//! Webhooks of Twilio Conversations (Twilio documentation, "Conversations webhooks").
//!
//! A person who writes from outside is named by an address as author; whoever writes by the API or an SDK is one of ours, and the
//! request does not say to whom: such requests are counted.

use serde::Deserialize;

use super::super::fields::{bare_media_type, event, filled};
use super::super::form::Form;
use super::super::json::{List, Text};
use super::super::refusal::bounded;
use super::{assurance, errors, sender, set_iso_time, status};
use crate::domain::content::{Attachment, AttachmentKind, AttachmentState, Content, Part};
use crate::domain::event::{EventKind, InboundEvent, Message, Receipt};

/// What a request says.
pub(super) fn read(form: &Form<'_>, whatsapp: bool) -> InboundEvent {
    let name = form.get("EventType").unwrap_or_default();
    let outside = form.get("Author").filter(|author| is_address(author) && !is_ours(form));
    let kind = match (name, outside) {
        ("onMessageAdded", Some(_)) => EventKind::Message(Message { content: content(form), ..Message::default() }),
        ("onMessageUpdated", Some(_)) => EventKind::Edit { version: form.owned("DateUpdated"), content: content(form) },
        ("onMessageRemoved", Some(_)) => EventKind::Deletion,
        ("onDeliveryUpdated", _) => match form.get("Status").and_then(status::receipt_status) {
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
    if let Some(author) = outside {
        found.senders = vec![sender(author, whatsapp)];
        found.assurance = assurance(author, whatsapp);
    }
    found
}

fn is_ours(form: &Form<'_>) -> bool {
    form.get("Source").is_some_and(|source| source.eq_ignore_ascii_case("api") || source.eq_ignore_ascii_case("sdk"))
}

/// A number, or an address with the scheme of a network. Anything else is an identity of ours.
fn is_address(author: &str) -> bool {
    author.starts_with('+') || super::split(author).0.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
}

#[derive(Deserialize)]
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
    let media: List<Medium<'_>> =
        form.get("Media").and_then(|media| serde_json::from_str(media).ok()).unwrap_or_default();
    content.parts.extend(media.into_iter().map(|medium| {
        let media_type = medium.content_type.map(|found| bare_media_type(found.as_str()));
        Part::Attachment(Attachment {
            kind: media_type.as_deref().map_or(AttachmentKind::File, super::attachment_kind),
            state: AttachmentState::Pending,
            provider_id: medium.sid.and_then(|sid| filled(sid.into_string())),
            name: medium.filename.and_then(|name| filled(name.into_string())),
            bytes: medium.size.and_then(|size| size.as_str().parse().ok()),
            media_type,
            ..Attachment::default()
        })
    }));
    content
}
