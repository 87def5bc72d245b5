//! What providers send along and must not be lost, and what must not be kept.

use serde_json::{Value, json};
use skein::domain::content::{Attachment, Part};
use skein::domain::event::{AddressKind, Assurance, ErrorClass, EventKind, InboundEvent, ReceiptStatus, Scope};
use skein::normalize::{Format, Normalized, to_json};

use crate::{events, file, line, message, only, page, run};

fn viber(message: Value) -> InboundEvent {
    only(Format::Viber, &json!({"event": "message", "message_token": 1, "sender": {"id": "a"}, "message": message}))
}

#[test]
fn links_to_pages_of_viber_are_words_and_links_to_its_files_are_not_kept() {
    let page = "https://www.viber.com/en/download";
    assert_eq!(message(&viber(json!({"type": "url", "media": page}))).content.text, page);
    let words = "see https://dl-media.viber.com/x and https://viber.com";
    assert_eq!(message(&viber(json!({"type": "text", "text": words}))).content.text, words, "words are the customer's");
    let event = viber(json!({"type": "url", "media": "https://dl-media.viber.com/x?s=1"}));
    assert!(matches!(event.kind, EventKind::Unsupported(_)), "something was sent");
}

#[test]
fn names_of_files_keep_links_but_those_to_the_providers_files() {
    let named = |title: &str| {
        let payload = json!({"url": "https://x.fbcdn.net/a?oh=1", "title": title});
        let message = json!({"mid": "m", "attachments": [{"type": "file", "payload": payload}]});
        let event = only(Format::Messenger, &page(json!({"sender": {"id": "1"}, "message": message})));
        file(&event).name.clone()
    };
    for (sent, kept) in [
        ("https://x.fbcdn.net/a?oh=1", "(url)"),
        ("Lamps at https://shop.example/lamp", "Lamps at https://shop.example/lamp"),
        ("https://shop.example/l from http://x.fbcdn.net/a", "https://shop.example/l from (url)"),
        ("HTTPS://cdn.fbsbx.com/v/t59?oh=SECRET", "(url)"),
        ("https://cdn.fbsbx.com./v?oh=SECRET", "(url)"),
        ("https:\\/\\/cdn.fbsbx.com/v?oh=SECRET", "(url)"),
        ("https://shop.example/?to=https://x.fbcdn.net/a", "https://shop.example/?to=(url)"),
    ] {
        assert_eq!(named(sent).as_deref(), Some(kept));
    }
    let event = viber(json!({"type": "file", "file_name": "https://dl-media.viber.com/a.pdf?s=1"}));
    assert_eq!(file(&event).name.as_deref(), Some("(url)"));
}

#[test]
fn secrets_of_linked_accounts_are_not_kept() {
    let linking = json!({"status": "linked", "authorization_code": "c0de"});
    let linked = json!({"events": [{"type": "accountLink", "source": {"userId": "U1"}, "link": {"result": "ok", "nonce": "n0nce"}}]});
    for (format, body) in [
        (Format::Messenger, page(json!({"sender": {"id": "1"}, "timestamp": 1, "account_linking": linking}))),
        (Format::Line, linked),
    ] {
        let event = only(format, &body);
        assert!(matches!(event.kind, EventKind::IdentityChange { .. }), "{format}");
        let kept = to_json(&event);
        assert!(!kept.contains("c0de") && !kept.contains("n0nce"), "{format}: {kept}");
    }
}

/// A webhook of Vonage's Messages API, version 0.1.
fn nested(channel: &str, from: Value, content: Value) -> InboundEvent {
    let to = json!({"type": channel, "number": "4930123456", "id": "700"});
    let body = json!({"message_uuid": "u1", "to": to, "from": from, "timestamp": "2025-10-09T08:53:20.000Z",
        "direction": "inbound", "message": {"content": content}});
    only(Format::Vonage, &body)
}

#[test]
fn the_nested_form_of_vonage_says_the_same_as_the_flat_one() {
    let phone = json!({"type": "whatsapp", "number": "4915112345678"});
    let event = nested("whatsapp", phone.clone(), json!({"type": "text", "text": "Hi"}));
    assert_eq!(message(&event).content.text, "Hi");
    assert_eq!((event.senders[0].kind, event.senders[0].address.as_str()), (AddressKind::Phone, "+4915112345678"));
    assert_eq!((event.assurance, event.our_address.as_deref()), (Assurance::Platform, Some("4930123456")));
    assert_eq!((event.message_ref.as_deref(), event.occurred_at.map(|at| at.0)), (Some("u1"), Some(1_760_000_000_000)));
    let flat = json!({"message_uuid": "u1", "channel": "whatsapp", "from": "4915112345678", "to": "4930123456",
        "timestamp": "2025-10-09T08:53:20.000Z", "message_type": "text", "text": "Hi"});
    assert_eq!(event, only(Format::Vonage, &flat));

    let event = nested("messenger", json!({"type": "messenger", "id": "41"}), json!({"type": "text", "text": "Hi"}));
    assert_eq!((event.senders[0].kind, event.senders[0].address.as_str()), (AddressKind::Messenger, "41"));

    let image =
        json!({"type": "image", "image": {"url": "https://api-us-1.nexmo.com/v3/media/b1?t=s", "caption": "This"}});
    let event = nested("whatsapp", phone.clone(), image);
    assert_eq!((message(&event).content.text.as_str(), file(&event).provider_id.as_deref()), ("This", Some("u1/b1")));
    let place = json!({"type": "location", "location": {"lat": 52.5, "long": 13.4, "name": "Home"}});
    assert!(matches!(&message(&nested("whatsapp", phone.clone(), place)).content.parts[..], [Part::Location(_)]));
    let odd = nested("whatsapp", phone, json!({"type": "hologram"}));
    assert!(matches!(odd.kind, EventKind::Unsupported(_)));
}

#[test]
fn a_status_of_the_nested_form_names_recipient_and_error() {
    let body = json!({"message_uuid": "u1", "to": {"number": "4915112345678", "type": "sms"}, "from": {"number": "4930123456", "type": "sms"},
        "timestamp": "2025-10-09T08:53:20.000Z", "status": "rejected", "client_ref": "77",
        "error": {"code": 1240, "reason": "Illegal Number - rejected"}});
    let made = events(Format::Vonage, &body);
    let EventKind::Receipt(receipt) = &made[0].kind else { panic!("a status is a receipt") };
    assert_eq!((receipt.status, receipt.message_id.as_deref()), (ReceiptStatus::Failed, Some("77")));
    assert_eq!(receipt.recipient.as_deref(), Some("4915112345678"));
    let error = receipt.error.as_ref().expect("it says why");
    assert_eq!((error.class, error.reason.as_str()), (ErrorClass::OptedOut, "Illegal Number - rejected"));
    assert_eq!((made[0].our_address.as_deref(), made[0].message_ref.as_deref()), (Some("4930123456"), Some("u1")));
    assert!(matches!(made[1].kind, EventKind::Opt { opted_in: false, .. }), "who refuses it has opted out");
}

#[test]
fn a_refused_message_is_an_opt_out_of_the_recipient_for_its_purpose() {
    let purpose = |made: Normalized| match &made.events[..] {
        [_, InboundEvent { kind: EventKind::Opt { opted_in: false, purpose, .. }, senders, .. }] => {
            Some((purpose.clone(), senders.len()))
        }
        _ => None,
    };
    let twilio = |code: &str, to: &str| {
        let body = format!("MessageSid=SM1&MessageStatus=undelivered&ErrorCode={code}{to}");
        purpose(run(Format::Twilio, &body).expect("good"))
    };
    assert_eq!(twilio("21610", "&To=%2B4915112345678"), Some((String::new(), 1)));
    assert_eq!(twilio("63050", "&To=whatsapp%3A%2B4915112345678"), Some(("marketing_messages".to_owned(), 1)));
    assert_eq!((twilio("30003", "&To=%2B4915112345678"), twilio("21610", "")), (None, None));
    let whatsapp = |code: u32| {
        let status = json!({"id": "w", "status": "failed", "recipient_id": "4915112345678", "errors": [{"code": code, "title": "x"}]});
        let value = json!({"statuses": [status]});
        let body = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]});
        purpose(run(Format::WhatsappCloud, &body.to_string()).expect("good"))
    };
    assert_eq!((whatsapp(131_050), whatsapp(131_026)), (Some(("marketing_messages".to_owned(), 1)), None));
    let vonage = |code: &str| {
        purpose(
            run(Format::Vonage, &format!("messageId=1&msisdn=4915112345678&status=failed&err-code={code}"))
                .expect("good"),
        )
    };
    assert_eq!((vonage("9"), vonage("3")), (Some((String::new(), 1)), None));
    assert_eq!(vonage("53"), None, "a filter held it back, not the person");
    let viber = |words: &str| {
        let body = json!({"event": "failed", "message_token": 1, "user_id": "a", "desc": words});
        purpose(run(Format::Viber, &body.to_string()).expect("good"))
    };
    assert_eq!(viber("The user is not subscribed"), Some((String::new(), 1)));
    assert_eq!(viber("The user is gone"), None);
    let mail = |kind: &str| {
        let parts = [
            "text/plain\r\n\r\nSomebody complained.",
            &format!(
                "message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nUser-Agent: x/1\r\nVersion: 1\r\n\
                 Original-Rcpt-To: <ada@example.org>"
            ),
            "message/rfc822\r\n\r\nMessage-ID: <m1@shop.example>\r\nTo: ada@example.org\r\nSubject: Lamps\r\n\r\nHi",
        ];
        let parts: String = parts.iter().map(|part| format!("--b\r\nContent-Type: {part}\r\n")).collect();
        let head = "From: fbl@provider.example\r\nTo: shop@shop.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n";
        let kind = "Content-Type: multipart/report; report-type=feedback-report; boundary=b";
        purpose(run(Format::Email, &format!("{head}{kind}\r\n\r\n{parts}--b--\r\n")).expect("good"))
    };
    // Anybody can write such a mail: the core believes one that names a mail of ours.
    assert_eq!((mail("abuse"), mail("auth-failure")), (None, None));
    let own = |class: &str| {
        let receipt = json!({"status": "RECEIPT_STATUS_FAILED", "error": {"class": class}});
        let body = json!({"messageRef": "1", "senders": [{"kind": "ADDRESS_KIND_PHONE", "address": "+4915112345678"}], "receipt": receipt});
        purpose(run(Format::SkeinJson, &body.to_string()).expect("good"))
    };
    assert_eq!(own("ERROR_CLASS_OPTED_OUT"), None, "our own formats tell an event by itself");
}

#[test]
fn a_review_in_words_is_a_message_in_public_and_one_without_is_counted() {
    let reviewed = |text: &str| {
        let value = json!({"item": "rating", "verb": "add", "review_text": text, "reviewer_id": "5", "open_graph_story_id": "9"});
        json!({"object": "page", "entry": [{"id": "700", "changes": [{"field": "ratings", "value": value}]}]})
    };
    let event = only(Format::Messenger, &reviewed("Good lamps"));
    assert_eq!(message(&event).content.text, "Good lamps");
    assert_eq!((event.scope, event.senders[0].address.as_str()), (Scope::Public, "5"));
    assert_eq!(run(Format::Messenger, &reviewed("").to_string()).expect("good").ignored, ["changes:ratings"]);
    let value = json!({"item": "comment", "verb": "add", "open_graph_story_id": "9", "comment_id": "c", "message": "thanks",
        "from": {"id": "5"}});
    let body = json!({"object": "page", "entry": [{"id": "700", "changes": [{"field": "ratings", "value": value}]}]});
    let below = only(Format::Messenger, &body);
    assert_eq!((message(&below).content.text.as_str(), below.message_ref.as_deref()), ("thanks", Some("c")));
    assert_eq!((below.thread.as_deref(), below.scope), (event.thread.as_deref(), Scope::Public));
}

#[test]
fn a_post_keeps_the_link_it_shares_and_a_comment_the_advertisement_it_is_below() {
    let shared = |link: &str| {
        let value = json!({"item": "share", "verb": "add", "post_id": "p", "message": "Look", "link": link, "from": {"id": "5"}});
        let body = json!({"object": "page", "entry": [{"id": "700", "changes": [{"field": "feed", "value": value}]}]});
        message(&only(Format::Messenger, &body)).content.text.clone()
    };
    assert_eq!(shared("https://shop.example/lamp"), "Look https://shop.example/lamp");
    assert_eq!(shared("https://scontent.xx.fbcdn.net/v?oh=1"), "Look");
    let shop = |words: &str| {
        let value = json!({"item": "share", "verb": "add", "post_id": "p", "message": words, "link": "https://a.example/", "from": {"id": "5"}});
        let body = json!({"object": "page", "entry": [{"id": "700", "changes": [{"field": "feed", "value": value}]}]});
        message(&only(Format::Messenger, &body)).content.text.clone()
    };
    assert_eq!(shop("see https://a.example/lamp"), "see https://a.example/lamp https://a.example/", "another page");
    assert_eq!(shop("see (https://a.example/)."), "see (https://a.example/).");

    let media = json!({"id": "p", "ad_id": "a9", "ad_title": "Lamps", "media_product_type": "AD"});
    let value = json!({"id": "c", "text": "How much?", "from": {"id": "5", "username": "ada"}, "media": media});
    let body =
        json!({"object": "instagram", "entry": [{"id": "700", "changes": [{"field": "comments", "value": value}]}]});
    let event = only(Format::Instagram, &body);
    assert!(matches!(&message(&event).content.parts[..], [Part::Referral(ad)]
        if ad.source == "ad" && ad.source_id.as_deref() == Some("a9") && ad.headline.as_deref() == Some("Lamps")));
    assert_eq!(event.thread.as_deref(), Some("p"));
}

#[test]
fn a_card_is_completed_by_the_vcard_beside_it() {
    let vcard = "BEGIN:VCARD\r\nFN:Ada Byron\r\nitem1.TEL;type=CELL:+49 151 12345678\r\nTEL:+49 30 1\r\nEMAIL;type=WORK:ada@shop.example\r\nORG:Lamps;Sales;\r\nEND:VCARD";
    let contact = json!({"phone_number": "+4915112345678", "first_name": "Ada", "vcard": vcard});
    let event =
        only(Format::Telegram, &crate::telegram(json!({"message_id": 1, "from": {"id": 2}, "contact": contact})));
    let [Part::ContactCard(card)] = &message(&event).content.parts[..] else { panic!("a card") };
    assert_eq!(
        (card.name.as_str(), &card.phones[..]),
        ("Ada", &["+4915112345678".to_owned(), "+49 30 1".to_owned()][..])
    );
    assert_eq!(
        (&card.emails[..], card.organization.as_deref()),
        (&["ada@shop.example".to_owned()][..], Some("Lamps, Sales"))
    );
}

#[test]
fn a_file_of_line_is_known_by_the_message_unless_somebody_else_holds_it() {
    let held = |link: &str| {
        let provider = json!({"type": "external", "originalContentUrl": link});
        let found: Attachment =
            file(&only(Format::Line, &line(json!({"id": "7", "type": "image", "contentProvider": provider})))).clone();
        found.provider_id
    };
    assert_eq!(held("https://api-data.line.me/v2/bot/message/7/content").as_deref(), Some("7"));
    assert_eq!(held("https://shop.example/i.png").as_deref(), Some("https://shop.example/i.png"));
}

#[test]
fn a_retry_of_a_mention_is_known_by_post_and_time() {
    let mention = |value: Value| {
        let change = json!({"field": "mentions", "value": value});
        only(
            Format::Instagram,
            &json!({"object": "instagram", "entry": [{"id": "700", "time": 1_760_000_000, "changes": [change]}]}),
        )
    };
    assert_eq!(mention(json!({"media_id": "m9"})).event_id.as_deref(), Some("mentions:m9:1760000000"));
    let event = mention(json!({"media_id": "m9", "comment_id": "c"}));
    assert_eq!((event.event_id, event.message_ref.as_deref()), (None, Some("c")), "the comment has an id");
}

#[test]
fn lines_of_a_vcard_are_read_as_they_were_meant() {
    let vcard = "BEGIN:VCARD\r\nFN:Ada\\, Countess\\; Byron\r\nEMAIL:ada\n @shop.example\r\nTEL;VALUE=uri:tel:+491512345678;ext=5\r\n\
        ORG;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=9E=D0=9E=\r\n=D0=9E;Lamps\r\nEND:VCARD";
    let contact = json!({"vcard": vcard});
    let event =
        only(Format::Telegram, &crate::telegram(json!({"message_id": 1, "from": {"id": 2}, "contact": contact})));
    let [Part::ContactCard(card)] = &message(&event).content.parts[..] else { panic!("a card") };
    assert_eq!((card.name.as_str(), &card.phones[..]), ("Ada, Countess; Byron", &["+491512345678".to_owned()][..]));
    assert_eq!(card.emails, ["ada@shop.example"]);
    assert_eq!(card.organization.as_deref(), Some("\u{41e}\u{41e}\u{41e}, Lamps"));
}
