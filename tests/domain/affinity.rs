//! Last-agent affinity (domain rules, section 7): who is asked first for a customer who comes back, when that one is waited for, for how
//! long, and that nobody is waited for who is not there.

use skein::domain::command::{Command, Pass, Verb};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::invariant::{Invariant, Violation};
use skein::domain::record::{Change, HoldSet, Presence, PresenceSet, Record};
use skein::domain::view::WorkState;

use crate::kit::{MINUTE, SECOND, SPACE, Scenario, Shop, Step, chat, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

pub(crate) type Held = (WorkId, AssignmentId);

pub(crate) fn desk() -> Shop {
    let one = |shop: Shop, name: &str| shop.agent(name, |agent| agent.capacity = 1);
    one(one(shop().queue(|queue| queue.reexplain_cost_ms = 120_000), "ann"), "bob")
}

/// Ann takes 20 seconds for a matter, as is known, has had Anna's, and has somebody else's now; bob is free.
pub(crate) fn known(shop: Shop) -> (Scenario, Held) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    for number in 0..10 {
        story.hears(sms(&format!("+491515000000{number}"), "hello")).expect("a message");
    }
    for _ in 0..10 {
        let held = story.takes("ann");
        story.after(20 * SECOND);
        story.closes("ann", held).expect("closed");
    }
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.closes("ann", held).expect("closed");
    story.hears(chat("visitor", "hello")).expect("a message");
    let other = story.takes("ann");
    story.ready("bob").expect("ready");
    (story, other)
}

fn hold(changes: &[Change]) -> Vec<HoldSet> {
    let set = |change: &Change| if let Change::HoldSet(set) = change { Some(*set) } else { None };
    changes.iter().filter_map(set).collect()
}

fn all(records: &[Record]) -> Vec<Change> {
    records.iter().flat_map(|record| record.changes.iter().cloned()).collect()
}

pub(crate) fn comes_back(story: &mut Scenario) -> (Step, WorkId) {
    let step = story.hears(whatsapp(ANNA, &format!("not solved, {}", story.log_len())));
    let work = step.message().work.expect("a work");
    (step, work)
}

#[test]
fn what_somebody_else_could_take_is_held_for_whoever_knows_the_matter_and_is_soon_free() {
    let (mut story, other) = known(desk());
    let (step, work) = comes_back(&mut story);
    let ann = story.id("ann");
    let until = story.now().0 + 2 * MINUTE;
    assert_eq!(
        hold(step.changes()),
        [HoldSet { work, agent: ann, until: Some(skein::domain::time::Timestamp(until)) }]
    );
    let view = story.work(work);
    assert_eq!(view.state, WorkState::Queued, "bob is not asked");
    assert_eq!(view.passing.held_for.as_ref().map(|(name, _)| name.as_str()), Some("ann"));
    let next = story.hears(mail("x@example.org", "m1", "hello")).opened().expect("a work");
    assert_eq!(story.offered_to(next).as_deref(), Some("bob"), "others are not held back");
    story.closes("ann", other).expect("closed");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    assert_eq!(story.work(work).passing.held_for, None);
    story.folds_to_the_same();
}

#[test]
fn after_what_it_costs_to_explain_again_it_goes_to_whoever_can_have_it() {
    let (mut story, _) = known(desk());
    let (_, work) = comes_back(&mut story);
    story.after(2 * MINUTE - SECOND);
    assert_eq!(story.work(work).state, WorkState::Queued);
    let records = story.after(SECOND);
    assert_eq!(hold(&all(&records)).len(), 1);
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    let offer = story.offer("bob").expect("an offer");
    story.declines("bob", offer).expect("declined");
    story.after(MINUTE);
    assert!(story.work(work).passing.held_for.is_none(), "it is held once");
    story.folds_to_the_same();
}

#[test]
fn nobody_is_waited_for_whose_pace_says_that_it_takes_longer() {
    let (mut story, _) = known(desk().queue(|queue| queue.reexplain_cost_ms = 10_000));
    let (step, work) = comes_back(&mut story);
    assert_eq!((hold(step.changes()), story.offered_to(work).as_deref()), (vec![], Some("bob")));
}

#[test]
fn nobody_is_waited_for_whose_pace_is_not_known() {
    let mut story = desk().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.closes("ann", held).expect("closed");
    story.hears(chat("visitor", "hello")).expect("a message");
    story.takes("ann");
    story.ready("bob").expect("ready");
    let (step, work) = comes_back(&mut story);
    assert_eq!((hold(step.changes()), story.offered_to(work).as_deref()), (vec![], Some("bob")));
}

#[test]
fn where_nothing_is_said_to_cost_anything_nobody_is_waited_for() {
    let (mut story, _) = known(desk().queue(|queue| queue.reexplain_cost_ms = 0));
    let (step, work) = comes_back(&mut story);
    assert_eq!((hold(step.changes()), story.offered_to(work).as_deref()), (vec![], Some("bob")));
}

#[test]
fn whoever_goes_away_is_waited_for_no_longer() {
    type Goes = fn(&mut Scenario);
    let ways: [Goes; 3] = [
        |story| story.presence("ann", Presence::Away).expect("away"),
        |story| story.loses_connection("ann").expect("lost"),
        |story| story.logs_out("ann").expect("logged out"),
    ];
    for goes in ways {
        let (mut story, _) = known(desk());
        let (_, work) = comes_back(&mut story);
        assert_eq!(story.work(work).state, WorkState::Queued);
        goes(&mut story);
        assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
        story.folds_to_the_same();
    }
}

/// A failure of others (design, section 11): a returning customer bound to an offline agent for ever.
#[test]
fn a_returning_customer_is_never_bound_to_an_offline_agent() {
    let (mut story, other) = known(desk());
    story.closes("ann", other).expect("closed");
    story.logs_out("ann").expect("logged out");
    let (step, work) = comes_back(&mut story);
    assert_eq!((hold(step.changes()), story.offered_to(work).as_deref()), (vec![], Some("bob")));
    let held = story.takes("bob");
    story.closes("bob", held).expect("closed");
    story.logs_out("bob").expect("logged out");
    let (_, work) = comes_back(&mut story);
    assert_eq!(story.work(work).state, WorkState::Queued);
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"), "whoever comes first has it, though bob had it last");
    story.folds_to_the_same();
}

#[test]
fn a_new_matter_is_asked_of_whoever_had_the_last_one() {
    let mut story = desk().opens();
    story.ready("bob").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("bob");
    story.closes("bob", held).expect("closed");
    story.ready("ann").expect("ready");
    let step = story.hears(sms(ANNA, "something else"));
    let work = step.opened().expect("the number is another endpoint's");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"), "though ann was never given anything");
}

/// The control of the invariant: a record that nobody would decide breaks it.
#[test]
fn a_hold_for_somebody_who_is_not_there_is_noticed() {
    let (mut story, _) = known(desk());
    let (_, work) = comes_back(&mut story);
    let (agent, reason) = (story.id("ann"), Name::default());
    let away = PresenceSet { agent, presence: Presence::Away, reason, channels: Vec::new() };
    let broken = story.broken_by(Change::PresenceSet(away));
    let noticed = |it: &Violation| it.invariant == Invariant::HeldForSomebody && it.work == Some(work);
    assert!(broken.iter().any(noticed), "{broken:?}");
}

#[test]
fn an_agent_may_take_what_is_held_for_another() {
    let (mut story, _) = known(desk());
    let (_, work) = comes_back(&mut story);
    story.does("bob", Verb::Pass(Pass::Claim { work })).expect("claimed");
    assert_eq!(story.work(work).owner.map(|(_, name)| name.to_string()).as_deref(), Some("bob"));
    story.folds_to_the_same();
}

#[test]
fn after_a_restart_nobody_is_waited_for_who_has_not_come_back() {
    let (mut story, _) = known(desk());
    let (_, work) = comes_back(&mut story);
    story.when(Command::Resume { workspace: SPACE.into(), outage_ms: 5_000 }).expect("resumed");
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn no_more_is_held_for_somebody_than_their_pace_says() {
    let eve = "+4915100000999";
    let shop = desk().agent("ann", |agent| agent.capacity = 1).queue(|queue| queue.reexplain_cost_ms = 30_000);
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    for number in 0..10 {
        story.hears(sms(&format!("+491515000000{number}"), "hello")).expect("a message");
    }
    for _ in 0..10 {
        let held = story.takes("ann");
        story.after(20 * SECOND);
        story.closes("ann", held).expect("closed");
    }
    for phone in [ANNA, eve] {
        story.hears(whatsapp(phone, "hello")).expect("a message");
        let held = story.takes("ann");
        story.closes("ann", held).expect("closed");
    }
    story.hears(chat("visitor", "hello")).expect("a message");
    story.takes("ann");
    story.ready("bob").expect("ready");
    let (first, _) = comes_back(&mut story);
    assert_eq!(hold(first.changes()).len(), 1, "twenty seconds are waited");
    let second = story.hears(whatsapp(eve, "me, too"));
    assert_eq!(hold(second.changes()), [], "forty are not");
    let work = second.message().work.expect("a work");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    story.folds_to_the_same();
}
