//! Tells the kinds of updates apart, and where they happened.

use super::super::fields::{event, profile};
use super::super::json::{self, Text};
use super::super::refusal::Refusal;
use super::super::whole::Whole;
use super::payload::{Chat, Update, User};
use super::{message, notice};
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Profile, Scope, Sender};

const FORMAT: &str = "telegram";

/// Every event of one update.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    let text = json::checked(bytes)?;
    let mut update: Update<'_> = json::parse(FORMAT, text)?;
    let id = json::filled(update.update_id.take());
    let mut events = Vec::with_capacity(1);
    let whole = Whole::new(text);
    let name = |pointer: &str, known: &[&str]| whole.unknown_member(pointer, known);
    if let Some(found) = update.message {
        events.push(message::said(*found, |known| name("/message", known)));
    } else if let Some(found) = update.channel_post {
        events.push(message::said(*found, |known| name("/channel_post", known)));
    } else if let Some(found) = update.business_message {
        events.push(message::business(*found, |known| name("/business_message", known)));
    } else if let Some(found) = update.edited_message.or(update.edited_channel_post) {
        events.push(message::edited(*found));
    } else if let Some(found) = update.edited_business_message {
        events.push(message::business_edited(*found));
    } else if let Some(found) = update.deleted_business_messages {
        notice::deleted(*found, &mut events);
    } else if let Some(found) = update.callback_query {
        events.push(notice::pressed(*found));
    } else if let Some(found) = update.message_reaction {
        events.push(notice::reaction(*found));
    } else if let Some(found) = update.my_chat_member {
        events.push(notice::membership(*found));
    } else if let Some(found) = update.business_connection {
        events.push(notice::connection(*found));
    } else {
        let kind = name("", &["update_id"]).unwrap_or_else(|| "update".to_owned());
        events.push(event(EventKind::Ignored { kind }));
    }
    let several = events.len() > 1;
    for event in &mut events {
        event.event_id = match (&id, &event.message_ref) {
            (Some(id), Some(about)) if several => Some(format!("{id}:{about}")),
            (id, _) => id.clone(),
        };
        if !matches!(event.kind, EventKind::Account { .. }) {
            event.assurance = Assurance::Platform;
        }
    }
    Ok(events)
}

/// Where something was said.
pub(super) struct Place {
    pub(super) scope: Scope,
    pub(super) thread: Option<String>,
    /// The chat's id, if messages are not known by their number alone.
    pub(super) prefix: Option<String>,
}

impl Place {
    /// `topic` is set for a topic of a forum.
    pub(super) fn of(chat: Option<&Chat<'_>>, topic: Option<&str>) -> Self {
        let id = chat.and_then(|chat| chat.id.as_ref()).map(|id| id.as_str().to_owned()).filter(|id| !id.is_empty());
        let scope = match chat.and_then(|chat| chat.kind.as_ref()).map(Text::as_str) {
            Some("group" | "supergroup") => Scope::Group,
            Some("channel") => Scope::Public,
            _ => return Self { scope: Scope::Direct, thread: None, prefix: None },
        };
        let thread = id.as_ref().map(|id| topic.map_or_else(|| id.clone(), |topic| format!("{id}:{topic}")));
        Self { scope, thread, prefix: id }
    }
}

/// A message's id as we know it.
pub(super) fn qualified(prefix: Option<&str>, id: Option<Text<'_>>) -> Option<String> {
    let id = json::filled(id)?;
    Some(prefix.map_or_else(|| id.clone(), |prefix| format!("{prefix}:{id}")))
}

/// Address and profile of a user.
pub(super) fn person(user: Option<User<'_>>) -> (Vec<Sender>, Option<Box<Profile>>) {
    let Some(user) = user else { return (Vec::new(), None) };
    let address = json::filled(user.id);
    let known = Profile {
        name: full_name(user.first_name, user.last_name),
        username: json::filled(user.username),
        locale: json::filled(user.language_code),
        ..Profile::default()
    };
    (address.into_iter().map(|address| Sender { kind: AddressKind::Telegram, address }).collect(), profile(known))
}

/// Address and name of a chat that speaks for itself.
pub(super) fn speaking_chat(chat: Chat<'_>) -> (Vec<Sender>, Option<Box<Profile>>) {
    let address = json::filled(chat.id);
    let known = Profile {
        name: json::filled(chat.title).or_else(|| full_name(chat.first_name, chat.last_name)),
        username: json::filled(chat.username),
        ..Profile::default()
    };
    (address.into_iter().map(|address| Sender { kind: AddressKind::Telegram, address }).collect(), profile(known))
}

/// First and last name in one, as Telegram shows them.
pub(super) fn full_name(first: Option<Text<'_>>, last: Option<Text<'_>>) -> Option<String> {
    match (json::filled(first), json::filled(last)) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (first, last) => first.or(last),
    }
}
