//! A Work that is offered to several agents at once (`parallel_offers`): the first to accept has it, and each offer ends.

use skein::domain::command::{Pass, Verb};
use skein::domain::id::{AgentId, Name, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Change, OfferOutcome, Presence};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;

use crate::kit::{MINUTE, SECOND, Scenario, Shop, Step, chat, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

/// Ann, bob and cem, with two offers at once.
fn three() -> Shop {
    shop().queue(|queue| queue.parallel_offers = Some(2)).but(|config| {
        let mut cem = config.agents[0].clone();
        cem.name = Name::new("cem");
        config.agents.push(cem);
    })
}

fn all_ready() -> Scenario {
    let mut story = three().opens();
    for agent in ["ann", "bob", "cem"] {
        story.ready(agent).expect("ready");
    }
    story
}

fn ended(step: &Step) -> Vec<(AgentId, OfferOutcome)> {
    let ended = |change: &Change| match change {
        Change::OfferEnded { agent, outcome, .. } => Some((*agent, *outcome)),
        _ => None,
    };
    step.changes().iter().filter_map(ended).collect()
}

fn asked(story: &Scenario, work: WorkId) -> Vec<&'static str> {
    let has = |agent: &&str| {
        let view = story.space().agent(agent);
        view.is_some_and(|view| view.offers.iter().any(|offer| offer.work.work == work))
    };
    ["ann", "bob", "cem"].into_iter().filter(has).collect()
}

fn comes(story: &mut Scenario) -> WorkId {
    story.hears(whatsapp(ANNA, "hello")).opened().expect("a work")
}

#[test]
fn it_is_offered_to_as_many_as_the_queue_says_and_reserves_the_room_of_each() {
    let mut story = all_ready();
    let work = comes(&mut story);
    assert_eq!(asked(&story, work), ["ann", "bob"]);
    assert_eq!(["ann", "bob", "cem"].map(|agent| story.agent(agent).load), [1, 1, 0]);
    assert_eq!(story.work(work).state, WorkState::Offered);
    story.folds_to_the_same();
}

#[test]
fn the_first_to_accept_has_it_and_the_other_is_told_at_once() {
    let mut story = all_ready();
    let work = comes(&mut story);
    let (anns, bobs) = (story.offer("ann").expect("an offer"), story.offer("bob").expect("an offer"));
    let step = story.accepts("bob", bobs);
    let (ann, bob) = (story.id("ann"), story.id("bob"));
    assert_eq!(ended(&step), [(ann, OfferOutcome::Revoked), (bob, OfferOutcome::Accepted)]);
    assert!(step.outputs().iter().any(|output| matches!(output, Output::Agent { agent, .. } if *agent == ann)));
    assert_eq!(story.work(work).owner.map(|(agent, _)| agent), Some(bob));
    assert_eq!(story.accepts("ann", anns).refused(), Rejection::OfferOver, "no two owners");
    assert_eq!((story.agent("ann").load, story.agent("bob").load), (0, 1));
    story.folds_to_the_same();
}

#[test]
fn who_declines_is_followed_by_the_next_and_the_other_offer_stays() {
    let mut story = all_ready();
    let work = comes(&mut story);
    let anns = story.offer("ann").expect("an offer");
    story.declines("ann", anns).expect("declined");
    assert_eq!(asked(&story, work), ["bob", "cem"]);
    let bobs = story.offer("bob").expect("an offer");
    story.declines("bob", bobs).expect("declined");
    assert_eq!((asked(&story, work), story.work(work).state), (vec!["cem"], WorkState::Offered));
    let cems = story.offer("cem").expect("an offer");
    story.declines("cem", cems).expect("declined");
    assert_eq!((asked(&story, work), story.work(work).state), (vec![], WorkState::Queued));
    story.folds_to_the_same();
}

#[test]
fn offers_that_nobody_answers_expire_each_by_itself() {
    let mut story = three().opens();
    for agent in ["ann", "bob"] {
        story.ready(agent).expect("ready");
    }
    let work = comes(&mut story);
    let records = story.after(30 * SECOND);
    let expired = |change: &&Change| matches!(change, Change::OfferEnded { outcome: OfferOutcome::Expired, .. });
    assert_eq!(records.iter().flat_map(|record| &record.changes).filter(expired).count(), 2);
    let cools = story.work(work).state;
    assert_eq!(cools, WorkState::Queued, "both are not asked again for a while");
    story.folds_to_the_same();
}

#[test]
fn who_leaves_or_does_not_answer_a_live_customer_goes_and_the_others_stay() {
    let mut story = all_ready();
    let work = story.hears(chat("visitor", "hello")).opened().expect("a work");
    story.presence("ann", Presence::Away).expect("away");
    assert_eq!(asked(&story, work), ["bob", "cem"]);
    story.after(30 * SECOND);
    let away = ["bob", "cem"].map(|agent| story.agent(agent).presence);
    assert_eq!((away, story.work(work).state), ([Presence::Away; 2], WorkState::Queued));
    story.folds_to_the_same();
}

#[test]
fn who_claims_it_takes_it_from_all() {
    let mut story = all_ready();
    let work = comes(&mut story);
    story.does("cem", Verb::Pass(Pass::Claim { work })).expect("claimed");
    assert_eq!((asked(&story, work), story.work(work).state), (vec![], WorkState::Assigned));
    assert_eq!(["ann", "bob", "cem"].map(|agent| story.agent(agent).load), [0, 0, 1]);
}

#[test]
fn what_is_moved_or_passed_on_is_asked_of_one() {
    let mut story = all_ready();
    comes(&mut story);
    let (work, assignment) = story.takes("ann");
    let to_queue = Pass::Transfer {
        work,
        assignment,
        to: Name::default(),
        queue: Name::new("help"),
        cold: false,
        note: String::new(),
        force: false,
    };
    story.does("ann", Verb::Pass(to_queue)).expect("passed on");
    assert_eq!(asked(&story, work).len(), 1, "its owner is there still");
    story.folds_to_the_same();
}

#[test]
fn whoever_knows_the_customer_is_asked_alone() {
    let mut story = all_ready();
    let work = comes(&mut story);
    let held = story.takes("bob");
    story.closes("bob", held).expect("closed");
    story.hears(whatsapp(ANNA, "not solved")).expect("a message");
    assert_eq!(asked(&story, work), ["bob"]);
    let bobs = story.offer("bob").expect("an offer");
    story.declines("bob", bobs).expect("declined");
    assert_eq!(asked(&story, work), ["ann", "cem"], "and then the others");
}

#[test]
fn room_that_is_given_back_is_filled() {
    let mut story = three().agent("ann", |ann| ann.capacity = 1).agent("bob", |bob| bob.capacity = 1).opens();
    for agent in ["ann", "bob"] {
        story.ready(agent).expect("ready");
    }
    comes(&mut story);
    let next = story.hears(sms("+4915187654321", "hello")).opened().expect("a work");
    assert_eq!(story.work(next).state, WorkState::Queued, "both are kept");
    story.takes("ann");
    assert_eq!(asked(&story, next), ["bob"]);
    story.after(MINUTE);
    story.folds_to_the_same();
}

#[test]
fn an_operator_who_takes_an_agent_off_the_queue_takes_its_offer_back() {
    let mut story = all_ready();
    let work = comes(&mut story);
    let mut config = three().0;
    config.agents[1].profile.queues.clear();
    story.configure(config).expect("in force");
    story.after(0);
    assert_eq!(asked(&story, work), ["ann", "cem"]);
    story.folds_to_the_same();
}
