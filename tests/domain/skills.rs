//! Skills: who lacks what a queue asks for is not given its Work, and is not in the way of who has it (domain rules, section 7).

use skein::domain::id::Name;
use skein::domain::record::Presence;
use skein::domain::view::WorkState;
use skein::domain::workspace::{Levels, Targets};

use crate::kit::{MINUTE, SECOND, Shop, chat, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

fn levels(list: &[(&str, u8)]) -> Levels {
    list.iter().map(|(skill, level)| (Name::new(skill), *level)).collect()
}

/// The queue wants German at 5; ann has 4, bob 6.
fn german() -> Shop {
    shop()
        .queue(|queue| queue.requires = levels(&[("german", 5)]))
        .agent("ann", |ann| ann.skills = levels(&[("german", 4), ("law", 10)]))
        .agent("bob", |bob| bob.skills = levels(&[("german", 6)]))
}

#[test]
fn work_waits_for_an_agent_who_has_the_skill_at_that_level() {
    let mut story = german().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(story.work(work).state, WorkState::Queued, "ann is READY, and not good enough");
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    story.folds_to_the_same();
}

#[test]
fn who_is_able_is_asked_though_others_are_less_loaded() {
    let mut story = german().opens();
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    for customer in [ANNA, BERT] {
        let work = story.hears(whatsapp(customer, "hello")).opened().expect("a work");
        assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    }
}

#[test]
fn an_agent_is_filled_with_what_it_can_take_though_other_work_is_due_earlier() {
    let shop = german().second_queue("easy", "sms");
    let mut story = shop.opens();
    let hard = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    let easy = story.hears(sms(BERT, "hello")).opened().expect("a work");
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(easy).as_deref(), Some("ann"));
    assert_eq!(story.work(hard).state, WorkState::Queued);
}

#[test]
fn of_work_that_requires_different_things_the_one_due_first_is_given_first() {
    let shop = german()
        .second_queue("easy", "sms")
        .queue(|queue| {
            queue.channel_targets = vec![(Name::new("chat"), Targets { first_reply_ms: 1_000, next_reply_ms: 1_000 })];
        })
        .agent("bob", |bob| bob.capacity = 1);
    let mut story = shop.opens();
    let later = story.hears(sms(BERT, "hello")).opened().expect("a work");
    story.after(SECOND);
    let sooner = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let urgent = story.hears(chat("visitor-1", "hello")).opened().expect("a work");
    story.ready("bob").expect("ready");
    let first = story.takes("bob");
    assert_eq!(first.0, urgent, "due after a second, though it came last");
    story.closes("bob", first).expect("closed");
    let second = story.takes("bob");
    assert_eq!(second.0, later, "both are due after five minutes, this one came first");
    story.closes("bob", second).expect("closed");
    assert_eq!(story.takes("bob").0, sooner);
}

#[test]
fn a_work_that_joins_two_queues_takes_the_requirements_of_both() {
    let same = |shop: Shop| shop.agent("ann", |ann| ann.skills = levels(&[("german", 9), ("law", 2)]));
    let shop = same(german()).second_queue("other", "sms").but(|config| {
        // The very same people serve both and both want the same: it is one matter.
        config.queues[1].requires = levels(&[("german", 5)]);
    });
    let mut story = shop.opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(story.hears(sms(ANNA, "and by sms")).message().work, Some(work));
    // Where they want different things, it is another matter.
    let shop = same(german()).second_queue("other", "sms").but(|config| {
        config.queues[1].requires = levels(&[("law", 1)]);
    });
    let mut story = shop.opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_ne!(story.hears(sms(ANNA, "and by sms")).message().work, Some(work));
}

#[test]
fn a_configuration_that_asks_for_less_hands_out_what_waited() {
    let mut story = german().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story
        .configure(german().queue(|queue| queue.requires = levels(&[("german", 3)])).config())
        .expect("a configuration");
    story.after(SECOND);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[test]
fn an_agent_who_loses_a_skill_keeps_what_it_has_and_gets_no_more() {
    let mut story = german().opens();
    story.ready("bob").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("bob");
    story.configure(german().agent("bob", |bob| bob.skills = Levels::new()).config()).expect("a configuration");
    let next = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    assert_eq!(story.work(next).state, WorkState::Queued);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.presence("bob", Presence::Away).expect("away");
}
