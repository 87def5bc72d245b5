//! What became of our messages, and calls.

use super::super::fields::{event, filled, set_time};
use super::super::json::Text;
use super::payload::{Call, Contact, Status};
use super::{addresses, errors};
use crate::domain::event::{Assurance, CallState, EventKind, InboundEvent, Receipt, ReceiptStatus, Scope};

/// A receipt; with the error "switched off", an opt-out beside it.
pub(super) fn read(status: Status<'_>, contacts: &[Contact<'_>], events: &mut Vec<InboundEvent>) {
    let in_group = status.recipient_type.as_ref().is_some_and(|kind| kind.as_str() == "group");
    let (group, recipient) =
        if in_group { (status.recipient_id, status.recipient_participant_id) } else { (None, status.recipient_id) };
    let user_id = status.recipient_user_id.as_ref().or_else(|| {
        let contact = contacts.iter().find(|contact| recipient.is_some() && contact.wa_id == recipient);
        contact.and_then(|contact| contact.user_id.as_ref())
    });
    let senders = addresses(recipient.as_ref().map(Text::as_str), user_id.map(Text::as_str));

    let name = status.status.as_ref().map_or("", Text::as_str);
    let error = status.errors.first().map(errors::receipt_error);
    let opted_out = error.as_ref().is_some_and(|error| error.code == errors::MARKETING_OPTED_OUT);
    let kind = match receipt_status(name) {
        Some(reported) if status.kind.as_ref().is_none_or(|kind| kind.as_str() != "call") => {
            EventKind::Receipt(Receipt {
                message_id: status.biz_opaque_callback_data.and_then(|id| filled(id.into_string())),
                status: reported,
                recipient: recipient.map(Text::into_string),
                error,
                billing: billing(status.conversation, status.pricing),
            })
        }
        _ if name == "deleted" => EventKind::Deletion,
        _ => EventKind::Ignored { kind: format!("status:{name}") },
    };

    let mut found = event(kind);
    found.message_ref = status.id.and_then(|id| filled(id.into_string()));
    if let Some(time) = &status.timestamp {
        set_time(&mut found, time.as_str());
    }
    found.senders = senders;
    found.assurance = Assurance::Platform;
    if let Some(group) = group {
        (found.scope, found.thread) = (Scope::Group, filled(group.into_string()));
    }
    let refusal = opted_out.then(|| InboundEvent {
        kind: EventKind::Opt { opted_in: false, purpose: "marketing_messages".to_owned(), payload: None, title: None },
        ..found.clone()
    });
    events.push(found);
    events.extend(refusal);
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

fn billing(
    conversation: Option<&serde_json::value::RawValue>,
    pricing: Option<&serde_json::value::RawValue>,
) -> Option<String> {
    let members: Vec<String> = [("conversation", conversation), ("pricing", pricing)]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("\"{name}\":{}", value.get())))
        .collect();
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
}

/// A call of the channel. Its states share an id: the state is part of the event's.
pub(super) fn call(call: Call<'_>) -> InboundEvent {
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
    let customer = if ours { call.to.as_ref() } else { call.from.as_ref() };
    found.senders = addresses(customer.map(Text::as_str), call.from_user_id.as_ref().map(Text::as_str));
    found.assurance = Assurance::Platform;
    if let Some(time) = &call.timestamp {
        set_time(&mut found, time.as_str());
    }
    found.message_ref = call.id.and_then(|id| filled(id.into_string()));
    found.event_id = found.message_ref.as_ref().map(|id| format!("{id}:{name}"));
    found
}
