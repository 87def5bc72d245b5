//! Callbacks about messages of ours.

use super::super::fields::{event, set_moment};
use super::super::form::Form;
use super::super::refusal::{Refusal, bounded};
use super::{assurance, errors, sender, split};
use crate::domain::event::{EventKind, InboundEvent, Receipt, ReceiptStatus};

/// A receipt.
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
        return Ok(vec![event(EventKind::Ignored { kind: bounded(&format!("status:{name}")) })]);
    };
    let said = form.get("ErrorMessage").or_else(|| form.get("ChannelStatusMessage"));
    let mut receipt = event(EventKind::Receipt(Receipt {
        message_id,
        status,
        recipient: recipient.map(str::to_owned),
        error: code.map(|code| errors::receipt_error(code, said)),
        billing: None,
        through: None,
    }));
    receipt.message_ref = id;
    receipt.senders = recipient.map(|to| sender(to, whatsapp)).into_iter().collect();
    receipt.our_address = form.get("From").map(|from| split(from).1.to_owned());
    receipt.assurance = recipient.map_or(receipt.assurance, |to| assurance(to, whatsapp));
    if let Some(done) = form.get("RawDlrDoneDate") {
        set_moment(&mut receipt, carrier_time(done), done);
    }
    Ok(vec![receipt])
}

/// The carrier's time of delivery: `YYMMDDhhmm`, with seconds where it knows them.
fn carrier_time(text: &str) -> Option<i64> {
    let number = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    if !matches!(text.len(), 10 | 12) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let second = if text.len() == 12 { number(10)? } else { 0 };
    let year = 2000 + i16::from(number(0)?);
    let time = jiff::civil::DateTime::new(year, number(2)?, number(4)?, number(6)?, number(8)?, second, 0).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
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

pub(super) fn receipt_status(name: &str) -> Option<ReceiptStatus> {
    Some(match name {
        "accepted" | "scheduled" | "queued" | "sending" => ReceiptStatus::Queued,
        // The carrier took it and says no more.
        "sent" | "delivery_unknown" => ReceiptStatus::Sent,
        "delivered" | "partially_delivered" => ReceiptStatus::Delivered,
        "read" => ReceiptStatus::Read,
        "failed" | "undelivered" | "canceled" => ReceiptStatus::Failed,
        _ => return None,
    })
}
