//! Personal content of a record, in a field of its own: structure folds without it.
//!
//! Sealed where it stands, at the end of the buffer that the record is encoded into. Without a key it is left out, never written in
//! plain: a leaf whose key is destroyed gets no content again, and a workspace that is not served here has none to write.

use prost::Message as _;
use smallvec::SmallVec;

use super::error::CodecError;
use super::joining::{briefing, briefing_from};
use super::marks::{marked, marked_from, tags, tags_from};
use super::routing::{inputs, inputs_from};
use super::wire::Wire;
use super::words::Word;
use crate::domain::id::{Index, LeafId, Name};
use crate::domain::record::{Asked, Fact, MailCopy, MessageContent, Personal, PersonalValue, Record};
use crate::domain::time::Timestamp;
use crate::keys::{KeyRings, Nonce};
use crate::normalize::convert::{content_from_proto, content_to_proto};
use crate::proto::log as p;
use crate::proto::log::personal::Value;

/// `Content.sealing`: AES-256-GCM with the key of the leaf; AAD: index, leaf and workspace; the tag ends the body.
const SEALED: u32 = 1;
/// `Content.sealing` of builds from before content was sealed.
const PLAIN: u32 = 0;

/// Writes the content of a record, each leaf's by itself: the words of a change belong to the leaf that it names. The leaf of the
/// cause comes first, also without content; nothing is written where there is neither.
pub(super) fn write_content(wire: &mut Wire<'_>, field: u32, record: &Record, keys: &KeyRings) {
    let Some(first) = record.content_leaf else {
        return;
    };
    let leaf_of = |personal: &Personal| record.leaf_of(personal).unwrap_or(first);
    let mut leaves: SmallVec<[LeafId; 4]> = SmallVec::from_iter([first]);
    for leaf in record.content.iter().map(leaf_of) {
        if !leaves.contains(&leaf) {
            leaves.push(leaf);
        }
    }
    let ring = keys.get(&record.workspace);
    for leaf in leaves {
        let of_leaf = || record.content.iter().filter(|personal| leaf_of(personal) == leaf);
        let ring = ring.filter(|_| of_leaf().next().is_some());
        wire.nested(field, |content| {
            content.optional(1, Some(leaf.0.into()));
            let Some(ring) = ring else {
                return;
            };
            let without = content.0.len();
            content.uint(2, SEALED);
            let mut nonce = None;
            content.nested(3, |body| {
                let from = body.0.len();
                for personal in of_leaf() {
                    body.nested(1, |wire| write_personal(wire, personal));
                }
                nonce = ring.seal(leaf, record.index, body.0, from);
            });
            match nonce {
                Some(nonce) => content.bytes(4, &nonce),
                // Its key is destroyed: nothing but the leaf, for readers refuse an empty body that is written out.
                None => content.0.truncate(without),
            }
        });
    }
}

/// Content and the leaf of the cause; without what is gone.
pub(super) fn content_from(
    contents: Vec<p::Content>,
    workspace: &str,
    index: Index,
    keys: &KeyRings,
) -> Result<(Option<LeafId>, Vec<Personal>), CodecError> {
    let first =
        contents.first().map(|content| content.leaf.ok_or(CodecError::Missing("leaf of content"))).transpose()?;
    let mut personal = Vec::new();
    let several = contents.len() > 1;
    for content in contents {
        open_content(content, workspace, index, keys, &mut personal)?;
    }
    if several {
        personal.sort_by_key(|personal| personal.place);
    }
    Ok((first.map(LeafId), personal))
}

fn open_content(
    mut content: p::Content,
    workspace: &str,
    index: Index,
    keys: &KeyRings,
    into: &mut Vec<Personal>,
) -> Result<(), CodecError> {
    if content.body.is_empty() {
        return Ok(());
    }
    match content.sealing {
        SEALED => {}
        PLAIN => return Err(CodecError::Plain),
        other => return Err(CodecError::Sealing(other)),
    }
    let leaf = LeafId(content.leaf.ok_or(CodecError::Missing("leaf of content"))?);
    let nonce: Nonce = content.nonce.as_slice().try_into().map_err(|_| CodecError::Value("nonce of content"))?;
    // What belongs to a workspace that is not served here stays closed.
    let Some(ring) = keys.get(workspace) else {
        return Ok(());
    };
    let Some(body) = ring.open(leaf, index, nonce, &mut content.body)? else {
        return Ok(());
    };
    let length = body.len();
    let body = p::ContentBody::decode(body)?;
    if body.encoded_len() != length {
        return Err(CodecError::UnknownFields("content"));
    }
    for personal in body.personal {
        into.push(personal_from(personal)?);
    }
    Ok(())
}

fn write_personal(wire: &mut Wire<'_>, personal: &Personal) {
    wire.uint(1, personal.place);
    match &personal.value {
        PersonalValue::Message(message) => wire.nested(2, |wire| write_message(wire, message)),
        PersonalValue::Address(address) => wire.optional_text(3, Some(address)),
        PersonalValue::Shown(name) => wire.optional_text(4, Some(name)),
        PersonalValue::Facts(facts) => {
            wire.message(100, &p::Facts { facts: facts.iter().map(fact).collect() });
        }
        PersonalValue::Asked(asked) => {
            wire.message(101, &p::Asked { key: asked.key.to_string(), prompt: asked.prompt.clone() });
        }
        PersonalValue::Reason(reason) => wire.optional_text(102, Some(reason)),
        PersonalValue::Inputs(given) => wire.message(151, &inputs(given)),
        PersonalValue::WakeFact(fact) => wire.optional_text(160, Some(fact)),
        PersonalValue::Note(note) => wire.optional_text(161, Some(note)),
        PersonalValue::Summary(summary) => wire.optional_text(230, Some(summary)),
        PersonalValue::Tags(changed) => wire.message(231, &tags(changed)),
        PersonalValue::Briefing(told) => wire.message(260, &briefing(told)),
        PersonalValue::Marked(noted) => wire.message(232, &marked(noted)),
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
        Value::Facts(facts) => PersonalValue::Facts(facts.facts.into_iter().map(fact_from).collect::<Result<_, _>>()?),
        Value::Asked(asked) => PersonalValue::Asked(Asked { key: Name::from(asked.key), prompt: asked.prompt }),
        Value::Reason(reason) => PersonalValue::Reason(reason),
        Value::Inputs(given) => PersonalValue::Inputs(Box::new(inputs_from(given)?)),
        Value::WakeFact(fact) => PersonalValue::WakeFact(Name::from(fact)),
        Value::Note(note) => PersonalValue::Note(note),
        Value::Summary(summary) => PersonalValue::Summary(summary),
        Value::Tags(changed) => PersonalValue::Tags(tags_from(changed)),
        Value::Briefing(told) => PersonalValue::Briefing(Box::new(briefing_from(told))),
        Value::Marked(noted) => PersonalValue::Marked(Box::new(marked_from(noted))),
    };
    let place = u16::try_from(personal.place).map_err(|_| CodecError::Value("place of content"))?;
    Ok(Personal { place, value })
}

fn fact(fact: &Fact) -> p::Fact {
    p::Fact {
        key: fact.key.to_string(),
        value: fact.value.clone(),
        source: fact.source.to_string(),
        at_ms: fact.at.0,
        assurance: fact.assurance.number(),
    }
}

fn fact_from(fact: p::Fact) -> Result<Fact, CodecError> {
    Ok(Fact {
        key: Name::from(fact.key),
        value: fact.value,
        source: Name::from(fact.source),
        at: Timestamp(fact.at_ms),
        assurance: Word::from_number(fact.assurance)?,
    })
}

fn copy_from(copy: p::MailCopy) -> MailCopy {
    MailCopy { address: copy.address, reply_to_token: copy.reply_to_token }
}
