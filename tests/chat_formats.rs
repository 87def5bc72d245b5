//! The formats of chat channels: what must hold beyond their golden files.

#[path = "chat_formats/bodies.rs"]
mod bodies;
#[path = "chat_formats/kept.rs"]
mod kept;
#[path = "chat_formats/odd.rs"]
mod odd;
#[path = "chat_formats/sides.rs"]
mod sides;
#[path = "chat_formats/telegram.rs"]
mod updates;

use std::path::Path;

use serde_json::{Value, json};
use skein::domain::content::{Attachment, Part};
use skein::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Message, ReceiptStatus, Scope};
use skein::normalize::{Format, MAX_JSON_CONTAINERS, Normalized, Reason, Refusal, Request, normalize, to_json};

const CHATS: [Format; 6] =
    [Format::Messenger, Format::Instagram, Format::Telegram, Format::Line, Format::Viber, Format::Vonage];

fn run(format: Format, body: &str) -> Result<Normalized, Refusal> {
    normalize(format, Request::new(body.as_bytes()))
}

fn events(format: Format, body: &Value) -> Vec<InboundEvent> {
    run(format, &body.to_string()).expect("the payload is good").events
}

fn only(format: Format, body: &Value) -> InboundEvent {
    let mut made = events(format, body);
    assert_eq!(made.len(), 1, "the payload holds one event");
    made.remove(0)
}

fn message(event: &InboundEvent) -> &Message {
    match &event.kind {
        EventKind::Message(message) => message,
        other => panic!("not a message: {other:?}"),
    }
}

fn file(event: &InboundEvent) -> &Attachment {
    message(event).content.attachments().next().expect("it has a file")
}

fn page(item: Value) -> Value {
    json!({"object": "page", "entry": [{"id": "700", "messaging": [item]}]})
}

fn telegram(message: Value) -> Value {
    json!({"update_id": 1, "message": message})
}

fn line(message: Value) -> Value {
    json!({"events": [{"type": "message", "source": {"userId": "U1"}, "message": message}]})
}

/// Samples of these formats: format and bytes.
fn samples() -> Vec<(Format, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the golden files are there") {
        let path = entry.expect("a golden file is listed").path();
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(format) = CHATS.into_iter().find(|format| format.name() == ending) {
            found.push((format, std::fs::read_to_string(&path).expect("a sample of these formats is text")));
        }
    }
    assert!(CHATS.iter().all(|format| found.iter().any(|(other, _)| other == format)), "each format has samples");
    found
}

#[test]
fn what_is_no_payload_is_refused_and_gives_no_events() {
    for format in CHATS {
        for body in ["not JSON", "[", "{\"a\":", "[1]", "null"] {
            assert!(run(format, body).is_err(), "{format}: {body}");
        }
        assert!(run(format, "{}").map_or(true, |made| made.events.is_empty()), "{format}");
    }
}

#[test]
fn kinds_that_nobody_knows_are_counted_by_name() {
    let cases = [
        (Format::Messenger, page(json!({"sender": {"id": "1"}, "sneeze": {}})), "sneeze"),
        (
            Format::Instagram,
            json!({"object": "instagram", "entry": [{"changes": [{"field": "sneeze"}]}]}),
            "changes:sneeze",
        ),
        (Format::Telegram, json!({"update_id": 1, "sneeze": {}}), "sneeze"),
        (Format::Telegram, telegram(json!({"message_id": 1, "from": {"id": 2}, "sneeze": {}})), "message:sneeze"),
        (Format::Line, json!({"events": [{"type": "sneeze"}]}), "sneeze"),
        (Format::Viber, json!({"event": "sneeze"}), "sneeze"),
        (Format::Vonage, json!({"message_uuid": "1", "status": "sneezed"}), "status:sneezed"),
    ];
    for (format, body, name) in cases {
        let made = run(format, &body.to_string()).expect("an unknown kind is no error");
        assert_eq!((made.events.len(), made.ignored), (0, vec![name.to_owned()]), "{format}");
    }
}

#[test]
fn words_for_another_platforms_endpoint_are_refused_and_never_dropped() {
    let mut body = page(json!({"sender": {"id": "1"}, "message": {"mid": "m", "text": "hi"}}));
    body["object"] = json!("instagram");
    assert_eq!(run(Format::Messenger, &body.to_string()).map_err(|refusal| refusal.reason()), Err(Reason::Malformed));
    assert!(run(Format::Instagram, &body.to_string()).is_ok());
}

#[test]
fn the_page_itself_is_never_the_customer() {
    let said = |sender: &str, recipient: &str, echo: bool| {
        let message = json!({"mid": "m", "text": "hi", "is_echo": echo});
        page(json!({"sender": {"id": sender}, "recipient": {"id": recipient}, "message": message}))
    };
    for (sender, recipient, echo) in [("1", "700", false), ("700", "1", true), ("1", "700", true), ("700", "1", false)]
    {
        let event = only(Format::Messenger, &said(sender, recipient, echo));
        assert_eq!((event.senders[0].address.as_str(), event.our_address.as_deref()), ("1", Some("700")));
    }
}

#[test]
fn a_button_says_something_and_only_the_start_button_starts() {
    let pressed = |payload: &str| {
        only(
            Format::Messenger,
            &page(
                json!({"sender": {"id": "1"}, "timestamp": 1_760_000_000_000_u64, "postback": {"title": "T", "payload": payload}}),
            ),
        )
    };
    for payload in ["GET_STARTED", "get_started", "GET_STARTED_PAYLOAD"] {
        assert!(matches!(pressed(payload).kind, EventKind::Start { referral: false, .. }), "{payload}");
    }
    let event = pressed("WHERE_IS_MY_ORDER");
    assert_eq!(message(&event).content.text, "T");
    // Without an id of its own a retry is known by kind and time.
    assert_eq!(event.event_id.as_deref(), Some("postback:1760000000000"));
}

#[test]
fn watermarks_hold_for_everything_up_to_their_time_and_odd_ones_are_counted() {
    let receipt = |event: &InboundEvent| match &event.kind {
        EventKind::Receipt(receipt) => (receipt.status, event.message_ref.clone(), receipt.through.map(|at| at.0)),
        other => panic!("no receipt: {other:?}"),
    };
    let at = 1_760_000_000_500_i64;
    let read = only(Format::Messenger, &page(json!({"sender": {"id": "1"}, "read": {"watermark": at}})));
    assert_eq!(receipt(&read), (ReceiptStatus::Read, None, Some(at)));
    assert_eq!(read.senders[0].address, "1");
    let read = only(Format::Messenger, &page(json!({"sender": {"id": "1"}, "read": {"watermark": at.to_string()}})));
    assert_eq!(receipt(&read).2, Some(at), "as a text");
    let body = page(json!({"sender": {"id": "1"}, "delivery": {"mids": ["a", "b"], "watermark": at}}));
    let made: Vec<_> = events(Format::Messenger, &body).iter().map(receipt).collect();
    let delivered = |id: &str, through| (ReceiptStatus::Delivered, Some(id.to_owned()), through);
    assert_eq!(made, [delivered("a", None), delivered("b", Some(at))]);
    let body = page(json!({"sender": {"id": "1"}, "read": {"watermark": "soon"}}));
    assert_eq!(run(Format::Messenger, &body.to_string()).expect("good").ignored, ["read:watermark"]);

    let body = page(json!({"sender": {"id": "1"}, "delivery": {"watermark": 5}}));
    assert_eq!(run(Format::Messenger, &body.to_string()).expect("good").ignored, ["delivery:watermark"]);
    let body = page(json!({"sender": {"id": "1"}, "delivery": {"mids": ["a", "b"], "watermark": 5}}));
    let made = events(Format::Messenger, &body);
    let ids: Vec<_> = made.iter().map(|event| event.message_ref.as_deref()).collect();
    assert_eq!(ids, [Some("a"), Some("b")]);
    assert!(
        made.iter().all(|event| matches!(&event.kind, EventKind::Receipt(r) if r.status == ReceiptStatus::Delivered))
    );
}

#[test]
fn ids_of_telegram_tell_chats_apart_where_telegram_does_not() {
    let said = |chat: Value| {
        only(Format::Telegram, &telegram(json!({"message_id": 5, "from": {"id": 1}, "chat": chat, "text": "x"})))
    };
    let private = said(json!({"id": 1, "type": "private"}));
    let group = said(json!({"id": -7, "type": "supergroup"}));
    assert_eq!((private.message_ref.as_deref(), private.scope), (Some("5"), Scope::Direct));
    assert_eq!(
        (group.message_ref.as_deref(), group.scope, group.thread.as_deref()),
        (Some("-7:5"), Scope::Group, Some("-7"))
    );
    assert!([private, group].iter().all(|event| event.event_id.as_deref() == Some("1")));
}

#[test]
fn words_after_the_start_command_are_words() {
    let said = |text: &str| {
        let chat = json!({"id": 1, "type": "private"});
        only(Format::Telegram, &telegram(json!({"message_id": 5, "from": {"id": 1}, "chat": chat, "text": text}))).kind
    };
    assert!(matches!(said("/start"), EventKind::Start { payload: None, referral: false, .. }));
    assert!(matches!(said("/start a_b-7"), EventKind::Start { payload: Some(_), referral: true, .. }));
    for words in ["/start please help me", "/started", "start"] {
        assert!(matches!(said(words), EventKind::Message(found) if found.content.text == words), "{words}");
    }
}

#[test]
fn a_blocked_bot_is_an_opt_out_of_the_person_and_of_nobody_else() {
    let change = |kind: &str, status: &str| {
        only(
            Format::Telegram,
            &json!({"update_id": 1, "my_chat_member": {"chat": {"id": 9, "type": kind}, "from": {"id": 9}, "new_chat_member": {"status": status}}}),
        )
    };
    let blocked = change("private", "kicked");
    assert!(matches!(blocked.kind, EventKind::Opt { opted_in: false, .. }) && blocked.senders[0].address == "9");
    assert!(matches!(change("private", "member").kind, EventKind::Opt { opted_in: true, .. }));
    let group = change("supergroup", "kicked");
    assert!(matches!(group.kind, EventKind::Account { .. }) && group.senders.is_empty());
}

#[test]
fn links_of_customers_are_kept_and_links_of_providers_are_not() {
    let own = "https://obs.line-apps.com/secret";
    let foreign = "https://shop.example/lamp.mp4";
    let video = |link: &str| {
        let provider = json!({"type": "external", "originalContentUrl": link});
        only(Format::Line, &line(json!({"id": "7", "type": "video", "contentProvider": provider})))
    };
    assert_eq!(file(&video(foreign)).provider_id.as_deref(), Some(foreign));
    assert_eq!(file(&video(own)).provider_id.as_deref(), Some("7"));

    let shared = |link: &str| {
        let attachment = json!({"type": "fallback", "payload": {"url": link, "title": "A lamp"}});
        only(
            Format::Messenger,
            &page(json!({"sender": {"id": "1"}, "message": {"mid": "m", "attachments": [attachment]}})),
        )
    };
    assert_eq!(file(&shared(foreign)).provider_id.as_deref(), Some(foreign));
    for own in [
        "https://l.facebook.com/l.php?u=x",
        "https://scontent.xx.fbcdn.net/v?oh=1",
        "https://user:x@Scontent.FBCDN.net:443/v",
        "https://lookaside.fbsbx.com\\@shop.example/v",
    ] {
        assert_eq!(file(&shared(own)).provider_id.as_deref(), Some("m/0"), "{own}");
    }
    let counted = "https://l.facebook.com/l.php?u=https%3A%2F%2Fshop.example%2Flamp.mp4&h=secret";
    assert_eq!(file(&shared(counted)).provider_id.as_deref(), Some(foreign));
    let page = "https://www.facebook.com/lamps/posts/1";
    assert_eq!(file(&shared(page)).provider_id.as_deref(), Some(page), "a page is no file");
    // A host that only looks like one of the provider's is none of them.
    assert_eq!(file(&shared("https://notfacebook.com/x")).provider_id.as_deref(), Some("https://notfacebook.com/x"));
}

#[test]
fn numbers_of_viber_beyond_exact_floats_keep_their_digits() {
    let body = json!({"event": "seen", "message_token": 9_007_199_254_740_993_u64, "user_id": "a="});
    assert_eq!(only(Format::Viber, &body).message_ref.as_deref(), Some("9007199254740993"));
    let webhook = json!({"event": "webhook", "timestamp": 4_987_034_606_158_369_000_u64, "message_token": 1});
    assert_eq!(run(Format::Viber, &webhook.to_string()).expect("good").ignored, ["webhook"]);
}

#[test]
fn numbers_of_vonage_are_phones_or_what_they_are() {
    let from = |from: &str| {
        let body = format!("msisdn={from}&to=1&text=x&messageId=1");
        let event = run(Format::Vonage, &body).expect("good").events.remove(0);
        (event.senders[0].kind, event.senders[0].address.clone(), event.assurance)
    };
    assert_eq!(from("4915112345678"), (AddressKind::Phone, "+4915112345678".to_owned(), Assurance::Claimed));
    assert_eq!(from("20200"), (AddressKind::ShortCode, "20200".to_owned(), Assurance::Claimed));
    assert_eq!(from("MTN"), (AddressKind::ShortCode, "MTN".to_owned(), Assurance::Claimed));

    let of = |channel: &str, from: &str| {
        let body = json!({"message_uuid": "1", "channel": channel, "from": from, "message_type": "text", "text": "x"});
        let event = only(Format::Vonage, &body);
        (event.senders[0].kind, event.assurance)
    };
    assert_eq!(of("whatsapp", "4915112345678"), (AddressKind::Phone, Assurance::Platform));
    assert_eq!(of("whatsapp", "DE.77"), (AddressKind::Whatsapp, Assurance::Platform));
    assert_eq!(of("messenger", "41"), (AddressKind::Messenger, Assurance::Platform));
    assert_eq!(of("viber_service", "4915112345678"), (AddressKind::Phone, Assurance::Platform));
    assert_eq!(of("sms", "4915112345678"), (AddressKind::Phone, Assurance::Claimed));
}

#[test]
fn a_query_string_alone_is_an_sms_of_vonage() {
    let request = Request { query: Some("msisdn=4915112345678&to=2020&text=Join&messageId=e1"), ..Request::default() };
    let made = normalize(Format::Vonage, request).expect("good");
    assert_eq!(message(&made.events[0]).content.text, "Join");
}

#[test]
fn members_of_another_type_than_usual_cost_no_words() {
    let cases = [
        (
            Format::Messenger,
            page(
                json!({"sender": {"id": 1}, "recipient": null, "timestamp": "soon", "message": {"mid": 7, "text": "x", "attachments": null}}),
            ),
        ),
        (
            Format::Telegram,
            telegram(
                json!({"message_id": "5", "from": {"id": "1", "first_name": null}, "chat": null, "date": [], "text": "x", "photo": null}),
            ),
        ),
        (Format::Line, line(json!({"id": 5, "type": "text", "text": "x", "keywords": 3, "fileSize": "?"}))),
        (
            Format::Viber,
            json!({"event": "message", "timestamp": {}, "message_token": "t", "sender": {"id": 7}, "message": {"type": "text", "text": "x", "size": null}}),
        ),
        (
            Format::Vonage,
            json!({"message_uuid": 1, "channel": null, "from": 4_915_112_345_678_u64, "text": "x", "message_type": "text", "content": null}),
        ),
    ];
    for (format, body) in cases {
        let event = only(format, &body);
        assert_eq!(message(&event).content.text, "x", "{format}");
        assert_eq!(event.senders.len(), 1, "{format}");
    }
}

#[test]
fn kinds_of_content_that_nobody_knows_stay_as_something_that_was_said() {
    let cases = [
        (
            Format::Messenger,
            page(json!({"sender": {"id": "1"}, "message": {"mid": "m", "attachments": [{"type": "hologram"}]}})),
        ),
        (Format::Telegram, telegram(json!({"message_id": 1, "from": {"id": 1}, "story": {"id": 1}}))),
        (Format::Line, line(json!({"id": "1", "type": "hologram"}))),
        (Format::Viber, json!({"event": "message", "sender": {"id": "a"}, "message": {"type": "hologram"}})),
        (
            Format::Vonage,
            json!({"message_uuid": "1", "channel": "rcs", "from": "4915112345678", "message_type": "hologram"}),
        ),
    ];
    for (format, body) in cases {
        let event = only(format, &body);
        let EventKind::Unsupported(content) = &event.kind else { panic!("{format}: {:?}", event.kind) };
        assert!(matches!(&content.parts[..], [Part::Unsupported(found)] if !found.kind.is_empty()), "{format}");
    }
}

#[test]
fn many_empty_objects_are_refused_before_they_cost_memory() {
    let items = vec!["{}"; MAX_JSON_CONTAINERS].join(",");
    for body in
        [format!(r#"{{"object":"page","entry":[{{"messaging":[{items}]}}]}}"#), format!(r#"{{"events":[{items}]}}"#)]
    {
        for format in CHATS {
            assert_eq!(run(format, &body).map_err(|refusal| refusal.reason()), Err(Reason::TooLarge), "{format}");
        }
    }
}

/// Puts each of `odd` in the place of each value of a sample, and takes each value away.
fn distort(value: &Value, odd: &[Value], seen: &mut impl FnMut(Value)) {
    fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| pointers(item, &format!("{at}/{n}"), found));
            }
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| pointers(member, &format!("{at}/{name}"), found));
            }
            _ => {}
        }
    }
    let mut places = Vec::new();
    pointers(value, "", &mut places);
    for place in places {
        for odd in odd {
            let mut copy = value.clone();
            if let Some(found) = copy.pointer_mut(&place) {
                *found = odd.clone();
            }
            seen(copy);
        }
        if let Some((parent, name)) = place.rsplit_once('/') {
            let mut copy = value.clone();
            if let Some(members) = copy.pointer_mut(parent).and_then(Value::as_object_mut) {
                members.remove(name);
            }
            seen(copy);
        }
    }
}

#[test]
fn no_distortion_of_a_payload_panics_or_breaks_the_contract() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("/start \u{202e}"),
        json!("99999999999999999999"),
        json!([]),
        json!([[null]]),
        json!({}),
        json!({"id": {"id": []}}),
    ];
    let (mut good, mut refused) = (0, 0);
    let mut try_one = |format: Format, body: &str| match run(format, body) {
        Ok(made) => {
            good += 1;
            // Writing and reading our own form costs much more than the format itself.
            for event in made.events.iter().filter(|_| good % 16 == 0) {
                let again = normalize(Format::SkeinJson, Request::new(to_json(event).as_bytes()));
                assert_eq!(
                    again.map(|made| made.events).as_deref(),
                    Ok(std::slice::from_ref(event)),
                    "{format}: {body}"
                );
            }
        }
        Err(_) => refused += 1,
    };
    for (format, sample) in samples() {
        for cut in (0..sample.len()).step_by(5).filter(|at| sample.is_char_boundary(*at)) {
            try_one(format, &sample[..cut]);
        }
        if let Ok(value) = serde_json::from_str::<Value>(&sample) {
            distort(&value, &odd, &mut |body| try_one(format, &body.to_string()));
        }
    }
    assert!(good > 1_000 && refused > 1_000, "distortions must reach both ends: {good} good, {refused} refused");
}
