//! Retries that come late (design, law 8): the state remembers all 8 days, or the last hour and an archive the rest. What is decided is
//! the same.

use skein::domain::content::Content;
use skein::domain::event::EventKind;
use skein::domain::record::{Change, Flags, Input};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::domain::workspace::WorkspaceConfig;

use crate::kit::{Heard, MINUTE, SPACE, Scenario, Step, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The story with all in the state, and the same with an archive.
fn both(story: impl Fn(Scenario)) {
    story(shop().opens());
    story(shop().opens().archives());
}

/// Something is recorded now and then, as it is where people work.
fn passes(story: &mut Scenario, ms: i64) {
    let until = Timestamp(story.now().0 + ms);
    let mut other = 0;
    while story.now() < until {
        let step = (until.0 - story.now().0).min(20 * MINUTE);
        story.after(step);
        other += 1;
        let at = story.now().0;
        let id = format!("other-{at}-{other}");
        story.hears(whatsapp("+4915187654321", "and another thing").id(&id).occurred(at)).expect("a message");
    }
}

#[test]
fn a_webhook_that_comes_again_is_a_duplicate_for_8_days_and_new_afterwards() {
    for (late, known) in [(2 * HOUR, true), (8 * DAY - MINUTE, true), (8 * DAY + HOUR + MINUTE, false)] {
        for told in [true, false] {
            both(|mut story| {
                let at = story.now().0;
                let heard = || {
                    let heard = whatsapp(ANNA, "hello").id("wamid.1");
                    if told { heard.occurred(at) } else { heard }
                };
                story.hears(heard()).expect("a message");
                passes(&mut story, late);
                let again = story.hears(heard());
                if known {
                    assert_eq!(again.refused(), Rejection::Duplicate, "{late} ms later");
                } else {
                    assert_eq!(again.message().flags, Flags::default(), "{late} ms later");
                }
            });
        }
    }
}

#[test]
fn with_an_archive_the_state_keeps_an_hour() {
    let mut story = shop().opens().archives();
    passes(&mut story, 2 * DAY);
    let kept = story.space().duplicate_keys();
    assert!((3..=7).contains(&kept), "three an hour, for one to two hours: {kept}");
    let mut all = shop().opens();
    passes(&mut all, 2 * DAY);
    assert_eq!(all.space().duplicate_keys(), 3 * 48);
}

#[test]
fn an_id_that_was_something_else_before_is_kept_and_flagged_and_its_retry_is_a_duplicate_hours_later() {
    both(|mut story| {
        let said = |words: &str| sms(ANNA, words).id("1");
        story.hears(said("hello")).expect("a message");
        passes(&mut story, 3 * HOUR);
        assert!(story.hears(said("something else")).message().flags.has(Flags::ID_REUSED));
        passes(&mut story, 3 * HOUR);
        for words in ["hello", "something else"] {
            assert_eq!(story.hears(said(words)).refused(), Rejection::Duplicate, "{words}");
        }
        assert!(story.hears(said("a third thing")).message().flags.has(Flags::ID_REUSED));
    });
}

#[test]
fn what_was_told_as_history_is_answered_when_it_comes_by_itself_and_then_is_a_duplicate() {
    both(|mut story| {
        let heard = |backfill: bool| {
            let mut heard = whatsapp(ANNA, "hello").id("wamid.1");
            heard.event.backfill = backfill;
            heard
        };
        story.hears(heard(true)).expect("history");
        passes(&mut story, 5 * HOUR);
        assert!(story.hears(heard(false)).opened().is_some(), "it asks for an answer");
        passes(&mut story, 5 * HOUR);
        for backfill in [true, false] {
            assert_eq!(story.hears(heard(backfill)).refused(), Rejection::Duplicate, "{backfill}");
        }
    });
}

#[test]
fn of_what_replaces_what_was_before_the_latest_counts_hours_later() {
    both(|mut story| {
        story.hears(whatsapp(ANNA, "at five").id("1")).expect("a message");
        let reacts = |emoji: &str| whatsapp(ANNA, "").id("1").kind(EventKind::Reaction { emoji: emoji.to_owned() });
        for emoji in ["+1", "", "+1"] {
            story.hears(reacts(emoji)).expect("it is so now");
            passes(&mut story, 2 * HOUR);
            assert_eq!(story.hears(reacts(emoji)).refused(), Rejection::Duplicate, "{emoji:?}");
        }
        let edit = |version: &str| {
            let kind = EventKind::Edit { version: Some(version.to_owned()), content: Content::text("at six") };
            whatsapp(ANNA, "").id("1").kind(kind)
        };
        story.hears(edit("1")).expect("an edit");
        passes(&mut story, 2 * HOUR);
        assert_eq!(story.hears(edit("1")).refused(), Rejection::Duplicate);
        story.hears(edit("2")).expect("another edit");
    });
}

#[test]
fn a_mail_that_comes_by_another_of_our_addresses_hours_later_is_the_same_message() {
    both(|mut story| {
        let first = story.hears(mail("anna@example.com", "1@x", "hello"));
        passes(&mut story, 6 * HOUR);
        // Its time is its author's to write.
        let at = story.now().0;
        let copy = story.hears(mail("anna@example.com", "1@x", "hello").at("sales").occurred(at));
        let [Change::AlsoReceived { message, endpoint, .. }] = copy.changes() else { panic!("{copy:?}") };
        assert_eq!((*message, endpoint.as_str()), (first.message_id(), "sales"));
        passes(&mut story, 6 * HOUR);
        let again = story.hears(mail("anna@example.com", "1@x", "hello").at("sales"));
        assert_eq!(again.refused(), Rejection::Duplicate);
    });
}

/// A story whose state has forgotten its first hours.
fn forgetful() -> Scenario {
    let mut story = shop().opens().archives();
    passes(&mut story, 4 * HOUR);
    assert!(story.state.remembers_since() > Timestamp(0), "something is in the archive alone");
    story
}

#[test]
fn nobody_is_asked_about_what_a_provider_has_just_sent() {
    let story = forgetful();
    let now = story.now();
    let wants = |heard: Heard| story.state.wants_older(&Scenario::arrival(Input::default(), heard), now);
    let said = || whatsapp(ANNA, "hello").id("1");
    assert!(!wants(said().occurred(now.0 - 29 * MINUTE)));
    assert!(!wants(said().occurred(now.0 + 4 * MINUTE)), "a clock that is ahead a little");
    assert!(!wants(whatsapp(ANNA, "hello")), "without an id");
    let mut again = said().occurred(now.0);
    again.event.redelivery = true;
    let asked = [
        said(),
        said().occurred(now.0 - 31 * MINUTE),
        said().occurred(now.0 + 6 * MINUTE),
        said().occurred(i64::MIN),
        said().occurred(i64::MAX),
        mail("anna@example.com", "1@x", "hello").occurred(now.0),
        again,
    ];
    for heard in asked {
        assert!(wants(heard.clone()), "{heard:?}");
    }
}

#[test]
fn an_answer_from_before_the_state_forgot_more_is_not_used() {
    let story = forgetful();
    let mut arrival = Scenario::arrival(Input::default(), whatsapp(ANNA, "hello").id("1"));
    let since = story.state.remembers_since();
    for (through, wants) in [(Timestamp(since.0 - 1), true), (since, false)] {
        arrival.older = story.asks_archive(&arrival, through);
        assert_eq!(story.state.wants_older(&arrival, story.now()), wants);
    }
}

#[test]
fn an_answer_for_numbers_of_another_country_is_not_used() {
    let mut story = forgetful();
    let mut arrival = Scenario::arrival(Input::default(), sms("0151 12345678", "hello").id("1"));
    arrival.older = story.asks_archive(&arrival, story.state.time());
    assert!(!story.state.wants_older(&arrival, story.now()));
    let mut config = WorkspaceConfig::clone(story.space().config());
    config.default_country = Some("AT".into());
    let step: Step = story.configure(config);
    step.expect("another country");
    assert!(story.state.wants_older(&arrival, story.now()), "{SPACE} reads numbers otherwise now");
}

#[test]
fn what_the_state_forgot_changes_nothing_of_the_fold() {
    let story = forgetful();
    let (live, folded) = (story.state.remembers_since(), story.folded().remembers_since());
    assert!(live > folded, "the fold has no archive: {folded:?}");
    let seen =
        |state: &skein::domain::State| skein::domain::digest::digest(state, skein::domain::digest::Extent::Whole);
    assert_eq!(seen(&story.state), seen(&story.folded()));
}
