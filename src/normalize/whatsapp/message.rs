//! Messages in, messages that the business's own app sent, and history.

use super::super::fields::{event, filled, set_time};
use super::super::json::Text;
use super::payload::{Contact, History, Message, Metadata, System};
use super::{address, addresses, content};
use crate::domain::content::Content;
use crate::domain::event::{self as d, Assurance, EventKind, InboundEvent, Profile, Scope, Sender};

/// A message of a customer, described by `contact`.
pub(super) fn inbound(message: Message<'_>, contact: Option<&Contact<'_>>) -> InboundEvent {
    let phone = message.from.as_ref().or_else(|| contact.and_then(|contact| contact.wa_id.as_ref()));
    let user_id = message.from_user_id.as_ref().or_else(|| contact.and_then(|contact| contact.user_id.as_ref()));
    let senders = addresses(phone.map(Text::as_str), user_id.map(Text::as_str));
    let profile = profile(contact, message.from_parent_user_id.as_ref());
    let mut found = said(message, senders, EventKind::Message);
    found.profile = profile;
    found
}

/// A message that somebody of ours sent with the business app; the customer is its recipient.
pub(super) fn echo(message: Message<'_>) -> InboundEvent {
    let senders = addresses(message.to.as_ref().map(Text::as_str), message.to_user_id.as_ref().map(Text::as_str));
    said(message, senders, EventKind::Echo)
}

/// Messages from before we were connected. Those from our own number are echoes.
pub(super) fn history(history: History<'_>, metadata: Option<&Metadata<'_>>, events: &mut Vec<InboundEvent>) {
    let ours = metadata.and_then(|metadata| metadata.display_phone_number.as_ref()).map(|ours| digits(ours.as_str()));
    for thread in history.threads {
        for message in thread.messages {
            let from_us = ours.is_some() && message.from.as_ref().map(|from| digits(from.as_str())) == ours;
            let customer = if from_us { message.to.as_ref() } else { message.from.as_ref() };
            let senders = addresses(customer.or(thread.id.as_ref()).map(Text::as_str), None);
            let wrap = if from_us { EventKind::Echo } else { EventKind::Message };
            let mut found = said(message, senders, wrap);
            found.backfill = true;
            events.push(found);
        }
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn said(mut message: Message<'_>, senders: Vec<Sender>, wrap: fn(d::Message) -> EventKind) -> InboundEvent {
    let id = message.id.take().and_then(|id| filled(id.into_string()));
    let time = message.timestamp.take();
    let group = message.group_id.take().and_then(|group| filled(group.into_string()));

    // A change of an earlier message has an id of its own and names the other.
    let (about, kind) = kind(message, &senders, wrap);
    let mut found = event(kind);
    match about {
        Some(about) => (found.event_id, found.message_ref) = (id, about),
        None => found.message_ref = id,
    }
    if let Some(time) = time {
        set_time(&mut found, time.as_str());
    }
    found.senders = senders;
    found.assurance = Assurance::Platform;
    if group.is_some() {
        (found.scope, found.thread) = (Scope::Group, group);
    }
    found
}

/// What happened, and for a change the message that it is about.
fn kind(
    mut message: Message<'_>,
    senders: &[Sender],
    wrap: fn(d::Message) -> EventKind,
) -> (Option<Option<String>>, EventKind) {
    let target = |id: Option<Text<'_>>| Some(id.and_then(|id| filled(id.into_string())));
    if let Some(reaction) = message.reaction {
        let emoji = reaction.emoji.map(Text::into_string).unwrap_or_default();
        return (target(reaction.message_id), EventKind::Reaction { emoji });
    }
    if let Some(revoke) = message.revoke {
        return (target(revoke.original_message_id), EventKind::Deletion);
    }
    if let Some(edit) = message.edit {
        let content = edit.message.map_or_else(Content::default, |message| content::read(*message).content);
        return (target(edit.original_message_id), EventKind::Edit { version: None, content });
    }
    if let Some(system) = message.system {
        return (None, system_notice(*system, senders));
    }
    if message.kind.as_ref().is_some_and(|kind| kind.as_str() == "request_welcome") {
        return (None, EventKind::Start { title: None, payload: None, referral: false });
    }

    let context = message.context.as_mut();
    let quoted = context.and_then(|context| context.id.take()).and_then(|id| filled(id.into_string()));
    let forwarded = message.context.as_ref().is_some_and(|context| context.forwarded || context.frequently_forwarded);
    let content::Said { content, supported } = content::read(message);
    if supported {
        (None, wrap(d::Message { content, quoted, forwarded, part: None, participants: Vec::new() }))
    } else {
        (None, EventKind::Unsupported(content))
    }
}

/// The person got another number or id, or something else about the person changed.
fn system_notice(system: System<'_>, senders: &[Sender]) -> EventKind {
    let now = system.wa_id.or(system.new_wa_id).or(system.user_id).map(|id| address(id.as_str()));
    let reason = system.body.or(system.kind).map(Text::into_string);
    EventKind::IdentityChange { old: senders.first().cloned(), new: now, reason }
}

fn profile(contact: Option<&Contact<'_>>, parent: Option<&Text<'_>>) -> Option<Box<Profile>> {
    let own = |text: &Text<'_>| filled(text.as_str());
    let person = contact.and_then(|contact| contact.profile.as_ref());
    let parent = parent.or_else(|| contact.and_then(|contact| contact.parent_user_id.as_ref()));
    let profile = Profile {
        name: person.and_then(|person| person.name.as_ref()).and_then(own),
        username: person.and_then(|person| person.username.as_ref()).and_then(own),
        country: person.and_then(|person| person.country_code.as_ref()).and_then(own),
        parent_id: parent.and_then(own),
        ..Profile::default()
    };
    (profile != Profile::default()).then(|| Box::new(profile))
}
