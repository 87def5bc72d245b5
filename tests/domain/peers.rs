//! Failures of the peers that must not be ours (design, section 11): each as a story. Those of single rules stand with the rule;
//! here is what is left, by name.

use skein::domain::record::Presence;
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;

use crate::kit::{HOUR, MINUTE, shop, whatsapp};

const ANNA: &str = "+4915112345678";

#[test]
fn a_thousand_first_messages_of_one_customer_give_one_conversation_and_one_work() {
    let mut story = shop().opens();
    for n in 0..1_000 {
        story.hears(whatsapp(ANNA, "hello").id(&n.to_string())).expect("a message");
    }
    assert_eq!((story.space().identities(), story.open().len()), (1, 1));
}

#[test]
fn a_webhook_retried_after_everything_is_over_is_not_stored_twice() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let work = story.settles("ann", whatsapp(ANNA, "hello").id("1"));
    story.after(5 * 24 * HOUR);
    assert_eq!(story.hears(whatsapp(ANNA, "hello").id("1")).refused(), Rejection::Duplicate);
    assert!(story.open().is_empty(), "{work} is not opened again by a retry");
}

#[test]
fn a_thousand_copies_of_one_webhook_within_seven_days_are_applied_once() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.settles("ann", whatsapp(ANNA, "hello").id("1"));
    for copy in 1..1_000 {
        story.after(7 * 24 * HOUR / 1_000);
        assert_eq!(story.hears(whatsapp(ANNA, "hello").id("1")).refused(), Rejection::Duplicate, "copy {copy}");
    }
    assert_eq!((story.space().identities(), story.open().len()), (1, 0));
}

#[test]
fn two_agents_never_own_one_work_though_both_were_offered_it() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let to_ann = story.offer("ann").expect("an offer");
    story.ready("bob").expect("ready");
    story.presence("ann", Presence::Away).expect("away");
    let to_bob = story.offer("bob").expect("an offer");
    assert_eq!(story.accepts("ann", to_ann).refused(), Rejection::OfferOver);
    story.accepts("bob", to_bob).expect("accepted");
}

#[test]
fn an_agents_capacity_holds_under_load() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    for n in 0..50 {
        story.hears(whatsapp(&format!("+491510000{n:03}"), "hello")).expect("a message");
        while let Some(offer) = story.offer("ann") {
            story.accepts("ann", offer).expect("accepted");
        }
        assert!(story.agent("ann").load <= 2 && story.agent("bob").load <= 2);
    }
    assert_eq!(story.space().queue_length("help"), 46);
}

#[test]
fn a_work_whose_owner_closed_the_laptop_reaches_a_colleague() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let (work, _) = story.takes("ann");
    story.loses_connection("ann").expect("lost");
    story.ready("bob").expect("ready");
    story.after(10 * MINUTE);
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn a_work_of_a_queue_that_the_configuration_lost_still_reaches_somebody() {
    let mut story = shop().second_queue("sales", "wa").opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(story.work(work).queue, "sales");
    story.configure(shop().0).expect("configured");
    story.ready("ann").expect("ready");
    assert_eq!(story.work(work).state, WorkState::Offered);
}
