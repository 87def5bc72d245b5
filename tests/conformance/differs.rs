//! Rows of courier where skein keeps what the peer drops, by what is expected of us instead.

use skein::domain::content::{AttachmentKind, Part};
use skein::domain::event::{AddressKind, EventKind, InboundEvent, Message, Scope, Sender};
use skein::normalize::{Format, Normalized};

use crate::courier::{at, count, millis, sender};

/// The moment that most rows of Messenger, Instagram and LINE name.
const SPRING: &str = "2016-04-07T01:11:27.97Z";

pub(crate) fn right(format: Format, row: usize, made: Option<&Normalized>) -> bool {
    let Some(events) = made.map(|made| &made.events[..]) else { return false };
    match (format, events) {
        (Format::WhatsappCloud, [event]) => whatsapp(row, event),
        (Format::Messenger | Format::Instagram, [event]) => meta(format, row, event),
        (Format::Line, [first, second]) => line(row, first, second),
        (Format::Viber, [event]) => viber(row, event),
        (Format::Vonage, [event]) => {
            said(event).is_some_and(|message| message.content.text == "Join" && count(&message.content) == 0)
                && event.senders == [Sender { kind: AddressKind::ShortCode, address: "MTN".to_owned() }]
                && event.message_ref.as_deref() == Some("external1")
        }
        _ => false,
    }
}

fn said(event: &InboundEvent) -> Option<&Message> {
    match &event.kind {
        EventKind::Message(message) => Some(message),
        _ => None,
    }
}

fn meta(format: Format, row: usize, event: &InboundEvent) -> bool {
    let urn = if format == Format::Messenger { "facebook:5678" } else { "instagram:5678" };
    let known = event.message_ref.as_deref() == Some("external_id");
    let timely = at(event) == Some(millis(SPRING));
    let series = || event.profile.as_ref().and_then(|profile| profile.referral.as_ref());
    event.senders == [sender(urn)]
        && match (format, row, &event.kind) {
            (Format::Messenger, 4, EventKind::Opt { opted_in: true, payload, .. }) => {
                timely && payload.as_deref() == Some("optin_ref")
            }
            (Format::Messenger, 5, EventKind::Opt { opted_in: true, purpose, payload, title }) => {
                let token = series().and_then(|series| series.source_id.as_deref());
                timely
                    && purpose == "notification_messages"
                    && payload.as_deref() == Some("3456")
                    && title.as_deref() == Some("Bird Facts")
                    && token == Some("12345678901234567890")
                    && series().and_then(|series| series.body.as_deref()) == Some("DAILY")
            }
            (Format::Messenger, 11, EventKind::Message(message)) => {
                let link = |file: &skein::domain::content::Attachment| {
                    file.provider_id.as_deref() == Some("My Documents/foo.doc") && file.name.as_deref() == Some("Foo")
                };
                let content = &message.content;
                (known && timely && content.text.is_empty() && count(content) == 1) && content.attachments().all(link)
            }
            (Format::Messenger, 12, EventKind::Message(message))
            | (Format::Instagram, 5, EventKind::Message(message)) => {
                (known && timely && message.content.text == "Hello World" && count(&message.content) == 0)
                    && event.our_address.as_deref() == Some("1235")
            }
            (Format::Messenger, 13, EventKind::Echo(message)) | (Format::Instagram, 6, EventKind::Echo(message)) => {
                (timely && event.message_ref.as_deref() == Some("qT7ywaK"))
                    && message.content == skein::domain::content::Content::default()
            }
            (Format::Instagram, 10, EventKind::Deletion) => {
                known && at(event) == Some(millis("2019-09-23T18:14:45.349Z"))
            }
            _ => false,
        }
}

fn line(row: usize, first: &InboundEvent, second: &InboundEvent) -> bool {
    let (text, from) = match row {
        0 => ("Hello, world", "uabcdefghij"),
        1 => ("Last event", "uabcdefghij"),
        _ => ("Hello, world", "uabc!!$$defghij"),
    };
    let (words, sticker) = if row == 1 { (second, first) } else { (first, second) };
    let framed = |event: &InboundEvent, id| {
        at(event) == Some(millis(SPRING))
            && event.senders == [Sender { kind: AddressKind::Line, address: from.to_owned() }]
            && event.message_ref.as_deref() == Some(id)
    };
    framed(words, "100001")
        && said(words).is_some_and(|message| message.content.text == text && count(&message.content) == 0)
        && framed(sticker, "100002")
        && said(sticker).is_some_and(|message| {
            let mut files = message.content.attachments();
            message.content.text.is_empty() && files.any(|file| file.kind == AttachmentKind::Sticker)
        })
}

fn viber(row: usize, event: &InboundEvent) -> bool {
    let name = event.profile.as_ref().and_then(|profile| profile.name.as_deref());
    match (row, &event.kind) {
        (1, EventKind::Message(message)) => {
            message.content.text == "incoming msg"
                && count(&message.content) == 0
                && event.senders == [sender("viber:xy5/5$$**y6O81+/kbWHpLhBoA==")]
                && event.message_ref.as_deref() == Some("4987381189870374000")
                && at(event) == Some(millis("2016-12-07T20:21:52.807Z"))
        }
        (7 | 11, EventKind::Start { payload, referral: false, .. }) => {
            payload.as_deref() == Some("context information")
                && name == Some("yarden")
                && event.senders == [sender("viber:xy5/5y6O81+/kbWHpLhBoA==")]
                && at(event) == Some(millis("2016-03-12T06:29:57.627Z"))
        }
        _ => false,
    }
}

fn whatsapp(row: usize, event: &InboundEvent) -> bool {
    let timely = at(event) == Some(millis("2016-01-30T01:57:09Z"));
    let known = event.message_ref.as_deref() == Some("external_id");
    let text = match &event.kind {
        EventKind::Message(message) => Some(message.content.text.as_str()),
        _ => None,
    };
    match row {
        2 => text == Some("Hello World") && known && timely && event.senders.is_empty(),
        8 => {
            text == Some("Hello World, group message")
                && (known && timely && event.scope == Scope::Group)
                && event.thread.as_deref() == Some("555555555")
                && event.senders == [sender("whatsapp:5678")]
        }
        9 => {
            text == Some("Hello World")
                && (known && event.occurred_at.is_none() && event.odd_time.as_deref() == Some("asdf"))
                && event.senders == [Sender { kind: AddressKind::ShortCode, address: "bla".to_owned() }]
        }
        10 => match &event.kind {
            EventKind::Unsupported(content) => {
                let reason = |part: &Part| match part {
                    Part::Unsupported(found) => {
                        found.code.as_deref() == Some("131051")
                            && found.reason.as_deref() == Some("Unsupported message type")
                    }
                    _ => false,
                };
                content.text == "Hello World" && known && timely && content.parts.iter().any(reason)
            }
            _ => false,
        },
        15 => event.kind == EventKind::Deletion && known && timely && event.senders == [sender("whatsapp:5678")],
        _ => false,
    }
}
