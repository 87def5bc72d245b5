//! Walks one webhook: which changes speak, in which order, and who is meant.

use super::super::json;
use super::super::refusal::Refusal;
use super::payload::{Contact, Value, Webhook};
use super::{account, message, status};
use crate::domain::event::{AddressKind, InboundEvent, Sender};

pub(super) const FORMAT: &str = "whatsapp-cloud";

/// Every event of one webhook.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Vec<InboundEvent>, Refusal> {
    let text = json::checked(bytes)?;
    let webhook: Webhook<'_> = serde_json::from_str(text).map_err(|error| json::refusal(FORMAT, &error))?;
    let mut events = Vec::with_capacity(1);
    for entry in webhook.entry {
        let time = entry.time;
        for (place, change) in entry.changes.into_iter().enumerate() {
            let field = change.field.as_ref().map_or("", json::Text::as_str);
            match change.value {
                Some(value) if value.speaks() => read_value(field, *value, &mut events),
                _ => events.push(account::read(text, field, entry.id.as_ref(), time.as_ref(), place)?),
            }
        }
    }
    Ok(events)
}

/// What is said of and by people. `place` of an event in the payload is the order of these loops.
fn read_value(field: &str, value: Value<'_>, events: &mut Vec<InboundEvent>) {
    let first = events.len();
    for found in value.messages {
        let sole = value.contacts.len() == 1;
        let contact = contact_of(&value.contacts, found.from.as_ref(), found.from_user_id.as_ref(), sole);
        events.push(message::inbound(found, contact));
    }
    for found in value.statuses {
        status::read(found, &value.contacts, events);
    }
    for found in value.message_echoes {
        events.push(message::echo(found));
    }
    for history in value.history {
        message::history(history, value.metadata.as_ref(), events);
    }
    for preference in value.user_preferences {
        events.push(account::preference(&preference));
    }
    for update in value.user_id_update {
        events.push(account::user_id_update(update));
    }
    for call in value.calls {
        events.push(status::call(call));
    }
    for error in &value.errors {
        events.push(account::error(field, error));
    }
    if let Some(metadata) = value.metadata {
        let ours = metadata.phone_number_id.or(metadata.display_phone_number).map(json::Text::into_string);
        let (last, others) = match events[first..].split_last_mut() {
            Some(split) => split,
            None => return,
        };
        for event in others {
            event.our_address.clone_from(&ours);
        }
        last.our_address = ours;
    }
}

/// The contact that describes this sender; the only one describes a sender without any address.
fn contact_of<'c, 'a>(
    contacts: &'c [Contact<'a>],
    phone: Option<&json::Text<'a>>,
    user_id: Option<&json::Text<'a>>,
    sole: bool,
) -> Option<&'c Contact<'a>> {
    let named = contacts.iter().find(|contact| {
        (phone.is_some() && contact.wa_id.as_ref() == phone)
            || (user_id.is_some() && contact.user_id.as_ref() == user_id)
    });
    named.or_else(|| contacts.first().filter(|_| sole && phone.is_none() && user_id.is_none()))
}

/// Addresses of one person, the phone first, none twice.
pub(super) fn addresses(phone: Option<&str>, user_id: Option<&str>) -> Vec<Sender> {
    let mut senders = Vec::with_capacity(2);
    if let Some(phone) = phone.filter(|phone| !phone.is_empty()) {
        senders.push(address(phone));
    }
    if let Some(user_id) = user_id.filter(|id| !id.is_empty() && Some(*id) != phone) {
        senders.push(Sender { kind: AddressKind::Whatsapp, address: user_id.to_owned() });
    }
    senders
}

pub(super) fn address(address: &str) -> Sender {
    if super::super::fields::is_whatsapp_user_id(address) {
        Sender { kind: AddressKind::Whatsapp, address: address.to_owned() }
    } else {
        super::super::fields::international(address)
    }
}
