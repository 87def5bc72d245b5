//! What people say on LINE.

use super::super::fields::{event, filled, foreign_link, unsupported};
use super::super::json;
use super::payload::Message;
use crate::domain::content::{Attachment, AttachmentKind, AttachmentState, Content, Location, Part};
use crate::domain::event::{self as d, EventKind, InboundEvent};

/// Hosts of files that people sent.
const MEDIA_HOSTS: [&str; 4] = ["api.line.me", "api-data.line.me", "line-apps.com", "line-scdn.net"];

/// A message. A kind that nobody knows keeps the text beside it.
pub(super) fn read(mut message: Message<'_>) -> InboundEvent {
    let id = json::filled(message.id.take());
    let read_token = json::filled(message.mark_as_read_token.take());
    let quoted = json::filled(message.quoted_message_id.take());
    let kind = json::text(message.kind.take());
    let mut content = Content::text(json::text(message.text.take()));
    let part = match kind.as_str() {
        "text" => None,
        "image" => Some(file(&mut message, id.as_deref(), AttachmentKind::Image)),
        "video" => Some(file(&mut message, id.as_deref(), AttachmentKind::Video)),
        "audio" => Some(file(&mut message, id.as_deref(), AttachmentKind::Audio)),
        "file" => Some(file(&mut message, id.as_deref(), AttachmentKind::File)),
        "location" => Some(place(&mut message)),
        "sticker" => Some(sticker(message)),
        other => Some(unsupported(other)),
    };
    let supported = !matches!(part, Some(Part::Unsupported(_)));
    content.parts.extend(part);
    let mut found = event(if supported {
        EventKind::Message(d::Message { content, quoted, ..d::Message::default() })
    } else {
        EventKind::Unsupported(content)
    });
    (found.message_ref, found.read_token) = (id, read_token);
    found
}

/// A file is fetched by the message's id; one that LINE does not hold, by the link that came with it.
fn file(message: &mut Message<'_>, id: Option<&str>, kind: AttachmentKind) -> Part {
    let link = message.content_provider.as_ref().and_then(|provider| provider.original_content_url.as_ref());
    Part::Attachment(Attachment {
        kind,
        state: AttachmentState::Pending,
        provider_id: link.and_then(|link| foreign_link(link.as_str(), &MEDIA_HOSTS)).or_else(|| id.and_then(filled)),
        name: json::name(message.file_name.take(), &MEDIA_HOSTS),
        bytes: message.file_size.as_ref().and_then(|size| size.as_str().parse().ok()),
        ..Attachment::default()
    })
}

fn place(message: &mut Message<'_>) -> Part {
    let (latitude, longitude) = json::coordinates(message.latitude.as_ref(), message.longitude.as_ref());
    Part::Location(Location {
        latitude,
        longitude,
        name: json::filled(message.title.take()),
        address: json::filled(message.address.take()),
    })
}

/// A sticker is known by its package and number; what it means, by its words.
fn sticker(message: Message<'_>) -> Part {
    let keywords: Vec<&str> = message.keywords.iter().map(json::Text::as_str).collect();
    Part::Attachment(Attachment {
        kind: AttachmentKind::Sticker,
        state: AttachmentState::Pending,
        provider_id: filled(format!("{}/{}", json::text(message.package_id), json::text(message.sticker_id))),
        name: filled(keywords.join(", ")),
        ..Attachment::default()
    })
}
