//! The SMS API: messages and delivery receipts.

use super::super::fields::{event, filled};
use super::super::json::{self, Text};
use super::super::refusal::Refusal;
use super::payload::Webhook;
use super::{errors, moment, our_id, phone};
use crate::domain::content::{Content, Part, Unsupported};
use crate::domain::event::{EventKind, InboundEvent, Message, Receipt, ReceiptStatus};

/// A message, or a report: a report has a status.
pub(super) fn read(webhook: Webhook<'_>) -> Result<Vec<InboundEvent>, Refusal> {
    if webhook.status.is_some() { report(webhook) } else { inbound(webhook).map(|event| vec![event]) }
}

fn inbound(mut webhook: Webhook<'_>) -> Result<InboundEvent, Refusal> {
    let id = json::filled(webhook.message_id.take());
    let from = json::filled(webhook.msisdn.take());
    let part = part(&webhook);
    let kind = said(&mut webhook, part);
    if id.is_none() && (from.is_none() || kind == EventKind::Message(Message::default())) {
        return Err(Refusal::Missing { field: "messageId" });
    }
    let mut found = event(kind);
    found.message_ref = id;
    found.senders = from.iter().map(|from| phone(from)).collect();
    found.our_address = json::filled(webhook.to.and_then(|to| to.address));
    moment(&mut found, &json::text(webhook.message_timestamp.or(webhook.timestamp)));
    Ok(found)
}

/// Words, or bytes that only the phones' own programs understand.
fn said(webhook: &mut Webhook<'_>, part: Option<(u16, u16, String)>) -> EventKind {
    let mut content = Content::text(json::text(webhook.text.take()));
    let binary = webhook.kind.as_ref().is_some_and(|kind| kind.as_str() == "binary");
    if let Some(data) = json::filled(webhook.data.take()).filter(|_| binary) {
        let reason = match json::filled(webhook.udh.take()) {
            Some(header) => format!("{header} {data}"),
            None => data,
        };
        content.parts.push(Part::Unsupported(Unsupported {
            kind: "binary".to_owned(),
            code: None,
            reason: Some(reason),
        }));
        return EventKind::Unsupported(content);
    }
    EventKind::Message(Message { content, part, ..Message::default() })
}

/// This part, of how many, of which text.
fn part(webhook: &Webhook<'_>) -> Option<(u16, u16, String)> {
    let number = |text: &Option<Text<'_>>| text.as_ref().and_then(|text| text.as_str().parse::<u16>().ok());
    if !webhook.concat.as_ref()?.is_true() {
        return None;
    }
    let reference = webhook.concat_ref.as_ref().map_or(String::new(), |text| text.as_str().to_owned());
    Some((number(&webhook.concat_part)?, number(&webhook.concat_total)?, reference))
}

/// A receipt.
fn report(mut webhook: Webhook<'_>) -> Result<Vec<InboundEvent>, Refusal> {
    let id = json::filled(webhook.message_id.take());
    let message_id = our_id(webhook.client_dash_ref.take());
    if id.is_none() && message_id.is_none() {
        return Err(Refusal::Missing { field: "messageId" });
    }
    let name = json::text(webhook.status.take());
    let Some(status) = status(&name) else {
        return Ok(vec![event(EventKind::Ignored { kind: format!("status:{name}") })]);
    };
    let code = json::filled(webhook.err_code.take()).filter(|code| code != "0");
    let error = match (status, code) {
        (_, Some(code)) => Some(errors::of_receipt(code)),
        (ReceiptStatus::Failed, None) => Some(errors::without_code(&name)),
        _ => None,
    };
    let recipient = json::filled(webhook.msisdn.take());
    let mut receipt = event(EventKind::Receipt(Receipt {
        message_id,
        status,
        recipient: recipient.clone(),
        error,
        billing: billing(&webhook),
        through: None,
    }));
    receipt.message_ref = id;
    receipt.senders = recipient.iter().map(|recipient| phone(recipient)).collect();
    receipt.our_address = json::filled(webhook.to.and_then(|to| to.address));
    moment(&mut receipt, &json::text(webhook.message_timestamp.or(webhook.timestamp)));
    Ok(vec![receipt])
}

fn status(name: &str) -> Option<ReceiptStatus> {
    Some(match name {
        // The carrier took it, or says no more.
        "accepted" | "buffered" | "submitted" | "unknown" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        "expired" | "failed" | "rejected" | "undeliverable" | "deleted" => ReceiptStatus::Failed,
        _ => return None,
    })
}

/// Price and network, as JSON.
fn billing(webhook: &Webhook<'_>) -> Option<String> {
    let members: serde_json::Map<String, serde_json::Value> =
        [("price", &webhook.price), ("network_code", &webhook.network_code)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), filled(value.as_ref()?.as_str())?.into())))
            .collect();
    (!members.is_empty()).then(|| serde_json::Value::Object(members).to_string())
}
