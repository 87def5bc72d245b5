//! Files of a mail: bytes by digest, and what the mail says about them.

use mail_parser::{Encoding, Message as ParsedMail, MessagePart, MimeHeaders as _, PartType};
use sha2::{Digest as _, Sha256};

use super::super::fields::{filled, hex};
use super::super::run::Media;
use super::one_line;
use crate::domain::content::{Attachment, AttachmentKind, AttachmentState};

/// Attachments and the bytes that belong to them.
#[derive(Default)]
pub(super) struct Files {
    pub(super) attachments: Vec<Attachment>,
    pub(super) media: Vec<Media>,
}

impl Files {
    /// Adds a file. Its bytes are kept once, however often they are attached.
    pub(super) fn add(&mut self, bytes: &[u8], mut attachment: Attachment) {
        let sha256 = hex(&Sha256::digest(bytes));
        attachment.state = AttachmentState::Stored;
        attachment.bytes = u64::try_from(bytes.len()).ok();
        attachment.object = Some(sha256.clone());
        attachment.sha256 = Some(sha256.clone());
        if !self.media.iter().any(|media| media.sha256 == sha256) {
            let media_type = attachment.media_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
            self.media.push(Media { name: sha256.clone(), bytes: bytes.to_vec(), sha256, media_type });
        }
        self.attachments.push(attachment);
    }
}

pub(super) fn read(mail: &ParsedMail<'_>) -> Files {
    let mut files = Files::default();
    for part in mail.attachments() {
        files.add(bytes(mail, part), describe(part));
    }
    files
}

fn bytes<'m>(mail: &'m ParsedMail<'_>, part: &'m MessagePart<'_>) -> &'m [u8] {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_bytes(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes,
        PartType::Message(inner) if part.encoding != Encoding::None => inner.raw_message(),
        PartType::Message(_) => {
            let (from, to) = (part.offset_body as usize, part.offset_end as usize);
            mail.raw_message.get(from..to).unwrap_or_default()
        }
        PartType::Multipart(_) => &[],
    }
}

fn describe(part: &MessagePart<'_>) -> Attachment {
    let media_type = part.content_type().map_or_else(
        || "text/plain".to_owned(),
        |kind| match kind.subtype() {
            Some(subtype) => format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase(),
            None => kind.ctype().to_ascii_lowercase(),
        },
    );
    let content_id = part.content_id().and_then(|id| filled(id.trim_matches(['<', '>', ' '])));
    let kind = match media_type.split('/').next() {
        Some("image") if content_id.is_some() => AttachmentKind::Inline,
        Some("image") => AttachmentKind::Image,
        Some("audio") => AttachmentKind::Audio,
        Some("video") => AttachmentKind::Video,
        _ => AttachmentKind::File,
    };
    let name = part.attachment_name().map(one_line).and_then(filled).or_else(|| match &part.body {
        PartType::Message(inner) => inner.subject().map(|subject| format!("{}.eml", one_line(subject))),
        _ => None,
    });
    Attachment { kind, name, content_id, media_type: filled(one_line(&media_type)), ..Attachment::default() }
}
