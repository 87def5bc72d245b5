//! What agents take by themselves (domain rules, sections 1, 6, 7): Work that waits, longer wrap-ups, and promises.

use rstest::rstest;
use skein::domain::command::{Pass, Verb};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{AssignCause, Change, OfferOutcome, Presence, UnassignReason};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;
use skein::domain::workspace::Levels;

use crate::kit::{HOUR, MINUTE, SECOND, Scenario, Shop, Step, shop, whatsapp};
use crate::passed::requeues;

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

type Held = (WorkId, AssignmentId);

fn claims(story: &mut Scenario, agent: &str, work: WorkId) -> Step {
    story.does(agent, Verb::Pass(Pass::Claim { work }))
}

fn extends(story: &mut Scenario, (work, assignment): Held, by_ms: Option<u64>) -> Step {
    story.does("ann", Verb::Pass(Pass::ExtendWrapUp { work, assignment, by_ms }))
}

fn promises(story: &mut Scenario, (work, assignment): Held, ms: i64) -> Step {
    let by = Some(Timestamp(story.now().0 + ms));
    story.does("ann", Verb::Pass(Pass::Promise { work, assignment, by }))
}

fn anns(shop: Shop) -> (Scenario, Held) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

#[test]
fn an_agent_takes_what_waits_though_another_is_due_earlier_and_it_is_away() {
    let mut story = shop().opens();
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.after(MINUTE);
    let later = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    story.logs_in("ann").expect("a session");
    let step = claims(&mut story, "ann", later);
    assert!(step.changes().iter().any(|change| matches!(change,
        Change::Assigned(assigned) if assigned.cause == AssignCause::Claim && assigned.work == later)));
    assert_eq!(step.answer().assignment, story.work(later).assignment);
    assert_eq!((story.agent("ann").presence, story.agent("ann").load), (Presence::Away, 1));
    story.folds_to_the_same();
}

#[test]
fn an_offer_to_somebody_else_is_taken_back_and_one_to_oneself_accepted() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let offer = story.offer("ann").expect("an offer");
    story.ready("bob").expect("ready");
    let step = claims(&mut story, "bob", work);
    assert!(
        step.changes().iter().any(|change| matches!(change, Change::OfferEnded { outcome: OfferOutcome::Revoked, .. }))
    );
    assert_eq!(story.accepts("ann", offer).refused(), Rejection::OfferOver);
    let own = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    assert_eq!(story.offered_to(own).as_deref(), Some("ann"));
    let step = claims(&mut story, "ann", own);
    assert!(
        step.changes()
            .iter()
            .any(|change| matches!(change, Change::OfferEnded { outcome: OfferOutcome::Accepted, .. }))
    );
    story.folds_to_the_same();
}

#[test]
fn what_was_given_back_is_claimed_again_by_whoever_gave_it() {
    let (mut story, held) = anns(shop().only_ann());
    requeues(&mut story, "ann", held).expect("given back");
    claims(&mut story, "ann", held.0).expect("claimed");
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    assert_eq!(story.after(HOUR).len(), 0, "its cool-down is over");
}

#[test]
fn what_is_passed_on_to_the_queue_is_claimed_from_its_owner() {
    let (mut story, held) = anns(shop());
    story.logs_in("bob").expect("a session");
    let (work, assignment) = held;
    let (to, queue) = (Name::default(), Name::new("help"));
    let pass = Pass::Transfer { work, assignment, to, queue, cold: false, force: false, note: String::new() };
    story.does("ann", Verb::Pass(pass)).expect("passed on");
    let step = claims(&mut story, "bob", work);
    assert!(
        step.changes()
            .iter()
            .any(|change| matches!(change, Change::Unassigned { reason: UnassignReason::Transferred, .. }))
    );
    assert_eq!(story.work(work).owner.map(|(_, name)| name), Some(Name::new("bob")));
    story.folds_to_the_same();
}

#[test]
fn what_somebody_owns_is_not_claimed_and_who_it_is_is_told() {
    let (mut story, held) = anns(shop());
    story.logs_in("bob").expect("a session");
    let current = Some((held.1, story.id("ann")));
    for agent in ["bob", "ann"] {
        assert_eq!(claims(&mut story, agent, held.0).refused(), Rejection::StaleAssignment { current });
    }
    story.closes("ann", held).expect("closed");
    assert_eq!(claims(&mut story, "bob", held.0).refused(), Rejection::WorkClosed);
    assert_eq!(claims(&mut story, "bob", WorkId::default()).refused(), Rejection::UnknownWork);
}

#[rstest]
#[case::queue(Rejection::QueueNotServed { queue: Name::const_new("help") })]
#[case::channel(Rejection::CannotTake("it does not serve all channels of the work"))]
#[case::skill(Rejection::CannotTake("it lacks a skill"))]
#[case::room(Rejection::CannotTake("it has no room"))]
#[case::session(Rejection::NoSession)]
fn who_may_not_have_it_does_not_get_it_by_claiming(#[case] refused: Rejection) {
    let french = [(Name::new("french"), 5)].into_iter().collect::<Levels>();
    let shop = shop().agent("bob", |bob| match &refused {
        Rejection::QueueNotServed { .. } => bob.queues.clear(),
        Rejection::CannotTake("it has no room") => bob.capacity = 0,
        Rejection::CannotTake("it lacks a skill") | Rejection::NoSession => {}
        _ => bob.channels = vec![Name::new("sms")],
    });
    let shop = shop.queue(|queue| {
        if refused == Rejection::CannotTake("it lacks a skill") {
            queue.requires = french;
        }
    });
    let mut story = shop.opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.logs_in("bob").expect("a session");
    if refused == Rejection::NoSession {
        story.logs_out("bob").expect("gone");
    }
    assert_eq!(claims(&mut story, "bob", work).refused(), refused);
}

#[test]
fn a_wrap_up_is_extended_once_by_no_more_than_the_queue_gives_for_all_of_it() {
    let (mut story, held) = anns(shop().queue(|queue| queue.wrapup_max_ms = 60_000));
    let early = extends(&mut story, held, None).refused();
    assert!(matches!(early, Rejection::WorkState { state: WorkState::Assigned, .. }));
    story.closes("ann", held).expect("wrap-up");
    let begun = story.now().0;
    for by_ms in [0, 60_001] {
        let limit = Rejection::Limit("extension of a wrap-up: the queue's wrapup_max");
        assert_eq!(extends(&mut story, held, Some(by_ms)).refused(), limit);
    }
    story.after(50 * SECOND);
    extends(&mut story, held, Some(30_000)).expect("extended");
    assert_eq!(story.work(held.0).wrapup_until, Some(Timestamp(begun + 90_000)));
    assert_eq!(extends(&mut story, held, None).refused(), Rejection::Limit("extensions of a wrap-up: 1"));
    story.after(39 * SECOND);
    assert_eq!(story.work(held.0).state, WorkState::WrapUp);
    story.after(SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Closed);
    story.folds_to_the_same();
}

#[test]
fn a_wrap_up_that_a_message_ended_begins_anew_with_its_extension() {
    let (mut story, held) = anns(shop().queue(|queue| queue.wrapup_max_ms = 60_000));
    story.answers("ann", held, "done").expect("an answer");
    story.closes("ann", held).expect("wrap-up");
    extends(&mut story, held, None).expect("extended");
    story.hears(whatsapp(ANNA, "one more thing")).expect("a message");
    story.closes("ann", held).expect("wrap-up");
    extends(&mut story, held, None).expect("extended once more");
}

#[test]
fn what_was_promised_is_shown_and_the_work_is_due_then_wherever_it_waits() {
    let (mut story, held) = anns(shop());
    promises(&mut story, held, 2 * MINUTE).expect("promised");
    let by = Timestamp(story.now().0 + 2 * MINUTE);
    assert_eq!(story.work(held.0).passing.promised_by, Some(by));
    requeues(&mut story, "ann", held).expect("given back");
    assert_eq!(story.work(held.0).key, Some(by.0), "earlier than the target of five minutes");
    story.folds_to_the_same();
}

#[test]
fn a_promise_later_than_the_target_puts_nothing_off() {
    let (mut story, held) = anns(shop());
    let opened = story.now().0;
    promises(&mut story, held, HOUR).expect("promised");
    requeues(&mut story, "ann", held).expect("given back");
    assert_eq!(story.work(held.0).key, Some(opened + 5 * MINUTE));
}

#[test]
fn a_later_answer_keeps_the_promise_and_the_words_that_tell_it_do_not() {
    let (mut story, held) = anns(shop());
    promises(&mut story, held, HOUR).expect("promised");
    story.after(20 * SECOND);
    story.answers("ann", held, "you hear from us within the hour").expect("an answer");
    assert!(story.work(held.0).passing.promised_by.is_some());
    story.after(10 * MINUTE);
    story.answers("ann", held, "here it is").expect("an answer");
    assert_eq!(story.work(held.0).passing.promised_by, None);
    story.folds_to_the_same();
}

#[test]
fn a_promise_is_replaced_taken_back_and_within_reason() {
    let (mut story, held) = anns(shop());
    for ms in [0, -1, 400 * 24 * HOUR] {
        let refused = promises(&mut story, held, ms).refused();
        assert!(matches!(refused, Rejection::Invalid(_)), "{ms}: {refused:?}");
    }
    promises(&mut story, held, HOUR).expect("promised");
    promises(&mut story, held, 2 * HOUR).expect("promised anew");
    assert_eq!(story.work(held.0).passing.promised_by, Some(Timestamp(story.now().0 + 2 * HOUR)));
    let (work, assignment) = held;
    story.does("ann", Verb::Pass(Pass::Promise { work, assignment, by: None })).expect("taken back");
    assert_eq!(story.work(work).passing.promised_by, None);
    story.folds_to_the_same();
}

#[test]
fn of_two_matters_that_are_one_the_earlier_promise_counts() {
    let (mut story, one) = anns(shop());
    story.answers("ann", one, "one moment").expect("an answer");
    story.after(HOUR);
    story.hears(crate::kit::sms(ANNA, "and my invoice?")).expect("a message");
    let two = story.takes("ann");
    promises(&mut story, one, HOUR).expect("promised");
    promises(&mut story, two, 2 * HOUR).expect("promised");
    let by = Timestamp(story.now().0 + HOUR);
    let merge = Verb::MergeWorks { from: one.0, from_assignment: Some(one.1), into: two.0, into_assignment: two.1 };
    story.does("ann", merge).expect("merged");
    assert_eq!(story.work(two.0).passing.promised_by, Some(by));
    story.folds_to_the_same();
}
