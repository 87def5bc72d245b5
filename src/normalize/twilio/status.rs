//! Callbacks about messages of ours.

use super::super::fields::event;
use super::super::refusal::Refusal;
use super::form::Form;
use super::{errors, is_whatsapp, sender, split};
use crate::domain::event::{Assurance, EventKind, InboundEvent, Receipt, ReceiptStatus};

/// A receipt; with the error "unsubscribed", an opt-out beside it.
pub(super) fn read(
    form: &Form<'_>,
    query: &Form<'_>,
    name: &str,
    whatsapp: bool,
) -> Result<Vec<InboundEvent>, Refusal> {
    let id = form.owned("MessageSid").or_else(|| form.owned("SmsSid"));
    let message_id = our_id(query);
    if id.is_none() && message_id.is_none() {
        return Err(Refusal::Missing { field: "MessageSid" });
    }
    let recipient = form.get("To");
    let code = form.get("ErrorCode").filter(|code| *code != "0");
    let Some(status) = receipt_status(name) else {
        return Ok(vec![event(EventKind::Ignored { kind: format!("status:{name}") })]);
    };
    let mut receipt = event(EventKind::Receipt(Receipt {
        message_id,
        status,
        recipient: recipient.map(str::to_owned),
        error: code.map(|code| errors::receipt_error(code, form.get("ErrorMessage"))),
        billing: None,
    }));
    receipt.message_ref = id;
    receipt.senders = recipient.map(|to| sender(to, whatsapp)).into_iter().collect();
    receipt.our_address = form.get("From").map(|from| split(from).1.to_owned());
    if recipient.is_some_and(|to| is_whatsapp(to, whatsapp)) {
        receipt.assurance = Assurance::Platform;
    }
    let opted_out = code == Some(errors::UNSUBSCRIBED) && !receipt.senders.is_empty();
    let opt = opted_out.then(|| InboundEvent {
        kind: EventKind::Opt { opted_in: false, purpose: String::new(), payload: None, title: None },
        ..receipt.clone()
    });
    Ok(std::iter::once(receipt).chain(opt).collect())
}

/// The query string is our adapter's own: it put our message's id there.
fn our_id(query: &Form<'_>) -> Option<String> {
    query.owned("message_id").or_else(|| query.owned("uuid").filter(|id| is_uuid(id)))
}

fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id
            .bytes()
            .enumerate()
            .all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

fn receipt_status(name: &str) -> Option<ReceiptStatus> {
    Some(match name {
        "accepted" | "scheduled" | "queued" | "sending" => ReceiptStatus::Queued,
        // The carrier took it and says no more.
        "sent" | "delivery_unknown" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        "read" => ReceiptStatus::Read,
        "failed" | "undelivered" | "canceled" => ReceiptStatus::Failed,
        _ => return None,
    })
}
