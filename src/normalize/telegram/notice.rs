//! Everything that is no message: pressed buttons, reactions, messages taken back, who blocks us, our account.

use super::super::fields::{event, set_time};
use super::super::json::{self, List, Object, Text};
use super::message::place;
use super::payload::{BusinessConnection, CallbackQuery, Chat, Deleted, Markup, MemberChange, Reaction, Reactions};
use super::people::{Place, person, qualified, speaking_chat};
use crate::domain::content::{ButtonReply, Content, Part};
use crate::domain::event::{EventKind, InboundEvent, Message};

/// A button below a message was pressed: the button's words are what was said.
pub(super) fn pressed(mut query: CallbackQuery<'_>) -> InboundEvent {
    if query.message.is_none() {
        // Below a message that a person sent through the bot, in a chat that is not told.
        return event(EventKind::Ignored { kind: "callback_query:inline".to_owned() });
    }
    let payload = json::filled(query.data.take()).unwrap_or_else(|| json::text(query.game_short_name.take()));
    let mut below = query.message.take();
    let place = below.as_ref().map_or_else(|| Place::of(None, None), |message| place(message));
    let title = below.as_mut().and_then(|message| title(message.reply_markup.take()?, &payload)).unwrap_or_default();
    let quoted = below.and_then(|message| qualified(place.prefix.as_deref(), message.message_id));
    let mut content = Content::text(title.clone());
    content.parts.push(Part::ButtonReply(ButtonReply { payload, title }));

    let mut found = event(EventKind::Message(Message { content, quoted, ..Message::default() }));
    // The id of the press answers it; it is none of the chat's messages.
    found.message_ref = json::filled(query.id);
    (found.scope, found.thread) = (place.scope, place.thread);
    (found.senders, found.profile) = person(query.from);
    found
}

/// The words on the button that carries this payload.
fn title(markup: Markup<'_>, payload: &str) -> Option<String> {
    let mut buttons = markup.inline_keyboard.into_iter().flatten().map(|Object(button)| button);
    let button = buttons.find(|button| button.callback_data.as_ref().is_some_and(|data| data.as_str() == payload))?;
    json::filled(button.text)
}

/// Somebody changed the reactions to a message: the one that is new, or none if one was taken back.
pub(super) fn reaction(change: Reactions<'_>) -> InboundEvent {
    let place = Place::of(change.chat.as_ref(), None);
    if change.chat.as_ref().is_some_and(Chat::is_to_a_channel) {
        // Whose talk with the channel it is in is not told: it may be the customer's or an administrator's, who is none.
        return event(EventKind::Ignored { kind: "message_reaction:channel".to_owned() });
    }
    let before: Vec<String> = change.old_reaction.into_iter().map(emoji).collect();
    let now: Vec<String> = change.new_reaction.into_iter().map(emoji).collect();
    let new = now.iter().find(|emoji| !before.contains(emoji)).or(now.last());
    let mut found = event(EventKind::Reaction { emoji: new.cloned().unwrap_or_default() });
    found.message_ref = qualified(place.prefix.as_deref(), change.message_id);
    (found.scope, found.thread) = (place.scope, place.thread);
    (found.senders, found.profile) = match change.actor_chat {
        Some(chat) if change.user.is_none() => speaking_chat(chat),
        _ => person(change.user),
    };
    timed(&mut found, change.date.as_ref());
    found
}

fn emoji(reaction: Reaction<'_>) -> String {
    match reaction.kind.as_ref().map(Text::as_str) {
        Some("paid") => "⭐".to_owned(),
        _ => json::text(reaction.emoji.or(reaction.custom_emoji_id)),
    }
}

fn timed(found: &mut InboundEvent, time: Option<&Text<'_>>) {
    if let Some(time) = time {
        set_time(found, time.as_str());
    }
}

/// Messages of a business account's chat were taken back.
pub(super) fn deleted(deleted: Deleted<'_>, events: &mut Vec<InboundEvent>) {
    let (senders, known) = deleted.chat.map(speaking_chat).unwrap_or_default();
    let prefix = senders.first().map(|sender| sender.address.clone());
    let ids: List<Text<'_>> = deleted.message_ids;
    for id in ids {
        let mut found = event(EventKind::Deletion);
        found.message_ref = qualified(prefix.as_deref(), Some(id));
        found.senders.clone_from(&senders);
        found.profile.clone_from(&known);
        events.push(found);
    }
}

/// What became of the bot in a chat. In a private one the person blocked it, or allows it again; elsewhere it is our account's.
pub(super) fn membership(change: MemberChange<'_>) -> InboundEvent {
    let place = Place::of(change.chat.as_ref(), None);
    let status = change.new_chat_member.map_or_else(String::new, |member| json::text(member.status));
    // Any other chat than a person's own has an id that tells its messages from those of others.
    let mut found = match &place.prefix {
        None => {
            let opted_in = !matches!(status.as_str(), "kicked" | "left" | "banned");
            event(EventKind::Opt { opted_in, purpose: String::new(), payload: None, title: None })
        }
        Some(chat) => {
            let detail = format!("{status} in {chat}");
            event(EventKind::Account { subject: "my_chat_member".to_owned(), detail })
        }
    };
    if place.prefix.is_none() {
        (found.senders, found.profile) = person(change.from);
    }
    timed(&mut found, change.date.as_ref());
    found
}

/// A business account was connected to the bot, or parted from it.
pub(super) fn connection(connection: BusinessConnection<'_>) -> InboundEvent {
    let enabled = connection.is_enabled.as_ref().is_some_and(Text::is_true);
    let detail = format!("{} {}", json::text(connection.id), if enabled { "enabled" } else { "disabled" });
    let mut found = event(EventKind::Account { subject: "business_connection".to_owned(), detail });
    timed(&mut found, connection.date.as_ref());
    found
}
