//! Rich messages: a tree of blocks, each with a tree of texts in it ("Bot API, RichMessage"). What they say is kept as plain
//! lines, with their links and files; how they look is not.
//!
//! The tree is no deeper than any checked body.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::fields::{foreign_link, unsupported};
use super::super::json::List;
use super::content::{MEDIA_HOSTS, attachment, largest, place, say};
use super::links::put;
use super::payload::{File, Location};
use crate::domain::content::{AttachmentKind, Content};

/// Files of blocks. A picture, which comes in sizes, is read by itself.
const FILES: [(&str, AttachmentKind); 5] = [
    ("animation", AttachmentKind::Video),
    ("audio", AttachmentKind::Audio),
    ("document", AttachmentKind::File),
    ("video", AttachmentKind::Video),
    ("voice_note", AttachmentKind::Voice),
];

/// Adds all that the message says.
pub(super) fn read(raw: &RawValue, content: &mut Content) {
    let before = content.clone();
    if let Ok(message) = serde_json::from_str::<Value>(raw.get()) {
        blocks(message.get("blocks"), content);
    }
    if *content == before {
        content.parts.push(unsupported("rich_message"));
    }
}

fn blocks(found: Option<&Value>, content: &mut Content) {
    found.and_then(Value::as_array).into_iter().flatten().for_each(|found| block(found, content));
}

fn block(found: &Value, content: &mut Content) {
    let text = |name: &str| {
        let mut words = String::new();
        found.get(name).into_iter().for_each(|text| inline(text, &mut words));
        words
    };
    for name in ["summary", "text", "expression"] {
        say(content, &text(name));
    }
    for item in found.get("items").and_then(Value::as_array).into_iter().flatten() {
        listed(item, content);
    }
    for row in found.get("cells").and_then(Value::as_array).into_iter().flatten() {
        let cells = row.as_array().into_iter().flatten().map(|cell| {
            let mut words = String::new();
            inline(cell, &mut words);
            words
        });
        say(content, &cells.collect::<Vec<_>>().join(" | "));
    }
    blocks(found.get("blocks"), content);
    files(found, content);
    for name in ["caption", "credit"] {
        say(content, &text(name));
    }
}

/// An item of a list: its label, and what stands behind it.
fn listed(item: &Value, content: &mut Content) {
    let mut held = Content::default();
    blocks(item.get("blocks"), &mut held);
    let label = item.get("label").and_then(Value::as_str).unwrap_or("-");
    let is = |name: &str| item.get(name).and_then(Value::as_bool).unwrap_or_default();
    let label = match (is("has_checkbox") || is("is_checked"), is("is_checked")) {
        (true, true) => format!("{label} [x]"),
        (true, false) => format!("{label} [ ]"),
        (false, _) => label.to_owned(),
    };
    say(content, format!("{label} {}", held.text).trim_end());
    content.parts.append(&mut held.parts);
}

fn files(found: &Value, content: &mut Content) {
    for (name, kind) in FILES {
        let file = found.get(name).and_then(|file| File::deserialize(file).ok());
        content.parts.extend(file.map(|file| attachment(file, kind)));
    }
    let sizes = found.get("photo").and_then(|sizes| List::deserialize(sizes).ok());
    content.parts.extend(sizes.and_then(largest));
    let location = found.get("location").and_then(|location| Location::deserialize(location).ok());
    content.parts.extend(location.map(|location| place(location, None, None)));
}

/// A text, a list of texts, or one with something to it.
fn inline(text: &Value, out: &mut String) {
    match text {
        Value::String(words) => out.push_str(words),
        Value::Array(texts) => texts.iter().for_each(|text| inline(text, out)),
        Value::Object(held) => {
            for name in ["text", "alternative_text", "expression"] {
                held.get(name).into_iter().for_each(|text| inline(text, out));
            }
            if let Some(credit) = held.get("credit") {
                out.push(' ');
                inline(credit, out);
            }
            let address = held.get("email_address").and_then(Value::as_str);
            if let Some(address) = address.filter(|address| !out.ends_with(address)) {
                put(out, address);
            }
            let link = held.get("url").and_then(Value::as_str).and_then(|url| foreign_link(url, &MEDIA_HOSTS));
            if let Some(url) = link.filter(|url| !out.ends_with(url.as_str())) {
                put(out, &url);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
