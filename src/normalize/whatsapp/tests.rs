//! What no sample shows: limits, places of errors, addresses of files.

use super::super::json::{MAX_ITEMS, kind_of_body, without_urls};
use super::super::refusal::Refusal;
use super::read;
use crate::domain::event::EventKind;

fn webhook(value: &str) -> String {
    format!("{{\"entry\":[{{\"changes\":[{{\"value\":{value},\"field\":\"messages\"}}]}}]}}")
}

#[test]
fn more_messages_than_any_provider_sends_are_refused_whole() {
    let many = |count: usize| webhook(&format!("{{\"messages\":[{}]}}", vec!["{}"; count].join(",")));
    assert_eq!(read(many(MAX_ITEMS).as_bytes()).map(|events| events.len()), Ok(MAX_ITEMS));
    assert_eq!(read(many(MAX_ITEMS + 1).as_bytes()), Err(Refusal::TooMany { what: "items", limit: MAX_ITEMS }));
    // Spread over lists that are short enough.
    let change = "{\"value\":{\"messages\":[{},{},{}]},\"field\":\"messages\"}";
    let spread = format!("{{\"entry\":[{{\"changes\":[{}]}}]}}", vec![change; 2_000].join(","));
    assert!(matches!(read(spread.as_bytes()), Err(Refusal::TooMany { what: "events", .. })));
}

#[test]
fn a_change_that_cannot_be_read_is_refused_with_its_place_in_the_whole_text() {
    let body = webhook("\n{\"messages\":\n[{\"id\":1e999}]}");
    let Err(Refusal::Malformed { line, column, .. }) = read(body.as_bytes()) else { panic!("no number is so large") };
    let before = body.lines().nth(line - 1).map(|line| &line[..column]).unwrap_or_default();
    assert!(before.starts_with("[{\"id\":"), "{before}");
}

#[test]
fn null_stands_for_what_is_not_there() {
    let body = webhook(r#"{"contacts":null,"messages":[{"id":"1","type":"text","text":{"body":"x"},"errors":null}]}"#);
    let events = read(body.as_bytes()).expect("null is nothing");
    assert!(
        matches!(&events[..], [event] if matches!(&event.kind, EventKind::Message(said) if said.content.text == "x"))
    );
}

#[test]
fn addresses_of_files_are_hidden_wherever_they_stand() {
    for (sent, kept) in [
        ("see https://a.example/b?token=c now", "see (url) now"),
        (r#"{"a":"https:\/\/a.example\/b\n","b":"http://c"}"#, r#"{"a":"(url)\n","b":"(url)"}"#),
        ("http is no address, nor is https:", "http is no address, nor is https:"),
        ("http://", "(url)"),
    ] {
        assert_eq!(without_urls(sent), kept);
    }
}

#[test]
fn a_body_of_something_else_is_named_by_its_first_list() {
    for (body, kind) in [
        (r#"{"for_user_id":"1","users":{},"tweet_create_events":[]}"#, "tweet_create_events"),
        (r#"{"a":1,"users":{}}"#, "users"),
        ("[]", "body"),
        ("7", "body"),
    ] {
        assert_eq!(kind_of_body(body).as_deref(), Ok(kind));
    }
}
