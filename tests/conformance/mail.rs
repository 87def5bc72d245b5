//! Mails of other mail readers' tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use skein::domain::content::{Attachment, Mail, Mailbox, Part};
use skein::domain::event::{EventKind, InboundEvent};
use skein::normalize::{Format, Normalized, Request, normalize};

use crate::{Rates, lines};

/// Share of words in common from which two texts say the same.
const SAME_TEXT: f64 = 0.95;

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    for row in lines(&root.join("zammad-mail/expected.jsonl")) {
        zammad(root, &row, rates);
    }
    for path in files(&root.join("stalwart-mail-parser"), "eml") {
        stalwart(&path, rates);
    }
    for path in files(&root.join("nodemailer-mailparser"), "eml") {
        let right = read(&path).is_some();
        rates.note("mailparser_parsed", name(&path), right);
    }
    for path in files(&root.join("mikel-mail"), "eml") {
        let right = read(&path).is_some();
        rates.note("mikel_parsed", name(&path), right);
    }
}

fn read(path: &Path) -> Option<Normalized> {
    let bytes = std::fs::read(path).expect("a mail of the corpora is readable");
    normalize(Format::Email, Request::new(&bytes)).ok()
}

fn parts(event: &InboundEvent) -> (&str, &Mail, Vec<&Attachment>) {
    let EventKind::Message(message) = &event.kind else { panic!("a mail is a message") };
    let mail = message.content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => Some(mail.as_ref()),
        _ => None,
    });
    (&message.content.text, mail.expect("a mail has a head"), message.content.attachments().collect())
}

fn zammad(root: &Path, row: &Value, rates: &mut Rates) {
    let file = row["file"].as_str().unwrap_or_default();
    let made = read(&root.join("zammad-mail/box").join(file));
    rates.note("zammad_parsed", file, made.is_some());
    let Some(made) = made else { return };
    // A bounce is no mail of a person: what becomes of it is judged by the sets of bounces.
    if !matches!(made.events[0].kind, EventKind::Message(_)) {
        return;
    }
    let (text, mail, attachments) = parts(&made.events[0]);

    let from = row["from_email"].as_str().unwrap_or_default();
    if from.contains('@') {
        // Marks around a whole address that another reader left on it are no part of it.
        let from = from.trim_end_matches('>').to_lowercase();
        let bare = from.trim_matches('"').to_owned();
        let found = mail.from.first().map(|from| from.address.to_lowercase());
        rates.note("zammad_from", file, found == Some(from) || found == Some(bare));
    }
    for (set, field, found) in [("zammad_to", "to", &mail.to), ("zammad_cc", "cc", &mail.cc)] {
        let expected = addresses(row[field].as_str().unwrap_or_default());
        if !expected.is_empty() {
            rates.note(set, file, expected == found.iter().map(|mailbox| mailbox.address.to_lowercase()).collect());
        }
    }
    if let Some(subject) = row["subject"].as_str() {
        rates.note("zammad_subject", file, words(subject) == words(&mail.subject));
    }
    rates.note("zammad_attachments", file, same_files(&row["attachments"], &attachments));
    let body = row["body"].as_str().unwrap_or_default();
    let body = if row["content_type"] == "text/html" { without_markup(body) } else { body.to_owned() };
    // That reader shows the HTML where there is one; here the plain body is the text, and the HTML stands beside it.
    let body = if body.trim() == "no visible content" { String::new() } else { body };
    let html = mail.html.as_deref().map(without_markup).unwrap_or_default();
    // What was split from the text is beside it, and a body that is too long is a file.
    let text = format!("{text}\n{}", mail.quoted.as_deref().unwrap_or_default());
    let long = attachments.iter().find(|file| file.name.as_deref() == Some("message.html"));
    let stored = long.and_then(|file| made.media.iter().find(|media| Some(&media.name) == file.object.as_ref()));
    let html = stored.map_or(html, |media| without_markup(&String::from_utf8_lossy(&media.bytes)));
    let share = in_common(&words(&body), &words(&text)).max(in_common(&words(&body), &words(&html)));
    // Letters in tags of their own are words to one reader and parts of words to another.
    let share = share.max(in_common(&triples(&body), &triples(&text)));
    rates.note("zammad_text", format!("{file} {share:.2}"), share >= SAME_TEXT);
}

/// The HTML of the mail itself counts as a file there; here it is part of the head.
fn same_files(expected: &Value, found: &[&Attachment]) -> bool {
    let expected: Vec<&Value> = expected
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter(|file| file["preferences"]["content-alternative"] != true)
        .collect();
    let binary = |file: &&&Value| file["data_is_text"] != true;
    // So does a long body of ours.
    let found: Vec<_> = found.iter().filter(|file| file.name.as_deref() != Some("message.html")).collect();
    expected.len() == found.len()
        && expected.iter().filter(binary).all(|file| found.iter().any(|found| found.bytes == file["data_len"].as_u64()))
}

fn stalwart(path: &Path, rates: &mut Rates) {
    let made = read(path);
    rates.note("stalwart_parsed", name(path), made.is_some());
    let Some(made) = made else { return };
    if !matches!(made.events[0].kind, EventKind::Message(_)) {
        return;
    }
    let (_, mail, _) = parts(&made.events[0]);
    let text = std::fs::read_to_string(path.with_extension("json")).expect("a parse stands beside the mail");
    let expected: Value = serde_json::from_str(&text).expect("the parse is JSON");
    let headers = expected["parts"][0]["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let header = |name: &str| headers.iter().rev().find(|header| header["name"] == name).map(|header| &header["value"]);
    if let Some(subject) = header("subject").and_then(|value| value["Text"].as_str()) {
        rates.note("stalwart_subject", name(path), same_subject(subject, &mail.subject));
    }
    for (field, found) in [("from", &mail.from), ("to", &mail.to), ("cc", &mail.cc)] {
        if let Some(value) = header(field) {
            let mut expected = BTreeSet::new();
            collect_addresses(value, &mut expected);
            let found: BTreeSet<String> =
                found.iter().map(|mailbox: &Mailbox| mailbox.address.to_lowercase()).collect();
            rates.note("stalwart_addresses", format!("{} {field}", name(path)), expected.is_subset(&found));
        }
    }
}

/// A subject that the other reader could not decode is right when what it could is in it.
fn same_subject(expected: &str, found: &str) -> bool {
    match expected.contains('\u{fffd}') {
        true => expected.split('\u{fffd}').all(|piece| found.contains(piece)) && !found.contains('\u{fffd}'),
        false => words(expected) == words(found),
    }
}

fn collect_addresses(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(address) if name == "address" => drop(out.insert(address.trim().to_lowercase())),
                    _ => collect_addresses(member, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_addresses(item, out)),
        _ => {}
    }
}

/// Addresses of a header as another reader printed it.
fn addresses(header: &str) -> BTreeSet<String> {
    let marks = |c: char| c.is_whitespace() || "<>,;()\"'".contains(c);
    let one = |entry: &str| match entry.split_once('<') {
        Some((_, rest)) => rest.split('>').next().map(str::to_lowercase),
        None => entry.split(marks).find(|word| word.contains('@') && !word.starts_with('@')).map(str::to_lowercase),
    };
    // A comma inside quotes separates nothing.
    let mut quoted = false;
    let entries = header.split(|c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    entries.filter_map(one).filter(|address| address.contains('@')).collect()
}

pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Every three letters that follow one another.
fn triples(text: &str) -> Vec<String> {
    let letters: Vec<char> = words(text).concat().chars().collect();
    letters.windows(3).map(|three| three.iter().collect()).collect()
}

/// Twice the words in common, by number, to all words.
fn in_common(one: &[String], other: &[String]) -> f64 {
    if one.is_empty() && other.is_empty() {
        return 1.0;
    }
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    one.iter().for_each(|word| *counts.entry(word).or_default() += 1);
    let common = other
        .iter()
        .filter(|word| {
            counts.get_mut(word.as_str()).is_some_and(|n| {
                *n -= 1;
                *n >= 0
            })
        })
        .count();
    2.0 * common as f64 / (one.len() + other.len()) as f64
}

/// The text between the tags; what is in styles, scripts and comments is none.
pub(crate) fn without_markup(html: &str) -> String {
    let mut html = html.to_owned();
    for (opens, closes) in [("<!--", "-->"), ("<style", "</style>"), ("<script", "</script>")] {
        while let Some(from) = html.to_ascii_lowercase().find(opens) {
            let to = html.to_ascii_lowercase()[from..].find(closes).map_or(html.len(), |at| from + at + closes.len());
            html.replace_range(from..to, " ");
        }
    }
    let mut out = String::new();
    for (at, piece) in html.split('<').enumerate() {
        let text = if at == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) };
        out.push_str(text);
        out.push(' ');
    }
    for (entity, c) in [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        out = out.replace(entity, c);
    }
    out
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
