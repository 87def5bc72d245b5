//! Which matter a message belongs to, and what odd requests of providers become.

use skein::domain::command::{Parted, Verb};
use skein::domain::id::Name;
use skein::domain::record::Change;
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::normalize::{Format, Request, normalize};

use crate::desk::{AUTO, opens, phone, staffed};
use crate::kit::{HOUR, Heard, MINUTE, Scenario, sms, whatsapp};

rows! {
    chatwoot_185: "WhatsApp, within the time in which matters go on" => closed_goes_on(whatsapp);
    chatwoot_186: "WhatsApp, where closed matters do not go on" => closed_is_over(whatsapp);
    chatwoot_187: "WhatsApp, while the matter is open" => open_goes_on(whatsapp);
    chatwoot_188: "SMS, within the time in which matters go on" => closed_goes_on(sms);
    chatwoot_189: "SMS, where closed matters do not go on" => closed_is_over(sms);
    chatwoot_190: "SMS, while the matter is open" => open_goes_on(sms);
    chatwoot_191: "of several matters the one that was spoken in last" => the_latest_of_three();
    chatwoot_192: "a webhook that comes again is one message" => one_message();
    chatwoot_195: "a request without text is a message without text" => without_text();
    chatwoot_196: "each of our numbers is an endpoint of its own" => each_number_is_its_own();
}

type Said = fn(&str, &str) -> Heard;

/// Matters that are closed go on for so long.
fn going_on(window: &str) -> Scenario {
    let window = format!("[work]\ncontinuation_window = \"{window}\"\n");
    let mut story = opens(&(window + &staffed(AUTO, &[("ann", 9)])));
    story.ready("ann").expect("ready");
    story
}

fn closed_goes_on(said: Said) {
    let mut story = going_on("72h");
    let work = story.hears(said(&phone(1), "hello")).opened().expect("a work");
    story.ends(work);
    story.after(HOUR);
    let step = story.hears(said(&phone(1), "again"));
    assert_eq!((step.opened(), step.message().work), (None, Some(work)));
    assert_eq!(story.work(work).state, WorkState::Assigned);
}

fn closed_is_over(said: Said) {
    let mut story = going_on("0s");
    let work = story.hears(said(&phone(1), "hello")).opened().expect("a work");
    story.ends(work);
    story.after(HOUR);
    let step = story.hears(said(&phone(1), "again"));
    let second = step.opened().expect("a second one");
    assert_eq!((step.message().work, second == work), (Some(second), false));
}

fn open_goes_on(said: Said) {
    let mut story = going_on("0s");
    let work = story.hears(said(&phone(1), "hello")).opened().expect("a work");
    story.after(HOUR);
    let step = story.hears(said(&phone(1), "again"));
    assert_eq!((step.opened(), step.message().work), (None, Some(work)));
    assert_eq!(story.open().len(), 1);
}

fn the_latest_of_three() {
    let mut story = going_on("72h");
    let first = story.hears(whatsapp(&phone(1), "lamps")).opened().expect("a work");
    let mut works = vec![first];
    for text in ["bulbs", "cables"] {
        story.after(HOUR);
        let message = story.hears(whatsapp(&phone(1), text)).message_id();
        let (work, assignment) = story.held(*works.last().expect("one"));
        let (messages, queue) = (Parted::These(vec![message]), Name::default());
        let split = story.does("ann", Verb::SplitWork { work, assignment, messages, queue });
        works.push(split.answer().work.expect("a matter of its own"));
    }
    assert_eq!(story.open().len(), 3);
    story.after(HOUR);
    assert_eq!(story.hears(whatsapp(&phone(1), "and?")).message().work, works.last().copied());
}

fn one_message() {
    let mut story = going_on("72h");
    let said = || whatsapp(&phone(1), "hello").id("wamid.1");
    story.hears(said()).expect("a message");
    story.after(MINUTE);
    assert_eq!(story.hears(said()).refused(), Rejection::Duplicate);
    let changes = story.records(0).flat_map(|record| &record.changes);
    assert_eq!(changes.filter(|change| matches!(change, Change::MessageStored(_))).count(), 1);
}

/// What Twilio asks us to take in, by an endpoint of ours.
fn request(body: &str, endpoint: &str) -> Heard {
    let made = normalize(Format::Twilio, Request::new(body.as_bytes())).expect("it can be read");
    let mut heard = sms("", "").at(endpoint);
    heard.event = made.events.into_iter().next().expect("an event");
    heard
}

fn without_text() {
    let mut story = going_on("72h");
    let step = story.hears(request("MessageSid=SM1&From=%2B4915112345001&To=%2B4930555001", "sms"));
    assert_eq!((step.words().content.text.as_str(), step.words().content.parts.len()), ("", 0));
    assert_eq!(step.message().work, step.opened());
    assert!(step.opened().is_some(), "somebody wants something");
}

fn each_number_is_its_own() {
    let number = |name: &str, own: &str| {
        format!("[[endpoint]]\nname = \"{name}\"\nchannel = \"sms\"\nqueue = \"help\"\naddresses = [\"{own}\"]\n")
    };
    let ours = [("one", "+4930555001"), ("two", "+4930555002"), ("three", "+4930555003")];
    let endpoints = ours.map(|(name, own)| number(name, own)).concat();
    let mut story = opens(&(staffed(AUTO, &[("ann", 9)]) + &endpoints));
    let to_two = |sid: &str| format!("MessageSid={sid}&From=%2B4915112345001&To=%2B4930555002&Body=hello");
    let work = story.hears(request(&to_two("SM1"), "two")).opened().expect("a work");
    assert_eq!((story.work(work).endpoint.as_str(), story.open().len()), ("two", 1));
    for (sid, other) in [("SM2", "one"), ("SM3", "three")] {
        assert_eq!(story.hears(request(&to_two(sid), other)).dead(), "wrong_endpoint");
    }
    assert_eq!(story.open().len(), 1);
}
