//! Files of a mail: bytes by digest, and what the mail says about them.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, HeaderName, Message as ParsedMail, MessagePart, MimeHeaders as _, PartType};
use sha2::{Digest as _, Sha256};

use super::super::fields::{filled, hex};
use super::super::normalized::Media;
use super::body::{text_of, without_parts};
use super::{charset, one_line};
use crate::domain::content::{Attachment, AttachmentKind, AttachmentState};

/// Attachments and the bytes that belong to them.
#[derive(Default)]
pub(super) struct Files {
    pub(super) attachments: Vec<Attachment>,
    pub(super) media: Vec<Media>,
}

impl Files {
    /// Adds a file. Its bytes are kept once, however often they are attached.
    pub(super) fn add(&mut self, bytes: Cow<'_, [u8]>, mut attachment: Attachment) {
        let sha256 = hex(&Sha256::digest(&bytes));
        attachment.state = AttachmentState::Stored;
        attachment.bytes = u64::try_from(bytes.len()).ok();
        attachment.object = Some(sha256.clone());
        attachment.sha256 = Some(sha256.clone());
        if !self.media.iter().any(|media| media.sha256 == sha256) {
            let media_type = attachment.media_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
            self.media.push(Media { name: sha256.clone(), bytes: bytes.into_owned(), sha256, media_type });
        }
        self.attachments.push(attachment);
    }
}

/// The files of a mail. The bytes of those that are no text are taken out of it: most mails are theirs.
pub(super) fn take(mail: &mut ParsedMail<'_>) -> Files {
    let mut files = Files::default();
    let body = without_parts(mail).map(std::ptr::from_ref);
    for id in mail.attachments.clone() {
        let Some(part) = mail.part(id).filter(|part| body != Some(std::ptr::from_ref(*part))) else { continue };
        let attachment = describe(part);
        let tail = lost_tail(mail, part);
        let taken = mail.parts.get_mut(id as usize).and_then(|part| match &mut part.body {
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Some(std::mem::take(bytes)),
            PartType::Text(_) | PartType::Html(_) | PartType::Message(_) | PartType::Multipart(_) => None,
        });
        match (taken, tail) {
            (Some(bytes), None) => files.add(bytes, attachment),
            (Some(bytes), Some(tail)) => {
                let mut bytes = bytes.into_owned();
                bytes.extend(tail);
                files.add(Cow::Owned(bytes), attachment);
            }
            (None, _) => {
                if let Some(part) = mail.part(id) {
                    files.add(bytes(mail, part), attachment);
                }
            }
        }
    }
    files
}

/// The bytes of a part that is text or a mail.
fn bytes<'m>(mail: &'m ParsedMail<'_>, part: &'m MessagePart<'_>) -> Cow<'m, [u8]> {
    match &part.body {
        PartType::Text(_) | PartType::Html(_) => match text_of(mail, part) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        PartType::Message(inner) if part.encoding != Encoding::None => Cow::Borrowed(inner.raw_message()),
        PartType::Message(_) => Cow::Borrowed(raw(mail, part)),
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Multipart(_) => Cow::Borrowed(&[]),
    }
}

/// The part as it stands in the mail.
fn raw<'m>(mail: &'m ParsedMail<'_>, part: &MessagePart<'_>) -> &'m [u8] {
    let (from, to) = (part.offset_body as usize, part.offset_end as usize);
    mail.raw_message.get(from..to).unwrap_or_default()
}

/// The bytes of a part without its transfer encoding; None: it cannot be undone.
pub(super) fn decoded(mail: &ParsedMail<'_>, part: &MessagePart<'_>) -> Option<Vec<u8>> {
    let raw = raw(mail, part);
    match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => {
            let mut bytes = base64_decode(raw)?;
            bytes.extend(lost_tail(mail, part).unwrap_or_default());
            Some(bytes)
        }
    }
}

/// The last one or two bytes of a base64 part that ends without its padding, which parsers drop.
pub(super) fn lost_tail(mail: &ParsedMail<'_>, part: &MessagePart<'_>) -> Option<Vec<u8>> {
    if part.encoding != Encoding::Base64 {
        return None;
    }
    let raw = raw(mail, part).trim_ascii_end();
    if !raw.last().is_some_and(|last| is_digit(*last)) {
        return None;
    }
    let over = digits(raw) % 4;
    if over < 2 {
        return None;
    }
    let mut tail: Vec<u8> = raw.iter().rev().copied().filter(|byte| is_digit(*byte)).take(over).collect();
    tail.reverse();
    tail.resize(4, b'=');
    base64_decode(&tail)
}

/// Without a branch, so that many are counted at once.
fn is_digit(byte: u8) -> bool {
    const CASE: u8 = 0x20;
    ((byte & !CASE).wrapping_sub(b'A') < 26) | (byte.wrapping_sub(b'0') < 10) | (byte == b'+') | (byte == b'/')
}

/// The digits of base64 without what stands between them.
pub(super) fn only_digits(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| is_digit(*byte)).collect()
}

/// How many digits of base64 there are. Counted in bytes, as many as one can count.
fn digits(bytes: &[u8]) -> usize {
    let count = |chunk: &[u8]| chunk.iter().fold(0_u8, |count, byte| count + u8::from(is_digit(*byte)));
    bytes.chunks(usize::from(u8::MAX)).map(|chunk| usize::from(count(chunk))).sum()
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
        PartType::Message(inner) => subject(inner).map(|subject| format!("{}.eml", one_line(&subject))),
        _ => None,
    });
    Attachment { kind, name, content_id, media_type: filled(one_line(&media_type)), ..Attachment::default() }
}

/// Subject of an attached mail, whose head is not put right, because its bytes are the file.
fn subject(inner: &ParsedMail<'_>) -> Option<String> {
    let subject = inner.subject()?;
    if !subject.contains(charset::LOST) {
        return Some(subject.to_owned());
    }
    let header = inner.headers().iter().rev().find(|header| header.name == HeaderName::Subject)?;
    let raw = inner.raw_message.get(header.offset_start as usize..header.offset_end as usize)?;
    Some(charset::decode(raw.trim_ascii(), None, &charset::hints(&inner.raw_message)))
}
