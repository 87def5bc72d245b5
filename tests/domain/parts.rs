//! Texts that came in parts (domain rules, section 2; SMS, 60 s): joined in order, never mixed, never lost.

use rstest::rstest;
use skein::domain::content::{Attachment, Part};
use skein::domain::event::{EventKind, Scope};
use skein::domain::id::{MessageId, Name};
use skein::domain::record::{Change, Flags, MessageStored, PersonalValue, Record};
use skein::domain::rejection::Rejection;

use crate::kit::{HOUR, Heard, MINUTE, SECOND, Scenario, Step, shop, sms};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

fn piece(from: &str, number: u16, of: u16, text: &str) -> Heard {
    sms(from, text).part(number, of, "7").id(&format!("{from}/{of}/{number}/{text}"))
}

#[track_caller]
fn held(step: &Step) {
    let parts = step.changes().iter().filter(|change| matches!(change, Change::PartHeld(_))).count();
    let messages = step.changes().iter().filter(|change| matches!(change, Change::MessageStored(_))).count();
    assert_eq!((parts, messages), (1, 0), "{step:?}");
    assert!(step.outputs().is_empty(), "nobody is told of a part");
}

/// Text, detail and flags of the messages that a record stored.
fn said(record: &Record) -> Vec<(String, String, Flags)> {
    let words = |at: usize| {
        record.content.iter().find_map(|personal| match &personal.value {
            PersonalValue::Message(words) if usize::from(personal.place) == at => Some(words),
            _ => None,
        })
    };
    let messages = record.changes.iter().enumerate().filter_map(|(at, change)| match change {
        Change::MessageStored(message) => Some((at, message)),
        _ => None,
    });
    messages
        .map(|(at, message)| {
            let words = words(at).expect("a message has words");
            (words.content.text.clone(), words.detail.clone().unwrap_or_default(), message.flags)
        })
        .collect()
}

fn all_said(records: &[Record]) -> Vec<(String, String, Flags)> {
    records.iter().flat_map(said).collect()
}

#[rstest]
#[case(&[1, 2, 3])]
#[case(&[3, 2, 1])]
#[case(&[2, 3, 1])]
fn the_last_missing_part_makes_one_message_with_the_text_in_order(#[case] order: &[u16]) {
    let texts = ["where is ", "my ", "parcel?"];
    let mut story = shop().opens();
    let (last, first) = order.split_last().expect("parts");
    for &number in first {
        held(&story.hears(piece(ANNA, number, 3, texts[usize::from(number) - 1])));
        story.after(10 * SECOND);
    }
    let step = story.hears(piece(ANNA, *last, 3, texts[usize::from(*last) - 1]));
    assert_eq!(said(step.record()), [("where is my parcel?".to_owned(), String::new(), Flags::default())]);
    assert!(step.opened().is_some(), "somebody waits for an answer");
    assert_eq!(story.space().held_parts(), 0);
    assert!(story.after(HOUR).iter().all(|record| said(record).is_empty()), "nothing of it comes twice");
    story.folds_to_the_same();
}

#[test]
fn a_text_of_one_part_is_a_message_at_once() {
    let step = shop().opens().hears(piece(ANNA, 1, 1, "hello"));
    assert_eq!(said(step.record()), [("hello".to_owned(), String::new(), Flags::default())]);
}

#[test]
fn after_a_minute_what_is_there_is_a_message_that_says_what_is_missing() {
    let mut story = shop().opens();
    held(&story.hears(piece(ANNA, 4, 4, "parcel?")));
    story.after(30 * SECOND);
    held(&story.hears(piece(ANNA, 1, 4, "where is ")));
    assert!(story.after(29 * SECOND).is_empty(), "the others are still waited for");
    let records = story.after(SECOND);
    let detail = "parts 1, 4 of 4 (7)".to_owned();
    assert_eq!(all_said(&records), [("where is parcel?".to_owned(), detail, Flags::INCOMPLETE)]);
    assert_eq!(story.open().len(), 1, "it asks for an answer like any other");
    story.folds_to_the_same();
}

#[test]
fn a_late_part_is_a_message_of_its_own_in_the_same_work() {
    let mut story = shop().opens();
    story.hears(piece(ANNA, 1, 3, "one")).expect("held");
    story.after(MINUTE);
    for (number, text) in [(3, "three"), (2, "two")] {
        let late = story.hears(piece(ANNA, number, 3, text));
        assert_eq!(said(late.record()), [(text.to_owned(), format!("part {number} of 3 (7)"), Flags::INCOMPLETE)]);
    }
    assert_eq!(story.open().len(), 1);
    story.after(HOUR);
    held(&story.hears(piece(ANNA, 1, 3, "references come round again")));
    story.folds_to_the_same();
}

#[test]
fn a_part_again_is_a_duplicate_before_and_after_its_text_is_whole() {
    let mut story = shop().opens();
    story.hears(piece(ANNA, 1, 2, "a")).expect("held");
    assert_eq!(story.hears(piece(ANNA, 1, 2, "a")).refused(), Rejection::Duplicate);
    story.hears(piece(ANNA, 2, 2, "b")).expect("whole");
    assert_eq!(story.hears(piece(ANNA, 1, 2, "a")).refused(), Rejection::Duplicate);
    assert_eq!(story.hears(piece(ANNA, 2, 2, "b")).refused(), Rejection::Duplicate);
}

#[test]
fn parts_that_share_an_id_or_have_none_are_told_apart_by_their_number() {
    for id in [Some("one-for-all"), None] {
        let mut story = shop().opens();
        let part = |number| {
            let part = sms(ANNA, "same words").part(number, 2, "9");
            id.map_or(part.clone(), |id| part.id(id))
        };
        held(&story.hears(part(2)));
        let whole = story.hears(part(1));
        assert_eq!(said(whole.record()), [("same wordssame words".to_owned(), String::new(), Flags::default())]);
    }
}

#[test]
fn parts_of_other_senders_endpoints_and_references_never_mix() {
    let mut config = shop();
    let mut second = config.0.endpoints[1].clone();
    second.name = Name::new("sms2");
    second.addresses.clear();
    config.0.endpoints.push(second);
    let mut story = config.opens();
    held(&story.hears(piece(ANNA, 1, 2, "a")));
    held(&story.hears(piece(BERT, 2, 2, "b")));
    held(&story.hears(piece(ANNA, 2, 2, "c").at("sms2")));
    held(&story.hears(piece(ANNA, 2, 2, "d").part(2, 2, "8")));
    held(&story.hears(piece(ANNA, 2, 3, "e")));
    held(&story.hears(piece(ANNA, 2, 2, "f").backfill()));
    let whole = story.hears(piece(ANNA, 2, 2, "g"));
    assert_eq!(said(whole.record())[0].0, "ag");
    let rest = all_said(&story.after(MINUTE));
    let mut texts: Vec<&str> = rest.iter().map(|(text, _, _)| text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["b", "c", "d", "e", "f"]);
    assert!(rest.iter().all(|(_, _, flags)| flags.has(Flags::INCOMPLETE)));
}

#[test]
fn a_second_part_of_the_same_number_is_kept_as_a_message_of_its_own() {
    let mut story = shop().opens();
    held(&story.hears(piece(ANNA, 1, 2, "a")));
    let other = story.hears(piece(ANNA, 1, 2, "other words"));
    assert_eq!(said(other.record()), [("other words".to_owned(), "part 1 of 2 (7)".to_owned(), Flags::INCOMPLETE)]);
    assert_eq!(said(story.hears(piece(ANNA, 2, 2, "b")).record())[0].0, "ab");
}

#[test]
fn what_cannot_be_joined_is_a_message_at_once_and_marked() {
    let long = "x".repeat(2_000);
    let mut picture = piece(ANNA, 1, 2, "with a picture");
    if let EventKind::Message(message) = &mut picture.event.kind {
        message.content.parts.push(Part::Attachment(Attachment::default()));
    }
    let odd = [
        piece(ANNA, 0, 2, "number 0"),
        piece(ANNA, 3, 2, "number 3 of 2"),
        piece(ANNA, 1, 256, "of more than a byte counts"),
        piece(ANNA, 1, 2, &long),
        picture,
        piece(ANNA, 1, 2, "in a group").in_thread(Scope::Group, Some("g")),
    ];
    let mut story = shop().opens();
    for heard in odd {
        let step = story.hears(heard);
        assert!(step.message().flags.has(Flags::INCOMPLETE), "{step:?}");
    }
    assert_eq!(story.space().held_parts(), 0);
}

#[test]
fn one_sender_holds_sixteen_texts_and_the_next_is_stored_as_it_comes() {
    let mut story = shop().opens();
    for n in 0..16 {
        held(&story.hears(sms(ANNA, "a").part(1, 2, &n.to_string()).id(&format!("1/{n}"))));
    }
    let beyond = story.hears(sms(ANNA, "beyond").part(1, 2, "16").id("1/16"));
    assert_eq!(said(beyond.record()), [("beyond".to_owned(), "part 1 of 2 (16)".to_owned(), Flags::INCOMPLETE)]);
    held(&story.hears(piece(BERT, 1, 2, "others are not affected")));
    assert_eq!(said(story.hears(sms(ANNA, "b").part(2, 2, "3").id("2/3")).record())[0].0, "ab");
}

#[test]
fn a_workspace_holds_ten_thousand_parts_and_loses_none_beyond() {
    let mut story = shop().opens();
    for n in 0..40 {
        for number in 1..=250 {
            story.hears(piece(&format!("+49151123450{n:02}"), number, 251, "x")).expect("held");
        }
    }
    assert_eq!(story.space().held_parts(), 10_000);
    let beyond = story.hears(piece(ANNA, 1, 2, "beyond"));
    assert!(beyond.message().flags.has(Flags::INCOMPLETE));
    let whole = story.hears(piece("+4915112345003", 251, 251, "x"));
    assert_eq!(said(whole.record())[0].0.len(), 251, "one that needs no more room is joined");
}

#[test]
fn an_outage_moves_the_minute_so_that_what_waits_in_the_stream_is_joined() {
    let mut story = shop().opens();
    story.hears(piece(ANNA, 1, 2, "a")).expect("held");
    story.passes(5 * MINUTE);
    let resume = skein::domain::command::Command::Resume {
        workspace: Name::new(crate::kit::SPACE),
        outage_ms: u64::try_from(5 * MINUTE).expect("positive"),
    };
    story.when(resume).expect("resumed");
    assert!(all_said(&story.after(SECOND)).is_empty());
    assert_eq!(said(story.hears(piece(ANNA, 2, 2, "b")).record())[0].0, "ab");
    story.folds_to_the_same();
}

#[test]
fn what_quotes_any_part_is_about_the_message() {
    let mut story = shop().opens();
    story.hears(sms(ANNA, "a").part(1, 2, "7").id("p1")).expect("held");
    let whole = story.hears(sms(ANNA, "b").part(2, 2, "7").id("p2"));
    for id in ["p1", "p2"] {
        let quoting = story.hears(sms(ANNA, &format!("about {id}")).quoting(id).id(&format!("q-{id}")));
        assert_eq!(quoting.message().about, Some(whole.message_id()));
    }
}

#[test]
fn an_endpoint_that_is_gone_by_then_leaves_the_words_in_the_conversation() {
    let config = shop();
    let mut without = config.clone();
    without.0.endpoints.retain(|endpoint| endpoint.name != "sms");
    let mut story = config.opens();
    story.hears(piece(ANNA, 1, 2, "a")).expect("held");
    story.configure(without.0);
    let records = story.after(MINUTE);
    let stored = records.iter().flat_map(|record| &record.changes).find_map(|change| match change {
        Change::MessageStored(message) => Some(message.clone()),
        _ => None,
    });
    let Some(message) = stored else { panic!("{records:?}") };
    let MessageStored { work, flags, .. } = *message;
    assert_eq!((work, flags), (None, Flags::INCOMPLETE));
}

#[test]
fn parts_of_a_message_fold_without_their_words() {
    let mut story: Scenario = shop().opens();
    let step = story.hears(piece(ANNA, 1, 2, "a"));
    let mut erased = step.record().clone();
    erased.content.clear();
    let mut folded = skein::domain::State::new(story.state.shard().clone());
    for index in 1..step.record().index.0 {
        skein::domain::evolve(&mut folded, story.record(MessageId::new(skein::domain::id::Index(index), 0)));
    }
    skein::domain::evolve(&mut folded, &erased);
    assert_eq!(folded.next_deadline(), story.state.next_deadline());
}
