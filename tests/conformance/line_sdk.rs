//! Events of LINE's own library, by the assertions beside them.

use std::path::Path;

use serde_json::Value;
use skein::domain::content::{AttachmentKind, Part};
use skein::domain::event::{AddressKind, EventKind, InboundEvent, Scope, Sender};
use skein::normalize::{Format, Request, normalize};

use crate::{Rates, lines};

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    for row in lines(&root.join("line-sdk/events.jsonl")) {
        let bytes = serde_json::json!({ "events": [row["event"]] }).to_string();
        let made = normalize(Format::Line, Request::new(bytes.as_bytes()));
        let expected = row["expected"].as_object().expect("a row has assertions");
        let wrong: Vec<&str> = match made.as_ref().map(|made| &made.events[..]) {
            Ok([event]) => {
                let failed = expected.iter().filter(|(name, value)| !holds(name, value, event));
                failed.map(|(name, _)| name.as_str()).collect()
            }
            _ => vec!["events"],
        };
        rates.note("line_sdk", format!("{} {}", row["index"], wrong.join(",")), wrong.is_empty());
    }
}

fn holds(name: &str, value: &Value, event: &InboundEvent) -> bool {
    let parts = match &event.kind {
        EventKind::Message(message) => &message.content.parts[..],
        _ => &[],
    };
    let file = parts.iter().find_map(|part| match part {
        Part::Attachment(file) => Some(file),
        _ => None,
    });
    let place = parts.iter().find_map(|part| match part {
        Part::Location(place) => Some(place),
        _ => None,
    });
    let button = parts.iter().find_map(|part| match part {
        Part::ButtonReply(button) => Some(button),
        _ => None,
    });
    let text = value.as_str();
    match name {
        "reply_token" => event.reply_token.as_deref() == text,
        "type" => matches!(
            (text, &event.kind),
            (Some("message" | "postback"), EventKind::Message(_))
                | (Some("follow"), EventKind::Opt { opted_in: true, .. })
                | (Some("unfollow"), EventKind::Opt { opted_in: false, .. })
        ),
        "mode" => event.backfill == (text == Some("standby")),
        "timestamp" => event.occurred_at.map(|at| at.0) == value.as_i64(),
        "source.type" => event.scope == if text == Some("user") { Scope::Direct } else { Scope::Group },
        "source.user_id" => {
            let person = text.map(|address| Sender { kind: AddressKind::Line, address: address.to_owned() });
            event.senders == person.into_iter().collect::<Vec<_>>()
        }
        "source.room_id" => event.thread.as_deref() == text,
        "webhook_event_id" => event.event_id.as_deref() == text,
        "delivery_context.is_redelivery" => Some(event.redelivery) == value.as_bool(),
        "message.id" => event.message_ref.as_deref() == text,
        "message.type" => match text {
            Some("text") => parts.is_empty(),
            Some("image") => file.is_some_and(|file| file.kind == AttachmentKind::Image),
            Some("location") => place.is_some(),
            _ => false,
        },
        "message.text" => matches!(&event.kind, EventKind::Message(message) if Some(&message.content.text[..]) == text),
        "message.content_provider.type" => text == Some("external") && file.is_some_and(|file| file.object.is_none()),
        // Of a picture elsewhere only the original is kept: the row has one link for both.
        "message.content_provider.original_content_url" | "message.content_provider.preview_image_url" => {
            file.and_then(|file| file.provider_id.as_deref()) == text
        }
        "message.title" => place.and_then(|place| place.name.as_deref()) == text,
        "message.address" => place.and_then(|place| place.address.as_deref()) == text,
        "message.latitude" => place.map(|place| place.latitude) == value.as_f64(),
        "message.longitude" => place.map(|place| place.longitude) == value.as_f64(),
        "postback.data" => button.map(|button| button.payload.as_str()) == text,
        "postback.params" => {
            button.map(|button| button.title.as_str()).unwrap_or_default().is_empty() == value.is_null()
        }
        // An assertion that nobody mapped is not a pass.
        _ => false,
    }
}
