//! What concerns our account, and what people decided about being written to.

use serde::Deserialize;
use serde_json::Value;

use super::super::fields::{event, filled, set_time};
use super::super::json::{self, Text};
use super::super::refusal::Refusal;
use super::payload::{Failure, Preference, UserIdUpdate};
use super::{FORMAT, addresses, errors};
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Sender};

/// Fields that say nothing to anybody here.
const NOBODYS: [&str; 1] = ["smb_app_state_sync"];

/// A change of a field about our account: a template, a number, a limit. Rare, so its words are read a second time.
pub(super) fn read(
    payload: &str,
    field: &str,
    account: Option<&Text<'_>>,
    time: Option<&Text<'_>>,
    place: usize,
) -> Result<InboundEvent, Refusal> {
    if field.is_empty() || field == "messages" || NOBODYS.contains(&field) {
        return Ok(event(EventKind::Ignored { kind: field.to_owned() }));
    }
    let mut found =
        event(EventKind::Account { subject: field.to_owned(), detail: detail(payload, field, account, place)? });
    if let Some(time) = time {
        set_time(&mut found, time.as_str());
        let account = account.map_or("", Text::as_str);
        found.event_id = Some(format!("{account}:{}:{field}:{place}", time.as_str()));
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Whole {
    entry: Vec<WholeEntry>,
}

#[derive(Deserialize)]
struct WholeEntry {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    changes: Vec<WholeChange>,
}

#[derive(Deserialize)]
struct WholeChange {
    #[serde(default)]
    field: Value,
    #[serde(default)]
    value: Value,
}

fn detail(payload: &str, field: &str, account: Option<&Text<'_>>, place: usize) -> Result<String, Refusal> {
    let whole: Whole = serde_json::from_str(payload).map_err(|error| json::refusal(FORMAT, &error))?;
    let account = account.map(|account| account.as_str().to_owned());
    let same = |id: &Value| {
        account
            == match id {
                Value::Null => None,
                Value::String(id) => Some(id.clone()),
                other => Some(other.to_string()),
            }
    };
    let mut value = whole
        .entry
        .into_iter()
        .filter(|entry| same(&entry.id))
        .filter_map(|mut entry| (place < entry.changes.len()).then(|| entry.changes.swap_remove(place)))
        .find(|change| change.field.as_str() == Some(field))
        .map(|change| change.value)
        .unwrap_or_default();
    hide_urls(&mut value);
    Ok(value.to_string())
}

/// No provider URL is stored: some of them let their bearer in.
fn hide_urls(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("http://") || text.starts_with("https://") => {
            "(url)".clone_into(text);
        }
        Value::Array(items) => items.iter_mut().for_each(hide_urls),
        Value::Object(members) => members.values_mut().for_each(hide_urls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The provider could not serve us; no message is concerned.
pub(super) fn error(field: &str, failure: &Failure<'_>) -> InboundEvent {
    let detail = format!("{} {}", errors::code(failure), errors::reason(failure));
    event(EventKind::Account { subject: format!("{field}:error"), detail })
}

/// The person wants, or no longer wants, a kind of message.
pub(super) fn preference(preference: &Preference<'_>) -> InboundEvent {
    let text = |text: &Option<Text<'_>>| text.as_ref().map_or(String::new(), |text| text.as_str().to_owned());
    let (purpose, value) = (text(&preference.category), text(&preference.value));
    let phone = preference.wa_id.as_ref().map(Text::as_str);
    let user_id = preference.user_id.as_ref().map(Text::as_str);
    let mut found = event(match value.as_str() {
        "resume" | "stop" => EventKind::Opt {
            opted_in: value == "resume",
            purpose: purpose.clone(),
            payload: Some(value.clone()),
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
