//! Customers who do not answer, and those who leave (domain rules, section 7): what it costs, whether they are asked, and how it ends.

use rstest::rstest;
use skein::domain::event::{AddressKind, Assurance, EventKind};
use skein::domain::id::{AssignmentId, WorkId};
use skein::domain::record::{Author, Change, Direction, MessageStored, Purpose, Record, UnassignReason};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::IdleConfig;

use crate::kit::{HOUR, Heard, MINUTE, SECOND, Scenario, Shop, chat, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

type Held = (WorkId, AssignmentId);

fn patient(change: impl FnOnce(&mut IdleConfig)) -> Shop {
    let mut idle = IdleConfig {
        lower_after_ms: Some(60_000),
        lower_percent: 50,
        nudge_after_ms: Some(120_000),
        nudge: "Are you still there?".to_owned(),
        close_after_ms: Some(600_000),
    };
    change(&mut idle);
    shop().queue(|queue| queue.idle = Some(Box::new(idle))).agent("ann", |ann| {
        ann.costs = ["chat", "sms", "whatsapp"].map(|channel| (channel.into(), 2)).to_vec();
    })
}

/// Ann has answered, and it is the customer's turn.
fn answered(shop: Shop, heard: Heard) -> (Scenario, Held) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "which one?").expect("an answer");
    (story, held)
}

/// What skein says by itself.
fn asked(records: &[Record]) -> Vec<MessageStored> {
    let changes = records.iter().flat_map(|record| &record.changes);
    let said = changes.filter_map(|change| match change {
        Change::MessageStored(message) if message.author == Author::System => Some((**message).clone()),
        _ => None,
    });
    said.collect()
}

#[test]
fn a_silent_customer_takes_less_room_until_the_next_word() {
    let (mut story, _) = answered(patient(|_| {}), whatsapp(ANNA, "hello"));
    story.after(59 * SECOND);
    assert_eq!(story.agent("ann").load, 2);
    story.after(SECOND);
    assert_eq!(story.agent("ann").load, 1);
    story.hears(whatsapp(ANNA, "the red one")).expect("a message");
    assert_eq!(story.agent("ann").load, 2);
    story.folds_to_the_same();
}

#[test]
fn what_comes_back_costs_what_it_did_whatever_room_there_is() {
    let (mut story, _) = answered(patient(|idle| idle.lower_percent = 0), whatsapp(ANNA, "hello"));
    let second = story.hears(sms("+4915187654321", "hello")).opened().expect("a work");
    assert_eq!(story.work(second).state, WorkState::Queued);
    story.after(MINUTE);
    assert_eq!(story.offered_to(second).as_deref(), Some("ann"), "there is room for another");
    story.takes("ann");
    story.hears(whatsapp(ANNA, "the red one")).expect("a message");
    let ann = story.agent("ann");
    assert_eq!((ann.load, ann.capacity), (4, 2));
}

#[test]
fn the_customer_is_asked_once_where_the_last_word_came_from() {
    let (mut story, held) = answered(patient(|_| {}), whatsapp(ANNA, "hello"));
    let said = asked(&story.after(2 * MINUTE));
    let told: Vec<_> = said.iter().map(|message| (message.direction, message.purpose, message.work)).collect();
    assert_eq!(told, [(Direction::Out, Purpose::Notice, Some(held.0))]);
    assert_eq!(said[0].audience.as_slice(), [story.id("ann")], "its owner sees it");
    assert_eq!(asked(&story.after(7 * MINUTE)), []);
    story.folds_to_the_same();
}

#[test]
fn after_the_last_time_it_is_closed_and_the_customer_may_come_back() {
    let (mut story, held) = answered(patient(|_| {}), whatsapp(ANNA, "hello"));
    story.after(10 * MINUTE - SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Assigned, "the question whether they are there is no answer");
    let records = story.after(SECOND);
    let view = story.work(held.0);
    assert_eq!((view.state, view.disposition.as_str()), (WorkState::Closed, "NO_ANSWER"));
    let released = |change: &Change| matches!(change, Change::Unassigned { reason: UnassignReason::Closed, .. });
    assert!(records.iter().flat_map(|record| &record.changes).any(released));
    assert_eq!(story.agent("ann").load, 0);
    let step = story.hears(whatsapp(ANNA, "here I am"));
    assert_eq!(step.message().work, Some(held.0), "it is reopened");
    story.folds_to_the_same();
}

#[test]
fn a_word_of_ours_gives_time_anew() {
    let (mut story, held) = answered(patient(|_| {}), whatsapp(ANNA, "hello"));
    story.after(9 * MINUTE);
    story.answers("ann", held, "I found it: the red one").expect("an answer");
    story.after(9 * MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.after(MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Closed);
}

#[test]
fn a_promise_is_not_kept_by_the_question() {
    use skein::domain::command::{Pass, Verb};
    let (mut story, (work, assignment)) = answered(patient(|_| {}), whatsapp(ANNA, "hello"));
    let by = skein::domain::time::Timestamp(story.now().0 + HOUR);
    story.does("ann", Verb::Pass(Pass::Promise { work, assignment, by: Some(by) })).expect("promised");
    story.after(3 * MINUTE);
    assert_eq!(story.work(work).passing.promised_by, Some(by));
}

#[rstest]
#[case::refused(sms(ANNA, "STOP"), sms(ANNA, "hello"))]
#[case::nothing_said(whatsapp("+4915100000009", "x"), sms(ANNA, "hello"))]
fn whoever_refuses_is_not_asked(#[case] before: Heard, #[case] heard: Heard) {
    let refuses = before.event.senders == heard.event.senders;
    let mut story = patient(|_| {}).but(|config| config.opt_out.refuses_service = vec!["sms".into()]).opens();
    story.ready("ann").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("ann");
    story.answers("ann", held, "which one?").expect("an answer");
    story.hears(before).expect("heard");
    assert_eq!(asked(&story.after(4 * MINUTE)).is_empty(), refuses);
}

#[test]
fn where_the_window_is_closed_nothing_is_said_and_it_is_closed_all_the_same() {
    let late = |idle: &mut IdleConfig| {
        (idle.nudge_after_ms, idle.close_after_ms) = (Some(25 * 3_600_000), Some(30 * 3_600_000));
    };
    let (mut story, held) = answered(patient(late), whatsapp(ANNA, "hello"));
    assert_eq!(asked(&story.after(26 * HOUR)), []);
    story.after(4 * HOUR);
    assert_eq!(story.work(held.0).disposition.as_str(), "NO_ANSWER");
}

#[test]
fn without_a_policy_nothing_follows() {
    let (mut story, held) = answered(shop(), whatsapp(ANNA, "hello"));
    assert!(story.after(48 * HOUR).is_empty());
    assert_eq!((story.work(held.0).state, story.work(held.0).passing.silent_since), (WorkState::Assigned, None));
}

#[test]
fn a_restart_gives_the_customer_time_too() {
    use skein::domain::command::Command;
    let (mut story, held) = answered(patient(|_| {}), whatsapp(ANNA, "hello"));
    story.when(Command::Resume { workspace: crate::kit::SPACE.into(), outage_ms: 300_000 }).expect("resumed");
    story.ready("ann").expect("ready");
    story.after(12 * MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.after(4 * MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Closed);
}

fn leaves(story: &mut Scenario, visitor: &str) -> Vec<Change> {
    story.hears(chat(visitor, "").kind(EventKind::VisitEnd)).changes().to_vec()
}

#[test]
fn a_live_customer_who_leaves_and_is_known_nowhere_else_takes_the_matter_along() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let offered = story.hears(chat("visitor", "hello")).opened().expect("a work");
    leaves(&mut story, "visitor");
    story.passes(MINUTE);
    let view = story.work(offered);
    assert_eq!((view.state, view.disposition.as_str()), (WorkState::Canceled, "CUSTOMER_LEFT"));
    assert_eq!((story.offer("ann"), story.agent("ann").load), (None, 0));
    let step = story.hears(chat("visitor", "hello again"));
    assert_eq!(step.message().work, Some(offered), "and brings it back");
    let held = story.takes("ann");
    story.passes(MINUTE);
    leaves(&mut story, "visitor");
    assert_eq!(story.answers("ann", held, "hello?").refused(), Rejection::WorkClosed);
    assert_eq!(story.agent("ann").load, 0);
    story.folds_to_the_same();
}

#[test]
fn one_who_is_reached_otherwise_is_answered_there_in_time() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let known = chat("visitor", "hello").also(AddressKind::Login, "anna").assured(Assurance::LoggedIn);
    story.hears(known).expect("a message");
    let held = story.takes("ann");
    story.hears(sms(ANNA, "it is me").also(AddressKind::Login, "anna").assured(Assurance::LoggedIn)).expect("known");
    let changes = leaves(&mut story, "visitor");
    assert!(changes.contains(&Change::CustomerLeft { work: held.0 }), "{changes:?}");
    let view = story.work(held.0);
    assert!(view.state == WorkState::Assigned && view.passing.left);
    let back = chat("visitor", "back again").also(AddressKind::Login, "anna").assured(Assurance::LoggedIn);
    let step = story.hears(back);
    assert_eq!(step.message().work, Some(held.0));
    assert!(!story.work(held.0).passing.left);
    story.folds_to_the_same();
}

#[test]
fn whoever_leaves_after_the_end_changes_nothing() {
    let mut story = shop().queue(|queue| queue.wrapup_max_ms = 60_000).opens();
    story.ready("ann").expect("ready");
    story.hears(chat("visitor", "hello")).expect("a message");
    let held = story.takes("ann");
    story.closes("ann", held).expect("into wrap-up");
    leaves(&mut story, "visitor");
    assert_eq!(story.work(held.0).state, WorkState::WrapUp, "there are notes to be made");
}

#[test]
fn a_policy_that_comes_later_counts_for_whoever_is_silent_already() {
    let (mut story, held) = answered(patient(|_| {}).queue(|queue| queue.idle = None), whatsapp(ANNA, "hello"));
    story.after(HOUR);
    story.configure(patient(|_| {}).config()).expect("another configuration");
    assert_eq!(story.agent("ann").load, 2, "from now on");
    story.after(MINUTE);
    assert_eq!(story.agent("ann").load, 1);
    story.configure(patient(|idle| idle.close_after_ms = Some(180_000)).config()).expect("another configuration");
    story.after(2 * MINUTE);
    assert_eq!((story.work(held.0).state, story.work(held.0).disposition.as_str()), (WorkState::Closed, "NO_ANSWER"));
    story.folds_to_the_same();
}

#[test]
fn a_silent_customers_matters_that_are_made_one_cost_what_the_silence_says() {
    let (mut story, held) = answered(patient(|_| {}), whatsapp(ANNA, "hello"));
    story.after(MINUTE);
    assert_eq!(story.agent("ann").load, 1);
    story.configure(patient(|idle| idle.lower_percent = 100).config()).expect("another configuration");
    assert_eq!(story.agent("ann").load, 2, "the fraction is what is configured now");
    story.configure(patient(|idle| idle.lower_percent = 0).config()).expect("another configuration");
    assert_eq!(story.agent("ann").load, 0);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.folds_to_the_same();
}
