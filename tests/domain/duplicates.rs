//! Duplicates, reused ids and odd times (domain rules, section 2; design, law 8): a customer's words are never dropped for an id.

use skein::domain::content::Content;
use skein::domain::event::{EventKind, Scope};
use skein::domain::record::{Change, Flags};
use skein::domain::rejection::Rejection;

use crate::kit::{MINUTE, SECOND, START, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

#[test]
fn the_same_message_again_is_a_duplicate_also_days_later() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "hello").id("wamid.1")).expect("a message");
    assert_eq!(story.hears(whatsapp(ANNA, "hello").id("wamid.1")).refused(), Rejection::Duplicate);
    story.after(7 * 24 * 60 * MINUTE);
    assert_eq!(story.hears(whatsapp(ANNA, "hello").id("wamid.1")).refused(), Rejection::Duplicate);
}

#[test]
fn an_id_used_again_with_other_words_is_kept_and_flagged_and_its_retry_is_a_duplicate() {
    let mut story = shop().opens();
    let first = story.hears(whatsapp(ANNA, "hello").id("1"));
    let second = story.hears(whatsapp(ANNA, "something else").id("1"));
    assert!(second.message().flags.has(Flags::ID_REUSED));
    assert!(!first.message().flags.has(Flags::ID_REUSED));
    assert_eq!(story.hears(whatsapp(ANNA, "something else").id("1")).refused(), Rejection::Duplicate);
    assert_eq!(story.hears(whatsapp(ANNA, "hello").id("1")).refused(), Rejection::Duplicate);
}

#[test]
fn ids_are_known_within_one_sender_and_endpoint_only() {
    let mut story = shop().opens();
    for heard in [whatsapp(ANNA, "hello").id("1"), whatsapp(BERT, "hello").id("1"), sms(ANNA, "hello").id("1")] {
        let step = story.hears(heard);
        assert_eq!(step.message().flags, Flags::default());
    }
}

#[test]
fn the_event_id_goes_before_the_message_id() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "hello").event_id("e1").id("m1")).expect("a message");
    let other = story.hears(whatsapp(ANNA, "hello").event_id("e2").id("m1"));
    assert_eq!(other.message().flags, Flags::default());
    assert_eq!(story.hears(whatsapp(ANNA, "hello").event_id("e1").id("m9")).refused(), Rejection::Duplicate);
}

#[test]
fn without_ids_the_same_words_within_three_seconds_are_stored_and_hidden() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(sms(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "good day").expect("an answer");
    story.after(SECOND);
    let again = story.hears(sms(ANNA, "hello"));
    assert!(again.message().flags.has(Flags::REPEATED));
    assert!(again.outputs().is_empty(), "nobody is told");
    assert!(!story.work(held.0).turn_ours, "what is hidden awaits no answer");
    story.after(4 * SECOND);
    let later = story.hears(sms(ANNA, "hello"));
    assert_eq!(later.message().flags, Flags::default());
    assert!(story.work(held.0).turn_ours);
}

#[test]
fn a_hidden_repeat_does_not_make_a_bots_answer_stale() {
    let mut story = shop().agent("ann", |ann| ann.kind = skein::domain::workspace::AgentKind::Bot).opens();
    story.ready("ann").expect("ready");
    let seen = story.hears(sms(ANNA, "hello")).message_id();
    let held = story.takes("ann");
    story.hears(sms(ANNA, "hello")).expect("stored");
    story.sends("ann", held, |send| send.seen_through = Some(seen)).expect("nothing new was said");
}

#[test]
fn one_mail_to_two_of_our_addresses_is_one_message_whatever_id_its_events_have() {
    let mut story = shop().opens();
    let first = story.hears(mail("anna@example.com", "1@x", "hello").event_id("box-1/17"));
    let copy = story.hears(mail("anna@example.com", "1@x", "hello").event_id("box-2/4").at("sales"));
    let [Change::AlsoReceived { message, endpoint, .. }] = copy.changes() else { panic!("{copy:?}") };
    assert_eq!((*message, endpoint.as_str()), (first.message_id(), "sales"));
    let retry = story.hears(mail("anna@example.com", "1@x", "hello").event_id("box-2/4").at("sales"));
    assert_eq!(retry.refused(), Rejection::Duplicate);
    assert_eq!(story.open().len(), 1);
}

#[test]
fn edits_are_told_apart_by_their_version() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "at five").id("1")).expect("a message");
    let edit = |version: &str, text: &str| {
        let kind = EventKind::Edit { version: Some(version.to_owned()), content: Content::text(text) };
        whatsapp(ANNA, "").id("1").kind(kind)
    };
    for (version, text) in [("1", "at six"), ("2", "at five"), ("3", "at six")] {
        let step = story.hears(edit(version, text));
        assert_eq!(step.message().flags, Flags::default(), "version {version}");
    }
    assert_eq!(story.hears(edit("3", "at six")).refused(), Rejection::Duplicate);
}

#[test]
fn odd_times_are_kept_flagged_and_do_not_order() {
    let mut story = shop().opens();
    let first = story.hears(sms(ANNA, "one").id("1"));
    for (id, at) in [("2", 0), ("3", i64::MIN), ("4", i64::MAX), ("5", 253_370_764_800_000)] {
        let step = story.hears(sms(ANNA, id).id(id).occurred(at));
        assert!(step.message().flags.has(Flags::ODD_TIME), "{at}");
        assert_eq!(step.message().work, first.opened());
        assert_eq!(step.message().provider_time.map(|time| time.0), Some(at));
        assert_eq!(step.record().time, story.now());
    }
    let good = story.hears(sms(ANNA, "6").id("6").occurred(START - 10 * MINUTE));
    assert!(!good.message().flags.has(Flags::ODD_TIME));
}

#[test]
fn a_reaction_that_is_put_taken_back_and_put_again_is_there_at_the_end() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "hello").id("1")).expect("a message");
    let mut reacts = |emoji: &str| {
        let kind = EventKind::Reaction { emoji: emoji.to_owned() };
        story.hears(whatsapp(ANNA, "").id("1").kind(kind))
    };
    for emoji in ["\u{1f44d}", "", "\u{1f44d}"] {
        let step = reacts(emoji);
        assert_eq!(step.words().detail.as_deref().unwrap_or_default(), emoji);
        assert_eq!(step.message().flags, Flags::default());
        assert_eq!(reacts(emoji).refused(), Rejection::Duplicate, "a retry");
    }
    let history = whatsapp(ANNA, "").id("1").kind(EventKind::Reaction { emoji: "\u{1f44d}".to_owned() }).backfill();
    assert_eq!(story.hears(history).refused(), Rejection::Duplicate, "told by itself before");
}

#[test]
fn an_edit_without_a_version_back_to_the_first_words_is_no_duplicate() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "at five").id("1")).expect("a message");
    for text in ["at six", "at five", "at six"] {
        let kind = EventKind::Edit { version: None, content: Content::text(text) };
        assert_eq!(story.hears(whatsapp(ANNA, "").id("1").kind(kind)).words().content.text, text);
    }
}

#[test]
fn what_was_told_as_history_opens_work_when_it_comes_by_itself_and_only_once() {
    let mut story = shop().opens();
    let history = story.hears(whatsapp(ANNA, "hello").id("1").backfill());
    assert_eq!((history.opened(), history.message().flags.has(Flags::BACKFILL)), (None, true));
    let live = story.hears(whatsapp(ANNA, "hello").id("1"));
    assert!(live.opened().is_some(), "somebody waits for an answer");
    assert_eq!(live.message().flags, Flags::default());
    assert_eq!(story.hears(whatsapp(ANNA, "hello").id("1")).refused(), Rejection::Duplicate);
    assert_eq!(story.hears(whatsapp(ANNA, "hello").id("1").backfill()).refused(), Rejection::Duplicate);
    let mail = |story: &mut crate::kit::Scenario, old: bool| {
        let heard = mail("anna@example.com", "1@x", "hello");
        story.hears(if old { heard.backfill() } else { heard })
    };
    assert_eq!(mail(&mut story, true).opened(), None);
    assert_eq!(mail(&mut story, true).refused(), Rejection::Duplicate);
    assert!(mail(&mut story, false).opened().is_some(), "mails too");
}

#[test]
fn a_groups_message_whose_writer_is_not_told_comes_once() {
    let mut story = shop().opens();
    let heard = |words: &str| {
        let mut heard = whatsapp(ANNA, words).in_thread(Scope::Group, Some("g1")).id("m1");
        heard.event.senders.clear();
        heard
    };
    story.hears(heard("hello")).expect("a message");
    assert_eq!(story.hears(heard("hello")).refused(), Rejection::Duplicate);
    assert!(story.hears(heard("more")).message().flags.has(Flags::ID_REUSED));
}

#[test]
fn what_many_do_to_one_message_is_never_a_duplicate_of_anothers() {
    let mut story = shop().opens();
    let liked = || {
        let kind = EventKind::Reaction { emoji: "\u{1f44d}".to_owned() };
        let mut heard = whatsapp(ANNA, "").in_thread(Scope::Public, Some("p1")).event_id("p1:1760000000").kind(kind);
        heard.event.senders.clear();
        heard
    };
    for _ in 0..2 {
        assert_eq!(story.hears(liked()).message().flags, Flags::default(), "nobody is told as the one who did it");
    }
}

#[test]
fn a_thread_is_told_from_a_person_of_the_same_name() {
    let mut story = shop().opens();
    let heard = |sent: bool| {
        let mut heard = whatsapp(ANNA, "hello").in_thread(Scope::Group, Some(ANNA)).id("m1");
        if !sent {
            heard.event.senders.clear();
        }
        heard
    };
    story.hears(heard(true)).expect("a message");
    assert_eq!(story.hears(heard(false)).message().flags, Flags::default());
}

#[test]
fn history_does_not_take_the_place_of_what_was_told_since() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "hello").id("1")).expect("a message");
    let reacts = |emoji: &str| whatsapp(ANNA, "").id("1").kind(EventKind::Reaction { emoji: emoji.to_owned() });
    story.hears(reacts("heart").backfill()).expect("history, when nothing else is known");
    story.hears(reacts("smile").backfill()).expect("more of it");
    story.hears(reacts("heart")).expect("by itself");
    story.hears(reacts("thumb")).expect("another since");
    assert_eq!(story.hears(reacts("heart").backfill()).refused(), Rejection::Duplicate, "it was so before");
    assert_eq!(story.hears(reacts("thumb")).refused(), Rejection::Duplicate, "a retry");
}
