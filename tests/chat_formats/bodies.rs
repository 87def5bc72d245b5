//! Whole bodies: text that is half broken, and bodies of something else than the endpoint's format.

use serde_json::json;
use skein::domain::content::Part;
use skein::domain::event::EventKind;
use skein::normalize::{Format, Reason, Request, normalize};

use crate::{events, line, message, page, run, telegram};

#[test]
fn half_a_pair_of_surrogates_costs_one_character_and_nobodys_words() {
    for (sent, said) in [
        (r"help \ud83d", "help \u{fffd}"),
        (r"\uDE00 x", "\u{fffd} x"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
        (r"\ud83d\\ude00", "\u{fffd}\\ude00"),
        (r"\\ud83d \\\ud83d", "\\ud83d \\\u{fffd}"),
        (r"\ud83d\ude00", "\u{1f600}"),
    ] {
        let body = format!(
            r#"{{"object":"page","entry":[{{"id":"7","messaging":[
            {{"sender":{{"id":"1"}},"message":{{"mid":"a","text":"{sent}"}}}},
            {{"sender":{{"id":"2"}},"message":{{"mid":"b","text":"other"}}}}]}}]}}"#
        );
        let made = run(Format::Messenger, &body).expect("one customer's odd text costs no other's").events;
        assert_eq!((message(&made[0]).content.text.as_str(), message(&made[1]).content.text.as_str()), (said, "other"));
    }
    assert!(run(Format::Viber, r#"{"event":"\ud8zz"}"#).is_err());
}

#[test]
fn half_a_pair_is_mended_in_every_format_of_json() {
    let cases = [
        (
            Format::WhatsappCloud,
            r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"messages":[{"from":"4915112345678","id":"m","type":"text","text":{"body":"x\ud83d"}}]}}]}]}"#,
        ),
        (
            Format::Instagram,
            r#"{"object":"instagram","entry":[{"id":"7","messaging":[{"sender":{"id":"1"},"message":{"mid":"a","text":"x\ud83d"}}]}]}"#,
        ),
        (Format::Telegram, r#"{"update_id":1,"message":{"message_id":1,"from":{"id":2},"text":"x\ud83d"}}"#),
        (
            Format::Line,
            r#"{"events":[{"type":"message","source":{"userId":"U"},"message":{"id":"1","type":"text","text":"x\ud83d"}}]}"#,
        ),
        (
            Format::Viber,
            r#"{"event":"message","message_token":1,"sender":{"id":"a"},"message":{"type":"text","text":"x\ud83d"}}"#,
        ),
        (
            Format::Vonage,
            r#"{"message_uuid":"1","channel":"sms","from":"4915112345678","message_type":"text","text":"x\ud83d"}"#,
        ),
        (
            Format::Twilio,
            r#"[{"id":"1","type":"com.twilio.messaging.inbound-message.received","data":{"messageSid":"SM1","from":"+4915112345678","body":"x\ud83d"}}]"#,
        ),
        (
            Format::SkeinJson,
            r#"{"messageRef":"1","senders":[{"kind":"ADDRESS_KIND_LINE","address":"U"}],"message":{"content":{"text":"x\ud83d"}}}"#,
        ),
    ];
    for (format, body) in cases {
        let made = run(format, body).map(|made| message(&made.events[0]).content.text.clone());
        assert_eq!(made.as_deref(), Ok("x\u{fffd}"), "{format}");
    }
    // JSON within a form.
    let media = r#"[{"Sid":"ME1","Filename":"a\ud83d.png","ContentType":"image/png"}]"#.replace('"', "%22");
    let form = |media: &str| {
        let form = format!(
            "EventType=onMessageAdded&ConversationSid=CH1&MessageSid=IM1&Author=%2B4915112345678&Source=SMS&Body=Look&Media={media}"
        );
        run(Format::Twilio, &form).expect("good").events.remove(0)
    };
    let event = form(&media);
    assert_eq!(crate::file(&event).name.as_deref(), Some("a\u{fffd}.png"));
    let event = form("%5B%7B");
    assert_eq!(message(&event).content.text, "Look", "media that cannot be read cost no words");
    assert!(matches!(&message(&event).content.parts[..], [Part::Unsupported(part)] if part.kind == "media"));
}

#[test]
fn a_body_of_another_format_is_refused_and_never_dropped() {
    let bodies = [
        (Format::Messenger, page(json!({"sender": {"id": "1"}, "message": {"mid": "m", "text": "hi"}})).to_string()),
        (Format::Telegram, telegram(json!({"message_id": 1, "from": {"id": 2}, "text": "hi"})).to_string()),
        (Format::Line, line(json!({"id": "1", "type": "text", "text": "hi"})).to_string()),
        (
            Format::Viber,
            json!({"event": "message", "message_token": 1, "sender": {"id": "a"}, "message": {"type": "text", "text": "hi"}})
                .to_string(),
        ),
        (
            Format::Vonage,
            json!({"message_uuid": "1", "channel": "sms", "from": "4915112345678", "message_type": "text", "text": "hi"})
                .to_string(),
        ),
        (
            Format::WhatsappCloud,
            json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value":
                {"messages": [{"from": "4915112345678", "id": "m", "type": "text", "text": {"body": "hi"}}]}}]}]})
            .to_string(),
        ),
        (Format::SkeinJson, json!({"messageRef": "1", "senders": [{"kind": "ADDRESS_KIND_PHONE", "address": "+4915112345678"}],
            "message": {"content": {"text": "hi"}}}).to_string()),
        (Format::Twilio, "MessageSid=SM1&From=%2B4915112345678&Body=hi".to_owned()),
        (
            Format::Twilio,
            json!([{"id": "1", "type": "com.twilio.messaging.inbound-message.received", "data": {"messageSid": "SM1", "body": "hi"}}])
                .to_string(),
        ),
    ];
    for (own, body) in &bodies {
        for format in Format::ALL.into_iter().filter(|format| *format != Format::Email) {
            let made = normalize(format, Request::new(body.as_bytes()));
            assert_eq!(made.is_ok(), format == *own, "{own} as {format}: {made:?}");
        }
    }
}

#[test]
fn another_object_of_meta_is_refused_whatever_it_holds() {
    for entry in [json!([]), json!([{"id": "1", "changed_fields": ["name"]}]), json!([{"messaging": [{}]}])] {
        for format in [Format::Messenger, Format::Instagram, Format::WhatsappCloud] {
            let body = json!({"object": "user", "entry": entry});
            let made = run(format, &body.to_string()).map_err(|refusal| refusal.reason());
            assert_eq!(made, Err(Reason::Malformed), "{format}");
        }
    }
}

#[test]
fn what_nobody_knows_in_a_known_body_is_counted_by_name() {
    let known = [
        (Format::Messenger, json!({"object": "page", "entry": [{"id": "1", "time": 1, "sneeze": []}]}), "sneeze"),
        (Format::Messenger, json!({"object": "page", "entry": []}), "entry"),
        (Format::WhatsappCloud, json!({"object": "whatsapp_business_account", "entry": [{"id": "1"}]}), "entry"),
        (Format::Twilio, json!([{"id": "1", "type": "com.twilio.sneeze.done", "data": {}}]), "sneeze.done"),
        (
            Format::Vonage,
            json!({"uuid": "c", "conversation_uuid": "d", "status": "ringing", "from": "1", "to": "2"}),
            "voice:ringing",
        ),
    ];
    for (format, body, name) in known {
        let made = run(format, &body.to_string()).expect("nothing was said");
        assert_eq!((made.events.len(), made.ignored), (0, vec![name.to_owned()]), "{format}");
    }
    assert!(events(Format::Line, &json!({"destination": "U1", "events": []})).is_empty(), "LINE tries the address");
}

#[test]
fn one_unknown_kind_costs_no_other_event() {
    let body = json!({"events": [
        {"type": "sneeze", "source": {"userId": "U1"}},
        {"type": "message", "source": {"userId": "U1"}, "message": {"id": "1", "type": "text", "text": "hi"}}]});
    let made = run(Format::Line, &body.to_string()).expect("good");
    assert_eq!((made.events.len(), made.ignored.len()), (1, 1));
    assert!(matches!(made.events[0].kind, EventKind::Message(_)));
}

#[test]
fn words_that_lost_their_frame_are_refused_and_never_dropped() {
    let said = json!([{"from": "4915112345678", "id": "m", "type": "text", "text": {"body": "hi"}}]);
    for body in [
        json!({"contacts": [{"wa_id": "4915112345678"}], "messages": said}),
        json!({"messages": said}),
        json!({"statuses": [{"id": "m", "status": "sent"}]}),
        json!({"event_id": "1", "senders": []}),
    ] {
        let made = run(Format::WhatsappCloud, &body.to_string()).map_err(|refusal| refusal.reason());
        assert_eq!(made, Err(Reason::Malformed), "{body}");
    }
}
