//! Owners (domain rules, section 7): recall of the silent, wrap-up, closing.

use skein::domain::command::Verb;
use skein::domain::id::Name;
use skein::domain::record::{Change, QueueCause, UnassignReason};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;

use crate::kit::{MINUTE, SECOND, Scenario, Shop, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

fn recalling() -> Shop {
    shop().queue(|queue| queue.recall_after_ms = 60_000)
}

fn wrapping_up() -> Shop {
    shop().only_ann().queue(|queue| {
        queue.wrapup_max_ms = 60_000;
        queue.wrapup_cost = 1;
    })
}

fn owned(shop: Shop) -> (Scenario, (skein::domain::id::WorkId, skein::domain::id::AssignmentId)) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

#[test]
fn an_owner_who_says_nothing_is_recalled_and_a_colleague_is_asked() {
    let (mut story, (work, _)) = owned(recalling());
    story.ready("bob").expect("ready");
    let records = story.after(MINUTE);
    let recall = records.last().expect("a record");
    assert!(matches!(recall.changes[0], Change::Unassigned { reason: UnassignReason::Recalled, .. }));
    assert!(recall.changes.iter().any(|c| matches!(c, Change::CooledDown(_))));
    assert!(recall.changes.iter().any(|c| matches!(c, Change::WorkQueued { cause: QueueCause::Recalled, .. })));
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
}

#[test]
fn the_recalled_agent_alone_is_asked_again_after_the_least_cool_down() {
    let (mut story, (work, _)) = owned(recalling().only_ann());
    story.after(MINUTE);
    assert_eq!(story.work(work).state, WorkState::Queued);
    story.after(5 * SECOND);
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
}

#[test]
fn an_answer_disarms_the_recall_and_the_customers_next_message_arms_it_anew() {
    let (mut story, held) = owned(recalling());
    story.after(59 * SECOND);
    story.answers("ann", held, "good day").expect("an answer");
    story.after(10 * MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.hears(whatsapp(ANNA, "and?")).expect("a message");
    story.after(30 * SECOND);
    story.hears(whatsapp(ANNA, "hello?")).expect("a message");
    story.after(29 * SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Assigned);
    story.after(SECOND);
    assert_ne!(story.work(held.0).state, WorkState::Assigned, "counted from the oldest unanswered message");
}

#[test]
fn a_note_is_no_answer_for_the_recall() {
    let (mut story, held) = owned(recalling().only_ann());
    story.sends("ann", held, |send| send.note = true).expect("a note");
    story.after(MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Queued);
}

#[test]
fn closing_without_wrap_up_ends_the_work_and_says_until_when_it_can_be_reopened() {
    let (mut story, held) = owned(shop());
    story.closes("ann", held).expect("closed");
    let work = story.work(held.0);
    assert_eq!((work.state, work.disposition.as_str()), (WorkState::Closed, "solved"));
    assert_eq!(work.reopen_until.map(|at| at.0 - story.now().0), Some(72 * 60 * MINUTE));
    assert_eq!(story.agent("ann").load, 0);
}

#[test]
fn closing_begins_the_wrap_up_which_ends_by_itself() {
    let (mut story, held) = owned(wrapping_up());
    story.closes("ann", held).expect("closed");
    assert_eq!(story.work(held.0).state, WorkState::WrapUp);
    assert_eq!(story.agent("ann").load, 1);
    story.after(59 * SECOND);
    assert_eq!(story.work(held.0).state, WorkState::WrapUp);
    story.after(SECOND);
    assert_eq!(story.work(held.0).state, WorkState::Closed);
    assert_eq!(story.work(held.0).disposition, "solved");
}

#[test]
fn closing_in_wrap_up_ends_it_at_once() {
    let (mut story, held) = owned(wrapping_up());
    story.closes("ann", held).expect("wrap-up");
    let verb = Verb::Close { work: held.0, assignment: held.1, disposition: Name::default() };
    story.does("ann", verb).expect("closed");
    assert_eq!(story.work(held.0).state, WorkState::Closed);
    assert_eq!(story.work(held.0).disposition, "solved", "the reason given first stays");
}

#[test]
fn a_cheap_wrap_up_frees_room_at_once() {
    let shop = wrapping_up().queue(|queue| queue.wrapup_cost = 0).agent("ann", |ann| ann.capacity = 1);
    let (mut story, held) = owned(shop);
    let next = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    assert_eq!(story.work(next).state, WorkState::Queued);
    story.closes("ann", held).expect("wrap-up");
    assert_eq!(story.work(next).state, WorkState::Offered);
}

#[test]
fn a_customers_message_in_wrap_up_returns_the_work_to_the_same_owner() {
    let (mut story, held) = owned(wrapping_up());
    story.answers("ann", held, "good day").expect("an answer");
    story.closes("ann", held).expect("wrap-up");
    let step = story.hears(whatsapp(ANNA, "one more thing"));
    assert!(step.changes().iter().any(|c| matches!(c, Change::WrapUpLeft { .. })));
    let work = story.work(held.0);
    assert_eq!((work.state, work.assignment), (WorkState::Assigned, Some(held.1)));
    story.after(10 * MINUTE);
    assert_eq!(story.work(held.0).state, WorkState::Assigned, "the wrap-up's end is gone");
}

#[test]
fn a_customer_who_returns_in_wrap_up_may_take_the_agent_over_its_capacity_which_blocks_offers_only() {
    let shop = wrapping_up().queue(|queue| queue.wrapup_cost = 0).agent("ann", |ann| ann.capacity = 1);
    let (mut story, held) = owned(shop);
    story.answers("ann", held, "good day").expect("an answer");
    story.closes("ann", held).expect("wrap-up");
    story.hears(whatsapp(BERT, "hello")).expect("a message");
    story.takes("ann");
    story.hears(whatsapp(ANNA, "one more thing")).expect("a message");
    assert_eq!(story.agent("ann").load, 2);
    let third = story.hears(sms("+4915100000003", "hello")).opened().expect("a work");
    assert_eq!(story.work(third).state, WorkState::Queued);
}

#[test]
fn words_that_ask_nothing_do_not_end_a_wrap_up() {
    let (mut story, held) = owned(wrapping_up());
    story.closes("ann", held).expect("wrap-up");
    let reaction = skein::domain::event::EventKind::Reaction { emoji: "👍".to_owned() };
    story.hears(whatsapp(ANNA, "").id("r").kind(reaction)).expect("stored");
    assert_eq!(story.work(held.0).state, WorkState::WrapUp);
}

#[test]
fn only_the_owner_closes_and_under_its_assignment() {
    let (mut story, held) = owned(shop());
    story.ready("bob").expect("ready");
    let ann = story.id("ann");
    assert_eq!(story.closes("bob", held).refused(), Rejection::NotOwner { owner: Some(ann) });
    let other = (held.0, skein::domain::id::AssignmentId::new(skein::domain::id::Index(1), 0));
    assert_eq!(story.closes("ann", other).refused(), Rejection::StaleAssignment { current: Some((held.1, ann)) });
    story.closes("ann", held).expect("closed");
    assert_eq!(story.closes("ann", held).refused(), Rejection::WorkClosed);
    let never = (skein::domain::id::WorkId::new(skein::domain::id::Index(9_999), 0), held.1);
    assert_eq!(story.closes("ann", never).refused(), Rejection::UnknownWork);
}

#[test]
fn a_reason_that_is_too_long_or_no_text_is_refused() {
    let (mut story, held) = owned(shop());
    for disposition in ["x".repeat(65), "a\nb".to_owned()] {
        let verb = Verb::Close { work: held.0, assignment: held.1, disposition: Name::new(disposition) };
        assert!(matches!(story.does("ann", verb).refused(), Rejection::Invalid(_)));
    }
}
