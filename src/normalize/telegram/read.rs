//! Tells the kinds of updates apart, and where they happened.

use super::super::fields::{event, unsupported};
use super::super::json;
use super::super::refusal::Refusal;
use super::super::whole::Whole;
use super::payload::Update;
use super::{message, notice};
use crate::domain::content::Content;
use crate::domain::event::{Assurance, EventKind, InboundEvent};

const FORMAT: &str = "telegram";

/// Members that hold what was said.
const SAID: [&str; 4] = ["message", "channel_post", "business_message", "guest_message"];

/// Every event of one update.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    let text = &*json::checked(bytes)?;
    let mut update: Update<'_> = json::parse(FORMAT, text)?;
    let id = json::filled(update.update_id.take());
    if id.is_none() {
        return Err(Refusal::Missing { field: "update_id" });
    }
    let mut events = Vec::with_capacity(1);
    let whole = Whole::new(text);
    let name = |pointer: &str, known: &[&str]| whole.unknown_member(pointer, known);
    if let Some(found) = update.message {
        events.push(message::said(*found, |known| name("/message", known)));
    } else if let Some(found) = update.channel_post {
        events.push(message::said(*found, |known| name("/channel_post", known)));
    } else if let Some(found) = update.business_message {
        events.push(message::business(*found, |known| name("/business_message", known)));
    } else if let Some(found) = update.guest_message {
        events.push(message::guest(*found, |known| name("/guest_message", known)));
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
        events.push(event(if SAID.contains(&kind.as_str()) {
            // Something was said, in a shape that nobody knows.
            EventKind::Unsupported(Content { text: String::new(), parts: vec![unsupported(kind)] })
        } else {
            EventKind::Ignored { kind }
        }));
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
