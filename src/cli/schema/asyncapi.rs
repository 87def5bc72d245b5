//! The channel contract as an AsyncAPI 3.0 document, seen from skein: it receives what adapters publish and sends what they fetch.

use serde_json::{Map, Value, json};

use crate::normalize::Format;

/// The document; schemas of payloads are files beside it.
pub(super) fn document() -> Value {
    let names: Vec<String> = Format::ALL.into_iter().map(key).collect();
    let listed = |of: &str, names: &[String]| -> Map<String, Value> {
        names.iter().map(|name| (name.clone(), json!({"$ref": format!("#/{of}/{name}")}))).collect()
    };
    let mut messages: Map<String, Value> = Format::ALL.into_iter().map(|format| (key(format), event(format))).collect();
    messages.extend(answers());
    messages.insert("OutboundMessage".to_owned(), outbound());
    let events: Vec<Value> =
        names.iter().map(|name| json!({"$ref": format!("#/channels/in/messages/{name}")})).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "skein channel contract",
            "version": "1",
            "description": "What adapters publish to skein and what they are asked to do, over NATS JetStream.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "in": {
                "address": "skein.in.{workspace}.{channel}.{endpoint}",
                "description": "Publish as a request, check the answer for an error, and only then tell the provider that all is well.",
                "parameters": parameters(),
                "messages": listed("components/messages", &names),
            },
            "answer": {
                "address": null,
                "description": "The inbox of the request.",
                "messages": listed("components/messages", &["stored".to_owned(), "refused".to_owned()]),
            },
            "out": {
                "address": "skein.out.{workspace}.{channel}.{endpoint}",
                "description": "Read with the durable pull consumer of the endpoint on the stream SKEIN_OUT_{workspace}; acknowledge after the provider answered and the SENT receipt was acknowledged.",
                "parameters": parameters(),
                "messages": listed("components/messages", &["OutboundMessage".to_owned()]),
            },
        },
        "operations": {
            "receiveEvent": {
                "action": "receive",
                "channel": {"$ref": "#/channels/in"},
                "messages": events,
                "reply": {
                    "channel": {"$ref": "#/channels/answer"},
                    "messages": [
                        {"$ref": "#/channels/answer/messages/stored"},
                        {"$ref": "#/channels/answer/messages/refused"},
                    ],
                },
            },
            "sendMessage": {
                "action": "send",
                "channel": {"$ref": "#/channels/out"},
                "messages": [{"$ref": "#/channels/out/messages/OutboundMessage"}],
            },
        },
        "components": {"messages": messages},
    })
}

/// Keys of the document hold no `+`.
fn key(format: Format) -> String {
    format.name().replace('+', "-")
}

fn parameters() -> Value {
    json!({
        "workspace": {"description": "The tenant."},
        "channel": {"description": "Kind of medium: whatsapp, sms, email, chat, ..."},
        "endpoint": {"description": "Our address on it, by its name in the workspace's configuration."},
    })
}

fn event(format: Format) -> Value {
    let mut headers = json!({
        "type": "object",
        "properties": {
            "Skein-Format": {"const": format.name()},
            "Skein-Query": {"type": "string", "description": "Query string of the provider's request, without `?`, where its data is there."},
            "Skein-Body": {
                "type": "string",
                "pattern": "^object=.+;bytes=[0-9]+;sha256=[0-9a-f]{64}$",
                "description": "The bytes are in the object store SKEIN_MEDIA_{workspace}, and the payload is empty.",
            },
        },
    });
    if let (Some(object), true) = (headers.as_object_mut(), format != Format::default()) {
        object.insert("required".to_owned(), json!(["Skein-Format"]));
    }
    let (content_type, title, payload) = match format {
        Format::SkeinJson => {
            ("application/json", "skein.channel.v1.InboundEvent", json!({"$ref": "./InboundEvent.schema.json"}))
        }
        Format::SkeinProtobuf => (
            "application/protobuf",
            "skein.channel.v1.InboundEvent",
            json!({"description": "The message in protobuf encoding: proto/skein/channel/v1/event.proto."}),
        ),
        _ => (
            "application/octet-stream",
            "the provider's own bytes",
            json!({"description": "The body as the provider or mail server sent it, unchanged."}),
        ),
    };
    json!({"name": format.name(), "title": title, "contentType": content_type, "headers": headers, "payload": payload})
}

fn answers() -> [(String, Value); 2] {
    let stored = json!({
        "type": "object",
        "properties": {
            "stream": {"type": "string"},
            "seq": {"type": "integer", "minimum": 1, "description": "Its sequence in the stream: the event is stored."},
        },
        "required": ["stream", "seq"],
        "not": {"required": ["error"]},
    });
    let refused = json!({
        "type": "object",
        "properties": {"error": {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "err_code": {"type": "integer", "description": "10077: the stream is full. Tell the provider to come again."},
                "description": {"type": "string"},
            },
        }},
        "required": ["error"],
    });
    [
        ("stored".to_owned(), json!({"name": "stored", "payload": stored})),
        ("refused".to_owned(), json!({"name": "refused", "payload": refused})),
    ]
}

fn outbound() -> Value {
    json!({
        "name": "OutboundMessage",
        "title": "skein.channel.v1.OutboundMessage",
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {
                "Skein-Format": {"const": Format::SkeinJson.name()},
                "Skein-Log": {"type": "string", "description": "SHARD/INDEX/OUTPUT: where in the log it comes from."},
            },
            "required": ["Skein-Format", "Skein-Log"],
        },
        "payload": {"$ref": "./OutboundMessage.schema.json"},
    })
}
