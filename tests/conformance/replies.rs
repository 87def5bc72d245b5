//! New text apart from quotation and signature, against what two other readers split.

use std::path::Path;

use serde_json::Value;
use skein::domain::content::Part;
use skein::domain::event::EventKind;
use skein::normalize::{Format, Request, normalize};

use crate::mail::{without_markup, words};
use crate::{Rates, lines};

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    for row in lines(&root.join("github-email-reply-parser/expected.jsonl")) {
        github(root, &row, rates);
    }
    for row in lines(&root.join("talon/quotations_cases.jsonl")) {
        talon(&row, rates);
    }
}

/// The new text of a mail with that body, and what was split from it.
fn split(body: &str, subtype: &str) -> (String, String) {
    let mail =
        format!("From: a@example.com\r\nSubject: Re: x\r\nContent-Type: text/{subtype}; charset=utf-8\r\n\r\n{body}");
    let made = normalize(Format::Email, Request::new(mail.as_bytes())).expect("the mail is good");
    let EventKind::Message(message) = &made.events[0].kind else { panic!("a mail is a message") };
    let quoted = message.content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => mail.quoted.clone(),
        _ => None,
    });
    (message.content.text.trim().to_owned(), quoted.unwrap_or_default())
}

fn github(root: &Path, row: &Value, rates: &mut Rates) {
    let file = row["file"].as_str().unwrap_or("text");
    let body = match row["text"].as_str() {
        Some(text) => text.to_owned(),
        None => std::fs::read_to_string(root.join("github-email-reply-parser/emails").join(file)).expect("readable"),
    };
    let (new, _) = split(&body, "plain");
    let right = match row["reply"].as_str() {
        Some(reply) => new == reply.trim(),
        None => {
            let hidden = |at: &str| match &row["hidden"] {
                Value::Array(hidden) => at.parse::<usize>().is_ok_and(|at| hidden[at] == true),
                // Rows without it name what is new first, and then the head of the quotation.
                _ => at != "0",
            };
            let texts = row["fragment_text"].as_object().into_iter().flatten();
            let patterns = row["fragment_regex"].as_object().into_iter().flatten();
            let contained = row["fragment_contains"].as_object().into_iter().flatten();
            let whole = row["fragments"] != 1 || new == body.trim();
            whole
                && texts.chain(patterns).chain(contained).all(|(at, piece)| {
                    let piece = literal(piece.as_str().unwrap_or_default());
                    !piece.contains(char::is_alphabetic) || at_line_start(&new, piece) != hidden(at)
                })
        }
    };
    rates.note("github_replies", file, right);
}

/// What a pattern begins with, as far as it is plain text.
fn literal(pattern: &str) -> &str {
    let pattern = pattern.trim_start_matches('^').trim();
    let end = pattern.find(['[', '\\', '*', '+', '?', '(', '.', '\n']).unwrap_or(pattern.len());
    pattern[..end].trim()
}

fn at_line_start(text: &str, piece: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with(piece)) || (piece.len() > 3 && text.contains(piece))
}

fn talon(row: &Value, rates: &mut Rates) {
    let text = |field: &str| row[field].as_str().unwrap_or_default();
    let right = match text("kind") {
        "html" => {
            let (new, _) = split(text("input"), "html");
            words(&without_markup(&text("expected").replace("&#160;", " "))).concat() == words(&new).concat()
        }
        _ => split(text("input"), "plain").0 == text("expected").trim(),
    };
    rates.note("talon_replies", text("test"), right);
}
