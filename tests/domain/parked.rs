//! Parked Work (domain rules, sections 6 and 7): what it costs, whose wait stands, what wakes it, to whom, and what becomes of it when
//! its agent is not there.

use rstest::rstest;
use skein::domain::command::{Command, FactTold, Hand, Parted, Pass, Verb};
use skein::domain::event::Assurance;
use skein::domain::id::{AssignmentId, Name, RootId, WorkId};
use skein::domain::record::{Briefing, Change, Presence, QueueCause, UnassignReason, WakeCause};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;
use skein::domain::workspace::AgentKind;

use crate::kit::{HOUR, Heard, MINUTE, SECOND, SPACE, Scenario, Shop, Step, chat, shop, sms, whatsapp};
use crate::passed::requeues;

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

type Held = (WorkId, AssignmentId);

fn parks(story: &mut Scenario, agent: &str, (work, assignment): Held, ms: i64, fact: &str) -> Step {
    let until = Timestamp(story.now().0 + ms);
    story.does(agent, Verb::Pass(Pass::Park { work, assignment, until, wake_on_fact: Name::new(fact) }))
}

fn unparks(story: &mut Scenario, agent: &str, (work, assignment): Held) -> Step {
    story.does(agent, Verb::Pass(Pass::Unpark { work, assignment }))
}

fn anns(shop: Shop, heard: Heard) -> (Scenario, Held) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

fn woken(changes: &[Change]) -> Vec<(WakeCause, bool)> {
    let woken = |change: &Change| match change {
        Change::Woken(woken) => Some((woken.cause, woken.held_until.is_some())),
        _ => None,
    };
    changes.iter().filter_map(woken).collect()
}

#[test]
fn a_parked_work_costs_nothing_and_keeps_its_agent() {
    let (mut story, held) = anns(shop().only_ann().agent("ann", |ann| ann.capacity = 1), whatsapp(ANNA, "hello"));
    story.answers("ann", held, "I will ask").expect("an answer");
    let next = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    let view = story.work(held.0);
    assert_eq!((view.state, view.assignment), (WorkState::Parked, Some(held.1)));
    assert_eq!(view.passing.parked_until, Some(Timestamp(story.now().0 + HOUR)));
    assert_eq!(story.offered_to(next).as_deref(), Some("ann"), "there is room again");
    story.answers("ann", held, "still asking").expect("its agent may write");
    assert_eq!(story.work(held.0).state, WorkState::Parked);
    story.folds_to_the_same();
}

#[test]
fn the_wait_stands_while_parked_and_runs_again_from_the_moment_it_wakes() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    story.after(MINUTE);
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    let parked = story.work(held.0);
    assert_eq!((parked.waiting_since, parked.waited_ms), (None, 60_000));
    let records = story.after(HOUR);
    assert_eq!(woken(&records[0].changes), [(WakeCause::Time, false)]);
    let awake = story.work(held.0);
    assert_eq!((awake.state, awake.assignment), (WorkState::Assigned, Some(held.1)));
    assert_eq!((awake.waiting_since, awake.waited_ms), (Some(story.now()), 60_000));
    story.after(MINUTE);
    story.answers("ann", held, "here").expect("an answer");
    assert_eq!(story.work(held.0).waited_ms, 120_000);
    story.folds_to_the_same();
}

#[test]
fn who_was_answered_while_it_was_parked_does_not_wait_when_it_wakes() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    story.answers("ann", held, "on Monday").expect("an answer");
    story.after(HOUR);
    assert_eq!((story.work(held.0).state, story.work(held.0).waiting_since), (WorkState::Assigned, None));
    story.folds_to_the_same();
}

#[test]
fn a_customers_message_wakes_it_and_the_wait_counts_from_there() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    story.answers("ann", held, "I will ask").expect("an answer");
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    story.after(MINUTE);
    let step = story.hears(whatsapp(ANNA, "and?"));
    assert_eq!(woken(step.changes()), [(WakeCause::Message, false)]);
    assert_eq!(step.message().work, Some(held.0));
    let view = story.work(held.0);
    assert_eq!((view.state, view.waiting_since), (WorkState::Assigned, Some(story.now())));
    assert_eq!(story.after(2 * HOUR).len(), 0, "its time does not come any more");
}

fn fact(key: &str, value: &str) -> FactTold {
    let (key, value) = (Name::new(key), value.to_owned());
    FactTold { key, value, source: Name::default(), at: None, assurance: Assurance::Platform }
}

#[test]
fn the_fact_that_it_waits_for_wakes_it_and_no_other() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, HOUR, "contract").expect("parked");
    let tells = |story: &mut Scenario, fact| {
        story.does("bob", Verb::SetFacts { customer: RootId(0), leaf: None, facts: vec![fact] })
    };
    story.ready("bob").expect("ready");
    assert_eq!(woken(tells(&mut story, fact("city", "Bonn")).changes()), []);
    assert_eq!(story.work(held.0).passing.wake_on_fact.as_deref(), Some("contract"));
    assert_eq!(woken(tells(&mut story, fact("contract", "7")).changes()), [(WakeCause::Fact, false)]);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.folds_to_the_same();
}

#[rstest]
#[case::live(chat("visitor", "hello"), 30 * SECOND)]
#[case::slow(whatsapp(ANNA, "hello"), 10 * MINUTE)]
fn an_agent_who_is_not_there_has_so_long_to_come_back(#[case] heard: Heard, #[case] hold: i64) {
    let (mut story, held) = anns(shop(), heard);
    let asked = story.now().0;
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    story.presence("ann", Presence::Away).expect("away");
    story.ready("bob").expect("ready");
    story.after(HOUR);
    let view = story.work(held.0);
    assert_eq!((view.state, view.waiting_since), (WorkState::Parked, Some(story.now())), "the customer waits already");
    assert_eq!(view.passing.held_until, Some(Timestamp(story.now().0 + hold)));
    story.after(hold - 1);
    assert_eq!(story.work(held.0).assignment, Some(held.1));
    let over = story.after(1);
    assert!(
        over[0]
            .changes
            .iter()
            .any(|change| matches!(change, Change::Unassigned { reason: UnassignReason::NotReady, .. }))
    );
    // It has the age of what was waited before it was parked: nothing here.
    let due = asked + HOUR + 5 * MINUTE;
    assert!(over[0].changes.iter().any(|change| matches!(change,
        Change::WorkQueued { cause: QueueCause::Woken, key, .. } if *key == due)));
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"));
    story.folds_to_the_same();
}

#[test]
fn whoever_is_ready_again_within_the_hold_goes_on_under_the_same_assignment() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    story.logs_out("ann").expect("gone");
    story.after(HOUR + 5 * MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Parked);
    story.logs_in("ann").expect("a session");
    assert_eq!(story.work(held.0).state, WorkState::Parked, "logged in is not READY");
    let step = story.presence("ann", Presence::Ready);
    assert_eq!(woken(step.changes()), [(WakeCause::Agent, false)]);
    let view = story.work(held.0);
    assert_eq!((view.state, view.assignment), (WorkState::Assigned, Some(held.1)));
    assert_eq!(view.waiting_since, Some(Timestamp(story.now().0 - 5 * MINUTE)));
    story.folds_to_the_same();
}

#[test]
fn of_an_agent_who_has_left_for_good_it_stays_parked_until_it_wakes() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, 10 * HOUR, "").expect("parked");
    story.logs_out("ann").expect("gone");
    story.configure(shop().but(|config| drop(config.agents.remove(0))).config()).expect("without ann");
    story.ready("bob").expect("ready");
    story.after(9 * HOUR);
    assert_eq!(story.work(held.0).state, WorkState::Parked, "no grace ends it");
    story.hears(whatsapp(ANNA, "and?")).expect("a message");
    story.after(10 * MINUTE);
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"));
}

#[test]
fn what_wakes_asks_for_no_room_and_nothing_is_given_until_there_is_some() {
    let (mut story, held) = anns(shop().only_ann().agent("ann", |ann| ann.capacity = 1), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    story.hears(whatsapp(BERT, "hello")).expect("a message");
    let second = story.takes("ann");
    let third = story.hears(sms("+4915100000009", "hello")).opened().expect("a work");
    story.after(HOUR);
    assert_eq!((story.agent("ann").load, story.agent("ann").capacity), (2, 1), "what customers cause may be");
    story.closes("ann", second).expect("closed");
    assert_eq!(story.work(third).state, WorkState::Queued, "there is none left");
    story.closes("ann", held).expect("closed");
    assert_eq!(story.offered_to(third).as_deref(), Some("ann"));
}

#[test]
fn its_agent_takes_it_up_before_its_time_whatever_its_presence() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    let state = unparks(&mut story, "ann", held).refused();
    assert!(matches!(state, Rejection::WorkState { state: WorkState::Assigned, .. }));
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    story.presence("ann", Presence::Away).expect("away");
    let ann = story.id("ann");
    assert_eq!(unparks(&mut story, "bob", held).refused(), Rejection::UnknownAgent);
    story.logs_in("bob").expect("a session");
    assert_eq!(unparks(&mut story, "bob", held).refused(), Rejection::NotOwner { owner: Some(ann) });
    unparks(&mut story, "ann", held).expect("taken up");
    assert_eq!((story.work(held.0).state, story.agent("ann").load), (WorkState::Assigned, 1));
    assert_eq!(story.after(2 * HOUR).len(), 0);
}

#[test]
fn parking_again_waits_for_something_else() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, HOUR, "contract").expect("parked");
    parks(&mut story, "ann", held, 3 * HOUR, "").expect("parked again");
    story.after(2 * HOUR);
    assert_eq!(story.work(held.0).state, WorkState::Parked);
    assert_eq!(story.work(held.0).passing.wake_on_fact, None);
    story.folds_to_the_same();
}

#[test]
fn a_parked_work_is_closed_given_back_merged_and_split_as_any_other() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    requeues(&mut story, "ann", held).expect("given back");
    assert_eq!(story.work(held.0).waiting_since, Some(story.now()));
    story.after(5 * SECOND);
    let held = story.takes("ann");
    let second = story.hears(whatsapp(ANNA, "and my invoice")).message_id();
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    let messages = Parted::These(vec![second]);
    let (work, assignment) = held;
    let split = story.does("ann", Verb::SplitWork { work, assignment, messages, queue: Name::default() });
    let part = split.answer().work.expect("a work");
    assert_eq!(story.work(held.0).state, WorkState::Parked);
    assert!(story.work(part).waiting_since.is_some(), "what goes was not answered");
    let parted = story.takes("ann");
    let merge = |from: Held, into: Held| Verb::MergeWorks {
        from: from.0,
        from_assignment: Some(from.1),
        into: into.0,
        into_assignment: into.1,
    };
    story.does("ann", merge(held, parted)).expect("merged");
    let view = story.work(part);
    assert_eq!((view.state, view.waiting_since.is_some()), (WorkState::Assigned, true));
    parks(&mut story, "ann", parted, HOUR, "").expect("parked");
    story.closes("ann", parted).expect("closed");
    assert_eq!(story.work(part).state, WorkState::Closed);
    assert_eq!(story.after(2 * HOUR).len(), 0);
    story.folds_to_the_same();
}

#[test]
fn an_erased_customers_work_does_not_wake() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, HOUR, "contract").expect("parked");
    story.does("ann", Verb::Erase { customer: RootId(0) }).expect("erased");
    assert_eq!(story.after(2 * HOUR).len(), 0);
    assert_eq!(story.agent("ann").works.len(), 0);
    let leaves: Vec<_> = vec![skein::domain::id::LeafId(0)];
    story.folds_to_the_same_without_content_of(&leaves);
}

#[test]
fn a_restart_loses_no_timer_and_gives_agents_time_to_come_back() {
    let (mut story, held) = anns(shop(), whatsapp(ANNA, "hello"));
    parks(&mut story, "ann", held, HOUR, "").expect("parked");
    story.passes(2 * HOUR);
    story.when(Command::Resume { workspace: Name::new(SPACE), outage_ms: 7_200_000 }).expect("resumed");
    story.after(0);
    let view = story.work(held.0);
    assert_eq!(view.state, WorkState::Parked);
    assert_eq!(view.passing.held_until, Some(Timestamp(story.now().0 + 10 * MINUTE)), "ann is not connected yet");
    story.does("ann", Verb::OpenSession { resume: None, takeover: true }).expect("a session");
    assert_eq!(story.work(held.0).assignment, Some(held.1));
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.folds_to_the_same();
}

#[test]
fn what_cannot_be_is_refused() {
    let (mut story, held) = anns(shop().queue(|queue| queue.wrapup_max_ms = 60_000), whatsapp(ANNA, "hello"));
    for (ms, fact) in [(0, ""), (-1, ""), (400 * 24 * HOUR, ""), (HOUR, "two words")] {
        let refused = parks(&mut story, "ann", held, ms, fact).refused();
        assert!(matches!(refused, Rejection::Invalid(_)), "{ms} {fact}: {refused:?}");
    }
    story.closes("ann", held).expect("wrap-up");
    let refused = parks(&mut story, "ann", held, HOUR, "").refused();
    assert!(matches!(refused, Rejection::WorkState { state: WorkState::WrapUp, .. }), "{refused:?}");
}

#[test]
fn an_agent_parks_a_hundred() {
    let mut story = shop().only_ann().opens();
    story.ready("ann").expect("ready");
    for number in 0..101 {
        story.hears(whatsapp(&format!("+49151000{number:05}"), "hello")).expect("a message");
        let held = story.takes("ann");
        let step = parks(&mut story, "ann", held, HOUR, "");
        match number {
            100 => assert_eq!(step.refused(), Rejection::Limit("parked works of an agent: 100")),
            _ => step.expect("parked"),
        }
    }
    story.after(HOUR);
    assert_eq!(story.agent("ann").load, 101);
}

/// Bob, a program, sleeps on a Work that is for people meanwhile: ann has merged one into it that bob had handed over.
/// It may have woken before, and wait for bob, who is away.
fn for_people_asleep(woken: bool) -> (Scenario, Held) {
    let mut story = shop().agent("bob", |bob| bob.kind = AgentKind::Bot).opens();
    story.ready("bob").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("bob");
    story.sends("bob", held, |send| send.if_unchanged = Some(false)).expect("an answer");
    let invoice = story.hears(whatsapp(ANNA, "and my invoice")).message_id();
    let (messages, queue) = (Parted::These(vec![invoice]), Name::default());
    story.does("bob", Verb::SplitWork { work: held.0, assignment: held.1, messages, queue }).expect("another matter");
    let (work, assignment) = story.takes("bob");
    let briefing = Briefing { reason: "Wants an invoice.".to_owned(), steps: Vec::new() };
    let over = Hand::Over { work, assignment, queue: Name::default(), briefing, facts: Vec::new() };
    story.does("bob", Verb::Hand(Box::new(over))).expect("handed over");
    story.ready("ann").expect("ready");
    let anns = story.takes("ann");
    story.sends("ann", anns, |_| {}).expect("an answer");
    parks(&mut story, "bob", held, HOUR, "").expect("parked");
    if woken {
        story.presence("bob", Presence::Away).expect("away");
        story.after(HOUR);
    }
    let (from, from_assignment) = (anns.0, Some(anns.1));
    let merge = Verb::MergeWorks { from, from_assignment, into: held.0, into_assignment: held.1 };
    story.does("ann", merge).expect("merged");
    let view = story.work(held.0);
    assert_eq!((view.state, view.passing.for_people), (WorkState::Parked, true));
    assert_eq!(view.passing.held_until.is_some(), woken);
    (story, held)
}

#[rstest]
#[case::taken_up(None, true)]
#[case::passed_on_warm_to_an_agent(Some(("ann", "")), true)]
#[case::passed_on_warm_to_a_queue(Some(("", "help")), true)]
#[case::woken_or_its_hold_over(None, false)]
fn a_bot_does_not_go_on_with_what_is_for_people_since_it_sleeps(
    #[case] passed: Option<(&str, &str)>,
    #[case] by_bob: bool,
    #[values(false, true)] woken: bool,
) {
    let (mut story, (work, assignment)) = for_people_asleep(woken);
    match passed {
        Some((to, queue)) => {
            let (to, queue, note) = (Name::new(to), Name::new(queue), String::new());
            let pass = Pass::Transfer { work, assignment, to, queue, cold: false, force: false, note };
            story.does("bob", Verb::Pass(pass)).expect("passed on");
        }
        None if by_bob => unparks(&mut story, "bob", (work, assignment)).expect("given to people"),
        None => drop(story.after(if woken { 10 * MINUTE } else { HOUR })),
    }
    let view = story.work(work);
    assert_eq!((view.owner, view.passing.for_people), (None, true));
    let offer = story.offer("ann").expect("an offer");
    story.declines("ann", offer).expect("declined");
    assert_eq!(story.work(work).owner, None, "nor when nobody wants it");
    story.folds_to_the_same();
}

#[test]
fn a_bot_hands_nothing_back_that_is_for_people_since_it_sleeps() {
    let (mut story, (work, assignment)) = for_people_asleep(false);
    let (to, queue, note) = (Name::default(), Name::new("help"), String::new());
    let back = Hand::Back { work, assignment, to, queue, note };
    let refused = story.does("bob", Verb::Hand(Box::new(back))).refused();
    assert!(matches!(refused, Rejection::Invalid(_)), "{refused:?}");
    assert_eq!(story.work(work).state, WorkState::Parked);
}
