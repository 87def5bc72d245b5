//! What people say on Viber.

use super::super::fields::{add_link, filled, foreign_link, unsupported};
use super::super::json;
use super::payload::{Contact, Location, Message};
use crate::domain::content::{
    Attachment, AttachmentKind, AttachmentState, ContactCard, Content, Location as Place, Part,
};
use crate::domain::event::{self as d, EventKind};

/// Hosts of files that people sent. Every link to them is signed; one to any other page of Viber is somebody's word.
const MEDIA_HOSTS: [&str; 5] =
    ["media.viber.com", "dl-media.viber.com", "dl.viber.com", "cdn.viber.com", "vibercdn.com"];

/// The message; a text without words says nothing.
pub(super) fn read(mut message: Message<'_>, token: Option<&str>) -> EventKind {
    let kind = json::text(message.kind.take());
    let mut content = Content::text(json::text(message.text.take()));
    if let Some(location) = message.location.take() {
        content.parts.push(Part::Location(place(location)));
    }
    if let Some(contact) = message.contact.take() {
        content.parts.push(Part::ContactCard(card(contact)));
    }
    match kind.as_str() {
        "text" | "location" | "contact" => {}
        "url" => {
            link(&mut content, &message);
            // Something was sent, and it may not be kept.
            if content == Content::default() && message.media.as_ref().is_some_and(|media| !media.as_str().is_empty()) {
                content.parts.push(unsupported("url"));
                return EventKind::Unsupported(content);
            }
        }
        "picture" => attach(&mut content, message, token, AttachmentKind::Image),
        "video" => attach(&mut content, message, token, AttachmentKind::Video),
        "file" => attach(&mut content, message, token, AttachmentKind::File),
        "sticker" => attach(&mut content, message, token, AttachmentKind::Sticker),
        other => {
            content.parts.push(unsupported(other));
            return EventKind::Unsupported(content);
        }
    }
    if content == Content::default() {
        return EventKind::Ignored { kind: format!("message:{kind}:empty") };
    }
    EventKind::Message(d::Message { content, ..d::Message::default() })
}

/// A link is what was said: it belongs to the text.
fn link(content: &mut Content, message: &Message<'_>) {
    let Some(link) = message.media.as_ref().and_then(|media| foreign_link(media.as_str(), &MEDIA_HOSTS)) else {
        return;
    };
    add_link(&mut content.text, &link);
}

/// Viber names no medium but by its link, which is signed: what stays is the message that it came with.
fn attach(content: &mut Content, message: Message<'_>, token: Option<&str>, kind: AttachmentKind) {
    let size = message.file_size.or(message.size);
    content.parts.push(Part::Attachment(Attachment {
        kind,
        state: AttachmentState::Pending,
        provider_id: match kind {
            AttachmentKind::Sticker => json::filled(message.sticker_id),
            _ => token.and_then(filled),
        },
        name: json::name(message.file_name, &MEDIA_HOSTS),
        bytes: size.and_then(|size| size.as_str().parse().ok()),
        ..Attachment::default()
    }));
}

fn place(location: Location<'_>) -> Place {
    let (latitude, longitude) = json::coordinates(location.lat.as_ref(), location.lon.as_ref());
    Place { latitude, longitude, name: None, address: json::filled(location.address) }
}

fn card(contact: Contact<'_>) -> ContactCard {
    ContactCard {
        name: json::text(contact.name),
        phones: json::filled(contact.phone_number).into_iter().collect(),
        ..ContactCard::default()
    }
}
