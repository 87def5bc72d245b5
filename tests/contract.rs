//! The generated documents, of the channel contract and of workspace files: kept current, refused by nothing that skein sends or takes,
//! and strict where skein is. `cargo run -- schema --write proto/generated` makes them anew.

#[path = "contract/workspace.rs"]
mod workspace;

use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use serde_json::{Value, json};
use skein::domain::content::{Attachment, Button, Content, List, ListReply, Location, Mail, Mailbox, Part, Template};
use skein::domain::id::{AgentId, Index};
use skein::domain::record::{
    Author, Cause, Change, Direction, MessageContent, MessageStored, Personal, PersonalValue, Record,
};
use skein::domain::time::Timestamp;
use skein::normalize::{Format, Request, normalize, outbound_to_json, to_json};
use skein::outbound::outbound_message;

const NAMES: [&str; 5] = [
    "asyncapi.json",
    "channels.json",
    "InboundEvent.schema.json",
    "OutboundMessage.schema.json",
    "workspace.schema.json",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn kept(name: &str) -> String {
    let file = root().join("proto/generated").join(name);
    std::fs::read_to_string(&file).unwrap_or_default()
}

fn validator(name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&kept(name)).expect("a schema is JSON");
    assert!(jsonschema::meta::is_valid(&schema), "{name} is no JSON Schema");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn complaints(validator: &Validator, event: &Value) -> Vec<String> {
    validator.iter_errors(event).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_generated_files_are_those_that_this_code_makes() {
    for name in NAMES {
        let made = Command::new(env!("CARGO_BIN_EXE_skein")).args(["schema", name]).output().expect("skein runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let current = made.stdout == kept(name).as_bytes();
        assert!(current, "proto/generated/{name} is old: cargo run -- schema --write proto/generated");
    }
}

/// Every fixture of a native format, and of skein's own.
fn fixtures() -> Vec<(PathBuf, Format)> {
    let folder = root().join("tests/golden/formats");
    let files = std::fs::read_dir(folder).expect("the fixtures").map(|entry| entry.expect("a file").path());
    let of_format = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.split_once('.')?.1.to_owned();
        Some((path, name.parse().ok()?))
    };
    files.filter_map(of_format).collect()
}

#[test]
fn every_event_that_a_fixture_becomes_is_valid_and_has_exactly_one_kind() {
    let validator = validator("InboundEvent.schema.json");
    let mut events = 0;
    for (path, format) in fixtures() {
        let body = std::fs::read(&path).expect("a fixture");
        for event in normalize(format, Request::new(&body)).expect("fixtures are readable").events {
            let event: Value = serde_json::from_str(&to_json(&event)).expect("JSON");
            assert_eq!(complaints(&validator, &event), Vec::<String>::new(), "{} {event}", path.display());
            events += 1;
        }
    }
    assert!(events >= 10, "only {events} events were checked");
}

#[test]
fn the_schema_and_skein_agree_on_what_is_refused() {
    let validator = validator("InboundEvent.schema.json");
    let sender = json!([{"kind": "ADDRESS_KIND_WEB", "address": "v1"}]);
    let text = json!({"content": {"text": "hello"}});
    for (event, fine) in [
        (json!({"senders": sender, "message": text}), true),
        (json!({"senders": sender, "message": text, "occurredAtMs": 1}), true),
        (json!({"senders": sender, "message": text, "occurredAtMs": "1"}), true),
        (json!({"senders": sender, "message": text, "colour": "red"}), false),
        (json!({"senders": sender}), false),
        (json!({"senders": sender, "message": text, "typing": {}}), false),
        (json!({"senders": [{"kind": "ADDRESS_KIND_FAX", "address": "1"}], "message": text}), false),
        (json!({"senders": sender, "message": {"content": {"text": 7}}}), false),
        (json!({"senders": sender, "message": text, "occurredAtMs": "yesterday"}), false),
    ] {
        let body = event.to_string();
        assert_eq!(complaints(&validator, &event).is_empty(), fine, "the schema: {event}");
        assert_eq!(normalize(Format::SkeinJson, Request::new(body.as_bytes())).is_ok(), fine, "skein: {event}");
    }
}

/// The message stored in a record of its own, as its adapter gets it.
fn handed_out(channel: &str, content: Content) -> Value {
    let stored = MessageStored {
        direction: Direction::Out,
        author: Author::Agent(AgentId(3)),
        channel: channel.into(),
        endpoint: "main".into(),
        not_after: Some(Timestamp(5)),
        ..MessageStored::default()
    };
    let words = MessageContent {
        content,
        recipient: Some("+4915112345678".to_owned()),
        quoted_ref: Some("wamid.1".to_owned()),
        language: Some("de".to_owned()),
        ..MessageContent::default()
    };
    let record = Record {
        index: Index(7),
        time: Timestamp(0),
        workspace: "acme".into(),
        cause: Cause::System,
        touches: Default::default(),
        changes: std::iter::once(Change::MessageStored(Box::new(stored))).collect(),
        content: vec![Personal { place: 0, value: PersonalValue::Message(Box::new(words)) }],
        content_leaf: None,
    };
    let message = outbound_message(&record, 0).expect("an outbound message stands there");
    serde_json::from_str(&outbound_to_json(&message)).expect("JSON")
}

#[test]
fn every_kind_of_answer_is_valid_and_a_wrong_one_is_not() {
    let validator = validator("OutboundMessage.schema.json");
    let mail = Mail {
        subject: "Re: hello".to_owned(),
        to: vec![Mailbox { name: None, address: "b@example.com".to_owned() }],
        html: Some("<p>hi</p>".to_owned()),
        ..Mail::default()
    };
    let row = ListReply { id: "1".to_owned(), title: "One".to_owned(), description: None };
    let parts = vec![
        Part::Attachment(Attachment { object: Some("a".to_owned()), bytes: Some(1 << 40), ..Attachment::default() }),
        Part::Location(Location { latitude: 52.5, longitude: 13.4, name: None, address: None }),
        Part::Buttons(vec![Button { payload: "y".to_owned(), title: "Yes".to_owned() }]),
        Part::List(List { button: "Choose".to_owned(), rows: vec![row] }),
        Part::Template(Template {
            name: "hello".to_owned(),
            language: "de".to_owned(),
            parameters: vec!["Ann".to_owned()],
        }),
    ];
    let plain = handed_out("whatsapp", Content::text("hi"));
    for message in [
        plain.clone(),
        handed_out("whatsapp", Content { text: "hi".to_owned(), parts }),
        handed_out("email", Content { text: "hi".to_owned(), parts: vec![Part::Mail(Box::new(mail))] }),
    ] {
        assert_eq!(complaints(&validator, &message), Vec::<String>::new(), "{message}");
    }
    let mut two = plain.clone();
    two["typing"] = json!({});
    let mut none = plain;
    none.as_object_mut().expect("an object").remove("content");
    for wrong in [two, none] {
        assert!(!complaints(&validator, &wrong).is_empty(), "{wrong}");
    }
}

fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_asyncapi_document_names_every_format_and_refers_to_nothing_that_is_not_there() {
    let document: Value = serde_json::from_str(&kept("asyncapi.json")).expect("JSON");
    assert_eq!(document["asyncapi"], "3.0.0");
    for format in Format::ALL {
        let message = &document["components"]["messages"][format.name().replace('+', "-")];
        assert_eq!(message["headers"]["properties"]["Skein-Format"]["const"], format.name());
    }
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        match reference.strip_prefix('#') {
            Some(pointer) => assert!(document.pointer(pointer).is_some(), "{reference}"),
            None => assert!(root().join("proto/generated").join(reference).is_file(), "{reference}"),
        }
    }
}
