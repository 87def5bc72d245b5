//! Who speaks, where, and how a message is known there.

use super::super::fields::profile;
use super::super::json::{self, Text};
use super::payload::{Chat, User};
use crate::domain::event::{AddressKind, Profile, Scope, Sender};

/// Where something was said.
pub(super) struct Place {
    pub(super) scope: Scope,
    pub(super) thread: Option<String>,
    /// The chat's id, if messages are not known by their number alone.
    pub(super) prefix: Option<String>,
}

impl Place {
    /// `topic` is set for a topic of a forum or of a private chat.
    pub(super) fn of(chat: Option<&Chat<'_>>, topic: Option<&str>) -> Self {
        let id = chat.and_then(|chat| chat.id.as_ref()).map(|id| id.as_str().to_owned()).filter(|id| !id.is_empty());
        if chat.is_some_and(Chat::is_to_a_channel) {
            return Self { scope: Scope::Direct, thread: None, prefix: id };
        }
        let scope = match chat.and_then(|chat| chat.kind.as_ref()).map(Text::as_str) {
            Some("group" | "supergroup") => Scope::Group,
            Some("channel") => Scope::Public,
            // Only people and bots have ids from 1.
            None | Some("") if id.as_ref().is_some_and(|id| id.starts_with('-')) => Scope::Group,
            _ => return Self { scope: Scope::Direct, thread: topic.map(str::to_owned), prefix: None },
        };
        let thread = id.as_ref().map(|id| topic.map_or_else(|| id.clone(), |topic| format!("{id}:{topic}")));
        Self { scope, thread, prefix: id }
    }
}

impl Chat<'_> {
    /// Whether it holds what people write to a channel.
    pub(super) fn is_to_a_channel(&self) -> bool {
        self.is_direct_messages.as_ref().is_some_and(Text::is_true)
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
