//! Plans: how the circle of those who may take a Work widens while it waits, and the alarm for Work that nobody could ever take (domain
//! rules, section 7).

use skein::domain::id::{Name, WorkId};
use skein::domain::record::{Change, Presence, Record, StepCause, StepSet, Unserved};
use skein::domain::rules::{Rule, When};
use skein::domain::view::WorkState;
use skein::domain::workspace::{
    HoursConfig, Levels, Opening, OverflowConfig, OverflowWhen, PlanConfig, Relax, StepConfig,
};

use crate::kit::{MINUTE, SECOND, START, Scenario, Shop, Step, chat, shop, sms};

const ANNA: &str = "+4915112345678";

fn levels(list: &[(&str, u8)]) -> Levels {
    list.iter().map(|(skill, level)| (Name::new(skill), *level)).collect()
}

fn step(after_ms: i64, lower: &[(&str, u8)], drop: &[&str], add: &[&str]) -> StepConfig {
    let names = |list: &[&str]| list.iter().map(Name::new).collect();
    let relax = Relax { lower: levels(lower), drop: names(drop) };
    StepConfig { after_ms: after_ms.unsigned_abs(), relax, add_queues: names(add) }
}

/// Help wants german 6. Ann has 8, bob 3; after a minute 4 will do, after two more any, and sales is asked, too.
fn planned() -> Shop {
    let shop = shop().second_queue("sales", "none").queue(|queue| {
        queue.requires = levels(&[("german", 6)]);
        queue.plan = Some(Name::new("wider"));
    });
    let steps = vec![step(MINUTE, &[("german", 4)], &[], &[]), step(2 * MINUTE, &[], &["german"], &["sales"])];
    shop.but(|config| config.plans = vec![PlanConfig { name: Name::new("wider"), steps }])
        .agent("ann", |ann| ann.skills = levels(&[("german", 8)]))
        .agent("bob", |bob| (bob.skills, bob.queues) = (levels(&[("german", 3)]), vec![Name::new("sales")]))
}

fn steps<'r>(records: impl IntoIterator<Item = &'r Record>) -> Vec<(u32, StepCause)> {
    let changes = records.into_iter().flat_map(|record| &record.changes);
    changes.filter_map(step_set).map(|set| (set.step, set.cause)).collect()
}

fn step_set(change: &Change) -> Option<&StepSet> {
    if let Change::StepSet(set) = change { Some(set) } else { None }
}

fn unserved<'r>(changes: impl IntoIterator<Item = &'r Change>) -> Vec<(WorkId, bool)> {
    let said = changes.into_iter().filter_map(|change| match change {
        Change::Unserved(Unserved { work, unserved, .. }) => Some((*work, *unserved)),
        _ => None,
    });
    said.collect()
}

fn waits(story: &mut Scenario, step: &Step) -> WorkId {
    let work = step.opened().expect("a work");
    assert_eq!(story.work(work).state, WorkState::Queued);
    work
}

#[test]
fn each_step_comes_when_its_own_clock_has_run_and_says_why_it_holds() {
    let mut story = planned().opens();
    story.logs_in("ann").expect("a session");
    let heard = story.hears(sms(ANNA, "hello"));
    let work = waits(&mut story, &heard);
    let view = story.work(work).widening;
    assert_eq!((view.plan.as_str(), view.step, view.requires), ("wider", 0, levels(&[("german", 6)])));
    assert_eq!(steps(&story.after(MINUTE - 1)), []);
    assert_eq!(steps(&story.after(1)), [(1, StepCause::Clock)]);
    assert_eq!(story.work(work).widening.requires, levels(&[("german", 4)]));
    assert_eq!(steps(&story.after(2 * MINUTE - 1)), [], "the second clock begins with the first step");
    assert_eq!(steps(&story.after(1)), [(2, StepCause::Clock)]);
    let view = story.work(work).widening;
    assert_eq!((view.step, view.cause, view.since), (2, StepCause::Clock, Some(story.now())));
    assert_eq!((view.queues, view.requires, view.next_at), (vec![Name::new("sales")], Levels::new(), None));
    story.folds_to_the_same();
}

#[test]
fn whoever_may_take_it_by_a_step_is_asked_as_it_comes() {
    let mut story = planned().opens();
    story.logs_in("ann").expect("a session");
    story.ready("bob").expect("ready");
    let heard = story.hears(sms(ANNA, "hello"));
    let work = waits(&mut story, &heard);
    story.after(3 * MINUTE);
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"), "of the queue that the plan adds");
    assert_eq!(story.work(work).queue, "help", "and stays in its own");
    story.folds_to_the_same();
}

#[test]
fn a_clock_stands_while_the_work_is_offered_or_owned_and_its_step_is_kept() {
    let mut story = planned().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(chat("visitor", "hello")).opened().expect("a work");
    story.after(20 * SECOND);
    let (_, assignment) = story.takes("ann");
    assert_eq!(steps(&story.after(10 * MINUTE)), [], "owned");
    let back = skein::domain::command::Pass::Requeue { work, assignment };
    story.does("ann", skein::domain::command::Verb::Pass(back)).expect("given back");
    story.presence("ann", Presence::Away).expect("away");
    assert_eq!(story.work(work).state, WorkState::Queued);
    assert_eq!(steps(&story.after(MINUTE - 1)), [], "it has not been queued for a minute yet");
    assert_eq!(steps(&story.after(1)), [(1, StepCause::Clock)]);
}

#[test]
fn a_step_that_nobody_logged_in_could_take_is_skipped_at_once() {
    let mut story = planned().opens();
    story.ready("bob").expect("ready");
    let heard = story.hears(sms(ANNA, "hello"));
    assert_eq!(steps([heard.record()]), [(0, StepCause::Queued), (2, StepCause::NobodyThere)]);
    assert_eq!(story.offered_to(heard.opened().expect("a work")).as_deref(), Some("bob"));
}

#[test]
fn who_is_away_is_waited_for_and_who_leaves_is_not() {
    let mut story = planned().opens();
    story.logs_in("ann").expect("a session");
    let works: Vec<WorkId> = (0..3)
        .map(|n| {
            let heard = story.hears(sms(&format!("+49151123456{n}0"), "hello"));
            waits(&mut story, &heard)
        })
        .collect();
    assert_eq!(steps(&story.after(SECOND)), []);
    story.presence("ann", Presence::Draining).expect("draining");
    let skipped = story.after(0);
    assert_eq!(steps(&skipped), [(2, StepCause::NobodyThere); 3]);
    for work in works {
        assert_eq!(story.work(work).widening.cause, StepCause::NobodyThere);
    }
    story.folds_to_the_same();
}

#[test]
fn of_several_steps_the_first_that_somebody_could_take_is_waited_at() {
    let mut story = planned().agent("ann", |ann| ann.skills = levels(&[("german", 5)])).opens();
    story.logs_in("ann").expect("a session");
    let heard = story.hears(sms(ANNA, "hello"));
    waits(&mut story, &heard);
    assert_eq!(steps([heard.record()]), [(0, StepCause::Queued), (1, StepCause::NobodyThere)]);
    assert_eq!(steps(&story.after(2 * MINUTE - 1)), []);
    assert_eq!(steps(&story.after(1)), [(2, StepCause::Clock)]);
}

#[test]
fn many_that_nobody_could_take_any_more_go_on_record_after_record() {
    let mut story = planned().opens();
    story.logs_in("ann").expect("a session");
    for n in 0..400 {
        story.hears(sms(&format!("+49151{n:07}"), "hello")).expect("a message");
    }
    story.logs_out("ann").expect("gone");
    let records = story.after(0);
    assert_eq!(steps(&records).len(), 400);
    assert!(records.iter().all(|record| record.changes.len() <= 300), "each record is bounded");
    story.folds_to_the_same();
}

#[test]
fn while_its_queue_is_closed_clocks_stand_and_nobody_is_missed() {
    // The stories begin at 2026-01-01T00:00Z or later the same day: open from the next full hour on.
    let shop = planned().queue(|queue| queue.hours = Some(Name::new("desk"))).but(|config| {
        let day: Vec<Opening> = (0..24).map(|hour| Opening { from: hour * 60, to: hour * 60 + 30 }).collect();
        let week = std::array::from_fn(|_| day.clone());
        config.hours =
            vec![HoursConfig { name: Name::new("desk"), zone: "UTC".into(), week, ..HoursConfig::default() }];
    });
    let mut story = shop.opens();
    story.logs_in("ann").expect("a session");
    // To 20 s before it closes.
    let minute = (story.now().0 / MINUTE) % 60;
    let to_closing = ((30 - minute).rem_euclid(60)) * MINUTE - story.now().0 % MINUTE - 20 * SECOND;
    story.after(to_closing);
    let heard = story.hears(sms(ANNA, "hello"));
    let work = waits(&mut story, &heard);
    let closed = story.after(25 * MINUTE);
    assert_eq!(steps(&closed), [(0, StepCause::Closed)], "put right once, and it stands");
    assert_eq!(story.work(work).widening.cause, StepCause::Queued, "why it holds is as before");
    story.logs_out("ann").expect("gone");
    assert_eq!(steps(&story.after(0)), [], "nobody is missed while it is closed");
    story.logs_in("ann").expect("a session");
    let opened = story.after(5 * MINUTE + 20 * SECOND + 40 * SECOND - 1);
    assert_eq!(steps(&opened), []);
    assert_eq!(steps(&story.after(1)), [(1, StepCause::Clock)], "20 s before it closed, 40 s after it opened");
    story.folds_to_the_same();
}

#[test]
fn a_rule_gives_a_plan_of_its_own() {
    let shop = planned().but(|config| {
        config.plans.push(PlanConfig { name: Name::new("soon"), steps: vec![step(SECOND, &[], &["german"], &[])] });
        let when = When { keyword: vec!["fire".to_owned()], ..When::default() };
        config.rules = vec![Rule { name: Name::new("fire"), when, plan: Some(Name::new("soon")), ..Rule::default() }];
    });
    let mut story = shop.opens();
    story.logs_in("ann").expect("a session");
    let calm = story.hears(sms(ANNA, "hello")).opened().expect("a work");
    let fire = story.hears(sms("+4915112345679", "fire!")).opened().expect("a work");
    assert_eq!((story.work(calm).widening.plan.as_str(), story.work(fire).widening.plan.as_str()), ("wider", "soon"));
    story.after(SECOND);
    assert_eq!((story.work(calm).widening.step, story.work(fire).widening.step), (0, 1));
}

#[test]
fn another_configuration_is_followed_from_where_a_work_stands() {
    let mut story = planned().opens();
    story.logs_in("ann").expect("a session");
    let work = story.hears(sms(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    assert_eq!(story.work(work).widening.step, 1);
    // One step fewer: it is at the last.
    story.configure(planned().but(|config| config.plans[0].steps.truncate(1)).config());
    let view = story.work(work).widening;
    assert_eq!((view.step, view.next_at, view.requires), (1, None, levels(&[("german", 4)])));
    story.configure(planned().config());
    assert_eq!(story.work(work).widening.next_at.map(|at| at.0 - story.now().0), Some(2 * MINUTE));
    story.configure(planned().queue(|queue| queue.plan = None).config());
    let view = story.work(work).widening;
    assert_eq!((view.plan.as_str(), view.requires), ("", levels(&[("german", 6)])));
    assert_eq!(steps(&story.after(10 * MINUTE)), []);
    story.folds_to_the_same();
}

#[test]
fn in_another_queue_it_begins_anew() {
    let mut story = planned().opens();
    story.logs_in("ann").expect("a session");
    let work = story.hears(sms(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    let moves = |queue: &str| {
        let queue = Name::new(queue);
        skein::domain::command::Verb::Pass(skein::domain::command::Pass::Move {
            work,
            assignment: None,
            queue,
            force: false,
        })
    };
    story.does("ann", moves("sales")).expect("moved");
    assert_eq!(story.work(work).widening.plan, "", "sales has no plan");
    assert_eq!(story.work(work).widening.requires, Levels::new());
}

#[test]
fn work_that_nobody_registered_could_ever_take_raises_an_alarm_until_the_configuration_changes_it() {
    let shop = |german| {
        planned().queue(|queue| queue.plan = None).agent("ann", |ann| ann.skills = levels(&[("german", german)]))
    };
    let mut story = shop(5).opens();
    let heard = story.hears(sms(ANNA, "hello"));
    let work = heard.opened().expect("a work");
    assert_eq!(unserved(heard.changes()), [(work, true)]);
    assert!(story.work(work).widening.unserved);
    story.configure(shop(6).config());
    assert!(!story.work(work).widening.unserved, "ann could now, though she is not logged in");
    story.configure(shop(5).config());
    assert!(story.work(work).widening.unserved);
    story.folds_to_the_same();
}

#[test]
fn what_a_plan_or_a_guest_could_bring_about_raises_no_alarm() {
    let mut story = planned().only_ann().agent("ann", |ann| ann.skills = Levels::new()).opens();
    let heard = story.hears(sms(ANNA, "hello"));
    assert_eq!(unserved(heard.changes()), [], "its last step wants no german");
    let shop = planned().queue(|queue| queue.plan = None).only_ann().agent("ann", |ann| ann.queues.clear());
    let guest = shop.clone().but(|config| {
        let mut guest = config.agents[0].profile.clone();
        (guest.queues, guest.skills) = (vec![Name::new("help")], levels(&[("german", 6)]));
        config.guest = Some(guest);
    });
    assert_eq!(unserved(guest.opens().hears(sms(ANNA, "hello")).changes()), []);
    assert_eq!(unserved(shop.opens().hears(sms(ANNA, "hello")).changes()).len(), 1);
}

#[test]
fn who_serves_a_queue_that_the_plan_adds_may_claim_it_and_finds_it_there() {
    let mut story = planned().agent("bob", |bob| bob.capacity = 1).opens();
    story.ready("bob").expect("ready");
    let first = story.hears(sms(ANNA, "hello")).opened().expect("a work");
    story.logs_in("ann").expect("a session");
    let second = story.hears(sms("+4915112345679", "hello")).opened().expect("a work");
    let claim = |work| skein::domain::command::Verb::Pass(skein::domain::command::Pass::Claim { work });
    let listed =
        |story: &Scenario| story.space().works(Some("sales"), None).iter().map(|work| work.work).collect::<Vec<_>>();
    assert_eq!(listed(&story), [first], "skipped to the last step, as bob alone was there");
    assert!(matches!(
        story.does("bob", claim(second)).refused(),
        skein::domain::rejection::Rejection::QueueNotServed { .. }
    ));
    story.does("bob", claim(first)).expect("claimed");
    assert_eq!(story.work(first).owner.map(|(_, name)| name).as_deref(), Some("bob"));
}

#[test]
fn an_offer_in_the_middle_does_not_make_a_closed_hour_count() {
    // Open for ten minutes, closed for an hour, open again; german is not wanted after three hours of them.
    let minute = |after: i64| u16::try_from((START / MINUTE + after).rem_euclid(24 * 60)).expect("a minute of a day");
    let week = std::array::from_fn(|_| {
        vec![Opening { from: minute(70), to: minute(600) }, Opening { from: minute(-10), to: minute(10) }]
    });
    let hours = HoursConfig { name: Name::new("office"), zone: "UTC".to_owned(), week, ..HoursConfig::default() };
    let shop = planned().but(|config| {
        config.plans[0].steps = vec![step(180 * MINUTE, &[], &["german"], &[])];
        config.queues[0].hours = Some(Name::new("office"));
        config.hours = vec![hours];
    });
    let mut story = shop.opens();
    story.logs_in("ann").expect("a session");
    story.presence("ann", Presence::Away).expect("away");
    let work = story.hears(sms(ANNA, "hello")).opened().expect("a work");
    story.after(80 * MINUTE);
    story.presence("ann", Presence::Ready).expect("ready");
    story.declines("ann", story.offer("ann").expect("an offer")).expect("declined");
    story.presence("ann", Presence::Away).expect("away");
    assert_eq!(story.work(work).state, WorkState::Queued);
    assert_eq!(steps(&story.after(160 * MINUTE - SECOND)), [], "twenty minutes have gone by, not eighty");
    assert_eq!(steps(&story.after(SECOND)), [(1, StepCause::Clock)]);
    story.folds_to_the_same();
}

#[test]
fn what_overflow_asks_less_for_where_it_moves_work_raises_no_alarm() {
    let german = || levels(&[("german", 6)]);
    let shop = |drop: &[&str]| {
        let relax = Relax { lower: Levels::new(), drop: drop.iter().map(Name::new).collect() };
        let entry = OverflowConfig {
            when: OverflowWhen::Wait(MINUTE.unsigned_abs()),
            move_to: Some(Name::new("sales")),
            add_queues: Vec::new(),
            relax,
            notify: false,
        };
        planned().agent("ann", |ann| ann.skills = Levels::new()).but(|config| {
            config.queues[0].plan = None;
            config.queues[0].overflow = vec![entry];
            config.queues[1].requires = german();
        })
    };
    assert_eq!(unserved(shop(&[]).opens().hears(sms(ANNA, "hello")).changes()).len(), 1, "sales wants german as well");
    let mut story = shop(&["german"]).opens();
    let heard = story.hears(sms(ANNA, "hello"));
    assert_eq!(unserved(heard.changes()), [], "it takes along that none is wanted");
    story.ready("bob").expect("ready");
    story.after(2 * MINUTE);
    let work = heard.opened().expect("a work");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"), "which is so");
}
