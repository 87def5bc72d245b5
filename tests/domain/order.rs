//! In which order (domain rules, section 6): wait, turn and the static key; the place in the queue that survives everything.

use skein::domain::id::WorkId;
use skein::domain::record::Presence;
use skein::domain::view::WorkState;

use crate::kit::{MINUTE, SECOND, START, Scenario, mail, shop, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

fn key(story: &Scenario, work: WorkId) -> i64 {
    story.work(work).key.expect("it waits") - START
}

#[test]
fn the_key_is_the_due_time_of_the_first_reply() {
    let mut story = shop().opens();
    story.after(7 * SECOND);
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(key(&story, work), 7 * SECOND + 5 * MINUTE);
    story.after(MINUTE);
    story.hears(whatsapp(ANNA, "hello?")).expect("a message");
    assert_eq!(key(&story, work), 7 * SECOND + 5 * MINUTE, "from the oldest unanswered message");
}

#[test]
fn the_earliest_due_is_served_first_over_all_queues_of_the_agent() {
    let mut story = shop()
        .only_ann()
        .second_queue("sales", "sales")
        .but(|config| config.queues[1].first_reply_target_ms = 60_000)
        .opens();
    let slow = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    let urgent = story.hears(mail("b@example.com", "1@x", "hello").at("sales")).opened().expect("a work");
    story.after(MINUTE);
    let late = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    story.ready("ann").expect("ready");
    let given: Vec<WorkId> = story.agent("ann").offers.iter().map(|offer| offer.work.work).collect();
    assert_eq!(given, [urgent, slow]);
    assert_eq!(story.work(late).state, WorkState::Queued);
}

#[test]
fn newer_work_never_overtakes_older_of_the_same_queue() {
    let mut story = shop().only_ann().agent("ann", |ann| ann.capacity = 1).opens();
    let works: Vec<WorkId> = (0..5)
        .map(|n| {
            story.after(SECOND);
            story.hears(whatsapp(&format!("+49151000000{n}"), "hello")).opened().expect("a work")
        })
        .collect();
    story.ready("ann").expect("ready");
    let mut served = Vec::new();
    while story.offer("ann").is_some() {
        let held = story.takes("ann");
        served.push(held.0);
        story.closes("ann", held).expect("closed");
    }
    assert_eq!(served, works);
}

#[test]
fn the_place_is_kept_through_decline_expiry_revocation_and_crash() {
    let mut story = shop().only_ann().opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let place = key(&story, work);
    story.ready("ann").expect("ready");
    let offer = story.offer("ann").expect("an offer");
    story.declines("ann", offer).expect("declined");
    assert_eq!(key(&story, work), place, "declined");
    story.after(5 * SECOND + 30 * SECOND);
    assert_eq!(key(&story, work), place, "expired");
    story.after(5 * SECOND);
    story.presence("ann", Presence::Away).expect("away");
    assert_eq!(key(&story, work), place, "revoked");
    story.presence("ann", Presence::Ready).expect("ready");
    story.loses_connection("ann").expect("lost");
    story.after(10 * SECOND);
    assert_eq!(key(&story, work), place, "connection lost");
    story.logs_in("ann").expect("back");
    story.takes("ann");
    story.loses_connection("ann").expect("lost");
    story.after(15 * MINUTE);
    assert_eq!(key(&story, work), place, "owner lost");
}

#[test]
fn the_wait_runs_while_the_turn_is_ours_and_stands_while_it_is_the_customers() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.after(MINUTE);
    story.answers("ann", held, "good day").expect("an answer");
    assert_eq!((story.work(held.0).turn_ours, story.work(held.0).waited_ms), (false, 60_000));
    story.after(MINUTE);
    story.hears(whatsapp(ANNA, "and?")).expect("a message");
    story.after(MINUTE);
    story.answers("ann", held, "patience").expect("an answer");
    assert_eq!(story.work(held.0).waited_ms, 120_000);
}

#[test]
fn age_survives_a_reopening_and_the_next_reply_has_its_own_target() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.after(2 * MINUTE);
    story.answers("ann", held, "good day").expect("an answer");
    story.closes("ann", held).expect("closed");
    story.logs_out("ann").expect("out");
    story.after(8 * MINUTE);
    story.hears(whatsapp(ANNA, "broken again")).expect("a message");
    assert_eq!(key(&story, held.0), 10 * MINUTE - 2 * MINUTE + 10 * MINUTE);
}

#[test]
fn with_the_turn_at_the_customer_the_key_counts_from_the_moment_it_was_queued() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "good day").expect("an answer");
    story.loses_connection("ann").expect("lost");
    story.after(10 * MINUTE);
    assert_eq!(key(&story, held.0), 10 * MINUTE + 10 * MINUTE);
}
