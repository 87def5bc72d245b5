//! What an agent says of an attachment before its bytes, and what it is given for it.

use super::command::token;
use super::content::line;
use super::view::timestamp;
use crate::agents::status::{Reason, Refusal};
use crate::domain::channel::carries;
use crate::domain::content::{Attachment, Content, Part};
use crate::domain::time::Timestamp;
use crate::normalize::convert::{attachment_from_proto, attachment_into_proto};
use crate::proto::agent as p;
use crate::proto::channel;

/// Length of a SHA-256 in hex.
const HEX: usize = 64;

/// The attachment as it will be, and its size. What its channel does not carry is refused here.
pub(in crate::agents) fn new_attachment(head: p::NewAttachment, max: usize) -> Result<(Attachment, usize), Refusal> {
    let channel = token("channel", &head.channel)?;
    let size = usize::try_from(head.bytes).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| Refusal::invalid("bytes", "how many is wanted"))?;
    if size > max {
        return Err(Refusal::limit("max_upload_bytes", max));
    }
    line("name", &head.name)?;
    let is_type = |text: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "!#$&^_.+-".contains(c);
        text.split_once('/')
            .is_some_and(|(sort, of)| !sort.is_empty() && !of.is_empty() && sort.chars().chain(of.chars()).all(plain))
    };
    line("media_type", &head.media_type)?;
    if !is_type(&head.media_type) {
        return Err(Refusal::invalid("media_type", "type/subtype in lower case, without parameters"));
    }
    let hex = |text: &str| text.len() == HEX && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if !head.sha256.is_empty() && !hex(&head.sha256) {
        return Err(Refusal::invalid("sha256", "64 digits of lower-case hex, or empty"));
    }
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let attachment = attachment_from_proto(channel::Attachment {
        kind: if head.kind == 0 { channel::AttachmentKind::File.into() } else { head.kind },
        state: channel::AttachmentState::Stored.into(),
        object: Some("put".to_owned()),
        name: some(head.name),
        media_type: Some(head.media_type),
        bytes: Some(head.bytes),
        sha256: some(head.sha256),
        ..channel::Attachment::default()
    });
    let alone = Content { text: String::new(), parts: vec![Part::Attachment(attachment.clone())] };
    carries(&channel, &alone).map_err(|what| {
        Refusal::new(Reason::NotCarried, format!("{channel} does not carry it: {what}"))
            .with("channel", channel.clone())
            .with("what", what.to_string())
    })?;
    Ok((attachment, size))
}

/// What a message names, until then.
pub(in crate::agents) fn attachment_put(stored: Attachment, usable_until: Timestamp) -> p::PutAttachmentResponse {
    let (attachment, usable_until) = (attachment_into_proto(stored), timestamp(usable_until));
    p::PutAttachmentResponse { attachment: Some(attachment), usable_until: Some(usable_until) }
}
