//! Bytes as providers send them.

use serde_json::json;

use crate::words::Words;

/// An address of ours, and how its provider writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) channel: &'static str,
    pub(crate) name: &'static str,
    pub(crate) format: &'static str,
}

/// All of them.
pub(crate) const ENDPOINTS: [Endpoint; 3] = [
    Endpoint { channel: "whatsapp", name: "support", format: "whatsapp-cloud" },
    Endpoint { channel: "sms", name: "main", format: "twilio" },
    Endpoint { channel: "chat", name: "site", format: "skein.v1+json" },
];

/// Phones of customers are this and on: the same on whatsapp and by SMS.
const PHONES: u64 = 4_915_112_000_000;

impl Endpoint {
    /// The provider's id of a message, as the log has it.
    pub(crate) fn id(&self, words: &Words) -> String {
        let id = format!("{}x{}", words.who, words.number);
        match self.channel {
            "whatsapp" => format!("wamid.{id}"),
            "sms" => format!("SM{id}"),
            _ => id,
        }
    }

    /// A message of a customer.
    pub(crate) fn says(&self, customer: u64, words: &Words) -> Vec<u8> {
        let (id, text, phone) = (self.id(words), words.text(), PHONES + customer);
        match self.channel {
            "whatsapp" => json!({
                "object": "whatsapp_business_account",
                "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": {
                    "messaging_product": "whatsapp",
                    "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
                    "contacts": [{"profile": {"name": "A customer"}, "wa_id": phone.to_string()}],
                    "messages": [{
                        "from": phone.to_string(), "id": id, "timestamp": (words.at_ms / 1_000).to_string(),
                        "type": "text", "text": {"body": text},
                    }],
                }}]}],
            })
            .to_string(),
            "sms" => format!(
                "MessageSid={id}&AccountSid=AC0&ApiVersion=2010-04-01&From=%2B{phone}&To=%2B15550000001&Body={}&NumMedia=0&NumSegments=1",
                text.replace(' ', "+")
            ),
            _ => json!({
                "eventId": id,
                "messageRef": id,
                "occurredAtMs": words.at_ms.to_string(),
                "senders": [{"kind": "ADDRESS_KIND_WEB", "address": format!("visitor-{customer}")}],
                "assurance": "ASSURANCE_PLATFORM",
                "message": {"content": {"text": text}},
            })
            .to_string(),
        }
        .into_bytes()
    }
}

/// A message of ours was sent.
pub(crate) fn sent(message_id: &str, at_ms: u64) -> Vec<u8> {
    let body = json!({
        "messageRef": format!("p-{message_id}"),
        "occurredAtMs": at_ms.to_string(),
        "receipt": {"messageId": message_id, "status": "RECEIPT_STATUS_SENT"},
    });
    body.to_string().into_bytes()
}
