//! Until when a channel lets us answer with free words.

use skein::domain::command::{Addressee, Start, Verb};
use skein::domain::content::{Content, Part, Template};
use skein::domain::event::{AddressKind, Assurance, ErrorClass, Sender};
use skein::domain::id::Name;
use skein::domain::record::Purpose;
use skein::domain::rejection::Rejection;

use crate::desk::{AUTO, Held, opens, phone, staffed};
use crate::kit::{HOUR, Heard, Scenario, chat, mail, sms, whatsapp};

const DAY: i64 = 24 * HOUR;

rows! {
    chatwoot_160: "WhatsApp, half a day later" => assert!(can_answer("wa", 13 * HOUR));
    chatwoot_161: "WhatsApp, more than a day later" => assert!(!can_answer("wa", 25 * HOUR));
    chatwoot_162: "WhatsApp, after an answer of ours" => after_an_answer("wa");
    chatwoot_163: "WhatsApp, the last of two words counts" => the_last_word_counts("wa");
    chatwoot_164: "WhatsApp, of somebody who has never written" => only_we_have_written("wa");
    chatwoot_165: "WhatsApp by another adapter, half a day later" => assert!(can_answer("twilio-wa", 13 * HOUR));
    chatwoot_166: "WhatsApp by another adapter, more than a day later" => assert!(!can_answer("twilio-wa", 25 * HOUR));
    chatwoot_167: "WhatsApp by another adapter, after an answer of ours" => after_an_answer("twilio-wa");
    chatwoot_168: "WhatsApp by another adapter, the last of two words counts" => the_last_word_counts("twilio-wa");
    chatwoot_169: "WhatsApp by another adapter, of somebody who has never written" => only_we_have_written("twilio-wa");
    chatwoot_171: "Messenger, more than a week later" => assert!(!can_answer("page", 8 * DAY));
    chatwoot_172: "Messenger, half a day later" => assert!(can_answer("page", 13 * HOUR));
    chatwoot_173: "Messenger, days later" => assert!((4..=9).all(|days| !can_answer("page", days * DAY)));
    chatwoot_175: "Instagram, more than a week later" => assert!(!can_answer("photos", 8 * DAY));
    chatwoot_176: "Instagram, half a day later" => assert!(can_answer("photos", 13 * HOUR));
    chatwoot_177: "Instagram, days later" => assert!((4..=9).all(|days| !can_answer("photos", days * DAY)));
    chatwoot_178: "the chat of a site has no window" =>
        assert!(can_answer("web", 13 * HOUR) && can_answer("web", 9 * DAY));
    chatwoot_179: "SMS has no window" => assert!(can_answer("sms", 13 * HOUR) && can_answer("sms", 9 * DAY));
    chatwoot_180: "Telegram has no window" => assert!(can_answer("bot", 13 * HOUR) && can_answer("bot", 9 * DAY));
    chatwoot_181: "mail has no window" => assert!(can_answer("mail", 13 * HOUR) && can_answer("mail", 9 * DAY));
    chatwoot_182: "LINE has no window" => assert!(can_answer("line", 13 * HOUR) && can_answer("line", 9 * DAY));
    chatwoot_183: "SMS by another adapter has no window" =>
        assert!(can_answer("twilio-sms", 13 * HOUR) && can_answer("twilio-sms", 9 * DAY));
}

/// Somebody writes by an endpoint.
fn by(endpoint: &str) -> Heard {
    let other = |channel: &str, kind: AddressKind| {
        let mut heard = sms("", "hello").from(&[(kind, "77001")]).assured(Assurance::Platform);
        heard.channel = Name::new(channel);
        heard
    };
    let heard = match endpoint {
        "wa" | "twilio-wa" => whatsapp(&phone(1), "hello"),
        "sms" | "twilio-sms" => sms(&phone(1), "hello"),
        "mail" => mail("anna@example.com", "1@example.com", "hello"),
        "web" => chat("visitor", "hello"),
        "page" => other("messenger", AddressKind::Messenger),
        "photos" => other("instagram", AddressKind::Instagram),
        "bot" => other("telegram", AddressKind::Telegram),
        "line" => other("line", AddressKind::Line),
        other => panic!("no endpoint {other}"),
    };
    heard.at(endpoint)
}

/// Ann owns what somebody wrote.
fn wrote(endpoint: &str) -> (Scenario, Held) {
    let mut story = opens(&staffed(AUTO, &[("ann", 1)]));
    story.ready("ann").expect("ready");
    let work = story.hears(by(endpoint)).opened().expect("a work");
    let held = story.held(work);
    (story, held)
}

/// Whether free words may be sent now; if not it is for the window.
fn can_answer_now(story: &mut Scenario, held: Held) -> bool {
    match story.answers("ann", held, "an answer").0 {
        Ok(sent) => sent.is_some(),
        Err(rejection) => {
            assert_eq!(rejection, Rejection::CannotSend(ErrorClass::WindowClosed));
            false
        }
    }
}

fn can_answer(endpoint: &str, after_ms: i64) -> bool {
    let (mut story, held) = wrote(endpoint);
    story.after(after_ms);
    can_answer_now(&mut story, held)
}

fn after_an_answer(endpoint: &str) {
    let (mut story, held) = wrote(endpoint);
    story.after(5 * HOUR);
    story.answers("ann", held, "a first answer").expect("an answer");
    story.after(HOUR);
    assert!(can_answer_now(&mut story, held));
    // Ours does not count: a day after the customer's word it is over.
    story.after(19 * HOUR);
    assert!(!can_answer_now(&mut story, held));
}

fn the_last_word_counts(endpoint: &str) {
    let (mut story, held) = wrote(endpoint);
    story.after(10 * DAY - 6 * HOUR);
    assert!(!can_answer_now(&mut story, held));
    story.hears(by(endpoint)).expect("a message");
    story.after(6 * HOUR);
    assert!(can_answer_now(&mut story, held));
}

fn only_we_have_written(endpoint: &str) {
    let template =
        "[[template]]\nname = \"parcel\"\nlanguage = \"en\"\nchannel = \"whatsapp\"\npurpose = \"proactive\"\n";
    let mut story = opens(&(staffed(AUTO, &[("ann", 1)]) + template));
    story.ready("ann").expect("ready");
    let template = Template { name: "parcel".to_owned(), language: "en".to_owned(), parameters: Vec::new() };
    let first = Start {
        to: Addressee::Address {
            sender: Sender { kind: AddressKind::Phone, address: phone(1) },
            scope: Name::default(),
        },
        endpoint: Name::new(endpoint),
        queue: Name::default(),
        purpose: Purpose::Proactive,
        content: Content { text: String::new(), parts: vec![Part::Template(template)] },
        not_after: None,
        beside_open: false,
    };
    let answer = story.does("ann", Verb::StartWork(Box::new(first))).answer();
    let held = (answer.work.expect("a work"), answer.assignment.expect("ann's"));
    assert!(!can_answer_now(&mut story, held));
    story.hears(by(endpoint)).expect("a message");
    assert!(can_answer_now(&mut story, held), "once the customer has written");
}
