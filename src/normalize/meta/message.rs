//! Messages, echoes of what somebody of ours answered elsewhere, and what became of messages afterwards.

use super::super::fields::event;
use super::super::json;
use super::content;
use super::payload::{Edit, Message, Reaction};
use crate::domain::content::Content;
use crate::domain::event::{self as d, EventKind, InboundEvent};

/// A message either way, or that it was taken back.
pub(super) fn said(mut message: Message<'_>, echo: bool) -> InboundEvent {
    let id = json::filled(message.mid.take());
    let quoted = message.reply_to.as_mut().and_then(|reply| json::filled(reply.mid.take()));
    let deleted = message.is_deleted.as_ref().is_some_and(json::Text::is_true);
    let kind = if deleted && echo {
        EventKind::Ignored { kind: "message:own_deletion".to_owned() }
    } else if deleted {
        EventKind::Deletion
    } else {
        let content::Said { content, supported } = content::read(message, id.as_deref());
        if supported || echo {
            let message = d::Message { content, quoted, ..d::Message::default() };
            if echo { EventKind::Echo(message) } else { EventKind::Message(message) }
        } else {
            EventKind::Unsupported(content)
        }
    };
    let mut found = event(kind);
    found.message_ref = id;
    found
}

/// A message says something else now.
pub(super) fn edit(edit: Edit<'_>) -> InboundEvent {
    let content = Content::text(json::text(edit.text));
    let mut found = event(EventKind::Edit { version: json::filled(edit.num_edit), content });
    found.message_ref = json::filled(edit.mid);
    found
}

/// A reaction, or that it was taken back.
pub(super) fn reaction(reaction: Reaction<'_>) -> InboundEvent {
    let taken_back = reaction.action.as_ref().is_some_and(|action| action.as_str() == "unreact");
    let emoji = if taken_back {
        String::new()
    } else {
        json::filled(reaction.emoji).unwrap_or_else(|| named(&json::text(reaction.reaction)))
    };
    let mut found = event(EventKind::Reaction { emoji });
    found.message_ref = json::filled(reaction.mid);
    found
}

/// The emoji of a reaction that is told by name only.
pub(in super::super) fn named(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "love" => "❤️",
        "like" | "yes" => "👍",
        "dislike" | "no" => "👎",
        "haha" | "smile" => "😆",
        "wow" => "😮",
        "sad" | "sorry" => "😢",
        "angry" | "anger" => "😠",
        "care" => "🤗",
        _ => return name.to_owned(),
    }
    .to_owned()
}
