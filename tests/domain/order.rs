//! In which order (domain rules, section 6): wait, turn and the static key; the place in the queue that survives everything.

use skein::domain::command::Verb;
use skein::domain::id::{Name, WorkId};
use skein::domain::record::Presence;
use skein::domain::rules::Rule;
use skein::domain::view::WorkState;
use skein::domain::workspace::{CreditConfig, Targets, WorkspaceConfig};

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

/// A rule that fits everything and gives credits.
fn credited(config: &mut WorkspaceConfig, credits: &[(&str, i64)]) {
    let credit = |(name, ms): &(&str, i64)| CreditConfig { name: Name::new(name), ms: ms.unsigned_abs() };
    config.credits = credits.iter().map(credit).collect();
    let names = credits.iter().map(|(name, _)| Name::new(name)).collect();
    config.rules = vec![Rule { name: Name::new("all"), credits: names, ..Rule::default() }];
}

#[test]
fn credits_make_a_work_due_earlier_and_survive_whatever_becomes_of_it() {
    let mut story = shop().only_ann().but(|config| credited(config, &[("vip", 3 * MINUTE)])).opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(key(&story, work), 2 * MINUTE);
    story.ready("ann").expect("ready");
    let offer = story.offer("ann").expect("an offer");
    story.does("ann", Verb::Decline { offer }).expect("declined");
    assert_eq!(key(&story, work), 2 * MINUTE);
    story.folds_to_the_same();
}

#[test]
fn credits_in_sum_count_for_no_more_than_their_cap() {
    let several = [("vip", 50 * MINUTE), ("late", 40 * MINUTE), ("endless", i64::MAX)];
    let mut story = shop().only_ann().but(|config| credited(config, &several)).opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!(key(&story, work), 5 * MINUTE - 60 * MINUTE, "an hour, unless the configuration says otherwise");
}

#[test]
fn a_work_that_is_due_by_the_cap_earlier_is_overtaken_by_nobody() {
    let mut story = shop().only_ann().but(|config| credited(config, &[("all", 90 * MINUTE)])).opens();
    story.configure(shop().only_ann().0).expect("no credits yet");
    let old = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(60 * MINUTE + SECOND);
    story.configure(shop().only_ann().but(|config| credited(config, &[("all", 90 * MINUTE)])).0).expect("credits");
    let new = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    assert!(key(&story, old) < key(&story, new));
    story.ready("ann").expect("ready");
    assert_eq!(story.agent("ann").offers[0].work.work, old);
}

#[test]
fn a_channel_may_have_goals_of_its_own() {
    let targets = Targets { first_reply_ms: 7_200_000, next_reply_ms: 14_400_000 };
    let mut story = shop().queue(|queue| queue.channel_targets = vec![(Name::new("email"), targets)]).opens();
    let slow = story.hears(mail("b@example.com", "1@x", "hello")).opened().expect("a work");
    let fast = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    assert_eq!((key(&story, slow), key(&story, fast)), (120 * MINUTE, 5 * MINUTE));
}

#[test]
fn a_goal_ends_where_the_provider_lets_us_answer_no_longer() {
    const HOUR: i64 = 60 * MINUTE;
    let two_days = (48 * HOUR).unsigned_abs();
    let mut story = shop().queue(|queue| queue.first_reply_target_ms = two_days).opens();
    let whatsapp = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let mail = story.hears(mail("b@example.com", "1@x", "hello")).opened().expect("a work");
    assert_eq!((key(&story, whatsapp), key(&story, mail)), (24 * HOUR, 48 * HOUR));
}

#[test]
fn other_goals_move_what_waits_already() {
    let mut story = shop().opens();
    let first = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    story.configure(shop().queue(|queue| queue.first_reply_target_ms = 30_000).0).expect("configured");
    story.after(SECOND);
    assert_eq!(key(&story, first), 30 * SECOND);
    story.folds_to_the_same();
}
