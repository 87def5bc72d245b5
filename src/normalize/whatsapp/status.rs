//! What became of our messages, and calls.

use serde_json::value::RawValue;

use super::super::fields::{event, filled, set_time};
use super::super::json::{self, Text};
use super::payload::{Call, Status};
use super::people::Contacts;
use super::{Events, addresses, errors};
use crate::domain::event::{Assurance, CallState, EventKind, InboundEvent, Receipt, ReceiptStatus, Scope};

/// A receipt. Statuses of calls and payments have their own kinds.
pub(super) fn read<'a>(status: Status<'a>, contacts: &Contacts<'_, 'a>, events: &mut Events) {
    let in_group = status.recipient_type.as_ref().is_some_and(|kind| kind.as_str() == "group");
    let user_id = status.recipient_user_id.or(status.recipient_participant_user_id);
    let (group, recipient) =
        if in_group { (status.recipient_id, status.recipient_participant_id) } else { (None, status.recipient_id) };
    let contact = recipient.as_ref().and_then(|recipient| contacts.of(Some(recipient), None));
    let user_id = user_id.as_ref().or_else(|| contact.and_then(|contact| contact.user_id.as_ref()));
    let senders = addresses(recipient.as_ref().map(Text::as_str), user_id.map(Text::as_str));

    let name = status.status.as_ref().map_or("", Text::as_str);
    let error = errors::receipt_error(&status.errors);
    let mut event_id = None;
    let kind = match status.kind.as_ref().map_or("message", Text::as_str) {
        "call" => {
            // The states of a call share its id.
            event_id = status.id.as_ref().map(|id| format!("{}:{name}", id.as_str()));
            match name.to_ascii_uppercase().as_str() {
                "RINGING" => EventKind::Call { state: CallState::Ringing, seconds: None },
                "ACCEPTED" => EventKind::Call { state: CallState::Answered, seconds: None },
                "REJECTED" => EventKind::Call { state: CallState::Missed, seconds: None },
                _ => EventKind::Ignored { kind: format!("status:call:{name}") },
            }
        }
        "payment" => {
            event_id = status.id.as_ref().map(|id| format!("{}:payment:{name}", id.as_str()));
            let detail = status.payment.map_or("", RawValue::get);
            EventKind::Account { subject: format!("payment:{name}"), detail: json::without_urls(detail).into_owned() }
        }
        _ => match receipt_status(name) {
            Some(reported) => EventKind::Receipt(Receipt {
                message_id: status.biz_opaque_callback_data.and_then(|id| filled(id.into_string())),
                status: reported,
                recipient: recipient.map(Text::into_string),
                error,
                billing: billing(&[("conversation", status.conversation), ("pricing", status.pricing)]),
                through: None,
            }),
            None if name == "deleted" => EventKind::Deletion,
            None => EventKind::Ignored { kind: format!("status:{name}") },
        },
    };

    let mut found = event(kind);
    found.event_id = event_id;
    found.message_ref = status.id.and_then(|id| filled(id.into_string()));
    if let Some(time) = &status.timestamp {
        set_time(&mut found, time.as_str());
    }
    found.senders = senders;
    found.assurance = Assurance::Platform;
    if let Some(group) = group {
        (found.scope, found.thread) = (Scope::Group, filled(group.into_string()));
    }
    events.push(found);
}

fn receipt_status(name: &str) -> Option<ReceiptStatus> {
    Some(match name {
        "accepted" | "held_for_quality_assessment" => ReceiptStatus::Queued,
        "sent" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        "read" | "played" => ReceiptStatus::Read,
        "failed" | "undelivered" => ReceiptStatus::Failed,
        _ => return None,
    })
}

fn billing(members: &[(&str, Option<&RawValue>)]) -> Option<String> {
    let members: Vec<String> = members
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("\"{name}\":{}", json::without_urls(value.get()))))
        .collect();
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
}

/// A call of the channel. Its states share an id: the state is part of the event's.
pub(super) fn call<'a>(call: Call<'a>, contacts: &Contacts<'_, 'a>) -> InboundEvent {
    let text = |text: &Option<Text<'_>>| text.as_ref().map_or(String::new(), |text| text.as_str().to_owned());
    let (name, outcome) = (text(&call.event), text(&call.status).to_ascii_uppercase());
    let seconds = call.duration.as_ref().and_then(|seconds| seconds.as_str().parse().ok());
    let state = match (name.as_str(), outcome.as_str()) {
        ("connect", _) => Some(CallState::Ringing),
        ("accept", _) => Some(CallState::Answered),
        ("terminate", "COMPLETED") => Some(CallState::Ended),
        ("terminate", _) if seconds.is_some_and(|seconds: u32| seconds > 0) => Some(CallState::Ended),
        ("terminate" | "reject", _) => Some(CallState::Missed),
        _ => None,
    };
    let mut found = event(match state {
        Some(state) => EventKind::Call { state, seconds },
        None => EventKind::Ignored { kind: format!("call:{name}") },
    });
    let ours = call.direction.as_ref().is_some_and(|direction| direction.as_str() == "BUSINESS_INITIATED");
    let (phone, user_id) = if ours { (&call.to, &call.to_user_id) } else { (&call.from, &call.from_user_id) };
    let contact = contacts.of(phone.as_ref(), user_id.as_ref());
    let phone = phone.as_ref().or_else(|| contact.and_then(|contact| contact.wa_id.as_ref()));
    let user_id = user_id.as_ref().or_else(|| contact.and_then(|contact| contact.user_id.as_ref()));
    found.senders = addresses(phone.map(Text::as_str), user_id.map(Text::as_str));
    found.assurance = Assurance::Platform;
    if let Some(time) = &call.timestamp {
        set_time(&mut found, time.as_str());
    }
    found.message_ref = call.id.and_then(|id| filled(id.into_string()));
    found.event_id = found.message_ref.as_ref().map(|id| format!("{id}:{name}"));
    found
}
