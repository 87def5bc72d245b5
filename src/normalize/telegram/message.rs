//! Messages of private chats, groups, channels and connected business accounts, new and edited.

use super::super::fields::{event, filled, profile, set_time};
use super::super::json::Text;
use super::content;
use super::payload::Message;
use super::people::{Place, person, qualified, speaking_chat};
use crate::domain::content::Referral;
use crate::domain::event::{self as d, EventKind, InboundEvent, Profile, Scope};

/// Members of a message that say nothing of its kind.
const FRAME: [&str; 24] = [
    "message_id",
    "message_thread_id",
    "is_topic_message",
    "from",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "business_connection_id",
    "chat",
    "date",
    "edit_date",
    "is_automatic_forward",
    "is_from_offline",
    "is_paid_post",
    "has_protected_content",
    "media_group_id",
    "author_signature",
    "reply_to_message",
    "reply_to_story",
    "external_reply",
    "quote",
    "via_bot",
    "effect_id",
    "direct_messages_topic",
];

/// Most characters of what a deep link may carry (Telegram, "Bot features, deep linking").
const MAX_START_PARAMETER: usize = 64;

/// A message. `name` finds what one that says nothing we know is called.
pub(super) fn said(mut message: Message<'_>, name: impl Fn(&[&str]) -> Option<String>) -> InboundEvent {
    let place = place(&message);
    let sender = sender(&mut message);
    let (id, time) = (qualified(place.prefix.as_deref(), message.message_id.take()), message.date.take());
    let started = (place.scope == Scope::Direct).then(|| start(&message)).flatten();
    let mut found = match started {
        Some(parameter) => begun(parameter),
        None if message.write_access_allowed.is_some() => {
            event(EventKind::Opt { opted_in: true, purpose: String::new(), payload: None, title: None })
        }
        None => event(kind(message, place.prefix.as_deref(), EventKind::Message, name)),
    };
    found.message_ref = id;
    frame(&mut found, place, sender, time.as_ref());
    found
}

/// A message of a connected business account: the chat is the customer's, whoever of the two speaks.
pub(super) fn business(mut message: Message<'_>, name: impl Fn(&[&str]) -> Option<String>) -> InboundEvent {
    let (customer, own) = customer(&mut message);
    let prefix = customer.0.first().map(|sender| sender.address.clone());
    let (id, time) = (qualified(prefix.as_deref(), message.message_id.take()), message.date.take());
    let wrap = if own { EventKind::Echo } else { EventKind::Message };
    let mut found = event(kind(message, prefix.as_deref(), wrap, name));
    found.message_ref = id;
    frame(&mut found, Place { scope: Scope::Direct, thread: None, prefix }, customer, time.as_ref());
    found
}

/// A message says something else now.
pub(super) fn edited(mut message: Message<'_>) -> InboundEvent {
    let place = place(&message);
    let sender = sender(&mut message);
    let id = qualified(place.prefix.as_deref(), message.message_id.take());
    let mut found = edit(message, id);
    let time = found.1.take();
    frame(&mut found.0, place, sender, time.as_ref());
    found.0
}

/// As [`edited`], in a business account. What its owner edits changes none of the customer's words.
pub(super) fn business_edited(mut message: Message<'_>) -> InboundEvent {
    let (customer, own) = customer(&mut message);
    if own {
        return event(EventKind::Ignored { kind: "edited_business_message:own".to_owned() });
    }
    let prefix = customer.0.first().map(|sender| sender.address.clone());
    let id = qualified(prefix.as_deref(), message.message_id.take());
    let (mut found, time) = edit(message, id);
    frame(&mut found, Place { scope: Scope::Direct, thread: None, prefix }, customer, time.as_ref());
    found
}

type Known = (Vec<d::Sender>, Option<Box<Profile>>);

fn edit<'a>(mut message: Message<'a>, id: Option<String>) -> (InboundEvent, Option<Text<'a>>) {
    let time = message.edit_date.take().or_else(|| message.date.take());
    let version = time.as_ref().and_then(|time| filled(time.as_str()));
    let content = content::read(message).content;
    let mut found = event(EventKind::Edit { version, content });
    found.message_ref = id;
    (found, time)
}

fn frame(found: &mut InboundEvent, place: Place, (senders, known): Known, time: Option<&Text<'_>>) {
    (found.scope, found.thread, found.senders) = (place.scope, place.thread, senders);
    let brought = found.profile.take().and_then(|profile| profile.referral);
    found.profile = match (known, brought) {
        (known, None) => known,
        (known, brought) => {
            let known = known.map_or_else(Profile::default, |known| *known);
            profile(Profile { referral: brought, ..known })
        }
    };
    if let Some(time) = time {
        set_time(found, time.as_str());
    }
}

fn place(message: &Message<'_>) -> Place {
    let topic = message.is_topic_message.as_ref().is_some_and(Text::is_true);
    let topic = message.message_thread_id.as_ref().map(Text::as_str).filter(|_| topic);
    Place::of(message.chat.as_ref(), topic)
}

/// Who speaks: the chat itself for an anonymous administrator or a linked channel, nobody for a channel's own post.
fn sender(message: &mut Message<'_>) -> Known {
    match message.sender_chat.take() {
        Some(chat) if message.from.is_some() => speaking_chat(chat),
        _ => person(message.from.take()),
    }
}

/// The customer of a business account's chat, and whether somebody of ours wrote.
fn customer(message: &mut Message<'_>) -> (Known, bool) {
    let from = message.from.take();
    let speaker = from.as_ref().and_then(|from| from.id.as_ref()).map(Text::as_str);
    let chat = message.chat.as_ref().and_then(|chat| chat.id.as_ref()).map(Text::as_str);
    let own = speaker.is_some() && chat.is_some() && speaker != chat;
    match message.chat.take() {
        Some(chat) if own => (speaking_chat(chat), true),
        _ => (person(from), false),
    }
}

/// What the message is. One that holds nothing but news about the chat is nobody's.
fn kind(
    mut message: Message<'_>,
    prefix: Option<&str>,
    wrap: fn(d::Message) -> EventKind,
    name: impl Fn(&[&str]) -> Option<String>,
) -> EventKind {
    let quoted = message.reply_to_message.take().and_then(|reply| qualified(prefix, reply.message_id));
    let forwarded = message.forward_origin.is_some() || message.forward_date.is_some();
    let content::Said { content, supported } = content::read(message);
    if content == crate::domain::content::Content::default() {
        return EventKind::Ignored { kind: format!("message:{}", name(&FRAME).unwrap_or_default()) };
    }
    if supported {
        wrap(d::Message { content, quoted, forwarded, ..d::Message::default() })
    } else {
        EventKind::Unsupported(content)
    }
}

/// What the start button, or a link to the bot, says: its parameter, which may be empty.
fn start(message: &Message<'_>) -> Option<String> {
    let text = message.text.as_ref()?.as_str();
    let parameter = match text.strip_prefix("/start")? {
        "" => "",
        rest => rest.strip_prefix(' ')?,
    };
    let plain = parameter.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (plain && parameter.len() <= MAX_START_PARAMETER).then(|| parameter.to_owned())
}

fn begun(parameter: String) -> InboundEvent {
    let payload = filled(parameter);
    let mut found = event(EventKind::Start { title: None, payload: payload.clone(), referral: payload.is_some() });
    found.profile = payload.map(|payload| {
        let referral = Referral { source: "deep_link".to_owned(), reference: Some(payload), ..Referral::default() };
        Box::new(Profile { referral: Some(referral), ..Profile::default() })
    });
    found
}
