//! What concerns our account and groups, and what people decided about being written to.

use serde_json::value::RawValue;

use super::super::fields::{event, filled, set_time};
use super::super::json::{self, Text};
use super::payload::{Failure, Group, Preference, StateSync, UserIdUpdate};
use super::people::Contacts;
use super::{Events, addresses, errors};
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Scope, Sender};

fn given<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map_or("", Text::as_str)
}

/// A change of a field about our account: a template, a number, a limit, or a field that nobody knows. Kept as sent.
pub(super) fn change(
    field: &str,
    value: &str,
    account: Option<&Text<'_>>,
    time: Option<&Text<'_>>,
    place: usize,
) -> InboundEvent {
    let detail = json::without_urls(value).into_owned();
    let mut found = event(EventKind::Account { subject: field.to_owned(), detail });
    if let Some(time) = time {
        set_time(&mut found, time.as_str());
        found.event_id = Some(format!("{}:{}:{field}:{place}", given(account), time.as_str()));
    }
    found
}

/// The provider could not serve us; no message is concerned.
pub(super) fn error(field: &str, failure: &Failure<'_>) -> InboundEvent {
    let detail = format!("{} {}", errors::code(failure), errors::reasons(std::slice::from_ref(failure)));
    event(EventKind::Account { subject: format!("{field}:error"), detail: detail.trim().to_owned() })
}

/// A group was made, changed, closed, or somebody joined or left it. Nobody wrote: for operators.
pub(super) fn group(field: &str, raw: &RawValue, group: Group<'_>) -> InboundEvent {
    let kind = given(group.kind.as_ref());
    let detail = json::without_urls(raw.get()).into_owned();
    let mut found = event(EventKind::Account { subject: format!("{field}:{kind}"), detail });
    if let Some(time) = &group.timestamp {
        set_time(&mut found, time.as_str());
        found.event_id = Some(format!("{}:{kind}:{}", given(group.group_id.as_ref()), time.as_str()));
    }
    found.scope = Scope::Group;
    found.thread = group.group_id.and_then(|id| filled(id.into_string()));
    found
}

/// The business app's address book. What we call a person is no word of that person, and names are no identities: counted.
pub(super) fn address_book(field: &str, entry: &StateSync<'_>, events: &mut Events) {
    events.ignored(&format!("{field}:{}:{}", given(entry.kind.as_ref()), given(entry.action.as_ref())));
}

/// The person wants, or no longer wants, a kind of message.
pub(super) fn preference<'a>(preference: &Preference<'a>, contacts: &Contacts<'_, 'a>) -> InboundEvent {
    let (purpose, value) = (given(preference.category.as_ref()), given(preference.value.as_ref()));
    let contact = contacts.of(preference.wa_id.as_ref(), preference.user_id.as_ref());
    let user_id = preference.user_id.as_ref().or_else(|| contact.and_then(|contact| contact.user_id.as_ref()));
    let (phone, user_id) = (preference.wa_id.as_ref().map(Text::as_str), user_id.map(Text::as_str));
    let mut found = event(match value {
        "resume" | "stop" => EventKind::Opt {
            opted_in: value == "resume",
            purpose: purpose.to_owned(),
            payload: Some(value.to_owned()),
            title: None,
        },
        _ => EventKind::Ignored { kind: format!("user_preferences:{value}") },
    });
    if let Some(time) = &preference.timestamp {
        set_time(&mut found, time.as_str());
        let person = phone.or(user_id).unwrap_or_default();
        found.event_id = Some(format!("{person}:{purpose}:{value}:{}", time.as_str()));
    }
    found.senders = addresses(phone, user_id);
    found.assurance = Assurance::Platform;
    found
}

/// The person's business-scoped id was replaced.
pub(super) fn user_id_update(update: UserIdUpdate<'_>) -> InboundEvent {
    let (before, after) = update.user_id.map_or((None, None), |ids| (ids.previous, ids.current));
    let id = |text: Option<Text<'_>>| {
        let address = text.and_then(|text| filled(text.into_string()))?;
        Some(Sender { kind: AddressKind::Whatsapp, address })
    };
    let (old, new) = (id(before), id(after));
    let mut found = event(EventKind::IdentityChange {
        old: old.clone(),
        new: new.clone(),
        reason: update.detail.map(Text::into_string),
    });
    if let (Some(time), Some(new)) = (&update.timestamp, &new) {
        set_time(&mut found, time.as_str());
        found.event_id = Some(format!("{}:{}", new.address, time.as_str()));
    }
    found.senders = addresses(update.wa_id.as_ref().map(Text::as_str), old.as_ref().map(|old| old.address.as_str()));
    found.assurance = Assurance::Platform;
    found
}
