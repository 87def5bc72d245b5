//! Updates of pywa's test data, by the assertions beside them.

use std::path::Path;

use serde_json::Value;
use skein::domain::content::{AttachmentKind, Part};
use skein::domain::event::{AddressKind, EventKind, InboundEvent, ReceiptStatus};
use skein::normalize::{Format, Request, normalize};

use crate::{Rates, lines};

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    for row in lines(&root.join("pywa-whatsapp/updates.jsonl")) {
        let name = format!("{}/{}", row["file"].as_str().unwrap_or_default(), row["name"].as_str().unwrap_or_default());
        let bytes = row["payload"].to_string();
        let made = normalize(Format::WhatsappCloud, Request::new(bytes.as_bytes()));
        let assertions = row["assertions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let right = match made.as_ref().map(|made| &made.events[..]) {
            Ok([event]) => {
                same_frame(&row["payload"], event)
                    && assertions
                        .iter()
                        .all(|assertion| holds(assertion.as_str().unwrap_or_default(), &row["payload"], event))
            }
            _ => false,
        };
        rates.note("pywa", name, right);
    }
}

/// What every row has in common: our number, and the sender's phone before the user id.
fn same_frame(payload: &Value, event: &InboundEvent) -> bool {
    let value = &payload["entry"][0]["changes"][0]["value"];
    let ours = value["metadata"]["phone_number_id"].as_str();
    let message = &value["messages"][0];
    let phone = message["from"].as_str().map(|from| format!("+{from}"));
    event.our_address.as_deref() == ours
        && phone.is_none_or(|phone| event.senders.first().is_some_and(|first| first.address == phone))
        && (message["id"].is_null()
            || [event.message_ref.as_deref(), event.event_id.as_deref()].contains(&message["id"].as_str()))
}

fn holds(assertion: &str, payload: &Value, event: &InboundEvent) -> bool {
    let message = match &event.kind {
        EventKind::Message(message) => Some(message),
        _ => None,
    };
    let parts = message.map_or(&[][..], |message| &message.content.parts[..]);
    let attached = |kind| parts.iter().any(|part| matches!(part, Part::Attachment(file) if file.kind == kind));
    let receipt = match &event.kind {
        EventKind::Receipt(receipt) => Some(receipt),
        _ => None,
    };
    let sent = &payload["entry"][0]["changes"][0]["value"]["messages"][0];
    match assertion {
        "b.type == MessageType.INTERACTIVE" | "b.type == MessageType.BUTTON" => {
            matches!(parts, [Part::ButtonReply(reply)] if reply.payload == "callback_data" && reply.title == "title")
        }
        "b.reply_to_message is not None" | "m.is_reply" => {
            message.is_some_and(|message| message.quoted.as_deref() == sent["context"]["id"].as_str())
        }
        "s.data is not None" => matches!(parts, [Part::ListReply(reply)] if reply.id == "callback_data"),
        "f.token is not None" | "'flow_token' not in f.response" => {
            matches!(parts, [Part::FlowReply(flow)] if flow.response_json.contains("flow_token"))
        }
        "m.text is not None" => message.is_some_and(|message| message.content.text == "Body Text"),
        "m.has_media" => message.is_some_and(|message| message.content.attachments().count() == 1),
        "m.image is not None" | "isinstance(m.media, Image)" => attached(AttachmentKind::Image),
        "m.video is not None" | "isinstance(m.media, Video)" => attached(AttachmentKind::Video),
        "m.document is not None" | "isinstance(m.media, Document)" => attached(AttachmentKind::File),
        "not m.audio.voice" | "isinstance(m.media, Audio)" => attached(AttachmentKind::Audio),
        "m.audio.voice" => attached(AttachmentKind::Voice),
        "not m.sticker.animated" => attached(AttachmentKind::Sticker),
        "m.reaction.emoji is not None" => matches!(&event.kind, EventKind::Reaction { emoji } if emoji == "😮"),
        "m.id != m.message_id_to_reply" => event.event_id.is_some() && event.event_id != event.message_ref,
        "not m.location.current_location" => {
            matches!(parts, [Part::Location(place)] if place.name.as_deref() == Some("Facebook HQ"))
        }
        "m.contacts is not None" => {
            matches!(parts, [Part::ContactCard(first), Part::ContactCard(_), Part::ContactCard(_)]
                if first.name == "Chandler Bing" && first.phones == ["+1 555-555-5555"])
        }
        "m.order is not None" => {
            matches!(parts, [Part::Order(order)] if order.items.len() == 3 && order.items[0].price == "30")
        }
        "m.error is not None" => {
            let coded =
                |part: &Part| matches!(part, Part::Unsupported(found) if found.code.as_deref() == Some("131051"));
            matches!(&event.kind, EventKind::Unsupported(content) if content.parts.iter().any(coded))
        }
        "m.referral is not None" => {
            matches!(parts, [Part::Referral(referral)] if referral.click_id.as_deref() == Some("CTWA_CLID"))
        }
        "s.status == MessageStatusType.SENT" => receipt.is_some_and(|receipt| receipt.status == ReceiptStatus::Sent),
        "s.status == MessageStatusType.DELIVERED" => {
            receipt.is_some_and(|receipt| receipt.status == ReceiptStatus::Delivered)
        }
        "s.status == MessageStatusType.READ" => receipt.is_some_and(|receipt| receipt.status == ReceiptStatus::Read),
        "s.error is not None" => receipt.is_some_and(|receipt| receipt.error.is_some()),
        "s.sys_type == SystemType.USER_CHANGED_NUMBER" | "s.from_user.wa_id == s.old_wa_id" => {
            let phone = |address: &str| {
                Some(skein::domain::event::Sender { kind: AddressKind::Phone, address: address.to_owned() })
            };
            matches!(&event.kind, EventKind::IdentityChange { old, new, .. }
                if *old == phone("+972987654321") && *new == phone("+972912345678"))
        }
        "s.new_status == TemplateStatus.APPROVED" => {
            matches!(&event.kind, EventKind::Account { subject, detail }
                if subject == "message_template_status_update" && detail.contains("APPROVED"))
        }
        "u.value == MarketingPreference.RESUME" => {
            matches!(&event.kind, EventKind::Opt { opted_in: true, purpose, .. } if purpose == "marketing_messages")
        }
        // An assertion that nobody mapped is not a pass.
        _ => false,
    }
}
