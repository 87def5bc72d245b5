//! Which side wrote or did something: a customer, or somebody of ours.

use serde_json::{Value, json};
use skein::domain::content::Part;
use skein::domain::event::{AddressKind, Assurance, EventKind, InboundEvent};
use skein::normalize::{Format, Request, normalize};

use crate::{message, only, page, run};

#[test]
fn what_our_account_says_and_does_is_never_the_customers() {
    for (format, object) in [(Format::Messenger, "page"), (Format::Instagram, "instagram")] {
        let by_us = |item: Value| {
            let mut body = page(item);
            body["object"] = json!(object);
            let item = &mut body["entry"][0]["messaging"][0];
            (item["sender"], item["recipient"]) = (json!({"id": "700"}), json!({"id": "1"}));
            run(format, &body.to_string()).expect("good")
        };
        let made = by_us(json!({"message": {"mid": "m", "text": "hi"}}));
        assert!(matches!(made.events[0].kind, EventKind::Echo(_)) && made.events[0].senders[0].address == "1");
        for (item, name) in [
            (json!({"message_edit": {"mid": "m", "text": "x"}}), "message_edit:own"),
            (json!({"reaction": {"mid": "m", "emoji": "x"}}), "reaction:own"),
            (json!({"read": {"mid": "m"}}), "read:own"),
            (json!({"message": {"mid": "m", "is_deleted": true}}), "message:own_deletion"),
            (json!({"message": {"mid": "m", "is_deleted": true, "is_echo": true}}), "message:own_deletion"),
        ] {
            let made = by_us(item);
            assert_eq!((made.events.len(), made.ignored), (0, vec![name.to_owned()]), "{format}");
        }
    }
    let itself =
        page(json!({"sender": {"id": "700"}, "recipient": {"id": "700"}, "message": {"mid": "m", "text": "x"}}));
    assert_eq!(run(Format::Messenger, &itself.to_string()).expect("good").ignored, ["self"]);
}

#[test]
fn comments_of_our_account_are_echoes_and_its_changes_of_them_nobodys() {
    let value = json!({"id": "c", "text": "x", "media": {"id": "p"}, "from": {"id": "9", "self_ig_scoped_id": "9"}});
    let body =
        json!({"object": "instagram", "entry": [{"id": "700", "changes": [{"field": "comments", "value": value}]}]});
    assert!(matches!(only(Format::Instagram, &body).kind, EventKind::Echo(_)));

    let feed = |verb: &str, item: &str| {
        let value = json!({"item": item, "verb": verb, "comment_id": "c", "post_id": "p", "message": "x", "from": {"id": "700"}});
        let body = json!({"object": "page", "entry": [{"id": "700", "changes": [{"field": "feed", "value": value}]}]});
        run(Format::Messenger, &body.to_string()).expect("good")
    };
    assert!(matches!(feed("add", "comment").events[0].kind, EventKind::Echo(_)));
    for (verb, item) in [("edited", "comment"), ("remove", "comment"), ("add", "reaction")] {
        assert!(feed(verb, item).events.is_empty(), "{verb} {item}");
    }
}

#[test]
fn a_button_that_a_referral_led_to_keeps_its_title_and_what_led_to_it() {
    let pressed = |payload: &str, referral: Value| {
        let postback = json!({"mid": "m", "title": "T", "payload": payload, "referral": referral});
        only(Format::Messenger, &page(json!({"sender": {"id": "1"}, "timestamp": 1, "postback": postback})))
    };
    for payload in ["ORDER", "GET_STARTED"] {
        let event = pressed(payload, json!({"ref": "r", "source": "ADS", "ad_id": "a"}));
        assert!(matches!(&event.kind, EventKind::Start { title: Some(title), payload: Some(found), referral: true }
            if title == "T" && found == payload));
        let led = event.profile.and_then(|profile| profile.referral).expect("the advertisement is told");
        assert_eq!(
            (led.source.as_str(), led.source_id.as_deref(), led.reference.as_deref()),
            ("ADS", Some("a"), Some("r"))
        );
        assert_eq!(event.message_ref.as_deref(), Some("m"));
    }
    assert!(matches!(&message(&pressed("ORDER", Value::Null)).content.parts[..], [Part::ButtonReply(_)]));
}

/// A request of Twilio Conversations on an endpoint of that channel.
fn conversation(channel: &str, name: &str, author: &str, source: &str) -> Vec<InboundEvent> {
    let body = format!(
        "EventType={name}&ConversationSid=CH1&MessageSid=IM1&Author={author}&Source={source}&Body=Hi&DateUpdated=2025-10-09T08%3A54%3A20Z"
    );
    normalize(Format::Twilio, Request { channel, ..Request::new(body.as_bytes()) }).expect("good").events
}

#[test]
fn an_identity_of_twilio_is_a_visitor_on_a_web_chat_and_one_of_ours_elsewhere() {
    for name in ["onMessageAdded", "onMessageUpdated", "onMessageRemoved"] {
        for author in ["visitor-7", "%2B4915112345678"] {
            let found = conversation("web", name, author, "SDK");
            assert_eq!(found.len(), 1, "{name} {author}");
            assert_eq!((found[0].senders[0].kind, found[0].assurance), (AddressKind::Web, Assurance::Claimed));
            assert!(conversation("sms", name, author, "SDK").is_empty(), "our agents write by an SDK: {name} {author}");
            assert!(conversation("web", name, author, "API").is_empty(), "{name} {author}");
        }
        assert!(conversation("web", name, "system", "SDK").is_empty(), "{name}");
        let found = conversation("whatsapp", name, "whatsapp%3A%2B4915112345678", "WHATSAPP");
        assert_eq!((found[0].senders[0].kind, found[0].assurance), (AddressKind::Phone, Assurance::Platform));
    }
    // Event streams do not tell the source: then an identity on a web chat is a visitor, and none elsewhere.
    assert_eq!(conversation("web", "onMessageAdded", "visitor-7", "").len(), 1);
    assert!(conversation("sms", "onMessageAdded", "agent-7", "").is_empty());
}

#[test]
fn an_optin_of_a_nameless_visitor_is_counted() {
    let body = page(json!({"recipient": {"id": "700"}, "optin": {"ref": "r", "user_ref": "u"}}));
    assert_eq!(run(Format::Messenger, &body.to_string()).expect("good").ignored, ["optin:user_ref"]);
}

#[test]
fn what_our_side_sends_on_telegram_is_an_echo_whatever_it_holds() {
    let chat = json!({"id": 41, "type": "private"});
    let direct = json!({"id": -100, "type": "supergroup", "is_direct_messages": true});
    let topic = json!({"topic_id": 41, "user": {"id": 41}});
    for (name, held) in [("text", json!("x")), ("story", json!({"id": 3})), ("invoice", json!({})), ("gift", json!({}))]
    {
        let business =
            json!({"message_id": 5, "business_connection_id": "b", "from": {"id": 7}, "chat": chat, name: held});
        let channel =
            json!({"message_id": 5, "from": {"id": 7}, "chat": direct, "direct_messages_topic": topic, name: held});
        for body in [json!({"business_message": business}), json!({"message": channel})] {
            let mut body = body;
            body["update_id"] = json!(1);
            let event = only(Format::Telegram, &body);
            assert!(matches!(event.kind, EventKind::Echo(_)), "{name}: {:?}", event.kind);
            assert_eq!(event.senders[0].address, "41");
        }
    }
    let told =
        json!({"message_id": 5, "from": {"id": 41}, "chat": chat, "story": {"id": 3}, "business_connection_id": "b"});
    let event = only(Format::Telegram, &json!({"update_id": 1, "business_message": told}));
    assert!(matches!(event.kind, EventKind::Unsupported(_)), "the customer's own");
}

#[test]
fn nobody_can_tell_whose_a_reaction_in_a_channels_talks_is() {
    let chat = json!({"id": -100, "type": "supergroup", "is_direct_messages": true});
    let new = json!([{"type": "emoji", "emoji": "x"}]);
    let body = json!({"update_id": 1, "message_reaction":
        {"chat": chat, "message_id": 5, "user": {"id": 7}, "date": 1, "old_reaction": [], "new_reaction": new}});
    assert_eq!(run(Format::Telegram, &body.to_string()).expect("good").ignored, ["message_reaction:channel"]);
}

#[test]
fn identities_of_our_own_programs_are_never_customers_on_a_network() {
    for author in ["client:anna", "user:anna", "sip:anna@shop.example", "https:anna"] {
        let data = json!({"conversationSid": "CH1", "messageSid": "IM1", "author": author, "body": "hi"});
        let list = json!([{"id": "1", "type": "com.twilio.conversations.message.added", "data": data}]).to_string();
        let form =
            format!("EventType=onMessageAdded&ConversationSid=CH1&MessageSid=IM1&Author={author}&Source=CHAT&Body=hi");
        for body in [list, form] {
            let request = Request { channel: "sms", ..Request::new(body.as_bytes()) };
            assert!(normalize(Format::Twilio, request).expect("good").events.is_empty(), "{author}");
        }
    }
    for author in ["+4915112345678", "whatsapp:+4915112345678", "messenger:41", "rcs:+4915112345678"] {
        let data = json!({"conversationSid": "CH1", "messageSid": "IM1", "author": author, "body": "hi"});
        let list = json!([{"id": "1", "type": "com.twilio.conversations.message.added", "data": data}]);
        assert_eq!(only(Format::Twilio, &list).senders.len(), 1, "{author}");
    }
}

#[test]
fn an_own_comment_without_words_is_nobodys() {
    let value = json!({"id": "c", "text": "", "media": {"id": "p"}, "from": {"id": "700"}});
    let body =
        json!({"object": "instagram", "entry": [{"id": "700", "changes": [{"field": "comments", "value": value}]}]});
    assert_eq!(run(Format::Instagram, &body.to_string()).expect("good").ignored, ["comments:own"]);
}
