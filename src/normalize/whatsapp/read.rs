//! Walks one webhook: which changes speak, and in which order.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::fields::{event, unsupported};
use super::super::json::{self, Text};
use super::super::refusal::Refusal;
use super::payload::{Change, Entry, History, Message, RawMessages, Value, Webhook};
use super::people::{Contacts, is_ours};
use super::{Events, FORMAT, account, message, status};
use crate::domain::content::Content;
use crate::domain::event::{EventKind, InboundEvent};

/// Fields whose change must be readable: it holds what people said. Any other that cannot be read is kept as sent.
const SPOKEN: [&str; 6] = ["messages", "message_echoes", "smb_message_echoes", "history", "standby", "calls"];

/// `object` of every webhook, where it has one.
const OBJECT: &str = "whatsapp_business_account";

/// Every event of one webhook.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    let text = &*json::checked(bytes)?;
    let webhook: Webhook<'_> = json::parse(FORMAT, text)?;
    if webhook.object.as_ref().is_some_and(|object| object.as_str() != OBJECT) {
        return Err(Refusal::Contract { what: "webhook of another object than the format's" });
    }
    let mut events = Events::default();
    if webhook.entry.is_empty() {
        let known = webhook.object.is_some();
        events.ignored(&if known { "entry".to_owned() } else { json::kind_of_body(text)? });
    }
    for entry in webhook.entry {
        if entry.changes.is_empty() {
            if webhook.object.is_none() {
                return Err(Refusal::Missing { field: "object" });
            }
            events.ignored("entry");
        }
        for (place, change) in entry.changes.iter().enumerate() {
            read_change(text, &entry, place, change, &mut events)?;
        }
    }
    events.into_vec()
}

fn read_change<'a>(
    text: &'a str,
    entry: &Entry<'a>,
    place: usize,
    change: &Change<'a>,
    events: &mut Events,
) -> Result<(), Refusal> {
    let field = change.field.as_ref().map_or("", Text::as_str);
    let Some(raw) = change.value else {
        events.ignored(field);
        return Ok(());
    };
    if !raw.get().starts_with('{') && SPOKEN.contains(&field) {
        // Nobody is told as the sender, and what it says costs nobody else's words.
        let parts = vec![unsupported(field)];
        events.push(event(EventKind::Unsupported(Content { text: String::new(), parts })));
        return Ok(());
    }
    let source = Source { text, raw };
    match source.read::<Value<'a>>(raw) {
        Ok(value) if value.speaks() => read_value(&source, field, value, events),
        Err(refusal) if SPOKEN.contains(&field) => Err(refusal),
        _ if field.is_empty() || SPOKEN.contains(&field) => {
            events.ignored(field);
            Ok(())
        }
        _ => {
            events.push(account::change(field, raw.get(), entry.id.as_ref(), entry.time.as_ref(), place));
            Ok(())
        }
    }
}

/// The bytes behind a change.
struct Source<'a> {
    text: &'a str,
    raw: &'a RawValue,
}

impl<'a> Source<'a> {
    /// What is no object says nothing.
    fn read<T: Deserialize<'a> + Default>(&self, raw: &'a RawValue) -> Result<T, Refusal> {
        if raw.get().starts_with('{') { json::parse_within(FORMAT, self.text, raw) } else { Ok(T::default()) }
    }
}

/// What is said of and by people. `place` of an event in the payload is the order of these loops.
fn read_value<'a>(source: &Source<'a>, field: &str, value: Value<'a>, events: &mut Events) -> Result<(), Refusal> {
    let first = events.len();
    let metadata = value.metadata.as_ref();
    let contacts = Contacts::new(&value.contacts);
    // Only a message of a kind that nobody knows is looked at a second time.
    let raw = std::cell::OnceCell::new();
    let raw = || raw.get_or_init(|| source.read::<RawMessages<'a>>(source.raw).unwrap_or_default());

    for (at, found) in value.messages.into_iter().enumerate() {
        let said = message::Said {
            ours: is_ours(metadata, found.from.as_ref()),
            contact: contacts.of(found.from.as_ref(), found.from_user_id.as_ref()),
            // Files of the history follow it under its own field.
            backfill: field == "history",
            thread: None,
        };
        said.read(found, |kind| message::words(raw().messages.get(at)?, kind), events);
    }
    for found in value.statuses {
        status::read(found, &contacts, events);
    }
    for (at, found) in value.message_echoes.into_iter().enumerate() {
        let said = message::Said { ours: true, ..message::Said::default() };
        said.read(found, |kind| message::words(raw().message_echoes.get(at)?, kind), events);
    }
    for history in value.history {
        read_history(source, field, history, metadata, events)?;
    }
    for entry in value.state_sync {
        account::address_book(field, &entry, events);
    }
    for preference in value.user_preferences {
        events.push(account::preference(&preference, &contacts));
    }
    for update in value.user_id_update {
        events.push(account::user_id_update(update));
    }
    for group in value.groups {
        events.push(account::group(field, group, source.read(group)?));
    }
    for call in value.calls {
        events.push(status::call(call, &contacts));
    }
    for error in value.errors.iter() {
        events.push(account::error(field, error));
    }
    if let Some(metadata) = value.metadata {
        let ours = metadata.phone_number_id.or(metadata.display_phone_number).map(Text::into_string);
        for event in events.since(first) {
            event.our_address.clone_from(&ours);
        }
    }
    Ok(())
}

/// Messages from before we were connected, or why there are none.
fn read_history<'a>(
    source: &Source<'a>,
    field: &str,
    history: History<'a>,
    metadata: Option<&super::payload::Metadata<'a>>,
    events: &mut Events,
) -> Result<(), Refusal> {
    for error in history.errors.iter() {
        events.push(account::error(field, error));
    }
    for thread in history.threads {
        for raw in thread.messages.iter() {
            let found: Message<'a> = source.read(raw)?;
            let from_us = found.history_context.as_ref().and_then(|context| context.from_me.as_ref());
            let said = message::Said {
                ours: from_us.map_or_else(|| is_ours(metadata, found.from.as_ref()), Text::is_true),
                contact: None,
                backfill: true,
                thread: Some(&thread),
            };
            said.read(found, |kind| message::words(raw, kind), events);
        }
    }
    Ok(())
}
