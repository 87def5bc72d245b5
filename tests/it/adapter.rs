//! Adapters: payloads as providers send them, published as the channel contract asks.

use std::time::{SystemTime, UNIX_EPOCH};

use async_nats::jetstream::{self, Context};
use async_nats::{Client, HeaderMap};
use serde_json::json;

use crate::bed::{PATIENCE, WORKSPACE};

/// Bytes of a provider and where they go.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    pub(crate) channel: &'static str,
    pub(crate) endpoint: &'static str,
    pub(crate) format: &'static str,
    pub(crate) body: Vec<u8>,
}

/// One adapter with a connection of its own.
pub(crate) struct Adapter {
    bus: Context,
}

impl Adapter {
    pub(crate) fn new(client: Client) -> Self {
        let bus = jetstream::context::ContextBuilder::new().timeout(std::time::Duration::from_secs(2)).build(client);
        Self { bus }
    }

    /// Publishes; the sequence when the stream has acknowledged it in time.
    pub(crate) async fn try_publish(&self, payload: &Payload) -> Result<u64, String> {
        let mut headers = HeaderMap::new();
        headers.insert("Skein-Format", payload.format);
        let subject = format!("skein.in.{WORKSPACE}.{}.{}", payload.channel, payload.endpoint);
        let sent = self.bus.publish_with_headers(subject, headers, payload.body.clone().into()).await;
        let acknowledged = sent.map_err(|error| error.to_string())?.await.map_err(|error| error.to_string())?;
        Ok(acknowledged.sequence)
    }

    /// Publishes, again and again until it is acknowledged, as adapters do for their providers.
    pub(crate) async fn publish(&self, payload: &Payload) -> u64 {
        let tries = async {
            loop {
                if let Ok(sequence) = self.try_publish(payload).await {
                    return sequence;
                }
            }
        };
        tokio::time::timeout(PATIENCE, tries).await.expect("acknowledged in time")
    }
}

pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}

/// A text on WhatsApp; `phone` without `+`.
pub(crate) fn whatsapp(phone: &str, id: &str, text: &str) -> Payload {
    whatsapp_at("support", phone, id, text, &now_s().to_string(), "A customer")
}

/// The same with everything that can be odd.
pub(crate) fn whatsapp_at(
    endpoint: &'static str,
    phone: &str,
    id: &str,
    text: &str,
    time: &str,
    name: &str,
) -> Payload {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
            "contacts": [{"profile": {"name": name}, "wa_id": phone}],
            "messages": [{"from": phone, "id": format!("wamid.{id}"), "timestamp": time, "type": "text", "text": {"body": text}}],
        }}]}],
    });
    Payload { channel: "whatsapp", endpoint, format: "whatsapp-cloud", body: body.to_string().into_bytes() }
}

/// A receipt of WhatsApp about the provider's id of a message of ours.
pub(crate) fn whatsapp_status(phone: &str, provider_id: &str, status: &str) -> Payload {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
            "statuses": [{"id": provider_id, "status": status, "timestamp": now_s().to_string(), "recipient_id": phone}],
        }}]}],
    });
    Payload { channel: "whatsapp", endpoint: "support", format: "whatsapp-cloud", body: body.to_string().into_bytes() }
}

/// A text by SMS; `phone` without `+`. The text needs no escapes.
pub(crate) fn sms(phone: &str, id: &str, text: &str) -> Payload {
    let text = text.replace(' ', "+");
    let body = format!(
        "MessageSid=SM{id}&AccountSid=AC0&ApiVersion=2010-04-01&From=%2B{phone}&To=%2B15550000001&Body={text}&NumMedia=0&NumSegments=1"
    );
    Payload { channel: "sms", endpoint: "main", format: "twilio", body: body.into_bytes() }
}

/// A status callback of the SMS provider.
pub(crate) fn sms_status(phone: &str, provider_id: &str, status: &str) -> Payload {
    let body = format!(
        "MessageSid={provider_id}&SmsSid={provider_id}&SmsStatus={status}&MessageStatus={status}&AccountSid=AC0&\
         ApiVersion=2010-04-01&From=%2B15550000001&To=%2B{phone}"
    );
    Payload { channel: "sms", endpoint: "main", format: "twilio", body: body.into_bytes() }
}

/// A text in the web chat, in skein's own format.
pub(crate) fn chat(visitor: &str, id: &str, text: &str) -> Payload {
    let body = json!({
        "eventId": id,
        "messageRef": id,
        "occurredAtMs": (now_s() * 1_000).to_string(),
        "senders": [{"kind": "ADDRESS_KIND_WEB", "address": visitor}],
        "assurance": "ASSURANCE_PLATFORM",
        "message": {"content": {"text": text}},
    });
    Payload { channel: "chat", endpoint: "site", format: "skein.v1+json", body: body.to_string().into_bytes() }
}

/// A mail.
pub(crate) fn mail(from: &str, id: &str, subject: &str, text: &str) -> Payload {
    let body = format!(
        "From: {from}\r\nTo: office@example.com\r\nSubject: {subject}\r\nDate: Tue, 01 Jul 2025 10:00:00 +0000\r\n\
         Message-ID: <{id}@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    );
    Payload { channel: "email", endpoint: "office", format: "email", body: body.into_bytes() }
}

/// What an adapter reports about a message of ours, in skein's own format.
pub(crate) fn receipt(
    channel: &'static str,
    endpoint: &'static str,
    message_id: &str,
    provider_id: &str,
    status: &str,
) -> Payload {
    let body = json!({
        "messageRef": provider_id,
        "occurredAtMs": (now_s() * 1_000).to_string(),
        "receipt": {"messageId": message_id, "status": format!("RECEIPT_STATUS_{status}")},
    });
    Payload { channel, endpoint, format: "skein.v1+json", body: body.to_string().into_bytes() }
}
