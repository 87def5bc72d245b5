//! Messages in, messages that the business's own app sent, and history.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use super::super::fields::{event, filled, set_time};
use super::super::json::{self, Text};
use super::payload::{Contact, Context, Message, System, Thread};
use super::{Events, address, addresses, content};
use crate::domain::content::{Content, Part, Unsupported};
use crate::domain::event::{self as d, AddressKind, Assurance, EventKind, InboundEvent, Profile, Scope, Sender};

/// Most bytes that are kept of a message whose kind nobody knows.
const MAX_UNKNOWN_BYTES: usize = 8 * 1024;

/// What is known about a message from where it stands.
#[derive(Default)]
pub(super) struct Said<'c, 'a> {
    /// Somebody of ours wrote it: its counterpart is the recipient.
    pub(super) ours: bool,
    /// Describes the sender.
    pub(super) contact: Option<&'c Contact<'a>>,
    /// It is history.
    pub(super) backfill: bool,
    /// Of whose history.
    pub(super) thread: Option<&'c Thread<'a>>,
}

/// What a message makes happen.
struct Happened {
    /// For a change of an earlier message: that one's id. The change has an id of its own.
    about: Option<Option<String>>,
    kind: EventKind,
    /// A second thing of the same message.
    also: Option<EventKind>,
}

impl From<EventKind> for Happened {
    fn from(kind: EventKind) -> Self {
        Self { about: None, kind, also: None }
    }
}

impl Said<'_, '_> {
    /// The message's events. `words` gives what a message of an unknown kind holds.
    pub(super) fn read(
        &self,
        mut message: Message<'_>,
        words: impl FnOnce(&str) -> Option<String>,
        events: &mut Events,
    ) {
        let senders = self.senders(&message);
        let profile = self.profile(message.from_parent_user_id.as_ref());
        let id = message.id.take().and_then(|id| filled(id.into_string()));
        let time = message.timestamp.take();
        let group = message.group_id.take().and_then(|group| filled(group.into_string()));

        let happened = if self.ours { from_us(message, words) } else { from_customer(message, &senders, words) };
        let mut found = event(happened.kind);
        match happened.about {
            Some(about) => (found.event_id, found.message_ref) = (id, about),
            None => found.message_ref = id,
        }
        if let Some(time) = time {
            set_time(&mut found, time.as_str());
        }
        found.senders = senders;
        found.assurance = Assurance::Platform;
        found.backfill = self.backfill;
        found.profile = profile;
        if group.is_some() {
            (found.scope, found.thread) = (Scope::Group, group);
        }
        if self.backfill && self.thread.is_none() {
            // The same id as the placeholder that the history had for the file.
            found.event_id = found.message_ref.as_ref().map(|id| format!("{id}:file"));
        }
        let also = happened.also.map(|kind| InboundEvent {
            event_id: found.message_ref.as_ref().map(|id| format!("{id}:user_id")),
            kind,
            ..found.clone()
        });
        events.push(found);
        also.into_iter().for_each(|event| events.push(event));
    }

    fn senders(&self, message: &Message<'_>) -> Vec<Sender> {
        let text = |text: Option<&Text<'_>>| text.map(|text| text.as_str().to_owned());
        let (mut phone, mut user_id) = if self.ours {
            (text(message.to.as_ref()), text(message.to_user_id.as_ref()))
        } else {
            let contact = |pick: fn(&Contact<'_>) -> Option<String>| self.contact.and_then(pick);
            let phone =
                text(message.from.as_ref()).or_else(|| contact(|c| Some(c.wa_id.as_ref()?.as_str().to_owned())));
            let user_id = text(message.from_user_id.as_ref())
                .or_else(|| contact(|c| Some(c.user_id.as_ref()?.as_str().to_owned())));
            (phone, user_id)
        };
        if let Some(thread) = self.thread {
            let context = thread.context.as_ref();
            user_id = user_id.or_else(|| text(context.and_then(|context| context.user_id.as_ref())));
            phone = phone.or_else(|| text(context.and_then(|context| context.wa_id.as_ref())));
            if phone.is_none() && user_id.is_none() {
                phone = text(thread.id.as_ref());
            }
        }
        addresses(phone.as_deref(), user_id.as_deref())
    }

    fn profile(&self, parent: Option<&Text<'_>>) -> Option<Box<Profile>> {
        let own = |text: &Text<'_>| filled(text.as_str());
        let person = self.contact.and_then(|contact| contact.profile.as_ref());
        let parent = parent.or_else(|| self.contact.and_then(|contact| contact.parent_user_id.as_ref()));
        let context = self.thread.and_then(|thread| thread.context.as_ref());
        let username = person
            .and_then(|person| person.username.as_ref())
            .or_else(|| context.and_then(|context| context.username.as_ref()));
        let profile = Profile {
            name: person.and_then(|person| person.name.as_ref()).and_then(own),
            username: username.and_then(own),
            country: person.and_then(|person| person.country_code.as_ref()).and_then(own),
            parent_id: parent.and_then(own),
            ..Profile::default()
        };
        (profile != Profile::default()).then(|| Box::new(profile))
    }
}

fn target(id: Option<Text<'_>>) -> Option<String> {
    id.and_then(|id| filled(id.into_string()))
}

/// What a customer did.
fn from_customer(mut message: Message<'_>, senders: &[Sender], words: impl FnOnce(&str) -> Option<String>) -> Happened {
    if let Some(reaction) = message.reaction {
        let emoji = reaction.emoji.map(Text::into_string).unwrap_or_default();
        return Happened { about: Some(target(reaction.message_id)), kind: EventKind::Reaction { emoji }, also: None };
    }
    if let Some(revoke) = message.revoke {
        return Happened { about: Some(target(revoke.original_message_id)), kind: EventKind::Deletion, also: None };
    }
    if let Some(edit) = message.edit {
        let content = edit.message.map_or_else(Content::default, |message| content::read(*message, |_| None).content);
        let kind = EventKind::Edit { version: None, content };
        return Happened { about: Some(target(edit.original_message_id)), kind, also: None };
    }
    if let Some(system) = message.system {
        return system_notice(*system, senders);
    }
    if message.kind.as_ref().is_some_and(|kind| kind.as_str() == "request_welcome") {
        return EventKind::Start { title: None, payload: None, referral: false }.into();
    }
    let permission = message.interactive.as_mut().and_then(|found| found.call_permission_reply.take());
    if let Some(permission) = permission.filter(|permission| permission.response.is_some()) {
        let text = |text: Option<Text<'_>>| text.map(Text::into_string).unwrap_or_default();
        let response = text(permission.response);
        let payload = [&response, &text(permission.expiration_timestamp), &text(permission.response_source)]
            .map(String::as_str)
            .join(" ");
        return EventKind::Opt {
            opted_in: response == "accept",
            purpose: "call_permission".to_owned(),
            payload: Some(payload.trim_end().to_owned()),
            title: None,
        }
        .into();
    }
    match said(message, words) {
        (message, true) => EventKind::Message(message),
        (message, false) => EventKind::Unsupported(message.content),
    }
    .into()
}

/// What somebody of ours did outside of skein. A change of an earlier message is told as one more: the kinds for it are the
/// counterpart's.
fn from_us(message: Message<'_>, words: impl FnOnce(&str) -> Option<String>) -> Happened {
    let told = |quoted: Option<Text<'_>>, content: Content| {
        EventKind::Echo(d::Message { content, quoted: target(quoted), ..d::Message::default() })
    };
    if let Some(reaction) = message.reaction {
        let emoji = reaction.emoji.map(Text::into_string).unwrap_or_default();
        return told(reaction.message_id, Content::text(emoji)).into();
    }
    if let Some(revoke) = message.revoke {
        let taken_back = Unsupported { kind: "revoke".to_owned(), code: None, reason: None };
        let content = Content { text: String::new(), parts: vec![Part::Unsupported(taken_back)] };
        return told(revoke.original_message_id, content).into();
    }
    if let Some(edit) = message.edit {
        let content = edit.message.map_or_else(Content::default, |message| content::read(*message, |_| None).content);
        return told(edit.original_message_id, content).into();
    }
    EventKind::Echo(said(message, words).0).into()
}

/// The message, and whether it is of a kind that could be read.
fn said(mut message: Message<'_>, words: impl FnOnce(&str) -> Option<String>) -> (d::Message, bool) {
    let quoted = message.context.as_mut().and_then(|context| context.id.take());
    let forwarded = message.context.as_deref().is_some_and(is_forwarded);
    let content::Read { content, supported } = content::read(message, words);
    (d::Message { content, quoted: target(quoted), forwarded, part: None, participants: Vec::new() }, supported)
}

fn is_forwarded(context: &Context<'_>) -> bool {
    [&context.forwarded, &context.frequently_forwarded].into_iter().flatten().any(Text::is_true)
}

/// The person got another number or id, or something else about the person changed.
fn system_notice(system: System<'_>, senders: &[Sender]) -> Happened {
    let given = |text: Option<Text<'_>>| text.and_then(|text| filled(text.into_string()));
    let reason = given(system.body).or_else(|| given(system.kind));
    let old = given(system.customer).map(|customer| address(&customer)).or_else(|| senders.first().cloned());
    let phone = given(system.wa_id).or_else(|| given(system.new_wa_id)).map(|id| address(&id));
    let user_id = given(system.user_id).map(|id| address(&id)).filter(|id| !senders.contains(id));
    let change = |old, new| EventKind::IdentityChange { old, new, reason: reason.clone() };
    match (phone, user_id) {
        (Some(phone), Some(user_id)) => {
            let before = senders.iter().find(|sender| sender.kind == AddressKind::Whatsapp).cloned();
            Happened { about: None, kind: change(old, Some(phone)), also: Some(change(before, Some(user_id))) }
        }
        (None, Some(user_id)) => {
            let before = senders.iter().find(|sender| sender.kind == AddressKind::Whatsapp).cloned();
            change(before.or(old), Some(user_id)).into()
        }
        (phone, None) => change(old, phone).into(),
    }
}

/// What a message of an unknown kind holds under its kind's name: JSON as sent, bounded, without the provider's addresses.
pub(super) fn words(raw: &RawValue, kind: &str) -> Option<String> {
    let members: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(raw.get()).ok()?;
    let held = json::without_urls(members.get(kind)?.get()).into_owned();
    let end = held.floor_char_boundary(MAX_UNKNOWN_BYTES);
    filled(&held[..end])
}
