//! Personal content of a record, in a field of its own: structure folds without it.

use prost::Message as _;

use super::error::CodecError;
use super::wire::Wire;
use crate::domain::id::{LeafId, Name};
use crate::domain::record::{MailCopy, MessageContent, Personal, PersonalValue, Record};
use crate::normalize::convert::{content_from_proto, content_to_proto};
use crate::proto::log as p;
use crate::proto::log::personal::Value;

/// `Content.sealing` of bytes that are not sealed.
const PLAIN: u32 = 0;

/// Writes the content field of a record; nothing where there is neither content nor a leaf that it would belong to.
pub(super) fn write_content(wire: &mut Wire<'_>, field: u32, record: &Record) {
    if record.content.is_empty() && record.content_leaf.is_none() {
        return;
    }
    wire.nested(field, |content| {
        content.optional(1, record.content_leaf.map(|leaf| leaf.0.into()));
        content.uint(2, PLAIN);
        if !record.content.is_empty() {
            content.nested(3, |body| {
                for personal in &record.content {
                    body.nested(1, |wire| write_personal(wire, personal));
                }
            });
        }
    });
}

/// Content and its leaf; empty content where it is gone.
pub(super) fn content_from(content: Option<p::Content>) -> Result<(Option<LeafId>, Vec<Personal>), CodecError> {
    let Some(content) = content else {
        return Ok((None, Vec::new()));
    };
    if content.sealing != PLAIN {
        return Err(CodecError::Sealing(content.sealing));
    }
    let body = p::ContentBody::decode(content.body.as_slice())?;
    if body.encoded_len() != content.body.len() {
        return Err(CodecError::UnknownFields("content"));
    }
    let personal = body.personal.into_iter().map(personal_from).collect::<Result<_, _>>()?;
    Ok((content.leaf.map(LeafId), personal))
}

fn write_personal(wire: &mut Wire<'_>, personal: &Personal) {
    wire.uint(1, personal.place);
    match &personal.value {
        PersonalValue::Message(message) => wire.nested(2, |wire| write_message(wire, message)),
        PersonalValue::Address(address) => wire.optional_text(3, Some(address)),
        PersonalValue::Shown(name) => wire.optional_text(4, Some(name)),
    }
}

fn write_message(wire: &mut Wire<'_>, message: &MessageContent) {
    if message.content.parts.is_empty() {
        wire.nested(1, |content| content.text(1, &message.content.text));
    } else {
        wire.message(1, &content_to_proto(&message.content));
    }
    wire.optional_text(2, message.provider_ref.as_deref());
    wire.optional_text(3, message.quoted_ref.as_deref());
    wire.optional_text(4, message.recipient.as_deref());
    wire.optional_text(5, message.detail.as_deref());
    wire.optional_text(6, message.odd_time.as_deref());
    wire.optional_text(7, message.language.as_deref());
    wire.optional_text(8, message.reply_token.as_deref());
    wire.optional_text(9, message.reply_to_token.as_deref());
    wire.optional_text(10, message.author_name.as_deref());
    wire.optional_text(11, message.read_token.as_deref());
    wire.optional_text(12, message.thread.as_deref());
    for copy in &message.copies {
        wire.nested(80, |wire| {
            wire.text(1, &copy.address);
            wire.text(2, &copy.reply_to_token);
        });
    }
}

fn personal_from(personal: p::Personal) -> Result<Personal, CodecError> {
    let value = match personal.value.ok_or(CodecError::Missing("personal value"))? {
        Value::Message(message) => PersonalValue::Message(Box::new(MessageContent {
            content: content_from_proto(message.content.ok_or(CodecError::Missing("message content"))?),
            provider_ref: message.provider_ref,
            quoted_ref: message.quoted_ref,
            recipient: message.recipient,
            detail: message.detail,
            odd_time: message.odd_time,
            language: message.language,
            reply_token: message.reply_token,
            reply_to_token: message.reply_to_token,
            author_name: message.author_name,
            read_token: message.read_token,
            thread: message.thread,
            copies: message.copies.into_iter().map(copy_from).collect(),
        })),
        Value::Address(address) => PersonalValue::Address(Name::from(address)),
        Value::Shown(name) => PersonalValue::Shown(Name::from(name)),
    };
    let place = u16::try_from(personal.place).map_err(|_| CodecError::Value("place of content"))?;
    Ok(Personal { place, value })
}

fn copy_from(copy: p::MailCopy) -> MailCopy {
    MailCopy { address: copy.address, reply_to_token: copy.reply_to_token }
}
