//! Messages of private chats, groups, channels and connected business accounts, new and edited.

use super::super::fields::{event, filled, profile, set_time, unsupported};
use super::super::json::{self, Text};
use super::content;
use super::payload::{Chat, Message};
use super::people::{Place, person, qualified, speaking_chat};
use crate::domain::content::{Content, Part, Referral};
use crate::domain::event::{self as d, EventKind, InboundEvent, Profile, Scope};

/// Members of a message that say nothing of its kind.
const FRAME: [&str; 38] = [
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
    "ephemeral_message_id",
    "receiver_user",
    "sender_tag",
    "guest_query_id",
    "guest_bot_caller_user",
    "guest_bot_caller_chat",
    "reply_to_checklist_task_id",
    "reply_to_poll_option_id",
    "paid_star_count",
    "suggested_post_info",
    "link_preview_options",
    "show_caption_above_media",
    "has_media_spoiler",
    "reply_markup",
];

/// Most characters of what a deep link may carry (Telegram, "Bot features, deep linking").
const MAX_START_PARAMETER: usize = 64;

/// A message. `name` finds what one that says nothing we know is called.
pub(super) fn said(mut message: Message<'_>, name: impl Fn(&[&str]) -> Option<String>) -> InboundEvent {
    if message.is_to_a_channel() {
        let talk = with_channel(&mut message);
        return told(message, talk, name);
    }
    let place = place(&message);
    let sender = sender(&mut message);
    let (id, time) = (qualified(place.prefix.as_deref(), message.message_id.take()), message.date.take());
    let started = (place.scope == Scope::Direct).then(|| start(&message)).flatten();
    let mut found = match started {
        Some(parameter) => begun(parameter),
        None if message.write_access_allowed.is_some() => {
            event(EventKind::Opt { opted_in: true, purpose: String::new(), payload: None, title: None })
        }
        None => event(kind(message, place.prefix.as_deref(), false, name)),
    };
    found.message_ref = id;
    frame(&mut found, place, sender, time.as_ref());
    found
}

/// A message of a connected business account: the chat is the customer's, whoever of the two speaks.
pub(super) fn business(mut message: Message<'_>, name: impl Fn(&[&str]) -> Option<String>) -> InboundEvent {
    let talk = with_business(&mut message);
    told(message, talk, name)
}

/// A message to the bot in a chat that it is no member of, for one answer that all of the chat read.
pub(super) fn guest(mut message: Message<'_>, name: impl Fn(&[&str]) -> Option<String>) -> InboundEvent {
    let query = json::filled(message.guest_query_id.take());
    let chat = message.chat.as_ref().and_then(|chat| chat.id.as_ref()).and_then(|id| filled(id.as_str()));
    let place = Place { scope: Scope::Group, thread: chat.clone(), prefix: chat };
    let known = sender(&mut message);
    let mut found = told(message, Talk { place, known, own: false }, name);
    found.reply_token = query;
    found
}

/// Between whom a message is. The customer is known whoever of the two speaks.
struct Talk {
    place: Place,
    known: Known,
    /// Somebody of ours wrote.
    own: bool,
}

/// A message of either side.
fn told(mut message: Message<'_>, talk: Talk, name: impl Fn(&[&str]) -> Option<String>) -> InboundEvent {
    let prefix = talk.place.prefix.as_deref();
    let (id, time) = (qualified(prefix, message.message_id.take()), message.date.take());
    let mut found = event(kind(message, prefix, talk.own, name));
    found.message_ref = id;
    frame(&mut found, talk.place, talk.known, time.as_ref());
    found
}

/// A message says something else now.
pub(super) fn edited(mut message: Message<'_>) -> InboundEvent {
    let talk = if message.is_to_a_channel() {
        with_channel(&mut message)
    } else {
        Talk { place: place(&message), known: sender(&mut message), own: false }
    };
    edit(message, talk, "edited_message:own")
}

/// As [`edited`], in a business account.
pub(super) fn business_edited(mut message: Message<'_>) -> InboundEvent {
    let talk = with_business(&mut message);
    edit(message, talk, "edited_business_message:own")
}

type Known = (Vec<d::Sender>, Option<Box<Profile>>);

/// What one of ours edits changes none of the customer's words: it is counted as `own`.
fn edit(mut message: Message<'_>, talk: Talk, own: &str) -> InboundEvent {
    if talk.own {
        return event(EventKind::Ignored { kind: own.to_owned() });
    }
    let id = qualified(talk.place.prefix.as_deref(), message.message_id.take());
    let time = message.edit_date.take().or_else(|| message.date.take());
    let version = time.as_ref().and_then(|time| filled(time.as_str()));
    let mut found = event(EventKind::Edit { version, content: content::read(message).content });
    found.message_ref = id;
    frame(&mut found, talk.place, talk.known, time.as_ref());
    found
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

/// Where a message stands.
pub(super) fn place(message: &Message<'_>) -> Place {
    let topic = message.is_topic_message.as_ref().is_some_and(Text::is_true);
    let topic = message.message_thread_id.as_ref().map(Text::as_str).filter(|_| topic);
    let mut place = Place::of(message.chat.as_ref(), topic);
    if message.is_to_a_channel() {
        let topic = message.direct_messages_topic.as_ref().and_then(|topic| topic.topic_id.as_ref());
        let topic = topic.and_then(|topic| filled(topic.as_str()));
        place.thread = place.prefix.as_ref().zip(topic).map(|(chat, topic)| format!("{chat}:{topic}"));
    }
    if message.business_connection_id.is_some() {
        let chat = message.chat.as_ref().and_then(|chat| chat.id.as_ref());
        (place.scope, place.thread, place.prefix) = (Scope::Direct, None, chat.and_then(|chat| filled(chat.as_str())));
    }
    place
}

impl Message<'_> {
    fn is_to_a_channel(&self) -> bool {
        self.chat.as_ref().is_some_and(Chat::is_to_a_channel)
    }
}

/// Who speaks: the chat itself for an anonymous administrator or a linked channel, nobody for a channel's own post.
fn sender(message: &mut Message<'_>) -> Known {
    match message.sender_chat.take() {
        Some(chat) if message.from.is_some() => speaking_chat(chat),
        _ => person(message.from.take()),
    }
}

/// Who writes to a channel is who opened the topic; anybody else in it writes for the channel.
fn with_channel(message: &mut Message<'_>) -> Talk {
    let place = place(message);
    let (from, chat) = (message.from.take(), message.sender_chat.take());
    let Some(customer) = message.direct_messages_topic.take().and_then(|topic| topic.user) else {
        // Words that may be the customer's are taken for them.
        return Talk { place, own: chat.is_some(), known: person(from.filter(|_| chat.is_none())) };
    };
    let speaker = from.as_ref().and_then(|from| from.id.as_ref()).map(Text::as_str);
    let own = match speaker {
        Some(speaker) => customer.id.as_ref().is_some_and(|id| id.as_str() != speaker),
        None => chat.is_some(),
    };
    Talk { place, own, known: person(Some(if own { customer } else { from.unwrap_or(customer) })) }
}

/// The customer of a business account's chat is whose chat it is.
fn with_business(message: &mut Message<'_>) -> Talk {
    let from = message.from.take();
    let speaker = from.as_ref().and_then(|from| from.id.as_ref()).map(Text::as_str);
    let chat = message.chat.as_ref().and_then(|chat| chat.id.as_ref()).map(Text::as_str);
    let own = speaker.is_some() && chat.is_some() && speaker != chat;
    let (known, own) = match message.chat.take() {
        Some(chat) if own => (speaking_chat(chat), true),
        _ => (person(from), false),
    };
    let prefix = known.0.first().map(|sender| sender.address.clone());
    Talk { place: Place { scope: Scope::Direct, thread: None, prefix }, known, own }
}

/// What the message is; one of ours is an echo, whatever it holds. One that holds nothing but news about the chat is nobody's.
fn kind(
    mut message: Message<'_>,
    prefix: Option<&str>,
    own: bool,
    name: impl Fn(&[&str]) -> Option<String>,
) -> EventKind {
    let quoted = message.reply_to_message.take().and_then(|reply| qualified(prefix, reply.message_id));
    let quoted = quoted.or_else(|| {
        let elsewhere = *message.external_reply.take()?;
        let chat = json::filled(elsewhere.chat?.id)?;
        qualified(Some(&chat), elsewhere.message_id)
    });
    let forwarded = message.forward_origin.is_some() || message.forward_date.is_some();
    let content::Said { mut content, supported } = content::read(message);
    if content == Content::default() {
        return EventKind::Ignored { kind: format!("message:{}", name(&FRAME).unwrap_or_default()) };
    }
    if content.text.is_empty() && content.parts.iter().all(|part| matches!(part, Part::Referral(_))) {
        // It answers something, with what nobody knows.
        content.parts.push(unsupported(name(&FRAME).unwrap_or_else(|| "message".to_owned())));
    }
    let said = move |content| d::Message { content, quoted, forwarded, ..d::Message::default() };
    match (own, supported) {
        (true, _) => EventKind::Echo(said(content)),
        (false, true) => EventKind::Message(said(content)),
        (false, false) => EventKind::Unsupported(content),
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
