//! Odd members of a payload: what they are costs nobody else's words, and no more time than others.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use skein::domain::content::Part;
use skein::domain::event::{EventKind, InboundEvent};
use skein::normalize::{Format, Reason, Refusal, Request, normalize};

use crate::{events, file, line, message, only, page, run, telegram};

/// Far more than a body needs that is walked once, far less than one whose cost grows with its square.
const AT_ONCE: Duration = Duration::from_secs(3);

fn words(event: &InboundEvent) -> Option<&str> {
    match &event.kind {
        EventKind::Message(message) => Some(&message.content.text),
        _ => None,
    }
}

/// How many of the events are messages that say "help".
fn helps(format: Format, body: &str) -> usize {
    let made = run(format, body).unwrap_or_else(|refusal| panic!("{format}: {refusal}: {body}"));
    made.events.iter().filter(|event| words(event) == Some("help")).count()
}

#[test]
fn an_odd_item_costs_no_other_persons_message() {
    let help = json!({"sender": {"id": "1"}, "message": {"mid": "m", "text": "help"}});
    let said = |text: Value| json!({"sender": {"id": "2"}, "message": text});
    for odd in [
        json!(null),
        json!("x"),
        json!([1]),
        json!({"sender": "2", "message": {"mid": "n", "text": "x"}}),
        json!({"sender": [], "recipient": 5, "postback": {"title": "x"}}),
        said(json!("odd")),
        said(json!({"mid": {}, "text": []})),
        said(json!({"mid": "n", "attachments": [null, 5, {"type": "image", "payload": "x"}]})),
        said(json!({"mid": "n", "attachments": {"type": "image"}, "quick_reply": "x", "reply_to": 1, "referral": []})),
        json!({"sender": {"id": "2"}, "delivery": {"mids": {"a": 1}}}),
        json!({"sender": {"id": "2"}, "read": "x", "optin": [], "policy_enforcement": 4}),
    ] {
        let body = json!({"object": "page", "entry": [null, "x", {"id": "700", "messaging": [odd, help]}]});
        assert_eq!(helps(Format::Messenger, &body.to_string()), 1);
    }
    for odd in [
        json!({"field": "messaging_x", "value": "odd"}),
        json!({"field": "feed", "value": [1]}),
        json!({"field": [], "value": null}),
        json!("x"),
    ] {
        let body = json!({"object": "page", "entry": [{"id": "700", "messaging": [help], "changes": [odd]}]});
        assert_eq!(helps(Format::Messenger, &body.to_string()), 1);
    }
}

#[test]
fn an_odd_event_of_line_or_whatsapp_costs_no_other_persons_message() {
    let help = line(json!({"id": "1", "type": "text", "text": "help"}))["events"][0].clone();
    for odd in [
        json!(null),
        json!({"type": "unsend", "unsend": "x"}),
        json!({"type": "message", "message": "x"}),
        json!({"type": "message", "source": "U2", "message": {"id": "2", "type": "image", "contentProvider": "line"}}),
        json!({"type": "postback", "postback": {"data": "d", "params": []}}),
    ] {
        assert_eq!(helps(Format::Line, &json!({"events": [odd, help]}).to_string()), 1);
    }
    let help = json!({"from": "4915112345678", "id": "m", "type": "text", "text": {"body": "help"}});
    for odd in [
        json!(null),
        json!({"from": "4915187654321", "id": "n", "type": "text", "text": "odd"}),
        json!({"from": "4915187654321", "id": "n", "type": "image", "image": ["x"], "context": "x"}),
        json!({"from": "4915187654321", "id": "n", "type": "contacts", "contacts": [null, {"name": "x", "phones": {}}]}),
    ] {
        let lists = json!({"messages": [odd, help], "statuses": [null, "x"], "contacts": [7], "groups": ["x"], "metadata": "x"});
        let broken = json!({"field": "messages", "value": "odd"});
        let changes = json!([broken, {"field": "messages", "value": lists}]);
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]});
        assert_eq!(helps(Format::WhatsappCloud, &body.to_string()), 1);
    }
}

#[test]
fn words_in_a_shape_that_nobody_knows_are_kept_as_unreadable() {
    let unreadable = |format, body: Value| {
        let made = run(format, &body.to_string()).expect("good");
        matches!(&made.events[..], [InboundEvent { kind: EventKind::Unsupported(_), .. }])
    };
    assert!(unreadable(Format::Messenger, page(json!({"sender": {"id": "1"}, "message": "help"}))));
    assert!(unreadable(Format::Line, line(json!("help"))));
    assert!(unreadable(Format::Telegram, telegram(json!("help"))));
    assert!(unreadable(Format::Viber, json!({"event": "message", "sender": {"id": "a"}, "message": "help"})));
    let empty = [
        (Format::Messenger, page(json!({"sender": {"id": "1"}, "message": null}))),
        (Format::Line, line(Value::Null)),
        (Format::Telegram, telegram(Value::Null)),
        (Format::Viber, json!({"event": "message", "sender": {"id": "a"}})),
    ];
    for (format, body) in empty {
        assert!(events(format, &body).is_empty(), "{format}: nothing was said");
    }
    let said = json!({"from": "4915112345678", "id": "n", "type": "text", "text": "help"});
    let value = json!({"messages": [said]});
    let body =
        json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]});
    let event = only(Format::WhatsappCloud, &body);
    assert!(matches!(&event.kind, EventKind::Unsupported(content)
        if matches!(&content.parts[..], [Part::Unsupported(part)] if part.reason.as_deref() == Some("\"help\""))));
}

#[test]
fn one_broken_event_of_an_event_stream_costs_no_other() {
    let stream = |data: &str| {
        let help = r#"{"messageSid":"SM1","from":"+4915112345678","body":"help"}"#;
        let kind = "com.twilio.messaging.inbound-message.received";
        format!(r#"[{{"id":"1","type":"{kind}","data":{data}}},{{"id":"2","type":"{kind}","data":{help}}}]"#)
    };
    for data in ["null", "\"x\"", "{}", "[]", r#"{"from":"+491","from":"+492","messageSid":"SM2"}"#] {
        assert_eq!(helps(Format::Twilio, &stream(data)), 1, "{data}");
    }
    let both = stream(r#"{"From":"+4915100000000","messageSid":"SM2","from":"+4915187654321","body":"hi"}"#);
    let made = run(Format::Twilio, &both).expect("good").events;
    assert_eq!(made[0].senders[0].address, "+4915187654321", "event streams write it small");
    let mut list: Vec<Value> = serde_json::from_str(&stream("{}")).expect("JSON");
    list.insert(0, json!({"id": "0", "type": "org.example.other", "data": {"body": "x"}}));
    list.insert(0, json!("x"));
    assert_eq!(helps(Format::Twilio, &json!(list).to_string()), 1);
    list.truncate(2);
    assert!(run(Format::Twilio, &json!(list).to_string()).is_err(), "nothing of it could be read");
}

#[test]
fn odd_members_of_vonage_cost_no_words() {
    let base =
        json!({"message_uuid": "1", "channel": "sms", "from": "4915112345678", "message_type": "text", "text": "help"});
    for (name, odd) in [
        ("message", json!("x")),
        ("profile", json!("Ada")),
        ("context", json!([])),
        ("image", json!("x")),
        ("message", json!({"content": "x"})),
        ("message", json!({"content": {"type": "text"}})),
        ("to", json!(["x"])),
        ("whatsapp", json!(1)),
    ] {
        let mut body = base.clone();
        body[name] = odd;
        assert_eq!(message(&only(Format::Vonage, &body)).content.text, "help", "{name}");
    }
}

#[test]
fn names_full_of_addresses_take_no_longer_than_others() {
    let began = Instant::now();
    for address in ["http://", "http:\\/\\/"] {
        let name = address.repeat(400_000 / address.len());
        let document = json!({"file_id": "f", "file_name": name});
        let event =
            only(Format::Telegram, &telegram(json!({"message_id": 5, "from": {"id": 1}, "document": document})));
        assert_eq!(file(&event).name.as_deref(), Some(name.as_str()));
    }
    assert!(began.elapsed() < AT_ONCE);
}

#[test]
fn links_by_the_thousand_take_no_longer_than_others() {
    let url = "https://shop.example/lamp";
    let entity = json!({"type": "text_link", "offset": 0, "length": 1, "url": url});
    let body =
        json!({"message_id": 5, "from": {"id": 1}, "text": "h".repeat(400_000), "entities": vec![entity; 4_000]});
    let began = Instant::now();
    assert!(message(&only(Format::Telegram, &telegram(body))).content.text.contains(url));
    assert!(began.elapsed() < AT_ONCE);
}

#[test]
fn a_body_of_more_events_than_a_position_counts_is_refused() {
    let receipts = |mids: usize| {
        let mut body = String::from(r#"{"object":"page","entry":[{"id":"700","messaging":["#);
        let mids = vec!["\"a\""; mids].join(",");
        for _ in 0..17 {
            write!(body, r#"{{"sender":{{"id":"1"}},"delivery":{{"mids":[{mids}]}}}},"#).expect("text");
        }
        body + r#"{"sender":{"id":"1"},"message":{"mid":"m","text":"help"}}]}]}"#
    };
    let made = normalize(Format::Messenger, Request::new(receipts(4_096).as_bytes()));
    assert!(matches!(made, Err(Refusal::TooMany { what: "events", .. })), "{:?}", made.map(|made| made.events.len()));
    assert_eq!(made.expect_err("too many").reason(), Reason::TooLarge);
    assert_eq!(events(Format::Messenger, &serde_json::from_str(&receipts(900)).expect("JSON")).len(), 17 * 900 + 1);
}

#[test]
fn a_refusal_tells_the_place_in_the_whole_body() {
    let body = "{\"object\":\"page\",\n\"entry\":[{\"id\":\"7\",\n\"changes\":[{\"field\":\"feed\",\"value\":{\"item\":1e999}}]}]}";
    let Err(Refusal::Malformed { line, .. }) = run(Format::Messenger, body) else { panic!("no number is so large") };
    assert_eq!(line, 3);
}
