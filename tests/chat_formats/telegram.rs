//! What a customer can write on Telegram beyond a plain message, and where.

use serde_json::{Value, json};
use skein::domain::content::{AttachmentKind, Part};
use skein::domain::event::{EventKind, InboundEvent, Scope};
use skein::normalize::Format;

use crate::{message, only, run, telegram};

fn private(mut extra: Value) -> InboundEvent {
    (extra["message_id"], extra["from"], extra["chat"]) =
        (json!(5), json!({"id": 1}), json!({"id": 1, "type": "private"}));
    only(Format::Telegram, &telegram(extra))
}

fn text(event: &InboundEvent) -> &str {
    &message(event).content.text
}

#[test]
fn telegrams_negative_chats_are_groups_and_inline_buttons_nobodys() {
    let event =
        only(Format::Telegram, &telegram(json!({"message_id": 5, "from": {"id": 1}, "chat": {"id": -7}, "text": "x"})));
    assert_eq!((event.scope, event.thread.as_deref()), (Scope::Group, Some("-7")));
    let body = json!({"update_id": 1, "callback_query": {"id": "q", "from": {"id": 1}, "inline_message_id": "i", "data": "d"}});
    assert_eq!(run(Format::Telegram, &body.to_string()).expect("good").ignored, ["callback_query:inline"]);
}

/// An update about a topic of person 41 in the chats of a channel.
fn to_channel(kind: &str, from: Value, sender_chat: Value) -> Value {
    let chat = json!({"id": -100, "type": "supergroup", "is_direct_messages": true});
    let topic = json!({"topic_id": 41, "user": {"id": 41, "first_name": "Ada"}});
    json!({"update_id": 1, kind: {"message_id": 5, "chat": chat, "direct_messages_topic": topic,
        "from": from, "sender_chat": sender_chat, "date": 1_760_000_000, "text": "x"}})
}

#[test]
fn what_a_person_writes_to_a_channel_is_between_the_two() {
    let ada = json!({"id": 41, "first_name": "Ada"});
    let event = only(Format::Telegram, &to_channel("message", ada.clone(), Value::Null));
    assert_eq!((text(&event), event.scope, event.senders[0].address.as_str()), ("x", Scope::Direct, "41"));
    assert_eq!((event.thread.as_deref(), event.message_ref.as_deref()), (Some("-100:41"), Some("-100:5")));

    let fake = json!({"id": 136_817_688, "is_bot": true});
    let channel = json!({"id": -99, "type": "channel", "title": "Lamps"});
    for (from, chat) in [(fake, channel.clone()), (json!({"id": 7}), Value::Null), (Value::Null, channel)] {
        let event = only(Format::Telegram, &to_channel("message", from.clone(), chat.clone()));
        assert!(matches!(event.kind, EventKind::Echo(_)), "the channel answers: {from} {chat}");
        assert_eq!(event.senders[0].address, "41");
        let edited = to_channel("edited_message", from, chat).to_string();
        assert_eq!(run(Format::Telegram, &edited).expect("good").ignored, ["edited_message:own"]);
    }
    let edit = only(Format::Telegram, &to_channel("edited_message", ada, Value::Null));
    assert!(matches!(edit.kind, EventKind::Edit { .. }) && edit.message_ref.as_deref() == Some("-100:5"));

    let chat = json!({"id": -100, "type": "supergroup", "is_direct_messages": true});
    let gone = json!({"update_id": 1, "my_chat_member": {"chat": chat, "from": {"id": 9}, "new_chat_member": {"status": "left"}}});
    assert!(matches!(only(Format::Telegram, &gone).kind, EventKind::Account { .. }), "nobody opted out");
}

#[test]
fn a_link_behind_words_stands_behind_them() {
    let said = |text: &str, entities: Value| private(json!({"text": text, "entities": entities}));
    let link = |offset: usize, length: usize, url: &str| json!({"type": "text_link", "offset": offset, "length": length, "url": url});
    let event = said("😀 see here, please", json!([link(7, 4, "https://shop.example/lamp")]));
    assert_eq!(text(&event), "😀 see here (https://shop.example/lamp), please");
    let event = said(
        "this or that",
        json!([link(8, 4, "https://b.example/"), {"type": "bold", "offset": 0, "length": 4}, link(0, 4, "https://a.example/")]),
    );
    assert_eq!(text(&event), "this (https://a.example/) or that (https://b.example/)");
    for (words, entities) in [
        ("https://a.example/", json!([link(0, 18, "https://a.example/")])),
        ("file", json!([link(0, 4, "https://api.telegram.org/file/bot1:secret/a")])),
        ("plain", json!([{"type": "bold", "offset": 0, "length": 5}])),
        ("odd", json!([{"type": "text_link"}])),
    ] {
        assert_eq!(text(&said(words, entities)), words);
    }
    // A place beyond the text loses no link, and a caption has links too.
    assert_eq!(text(&said("x", json!([link(5, usize::MAX, "https://a.example/")]))), "x (https://a.example/)");
    let photo = json!([{"file_id": "f"}]);
    let event =
        private(json!({"photo": photo, "caption": "here", "caption_entities": [link(0, 4, "https://a.example/")]}));
    assert_eq!(text(&event), "here (https://a.example/)");
    let edited = json!({"update_id": 1, "edited_message": {"message_id": 5, "from": {"id": 1}, "chat": {"id": 1, "type": "private"},
        "edit_date": 2, "text": "here", "entities": [link(0, 4, "https://a.example/")]}});
    assert!(
        matches!(only(Format::Telegram, &edited).kind, EventKind::Edit { content, .. } if content.text == "here (https://a.example/)")
    );
}

#[test]
fn an_answer_tells_which_words_or_story_it_answers() {
    let event = private(
        json!({"text": "this one", "reply_to_message": {"message_id": 3}, "quote": {"text": "the green lamp", "position": 9}}),
    );
    assert_eq!((text(&event), message(&event).quoted.as_deref()), ("this one", Some("3")));
    assert!(matches!(&message(&event).content.parts[..], [Part::Referral(quote)]
        if quote.source == "quote" && quote.body.as_deref() == Some("the green lamp")));

    let elsewhere = json!({"origin": {"type": "channel"}, "chat": {"id": -100, "type": "channel"}, "message_id": 8});
    let event = private(json!({"text": "still there?", "external_reply": elsewhere}));
    assert_eq!(message(&event).quoted.as_deref(), Some("-100:8"));

    let event = private(json!({"text": "nice", "reply_to_story": {"chat": {"id": -100}, "id": 4}}));
    assert!(matches!(&message(&event).content.parts[..], [Part::Referral(story)]
        if story.source == "story" && story.source_id.as_deref() == Some("-100:4")));
}

#[test]
fn a_guest_query_is_asked_in_somebody_elses_chat_for_one_answer() {
    for kind in ["private", "supergroup"] {
        let body = json!({"update_id": 1, "guest_message": {"message_id": 5, "from": {"id": 1, "first_name": "Ada"},
            "chat": {"id": 9, "type": kind}, "guest_query_id": "gq", "text": "@lamps how much?"}});
        let event = only(Format::Telegram, &body);
        assert_eq!((text(&event), event.scope, event.thread.as_deref()), ("@lamps how much?", Scope::Group, Some("9")));
        assert_eq!((event.reply_token.as_deref(), event.message_ref.as_deref()), (Some("gq"), Some("9:5")));
        assert_eq!(event.senders[0].address, "1");
    }
}

#[test]
fn a_button_below_a_message_of_a_business_account_answers_that_message() {
    let below = json!({"message_id": 5, "business_connection_id": "b", "chat": {"id": 41, "type": "private"},
        "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}});
    let body =
        json!({"update_id": 1, "callback_query": {"id": "q", "from": {"id": 41}, "data": "y", "message": below}});
    let event = only(Format::Telegram, &body);
    assert_eq!((text(&event), message(&event).quoted.as_deref(), event.scope), ("Yes", Some("41:5"), Scope::Direct));
}

#[test]
fn a_topic_of_a_private_chat_is_a_thread() {
    let event = private(json!({"text": "x", "is_topic_message": true, "message_thread_id": 77}));
    assert_eq!(
        (event.scope, event.thread.as_deref(), event.message_ref.as_deref()),
        (Scope::Direct, Some("77"), Some("5"))
    );
}

#[test]
fn a_rich_message_keeps_its_words_links_and_files() {
    let blocks = json!([
        {"type": "heading", "size": 1, "text": "Order"},
        {"type": "paragraph", "text": ["I want ", {"type": "bold", "text": "two"}, " of ", {"type": "url", "text": "these", "url": "https://shop.example/lamp"}]},
        {"type": "list", "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "green"}]}]},
        {"type": "table", "cells": [[{"text": "size"}, {"text": "L"}]]},
        {"type": "photo", "photo": [{"file_id": "small", "file_size": 1}, {"file_id": "large", "file_size": 2}], "caption": {"text": "like this"}}]);
    let event = private(json!({"rich_message": {"blocks": blocks}}));
    assert_eq!(text(&event), "Order\nI want two of these (https://shop.example/lamp)\n1. green\nsize | L\nlike this");
    let [Part::Attachment(photo)] = &message(&event).content.parts[..] else { panic!("a photo") };
    assert_eq!((photo.provider_id.as_deref(), photo.kind), (Some("large"), AttachmentKind::Image));
    let event = private(json!({"rich_message": {"blocks": [{"type": "divider"}]}}));
    assert!(matches!(event.kind, EventKind::Unsupported(_)), "something was sent");
}

#[test]
fn gifts_payments_and_what_is_chosen_for_us_are_kept() {
    let event = private(json!({"gift": {"text": "thank you", "gift": {}}}));
    assert_eq!(text(&event), "thank you");
    let EventKind::Unsupported(content) =
        private(json!({"successful_payment": {"currency": "EUR", "total_amount": 1450, "invoice_payload": "order-7"}}))
            .kind
    else {
        panic!("a payment is nothing that was written")
    };
    assert!(
        matches!(&content.parts[..], [Part::Unsupported(paid)] if paid.reason.as_deref() == Some("1450 EUR order-7"))
    );
    let event = private(
        json!({"users_shared": {"request_id": 1, "users": [{"user_id": 7, "first_name": "Bo"}, {"user_id": 8, "username": "cy"}]}}),
    );
    let names: Vec<&str> = message(&event)
        .content
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ContactCard(card) => Some(card.name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["Bo", "cy"]);
    let event = private(json!({"live_photo": {"file_id": "v"}, "photo": [{"file_id": "p"}]}));
    assert_eq!(message(&event).content.attachments().count(), 2);
}

#[test]
fn a_link_behind_words_is_shown_unless_the_text_shows_that_very_link() {
    let linked = |words: &str, entities: Value| text(&private(json!({"text": words, "entities": entities}))).to_owned();
    let behind = json!({"type": "text_link", "offset": 0, "length": 2, "url": "https://a.example/"});
    assert_eq!(
        linked("my shop https://a.example/lamp", json!([behind])),
        "my (https://a.example/) shop https://a.example/lamp"
    );
    assert_eq!(linked("my shop https://a.example/", json!([behind])), "my shop https://a.example/");
    assert_eq!(linked("my shop", json!([null, "x", behind])), "my (https://a.example/) shop");
}

#[test]
fn a_link_to_files_is_not_kept_however_its_host_is_written() {
    for host in ["api.telegram.org", "api.telegram.org.", "API.Telegram.org", "api.telegram.org:443"] {
        let entity =
            json!({"type": "text_link", "offset": 0, "length": 2, "url": format!("http://{host}/file/bot1:SECRET/x")});
        assert_eq!(text(&private(json!({"text": "my file", "entities": [entity]}))), "my file", "{host}");
    }
}

#[test]
fn a_rich_message_keeps_addresses_behind_words_and_what_is_checked() {
    let item = |words: &str, checked: bool| json!({"label": "-", "has_checkbox": true, "is_checked": checked, "blocks": [{"type": "paragraph", "text": words}]});
    let mail = |words: &str| json!({"type": "email_address", "text": words, "email_address": "ada@shop.example"});
    let blocks = json!([
        {"type": "list", "items": [item("lamp", true), item("bulb", false)]},
        {"type": "paragraph", "text": ["write ", mail("me")]},
        {"type": "paragraph", "text": mail("ada@shop.example")},
    ]);
    let event = private(json!({"rich_message": {"blocks": blocks}}));
    assert_eq!(text(&event), "- [x] lamp\n- [ ] bulb\nwrite me (ada@shop.example)\nada@shop.example");
}

#[test]
fn an_answer_of_an_unknown_kind_to_a_story_keeps_its_name() {
    let event = private(json!({"sneeze": {}, "reply_to_story": {"chat": {"id": 7}, "id": 3}}));
    let EventKind::Unsupported(content) = &event.kind else { panic!("it cannot be read") };
    assert!(matches!(&content.parts[..], [Part::Referral(story), Part::Unsupported(part)]
        if story.source == "story" && part.kind == "sneeze"));
}
