//! Overflow: what becomes of Work whose queue is full, slow or without anybody (domain rules, section 7).

use skein::domain::command::{Pass, Verb};
use skein::domain::id::{Name, WorkId};
use skein::domain::record::{Change, OverflowCause, Overflowed, Presence, QueueCause, Record};
use skein::domain::view::WorkState;
use skein::domain::workspace::{Levels, OverflowConfig, OverflowWhen, QueueConfig, Relax};

use crate::kit::{MINUTE, SECOND, Scenario, Shop, shop, sms};

fn when(when: OverflowWhen) -> OverflowConfig {
    OverflowConfig { when, move_to: None, add_queues: Vec::new(), relax: Relax::default(), notify: false }
}

fn moves(of: OverflowWhen, to: &str) -> OverflowConfig {
    OverflowConfig { move_to: Some(Name::new(to)), ..when(of) }
}

fn wait(ms: i64) -> OverflowWhen {
    OverflowWhen::Wait(ms.unsigned_abs())
}

/// Help, sales and night, all served by ann and bob.
fn three() -> Shop {
    shop().second_queue("sales", "none").second_queue("night", "none")
}

fn with(shop: Shop, queue: &str, change: impl FnOnce(&mut QueueConfig)) -> Shop {
    shop.but(|config| change(config.queues.iter_mut().find(|known| known.name == queue).expect("a queue")))
}

fn full(shop: Shop, queue: &str, max: u32, to: &str) -> Shop {
    with(shop, queue, |queue| {
        queue.max_length = Some(max);
        queue.overflow.push(moves(OverflowWhen::Length(max), to));
    })
}

fn come(story: &mut Scenario, number: u32) -> WorkId {
    story.hears(sms(&format!("+4915112345{number:03}"), "hello")).opened().expect("a work")
}

fn queues(story: &Scenario, works: &[WorkId]) -> Vec<String> {
    works.iter().map(|work| story.work(*work).queue.to_string()).collect()
}

fn overflowed<'r>(records: impl IntoIterator<Item = &'r Record>) -> Vec<Overflowed> {
    let changes = records.into_iter().flat_map(|record| &record.changes);
    let said = changes.filter_map(|change| match change {
        Change::Overflowed(overflowed) => Some((**overflowed).clone()),
        _ => None,
    });
    said.collect()
}

#[test]
fn never_is_one_more_in_a_queue_than_its_maximum() {
    let mut story = full(three(), "help", 2, "sales").opens();
    let works: Vec<WorkId> = (0..4).map(|number| come(&mut story, number)).collect();
    assert_eq!(queues(&story, &works), ["help", "help", "sales", "sales"]);
    let last = overflowed([story.last()]);
    assert_eq!((last.len(), last[0].queue.as_str(), last[0].cause), (1, "help", OverflowCause::Length));
    assert_eq!(last[0].to.as_deref(), Some("sales"));
    // What is offered is nobody's yet, and comes back to its place.
    story.ready("ann").expect("ready");
    let fifth = come(&mut story, 5);
    assert_eq!(story.work(fifth).queue, "sales");
    story.accepts("ann", story.offer("ann").expect("an offer")).expect("taken");
    let sixth = come(&mut story, 6);
    assert_eq!((story.work(sixth).queue.as_str(), story.space().length("help")), ("help", 2));
    story.folds_to_the_same();
}

#[test]
fn a_full_queue_is_passed_by_on_the_way_to_one_with_room() {
    let shop = full(full(three(), "help", 1, "sales"), "sales", 1, "night");
    let mut story = shop.opens();
    let works: Vec<WorkId> = (0..4).map(|number| come(&mut story, number)).collect();
    assert_eq!(queues(&story, &works), ["help", "sales", "night", "night"]);
    let hops = overflowed([story.last()]);
    let hops: Vec<(&str, Option<&str>)> = hops.iter().map(|hop| (hop.queue.as_str(), hop.to.as_deref())).collect();
    assert_eq!(hops, [("help", Some("sales")), ("sales", Some("night"))]);
}

#[test]
fn what_its_owner_gives_back_to_a_queue_that_is_full_by_now_goes_on_too() {
    let mut story = full(three(), "help", 1, "sales").only_ann().opens();
    story.ready("ann").expect("ready");
    let first = come(&mut story, 0);
    let (work, assignment) = story.takes("ann");
    story.presence("ann", Presence::Away).expect("away");
    let second = come(&mut story, 1);
    story.does("ann", Verb::Pass(Pass::Requeue { work, assignment })).expect("given back");
    assert_eq!(queues(&story, &[first, second]), ["sales", "help"]);
    assert_eq!(story.space().length("help"), 1);
    story.folds_to_the_same();
}

#[test]
fn where_no_way_out_is_given_nobody_is_turned_away() {
    // No configuration file may say so; one that a program made may.
    let mut story = with(three(), "help", |queue| queue.max_length = Some(1)).opens();
    let works: Vec<WorkId> = (0..3).map(|number| come(&mut story, number)).collect();
    assert_eq!(queues(&story, &works), ["help", "help", "help"]);
    let circle = full(full(three(), "help", 1, "sales"), "sales", 1, "help");
    let mut story = circle.opens();
    let works: Vec<WorkId> = (0..4).map(|number| come(&mut story, number)).collect();
    assert_eq!(queues(&story, &works), ["help", "sales", "sales", "sales"], "at the end of the way");
}

#[test]
fn who_waits_too_long_overflows_once_and_comes_back_by_no_circle() {
    let shop = with(three(), "help", |queue| queue.overflow = vec![moves(wait(MINUTE), "sales")]);
    let shop = with(shop, "sales", |queue| queue.overflow = vec![moves(wait(MINUTE), "help")]);
    let mut story = shop.opens();
    let work = come(&mut story, 0);
    let key = story.work(work).key;
    assert_eq!(overflowed(&story.after(MINUTE - 1)), []);
    let records = story.after(1);
    assert_eq!(overflowed(&records).len(), 1);
    let queued = records[0].changes.iter().find_map(|change| match change {
        Change::WorkQueued { queue, cause, .. } => Some((queue.as_str(), *cause)),
        _ => None,
    });
    assert_eq!(queued, Some(("sales", QueueCause::Overflowed)));
    assert_eq!(story.work(work).key, key, "with its place");
    let again = overflowed(&story.after(10 * MINUTE));
    assert_eq!((again.len(), again[0].to.as_deref()), (1, None), "it is moved once until it is closed");
    assert_eq!(story.work(work).queue, "sales");
    story.folds_to_the_same();
}

#[test]
fn by_its_wait_it_is_shown_to_others_and_asks_for_less() {
    let levels = |level| [(Name::new("german"), level)].into_iter().collect::<Levels>();
    let shop = with(three(), "help", |queue| {
        queue.requires = levels(5);
        queue.overflow = vec![
            OverflowConfig { notify: true, ..when(wait(MINUTE)) },
            OverflowConfig {
                add_queues: vec![Name::new("sales")],
                relax: Relax { lower: levels(2), drop: Vec::new() },
                ..when(wait(2 * MINUTE))
            },
        ];
    });
    let shop = shop
        .agent("ann", |ann| ann.skills = levels(9))
        .agent("bob", |bob| (bob.skills, bob.queues) = (levels(2), vec![Name::new("sales")]));
    let mut story = shop.opens();
    story.ready("bob").expect("ready");
    let work = come(&mut story, 0);
    let first = overflowed(&story.after(MINUTE));
    assert!(first.len() == 1 && first[0].notify && first[0].at == MINUTE.unsigned_abs(), "{first:?}");
    assert_eq!(story.work(work).state, WorkState::Queued);
    assert_eq!(overflowed(&story.after(MINUTE - 1)), []);
    story.after(1);
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    let view = story.work(work).widening;
    assert_eq!((view.queues, view.requires), (vec![Name::new("sales")], levels(2)));
    assert_eq!(view.overflown.map(|overflown| overflown.cause), Some(OverflowCause::Wait));
    story.folds_to_the_same();
}

#[test]
fn with_nobody_logged_in_who_could_take_it_it_overflows_at_once() {
    let shop = with(three(), "help", |queue| queue.overflow = vec![moves(OverflowWhen::NoAgent, "night")]);
    let shop = shop.agent("ann", |ann| ann.queues = vec![Name::new("help")]);
    let shop = shop.agent("bob", |bob| bob.queues = vec![Name::new("night")]);
    let mut story = shop.opens();
    story.ready("bob").expect("ready");
    let first = come(&mut story, 0);
    assert_eq!((story.work(first).queue.as_str(), story.offered_to(first).as_deref()), ("night", Some("bob")));
    story.logs_in("ann").expect("a session");
    let second = come(&mut story, 1);
    assert_eq!(story.work(second).queue, "help", "she is away, and comes back");
    story.logs_out("ann").expect("gone");
    let gone = overflowed(&story.after(0));
    assert_eq!((gone.len(), gone[0].cause, story.work(second).queue.as_str()), (1, OverflowCause::NoAgent, "night"));
    story.folds_to_the_same();
}

#[test]
fn by_length_whoever_comes_is_shown_to_others_and_those_before_are_not() {
    let shop = with(three(), "help", |queue| {
        queue.overflow = vec![OverflowConfig { add_queues: vec![Name::new("sales")], ..when(OverflowWhen::Length(1)) }];
    });
    let mut story = shop.agent("bob", |bob| bob.queues = vec![Name::new("sales")]).opens();
    let (first, second) = (come(&mut story, 0), come(&mut story, 1));
    story.ready("bob").expect("ready");
    assert_eq!((story.offered_to(first), story.offered_to(second).as_deref()), (None, Some("bob")));
}

#[test]
fn a_clock_of_overflow_stands_while_the_work_is_offered() {
    let shop = with(three(), "help", |queue| {
        queue.offer_timeout_ms = (10 * MINUTE).unsigned_abs();
        queue.overflow = vec![moves(wait(MINUTE), "sales")];
    });
    let mut story = shop.only_ann().opens();
    let work = come(&mut story, 0);
    story.after(30 * SECOND);
    story.ready("ann").expect("ready");
    assert_eq!(overflowed(&story.after(5 * MINUTE)), []);
    story.declines("ann", story.offer("ann").expect("an offer")).expect("declined");
    story.presence("ann", Presence::Away).expect("away");
    assert_eq!(overflowed(&story.after(30 * SECOND - 1)), []);
    assert_eq!(story.work(work).state, WorkState::Queued);
    assert_eq!(overflowed(&story.after(1)).len(), 1);
}

#[test]
fn a_full_queue_sends_back_to_one_that_was_left_for_its_length_alone() {
    // Help takes any number, and passes on what it can; sales takes one, and leads back to help.
    let shop = with(three(), "help", |queue| queue.overflow = vec![moves(OverflowWhen::Length(1), "sales")]);
    let mut story = full(shop, "sales", 1, "help").opens();
    let works: Vec<WorkId> = (0..4).map(|number| come(&mut story, number)).collect();
    assert_eq!(queues(&story, &works), ["help", "sales", "help", "help"]);
    let hops = overflowed([story.last()]);
    let hops: Vec<(&str, Option<&str>)> = hops.iter().map(|hop| (hop.queue.as_str(), hop.to.as_deref())).collect();
    assert_eq!(hops, [("help", Some("sales")), ("sales", Some("help"))]);
    story.folds_to_the_same();
}

#[test]
fn what_waits_for_its_customer_keeps_its_place_when_it_overflows() {
    let shop = with(three().only_ann(), "help", |queue| queue.overflow = vec![moves(wait(MINUTE), "sales")]);
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    let work = come(&mut story, 0);
    let held = story.takes("ann");
    story.answers("ann", held, "which one?").expect("an answer");
    story.presence("ann", Presence::Away).expect("away");
    story.after(SECOND);
    story.does("ann", Verb::Pass(Pass::Requeue { work, assignment: held.1 })).expect("given back");
    let before = story.work(work);
    assert!(!before.turn_ours && before.key.is_some());
    story.after(MINUTE);
    let after = story.work(work);
    assert_eq!((after.queue.as_str(), after.key), ("sales", before.key), "it counts from the moment it was queued");
}
