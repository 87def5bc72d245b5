//! Everything that is no message.

use super::super::fields::event;
use super::super::json;
use super::super::whole::Whole;
use super::payload::{Delivery, Link, Postback, Tracking, Unsend};
use crate::domain::content::{ButtonReply, Content, Part};
use crate::domain::event::{EventKind, InboundEvent, Message, Receipt, ReceiptStatus};

/// A message was taken back, if it is told which.
pub(super) fn unsend(unsend: Option<Unsend<'_>>) -> Option<InboundEvent> {
    let id = json::filled(unsend?.message_id)?;
    Some(InboundEvent { message_ref: Some(id), ..event(EventKind::Deletion) })
}

/// A button was pressed or a date picked: the date is what was said. Turning a page of the menu says nothing.
pub(super) fn postback(postback: Postback<'_>) -> InboundEvent {
    let payload = json::text(postback.data);
    let picked = match postback.params {
        Some(params) if params.new_rich_menu_alias_id.is_some() => {
            return event(EventKind::Ignored { kind: "postback:richmenu".to_owned() });
        }
        Some(params) => json::text(params.datetime.or(params.date).or(params.time)),
        None => String::new(),
    };
    let mut content = Content::text(picked.clone());
    content.parts.push(Part::ButtonReply(ButtonReply { payload, title: picked }));
    event(EventKind::Message(Message { content, ..Message::default() }))
}

/// The person added us as a friend, or blocked us.
pub(super) fn opt(opted_in: bool) -> InboundEvent {
    event(EventKind::Opt { opted_in, purpose: String::new(), payload: None, title: None })
}

fn receipt(status: ReceiptStatus, message_id: Option<String>, kind: &str) -> InboundEvent {
    event(match message_id {
        Some(id) => EventKind::Receipt(Receipt { message_id: Some(id), status, ..Receipt::default() }),
        None => EventKind::Ignored { kind: kind.to_owned() },
    })
}

/// A video was seen to its end. The tracking id is the sender's own: an adapter puts our message's id there.
pub(super) fn played(tracking: Option<Tracking<'_>>) -> InboundEvent {
    let id = tracking.and_then(|tracking| json::filled(tracking.tracking_id));
    receipt(ReceiptStatus::Read, id, "videoPlayComplete")
}

/// A notification by phone number arrived. Its data is the delivery tag: an adapter puts our message's id there.
pub(super) fn delivered(delivery: Option<Delivery<'_>>) -> InboundEvent {
    receipt(ReceiptStatus::Delivered, delivery.and_then(|delivery| json::filled(delivery.data)), "delivery")
}

/// The person's account with the company was linked to this one. The nonce lets its bearer link once more, and is not kept.
pub(super) fn linked(link: Option<Link<'_>>) -> InboundEvent {
    let result = link.map_or_else(String::new, |link| json::text(link.result));
    let reason = format!("account_link {result}").trim_end().to_owned();
    event(EventKind::IdentityChange { old: None, new: None, reason: Some(reason) })
}

/// What happened to our account: all that the event says besides its frame.
pub(super) fn account(kind: &str, whole: &Whole<'_>, place: usize) -> InboundEvent {
    let frame = ["type", "mode", "timestamp", "webhookEventId", "deliveryContext", "replyToken"];
    let told: Vec<String> = whole
        .members(&format!("/events/{place}"))
        .into_iter()
        .flatten()
        .filter(|(name, _)| !frame.contains(&name.as_str()))
        .map(|(name, value)| format!("{}:{value}", serde_json::Value::String(name)))
        .collect();
    event(EventKind::Account { subject: kind.to_owned(), detail: format!("{{{}}}", told.join(",")) })
}
