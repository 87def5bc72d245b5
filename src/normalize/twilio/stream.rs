//! Twilio Event Streams (Twilio documentation, "Event types"): a list of CloudEvents in JSON, or a single one. Their data has
//! the members of the webhooks' forms under other spellings, so it is read as a form.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::fields::{event, filled, unsupported};
use super::super::form::Form;
use super::super::json::{self, List, Object, Text};
use super::super::refusal::{Refusal, bounded};
use super::{FORMAT, People, read_form, set_iso_time};
use crate::domain::content::Content;
use crate::domain::event::{EventKind, InboundEvent};

#[derive(Deserialize, Default)]
struct CloudEvent<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    time: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Every event of one delivery.
pub(super) fn read(bytes: &[u8], query: &Form<'_>, people: People) -> Result<Vec<InboundEvent>, Refusal> {
    let text = &*json::checked(bytes)?;
    let refused = |error: serde_json::Error| json::refusal(FORMAT, &error);
    if text.trim_start().starts_with('{') {
        let single: CloudEvent<'_> = serde_json::from_str(text).map_err(refused)?;
        return one(text, &single, query, people);
    }
    let list: List<Object<CloudEvent<'_>>> = serde_json::from_str(text).map_err(refused)?;
    let mut events = Vec::with_capacity(list.len());
    let (mut readable, mut refusal) = (list.is_empty(), None);
    for Object(found) in list {
        match one(text, &found, query, people) {
            Ok(mut made) => {
                readable = true;
                events.append(&mut made);
            }
            Err(why) => {
                refusal = refusal.or(Some(why));
                events.push(unreadable(&found));
            }
        }
    }
    refusal.filter(|_| !readable).map_or(Ok(events), Err)
}

/// One that could not be read, for it must not cost those that stand beside it. Nobody is told as its sender.
fn unreadable(found: &CloudEvent<'_>) -> InboundEvent {
    let parts = vec![unsupported(found.kind.as_ref().map_or("event", Text::as_str))];
    let mut made = event(EventKind::Unsupported(Content { text: String::new(), parts }));
    made.event_id = found.id.as_ref().and_then(|id| filled(id.as_str()));
    made
}

fn one(text: &str, found: &CloudEvent<'_>, query: &Form<'_>, people: People) -> Result<Vec<InboundEvent>, Refusal> {
    let kind = found.kind.as_ref().map(Text::as_str).ok_or(Refusal::Missing { field: "type" })?;
    let short =
        kind.strip_prefix("com.twilio.").ok_or(Refusal::Contract { what: "event of another source than Twilio" })?;
    let ignored = || Ok(vec![event(EventKind::Ignored { kind: bounded(short) })]);
    let Some(raw) = found.data else { return ignored() };
    let mut form: Form<'_> = json::parse_within(FORMAT, text, raw)?;

    let (subject, happened) = short.rsplit_once('.').unwrap_or((short, ""));
    match subject {
        "messaging.inbound-message" if happened == "received" => {}
        "messaging.message" => form.set("MessageStatus", happened.replace('-', "_")),
        "conversations.message" => {
            let name = match happened {
                "added" => "onMessageAdded",
                "updated" => "onMessageUpdated",
                "removed" => "onMessageRemoved",
                _ => return ignored(),
            };
            form.set("EventType", name.to_owned());
        }
        _ => return ignored(),
    }
    let mut events = read_form(&form, query, people)?;
    for event in &mut events {
        event.event_id = found.id.as_ref().map(|id| id.as_str().to_owned());
        let time = form.get("Timestamp").or_else(|| found.time.as_ref().map(Text::as_str));
        if let (None, Some(time)) = (event.occurred_at, time) {
            set_iso_time(event, time);
        }
    }
    Ok(events)
}
