//! What a provider would send for a text of a customer.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::publish::Event;

/// Milliseconds since the Unix epoch.
fn now_ms() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
}

/// The event of a text from `from`, in the native format of the channel's usual provider, or in skein's own.
pub(in crate::cli) fn native(channel: &str, endpoint: &str, from: &str, id: &str, text: &str) -> Event {
    let (format, body) = match channel {
        "whatsapp" => ("whatsapp-cloud", whatsapp(from, id, text).into_bytes()),
        "sms" => ("twilio", twilio(from, id, text).into_bytes()),
        "email" => ("email", mail(from, id, text).into_bytes()),
        "messenger" => ("messenger", meta("page", from, id, text).into_bytes()),
        "instagram" => ("instagram", meta("instagram", from, id, text).into_bytes()),
        "telegram" => ("telegram", telegram(from, id, text).into_bytes()),
        "line" => ("line", line(from, id, text).into_bytes()),
        "viber" => ("viber", viber(from, id, text).into_bytes()),
        _ => return chat(channel, endpoint, from, id, text),
    };
    Event { channel: channel.to_owned(), endpoint: endpoint.to_owned(), format, query: None, body }
}

/// A text in skein's own format.
pub(in crate::cli) fn chat(channel: &str, endpoint: &str, from: &str, id: &str, text: &str) -> Event {
    let kind = match channel {
        "messenger" => "MESSENGER",
        "instagram" => "INSTAGRAM",
        "telegram" => "TELEGRAM",
        "line" => "LINE",
        "viber" => "VIBER",
        "whatsapp" | "sms" | "voice" => "PHONE",
        "email" => "EMAIL",
        _ => "WEB",
    };
    let event = json!({
        "eventId": id,
        "messageRef": id,
        "occurredAtMs": now_ms().to_string(),
        "senders": [{"kind": format!("ADDRESS_KIND_{kind}"), "address": from}],
        "assurance": "ASSURANCE_PLATFORM",
        "message": {"content": {"text": text}},
    });
    Event {
        channel: channel.to_owned(),
        endpoint: endpoint.to_owned(),
        format: "skein.v1+json",
        query: None,
        body: event.to_string().into_bytes(),
    }
}

fn whatsapp(from: &str, id: &str, text: &str) -> String {
    let wa_id = from.trim_start_matches('+');
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "0", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000000", "phone_number_id": "0"},
            "contacts": [{"profile": {"name": "Customer"}, "wa_id": wa_id}],
            "messages": [{
                "from": wa_id,
                "id": format!("wamid.{id}"),
                "timestamp": (now_ms() / 1000).to_string(),
                "type": "text",
                "text": {"body": text},
            }],
        }}]}],
    })
    .to_string()
}

fn meta(object: &str, from: &str, id: &str, text: &str) -> String {
    json!({
        "object": object,
        "entry": [{"id": "0", "time": now_ms(), "messaging": [{
            "sender": {"id": from},
            "recipient": {"id": "0"},
            "timestamp": now_ms(),
            "message": {"mid": format!("m_{id}"), "text": text},
        }]}],
    })
    .to_string()
}

/// A number for providers whose ids are numbers: the same id gives the same one (FNV-1a, in what JSON programs read exactly).
fn number(id: &str) -> u64 {
    let hash =
        id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    hash >> 11
}

fn telegram(from: &str, id: &str, text: &str) -> String {
    let number = number(id);
    json!({
        "update_id": number,
        "message": {
            "message_id": number,
            "from": {"id": from, "is_bot": false, "first_name": "Customer"},
            "chat": {"id": from, "type": "private", "first_name": "Customer"},
            "date": now_ms() / 1000,
            "text": text,
        },
    })
    .to_string()
}

fn line(from: &str, id: &str, text: &str) -> String {
    json!({
        "destination": "U0",
        "events": [{
            "type": "message",
            "mode": "active",
            "timestamp": now_ms(),
            "source": {"type": "user", "userId": from},
            "webhookEventId": format!("event-{id}"),
            "deliveryContext": {"isRedelivery": false},
            "replyToken": format!("reply-{id}"),
            "message": {"id": id, "type": "text", "text": text},
        }],
    })
    .to_string()
}

fn viber(from: &str, id: &str, text: &str) -> String {
    json!({
        "event": "message",
        "timestamp": now_ms(),
        "message_token": number(id),
        "sender": {"id": from, "name": "Customer"},
        "message": {"type": "text", "text": text},
    })
    .to_string()
}

fn twilio(from: &str, id: &str, text: &str) -> String {
    let fields = [("From", from), ("To", "+15550000001"), ("Body", text), ("NumMedia", "0"), ("NumSegments", "1")];
    let mut form = format!("MessageSid=SM{}&AccountSid=AC0&ApiVersion=2010-04-01", form_value(id));
    for (name, value) in fields {
        form.push_str(&format!("&{name}={}", form_value(value)));
    }
    form
}

fn mail(from: &str, id: &str, text: &str) -> String {
    // Nothing of a command line may begin a header of its own.
    let from: String = from.chars().filter(|c| !c.is_control()).collect();
    let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let subject: String =
        text.chars().take(60).map(|c| if c.is_control() || !c.is_ascii() { ' ' } else { c }).collect();
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let body = text.replace("\r\n", "\n").replace('\n', "\r\n");
    format!(
        "From: {from}\r\nTo: office@example.com\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{id}@example.com>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
    )
}

/// Percent-encoded for a form.
fn form_value(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventKind;
    use crate::normalize::{Format, Request, normalize};

    #[test]
    fn what_is_said_arrives_on_every_channel() {
        let said = "Hällo & \"bye\"\n100 %";
        let cases = [
            ("whatsapp", "+4915112345678"),
            ("sms", "+4915112345678"),
            ("email", "ann@example.org"),
            ("chat", "v1"),
            ("messenger", "99"),
            ("instagram", "98"),
            ("telegram", "3527"),
            ("line", "U77"),
            ("viber", "a1B2="),
        ];
        for (channel, from) in cases {
            let event = native(channel, "main", from, "id-1", said);
            let format: Format = event.format.parse().unwrap();
            let request = Request { channel, ..Request::new(&event.body) };
            let events = normalize(format, request).unwrap().events;
            let [event] = events.as_slice() else { panic!("{channel}: {} events", events.len()) };
            let EventKind::Message(message) = &event.kind else { panic!("{channel}: no message") };
            assert_eq!(message.content.text.trim_end(), said, "{channel}");
            let address = event.senders[0].address.trim_start_matches('+');
            assert_eq!(address, from.trim_start_matches('+'), "{channel}");
        }
    }
}
