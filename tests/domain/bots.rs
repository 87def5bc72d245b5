//! Bots (issue: bots in the same protocol): hand-over to people, hand back, and the limits of both.

use rstest::rstest;
use skein::domain::command::{About, FactTold, Hand, Mark, Oversight, Pass, Verb};
use skein::domain::content::Content;
use skein::domain::event::Assurance;
use skein::domain::id::{AssignmentId, Name, RootId, WorkId};
use skein::domain::record::{
    Briefing, Change, HandOverCause, MuteReason, NoticeKind, PersonalValue, QueueCause, UnassignReason,
};
use skein::domain::rejection::Rejection;
use skein::domain::rules::{Rule, When};
use skein::domain::time::Timestamp;
use skein::domain::view::{CustomerQuery, WorkState};
use skein::domain::workspace::{AgentKind, NoticeConfig};

use crate::kit::{Heard, MINUTE, SECOND, Scenario, Shop, Step, chat, shop, whatsapp};

type Held = (WorkId, AssignmentId);

const ANNA: &str = "+4915112345678";

/// Bob is a program; ann is a person.
fn desk() -> Shop {
    shop().agent("bob", |bob| bob.kind = AgentKind::Bot)
}

/// Bob has the Work of whoever wrote.
fn with_bot(shop: Shop, heard: Heard) -> (Scenario, Held) {
    let mut story = shop.opens();
    story.ready("bob").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("bob");
    (story, held)
}

/// Dot is a program, too.
fn with_dot(shop: Shop) -> Shop {
    shop.but(|config| {
        let mut dot = config.agents[1].clone();
        dot.name = Name::new("dot");
        config.agents.push(dot);
    })
}

fn requeues(story: &mut Scenario, agent: &str, (work, assignment): Held) {
    story.does(agent, Verb::Pass(Pass::Requeue { work, assignment })).expect("given back");
}

/// Nobody has it, and no program gets it any more.
fn is_for_people(story: &mut Scenario, work: WorkId) {
    let view = story.work(work);
    assert_eq!((view.owner, view.passing.for_people, story.offered_to(work)), (None, true, None));
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

fn briefing() -> Briefing {
    let steps = ["asked for the number", "looked it up"].map(str::to_owned).to_vec();
    Briefing { reason: "Wants her money back.".to_owned(), steps }
}

fn hands_over(story: &mut Scenario, (work, assignment): Held, facts: Vec<FactTold>) -> Step {
    let over = Hand::Over { work, assignment, queue: Name::default(), briefing: briefing(), facts };
    story.does("bob", Verb::Hand(Box::new(over)))
}

fn hands_back(story: &mut Scenario, (work, assignment): Held) -> Step {
    let (to, queue, note) = (Name::new("bob"), Name::default(), "Only the tracking.".to_owned());
    story.does("ann", Verb::Hand(Box::new(Hand::Back { work, assignment, to, queue, note })))
}

fn is_told(step: &Step, place: impl Fn(&Change) -> bool) -> bool {
    step.record().content.iter().any(|personal| {
        place(&step.changes()[usize::from(personal.place)])
            && personal.value == PersonalValue::Briefing(Box::new(briefing()))
    })
}

#[test]
fn what_a_bot_hands_over_waits_for_a_person_with_its_place_and_what_the_bot_knows() {
    let (mut story, held) = with_bot(desk(), whatsapp(ANNA, "where is my parcel?"));
    let since = story.work(held.0).waiting_since;
    let fact = FactTold {
        key: Name::new("order"),
        value: "4711".to_owned(),
        source: Name::default(),
        at: None,
        assurance: Assurance::Platform,
    };
    let step = hands_over(&mut story, held, vec![fact]);
    assert!(is_told(&step, |change| matches!(change, Change::HandedToPeople(_))));
    assert!(
        step.changes().iter().any(|change| matches!(change, Change::WorkQueued { cause: QueueCause::HandedOver, .. }))
    );
    let view = story.work(held.0);
    assert_eq!((view.state, view.waiting_since), (WorkState::Queued, since), "bob is READY, and gets it not");
    assert_eq!((view.passing.for_people, view.passing.briefing), (true, Some(briefing())));
    let facts = story.space().customers(&CustomerQuery::Id(RootId(view.leaf.0))).customers.remove(0).facts;
    assert_eq!(facts.iter().map(|(_, fact)| fact.value.as_str()).collect::<Vec<_>>(), ["4711"]);
    story.logs_in("ann").expect("a session");
    let offered = story.presence("ann", skein::domain::record::Presence::Ready);
    assert!(is_told(&offered, |change| matches!(change, Change::OfferMade(_))), "shown with the offer");
    let offer = story.offer("ann").expect("an offer");
    let taken = story.accepts("ann", offer);
    assert!(is_told(&taken, |change| matches!(change, Change::Assigned(_))), "and with the assignment");
    story.folds_to_the_same();
}

#[test]
fn no_bot_takes_what_is_for_people_by_any_way() {
    let (mut story, held) = with_bot(desk(), whatsapp(ANNA, "hello"));
    hands_over(&mut story, held, Vec::new()).expect("handed over");
    let cannot = |step: Step| matches!(step.refused(), Rejection::CannotTake(_));
    assert!(cannot(story.does("bob", Verb::Pass(Pass::Claim { work: held.0 }))));
    story.ready("ann").expect("ready");
    let (work, assignment) = story.takes("ann");
    let (to, queue, note) = (Name::new("bob"), Name::default(), String::new());
    let transfer =
        Pass::Transfer { work, assignment, to: to.clone(), queue, cold: false, force: false, note: note.clone() };
    assert!(cannot(story.does("ann", Verb::Pass(transfer))), "a transfer is no hand back");
    let assign = Oversight::Assign { work, assignment: Some(assignment), to, over_capacity: true, note };
    assert!(cannot(story.does("ann", Verb::Oversee(Box::new(assign)))));
    story.does("ann", Verb::Pass(Pass::Requeue { work, assignment })).expect("given back");
    assert_eq!(story.offer("bob"), None);
}

#[test]
fn a_work_goes_back_to_bots_at_most_twice() {
    let (mut story, mut held) = with_bot(desk(), whatsapp(ANNA, "hello"));
    story.ready("ann").expect("ready");
    for _ in 0..2 {
        hands_over(&mut story, held, Vec::new()).expect("handed over");
        let anns = story.takes("ann");
        hands_back(&mut story, anns).expect("handed back");
        assert_eq!(story.work(anns.0).owner.expect("an owner").1, "ann", "until the bot takes it");
        held = story.takes("bob");
        assert!(!story.work(held.0).passing.for_people);
    }
    hands_over(&mut story, held, Vec::new()).expect("handed over");
    let anns = story.takes("ann");
    let refused = hands_back(&mut story, anns).refused();
    assert_eq!(refused, Rejection::AutomationMuted { reason: MuteReason::HandedBack });
    assert_eq!(story.work(anns.0).owner.expect("an owner").1, "ann");
    story.folds_to_the_same();
}

#[rstest]
#[case::live(true, 30 * SECOND)]
#[case::not_live(false, 2 * MINUTE)]
fn a_bot_that_does_not_answer_by_its_deadline_loses_the_work_to_people(#[case] live: bool, #[case] deadline: i64) {
    let heard = if live { chat("visitor", "hello") } else { whatsapp(ANNA, "hello") };
    let (mut story, held) = with_bot(desk(), heard);
    let since = story.work(held.0).waiting_since;
    story.after(deadline - SECOND);
    assert_eq!(story.work(held.0).owner.expect("an owner").1, "bob", "not before");
    let from = story.log_len();
    story.after(2 * SECOND);
    let changes: Vec<Change> = story.records(from).flat_map(|record| record.changes.clone()).collect();
    let silent = |change: &Change| matches!(change, Change::HandedToPeople(it) if it.cause == HandOverCause::NoAnswer);
    let gone = |change: &Change| matches!(change, Change::Unassigned { reason: UnassignReason::Recalled, .. });
    assert!(changes.iter().any(silent) && changes.iter().any(gone), "{changes:?}");
    let view = story.work(held.0);
    assert_eq!((view.owner, view.waiting_since, view.passing.for_people), (None, since, true));
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(held.0).as_deref(), Some("ann"));
}

#[test]
fn a_bot_that_answers_keeps_the_work_and_has_a_deadline_for_the_next_question() {
    let (mut story, held) = with_bot(desk(), whatsapp(ANNA, "hello"));
    let answers = |story: &mut Scenario| {
        story.sends("bob", held, |send| send.if_unchanged = Some(false)).expect("an answer");
    };
    answers(&mut story);
    story.after(10 * MINUTE);
    assert_eq!(story.work(held.0).owner.expect("an owner").1, "bob");
    story.hears(whatsapp(ANNA, "and then?")).expect("a message");
    story.after(3 * MINUTE);
    assert_eq!(story.work(held.0).owner, None);
}

#[test]
fn bots_that_pass_a_work_between_them_have_one_deadline_together() {
    let (mut story, (work, assignment)) = with_bot(with_dot(desk()), whatsapp(ANNA, "hello"));
    story.ready("dot").expect("ready");
    story.after(100 * SECOND);
    let (to, queue, note) = (Name::new("dot"), Name::default(), String::new());
    story
        .does("bob", Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold: false, force: false, note }))
        .expect("passed on");
    story.takes("dot");
    story.after(21 * SECOND);
    let view = story.work(work);
    assert_eq!((view.owner, view.passing.for_people), (None, true));
}

#[test]
fn bots_talk_to_each_other_by_so_many_notes_until_somebody_else_says_something() {
    let (mut story, held) = with_bot(desk(), whatsapp(ANNA, "hello"));
    let note = |story: &mut Scenario, agent: &str| {
        let note = Mark::Note { about: About::Work(held.0), to: None, content: Content::text("beep") };
        story.does(agent, Verb::Mark(Box::new(note)))
    };
    for _ in 0..10 {
        note(&mut story, "bob").expect("noted");
    }
    assert!(matches!(note(&mut story, "bob").refused(), Rejection::Limit(_)));
    let in_send = story.sends("bob", held, |send| (send.note, send.if_unchanged) = (true, Some(false)));
    assert!(matches!(in_send.refused(), Rejection::Limit(_)), "the other way to note");
    story.logs_in("ann").expect("a session");
    note(&mut story, "ann").expect("a person may");
    note(&mut story, "bob").expect("somebody else has said something");
}

#[test]
fn a_hand_over_that_nobody_could_read_or_that_is_no_bots_is_refused() {
    let (mut story, held) = with_bot(desk(), whatsapp(ANNA, "hello"));
    let (work, assignment) = held;
    let mut over = |agent: &str, briefing: Briefing| {
        let (queue, facts) = (Name::default(), Vec::new());
        story.does(agent, Verb::Hand(Box::new(Hand::Over { work, assignment, queue, briefing, facts }))).refused()
    };
    let with = |reason: &str, steps: usize| Briefing { reason: reason.to_owned(), steps: vec!["x".to_owned(); steps] };
    assert!(matches!(over("bob", with(" ", 0)), Rejection::Invalid(_)));
    assert!(matches!(over("bob", with("a\u{7}b", 0)), Rejection::Invalid(_)));
    assert!(matches!(over("bob", with("why", 33)), Rejection::Limit(_)));
    story.ready("ann").expect("ready");
    hands_over(&mut story, held, Vec::new()).expect("handed over");
    let (work, assignment) = story.takes("ann");
    let again = Hand::Over { work, assignment, queue: Name::default(), briefing: briefing(), facts: Vec::new() };
    assert!(matches!(story.does("ann", Verb::Hand(Box::new(again))).refused(), Rejection::Invalid(_)), "a person");
}

#[test]
fn what_no_bot_has_handed_over_is_not_handed_back() {
    let mut story = desk().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    story.ready("bob").expect("ready");
    assert!(matches!(hands_back(&mut story, held).refused(), Rejection::Invalid(_)));
}

#[test]
fn a_work_that_is_opened_again_is_for_people_still_and_its_returns_count_on() {
    let (mut story, held) = with_bot(desk(), whatsapp(ANNA, "hello"));
    story.ready("ann").expect("ready");
    let mut bobs = held;
    for round in 0..3 {
        hands_over(&mut story, bobs, Vec::new()).expect("handed over");
        let anns = story.takes("ann");
        story.answers("ann", anns, "done").expect("an answer");
        story.closes("ann", anns).expect("closed");
        story.presence("ann", skein::domain::record::Presence::Away).expect("away");
        story.hears(whatsapp(ANNA, &format!("one more thing: where is number {round}?"))).expect("a message");
        let view = story.work(held.0);
        assert_eq!((view.state, view.passing.for_people), (WorkState::Queued, true), "bob is READY, and gets it not");
        story.presence("ann", skein::domain::record::Presence::Ready).expect("ready");
        let anns = story.takes("ann");
        let back = hands_back(&mut story, anns);
        if round == 2 {
            assert_eq!(back.refused(), Rejection::AutomationMuted { reason: MuteReason::HandedBack });
        } else {
            back.expect("handed back");
            bobs = story.takes("bob");
        }
    }
    story.folds_to_the_same();
}

#[test]
fn what_a_silent_bot_was_passing_on_to_another_bot_is_for_people_too() {
    let (mut story, (work, assignment)) = with_bot(with_dot(desk()), whatsapp(ANNA, "hello"));
    story.ready("dot").expect("ready");
    story.after(2 * MINUTE - SECOND);
    let (to, queue, note) = (Name::new("dot"), Name::default(), String::new());
    let pass = Pass::Transfer { work, assignment, to, queue, cold: false, force: false, note };
    story.does("bob", Verb::Pass(pass)).expect("passed on");
    assert_eq!(story.offered_to(work).as_deref(), Some("dot"));
    story.after(2 * SECOND);
    let view = story.work(work);
    assert_eq!((view.owner, view.passing.for_people, story.offered_to(work)), (None, true, None));
    story.ready("ann").expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[test]
fn bots_that_give_a_work_back_for_ever_have_one_deadline_together() {
    let (mut story, held) = with_bot(with_dot(desk()), whatsapp(ANNA, "hello"));
    story.ready("dot").expect("ready");
    story.after(50 * SECOND);
    requeues(&mut story, "bob", held);
    let dots = story.takes("dot");
    story.after(50 * SECOND);
    requeues(&mut story, "dot", dots);
    story.after(19 * SECOND);
    assert!(!story.work(held.0).passing.for_people, "not before");
    story.after(2 * SECOND);
    is_for_people(&mut story, held.0);
}

#[test]
fn bots_that_pass_a_work_on_cold_have_one_deadline_together() {
    let (mut story, held) = with_bot(with_dot(desk()), whatsapp(ANNA, "hello"));
    story.ready("dot").expect("ready");
    let passes = |story: &mut Scenario, from: &str, to: &str, (work, assignment): Held| {
        let (to, queue, note) = (Name::new(to), Name::default(), String::new());
        let pass = Pass::Transfer { work, assignment, to, queue, cold: true, force: true, note };
        story.does(from, Verb::Pass(pass)).expect("passed on");
    };
    story.after(50 * SECOND);
    passes(&mut story, "bob", "dot", held);
    let dots = story.takes("dot");
    story.after(50 * SECOND);
    passes(&mut story, "dot", "bob", dots);
    story.takes("bob");
    story.after(21 * SECOND);
    is_for_people(&mut story, held.0);
}

#[test]
fn a_bot_that_puts_a_work_aside_has_what_was_left_of_its_time() {
    let (mut story, (work, assignment)) = with_bot(desk(), whatsapp(ANNA, "hello"));
    for _ in 0..2 {
        story.after(50 * SECOND);
        let until = Timestamp(story.now().0 + MINUTE);
        let park = Pass::Park { work, assignment, until, wake_on_fact: Name::default() };
        story.does("bob", Verb::Pass(park)).expect("parked");
        story.after(MINUTE);
        assert_eq!(story.work(work).state, WorkState::Assigned, "awake");
    }
    story.after(19 * SECOND);
    assert!(!story.work(work).passing.for_people, "not before");
    story.after(2 * SECOND);
    is_for_people(&mut story, work);
}

#[test]
fn the_deadline_of_bots_ends_with_an_answer_and_with_the_first_person() {
    let (mut story, held) = with_bot(with_dot(desk()), whatsapp(ANNA, "hello"));
    story.after(100 * SECOND);
    story.sends("bob", held, |send| send.if_unchanged = Some(false)).expect("an answer");
    requeues(&mut story, "bob", held);
    story.hears(whatsapp(ANNA, "and then?")).expect("a message");
    story.after(100 * SECOND);
    story.ready("ann").expect("ready");
    let anns = story.takes("ann");
    story.logs_out("bob").expect("gone");
    story.ready("dot").expect("ready");
    requeues(&mut story, "ann", anns);
    story.takes("dot");
    story.after(119 * SECOND);
    assert_eq!(story.work(held.0).owner.expect("an owner").1, "dot");
}

/// A queue for who speaks French, where rules lead once that is known. Cem serves the other one only.
fn french() -> Shop {
    let facts = vec![(Name::new("language"), vec!["fr".to_owned()])];
    let rule = Rule { name: Name::new("french"), queue: Some(Name::new("french")), ..Rule::default() };
    let rule = Rule { when: When { facts, ..When::default() }, ..rule };
    desk().second_queue("french", "none").second_queue("claims", "none").but(|config| {
        config.rules = vec![rule];
        let mut cem = config.agents[0].clone();
        (cem.name, cem.profile.queues) = (Name::new("cem"), vec![Name::new("help")]);
        config.agents.push(cem);
    })
}

#[rstest]
#[case::where_the_bot_said("claims", "fr", "claims")]
#[case::where_it_was_because_the_bot_said_so("help", "fr", "help")]
#[case::where_the_rules_lead_because_the_bot_said_nothing("", "fr", "french")]
#[case::where_it_was_because_the_rules_say_nothing_else("", "de", "help")]
fn what_is_handed_over_with_facts_goes_where_the_bot_said(
    #[case] named: &str,
    #[case] language: &str,
    #[case] goes: &str,
    #[values(false, true)] someone_at_home: bool,
) {
    let (mut story, (work, assignment)) = with_bot(french(), whatsapp(ANNA, "bonjour"));
    if someone_at_home {
        story.ready("cem").expect("ready");
    }
    let fact = FactTold {
        key: Name::new("language"),
        value: language.to_owned(),
        source: Name::default(),
        at: None,
        assurance: Assurance::Platform,
    };
    let over = Hand::Over { work, assignment, queue: Name::new(named), briefing: briefing(), facts: vec![fact] };
    let step = story.does("bob", Verb::Hand(Box::new(over)));
    let queued = step.changes().iter().filter_map(|change| match change {
        Change::WorkQueued { queue, cause, .. } => Some((queue.as_str(), *cause)),
        _ => None,
    });
    let queued: Vec<_> = queued.collect();
    if named.is_empty() {
        assert_eq!(queued, [(goes, QueueCause::HandedOver)], "it stands in no queue on its way");
    }
    assert_eq!(story.work(work).queue, goes);
    let taker = (someone_at_home && goes == "help").then_some("cem");
    assert_eq!(story.offered_to(work).as_deref(), taker, "whoever is there does not get what is for others");
    story.folds_to_the_same();
}

#[test]
fn a_hand_back_that_its_bot_does_not_want_is_not_spent_and_nothing_is_forgotten() {
    let (mut story, held) = with_bot(desk(), whatsapp(ANNA, "hello"));
    story.ready("ann").expect("ready");
    hands_over(&mut story, held, Vec::new()).expect("handed over");
    let anns = story.takes("ann");
    for _ in 0..3 {
        hands_back(&mut story, anns).expect("handed back");
        let offer = story.offer("bob").expect("an offer");
        story.declines("bob", offer).expect("declined");
        let view = story.work(anns.0);
        assert_eq!((view.owner.map(|(_, name)| name).as_deref(), view.passing.for_people), (Some("ann"), true));
        assert_eq!(view.passing.briefing, Some(briefing()));
    }
    hands_back(&mut story, anns).expect("the first that counts");
    story.takes("bob");
    let view = story.work(anns.0);
    assert_eq!((view.passing.for_people, view.passing.briefing), (false, None));
    story.folds_to_the_same();
}

#[rstest]
#[case::assigned(false)]
#[case::taken_over(true)]
fn no_supervisor_gives_to_a_bot_what_is_handed_back_to_another(#[case] takes_over: bool) {
    let (mut story, held) = with_bot(with_dot(desk()), whatsapp(ANNA, "hello"));
    story.ready("ann").expect("ready");
    hands_over(&mut story, held, Vec::new()).expect("handed over");
    let anns = story.takes("ann");
    hands_back(&mut story, anns).expect("handed back");
    story.ready("dot").expect("ready");
    let (work, assignment, over_capacity) = (anns.0, Some(anns.1), true);
    let oversight = if takes_over {
        Oversight::TakeOver { work, assignment, over_capacity }
    } else {
        Oversight::Assign { work, assignment, to: Name::new("dot"), over_capacity, note: String::new() }
    };
    let refused = story.does("dot", Verb::Oversee(Box::new(oversight))).refused();
    assert!(matches!(refused, Rejection::CannotTake(_)), "withdrawn, the hand back makes it people's: {refused:?}");
    let view = story.work(work);
    assert_eq!((view.owner.map(|(_, name)| name).as_deref(), view.assignment), (Some("ann"), Some(anns.1)));
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"), "nothing has happened");
    story.takes("bob");
    assert!(!story.work(work).passing.for_people);
    story.folds_to_the_same();
}

#[test]
fn a_hand_back_that_a_person_takes_from_the_queue_is_not_spent_and_the_briefing_is_shown() {
    let shop = desk().but(|config| {
        let mut cem = config.agents[0].clone();
        cem.name = Name::new("cem");
        config.agents.push(cem);
    });
    let (mut story, held) = with_bot(shop, whatsapp(ANNA, "hello"));
    story.ready("ann").expect("ready");
    hands_over(&mut story, held, Vec::new()).expect("handed over");
    let (work, assignment) = story.takes("ann");
    story.logs_out("bob").expect("gone");
    let (to, queue, note) = (Name::default(), Name::new("help"), String::new());
    let back = Hand::Back { work, assignment, to, queue, note };
    story.does("ann", Verb::Hand(Box::new(back))).expect("handed back");
    story.after(11 * MINUTE);
    assert_eq!(story.work(work).owner, None, "nobody took it in time");
    story.presence("ann", skein::domain::record::Presence::Away).expect("away");
    story.ready("cem").expect("ready");
    let offer = story.offer("cem").expect("an offer");
    let taken = story.accepts("cem", offer);
    assert!(is_told(&taken, |change| matches!(change, Change::Assigned(_))));
    let view = story.work(work);
    assert_eq!((view.passing.for_people, view.passing.briefing), (true, Some(briefing())));
    story.folds_to_the_same();
}

#[test]
fn bots_talk_by_notes_about_a_customer_no_longer_than_in_a_work() {
    let (mut story, held) = with_bot(desk(), whatsapp(ANNA, "hello"));
    let customer = story.work(held.0).conversation;
    let note = |story: &mut Scenario, agent: &str| {
        let about = About::Customer { customer, leaf: None };
        story.does(agent, Verb::Mark(Box::new(Mark::Note { about, to: None, content: Content::text("beep") })))
    };
    for _ in 0..10 {
        note(&mut story, "bob").expect("noted");
    }
    assert!(matches!(note(&mut story, "bob").refused(), Rejection::Limit(_)));
    story.logs_in("ann").expect("a session");
    note(&mut story, "ann").expect("a person may");
    note(&mut story, "bob").expect("somebody else has said something");
    for _ in 0..9 {
        note(&mut story, "bob").expect("noted");
    }
    assert!(matches!(note(&mut story, "bob").refused(), Rejection::Limit(_)));
    story.hears(whatsapp(ANNA, "is anybody there?")).expect("a message");
    note(&mut story, "bob").expect("the customer has");
    story.folds_to_the_same();
}

fn notice(kind: NoticeKind, text: &str) -> NoticeConfig {
    let after_ms = if kind == NoticeKind::Waiting { (5 * MINUTE).unsigned_abs() } else { 0 };
    NoticeConfig { kind, after_ms, texts: vec![(Name::new("en"), text.to_owned())], ..NoticeConfig::default() }
}

#[test]
fn whom_a_bot_hands_over_is_told_that_no_person_is_there() {
    let shop = desk().but(|config| config.notices = vec![notice(NoticeKind::Waiting, "We have not forgotten you.")]);
    let (mut story, held) = with_bot(shop, whatsapp(ANNA, "hello"));
    story.sends("bob", held, |send| send.if_unchanged = Some(false)).expect("I ask somebody");
    hands_over(&mut story, held, Vec::new()).expect("handed over");
    let from = story.log_len();
    story.after(5 * MINUTE);
    let told = |change: &Change| matches!(change, Change::NoticeSent(it) if it.kind == NoticeKind::Waiting);
    let count =
        |story: &Scenario, from| story.records(from).flat_map(|record| &record.changes).filter(|it| told(it)).count();
    assert_eq!(count(&story, from), 1, "though the bot spoke last");
    story.after(5 * MINUTE);
    assert_eq!(count(&story, from), 1);
    story.folds_to_the_same();
}
