//! Work that is given back or moved (domain rules, sections 7 and 8): who may, where it waits then, and who is asked next.

use skein::domain::command::{Pass, Verb};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{Change, QueueCause, UnassignReason};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::{Accept, Levels};

use crate::kit::{MINUTE, SECOND, Scenario, Shop, Step, chat, mail, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

type Held = (WorkId, AssignmentId);

pub(crate) fn requeues(story: &mut Scenario, agent: &str, (work, assignment): Held) -> Step {
    story.does(agent, Verb::Pass(Pass::Requeue { work, assignment }))
}

fn moves(story: &mut Scenario, agent: &str, work: WorkId, assignment: Option<AssignmentId>, queue: &str) -> Step {
    story.does(agent, Verb::Pass(Pass::Move { work, assignment, queue: Name::new(queue), force: false }))
}

/// Anna's matter is ann's.
fn anns(shop: Shop) -> (Scenario, Held) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

#[test]
fn what_is_given_back_goes_to_somebody_else_with_its_age_and_place() {
    let (mut story, held) = anns(shop());
    story.ready("bob").expect("ready");
    story.after(MINUTE);
    let before = story.work(held.0);
    let step = requeues(&mut story, "ann", held);
    assert!(step.changes().iter().any(|change| matches!(change,
        Change::Unassigned { work, reason: UnassignReason::Requeued, .. } if *work == held.0)));
    let after = story.work(held.0);
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"));
    assert_eq!((after.waiting_since, after.queue), (before.waiting_since, before.queue));
    story.declines("bob", story.offer("bob").expect("an offer")).expect("declined");
    let due = before.opened_at.0 + 5 * MINUTE;
    assert_eq!(story.work(held.0).key, Some(due), "due as if it had never left");
    story.folds_to_the_same();
}

#[test]
fn who_gave_it_back_has_it_again_when_nobody_else_is_left() {
    let (mut story, held) = anns(shop().only_ann());
    requeues(&mut story, "ann", held).expect("given back");
    assert_eq!(story.work(held.0).state, WorkState::Queued);
    story.after(4 * SECOND);
    assert_eq!(story.offer("ann"), None);
    story.after(SECOND);
    assert_eq!(story.offered_to(held.0).as_deref(), Some("ann"));
}

#[test]
fn giving_back_makes_room_for_what_waits() {
    let (mut story, held) = anns(shop().only_ann().agent("ann", |ann| ann.capacity = 1));
    let next = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    requeues(&mut story, "ann", held).expect("given back");
    assert_eq!(story.offered_to(next).as_deref(), Some("ann"));
}

#[test]
fn only_the_owner_gives_back_under_the_assignment_of_now_and_not_from_wrap_up() {
    let (mut story, held) = anns(shop().queue(|queue| queue.wrapup_max_ms = 60_000));
    story.ready("bob").expect("ready");
    let (ann, bob) = (story.id("ann"), story.id("bob"));
    assert_eq!(requeues(&mut story, "bob", held).refused(), Rejection::NotOwner { owner: Some(ann) });
    requeues(&mut story, "ann", held).expect("given back");
    assert_eq!(requeues(&mut story, "ann", held).refused(), Rejection::NotOwner { owner: None });
    let again = story.takes("bob");
    assert_eq!(requeues(&mut story, "ann", held).refused(), Rejection::NotOwner { owner: Some(bob) });
    let stale = requeues(&mut story, "bob", held).refused();
    assert_eq!(stale, Rejection::StaleAssignment { current: Some((again.1, bob)) });
    story.closes("bob", again).expect("wrap-up");
    let over = requeues(&mut story, "bob", again).refused();
    assert!(matches!(over, Rejection::WorkState { state: WorkState::WrapUp, .. }), "{over:?}");
}

#[test]
fn a_repeat_of_the_command_gives_the_first_answer() {
    let (mut story, held) = anns(shop());
    let verb = || Verb::Pass(Pass::Requeue { work: held.0, assignment: held.1 });
    let first = story.asks("ann", Some(("r1", 7)), None, verb()).answer();
    let again = story.asks("ann", Some(("r1", 7)), None, verb()).refused();
    assert!(matches!(again, Rejection::Repeated(answer) if answer.position == first.position));
}

/// Queue `sales` promises an answer within a minute and wants French at 5, which bob has.
fn with_sales() -> Shop {
    let french = |level| [(Name::new("french"), level)].into_iter().collect::<Levels>();
    shop().second_queue("sales", "sales").agent("bob", |bob| bob.skills = french(6)).but(|config| {
        config.queues[1].first_reply_target_ms = 60_000;
        config.queues[1].requires = french(5);
    })
}

#[test]
fn what_is_moved_is_due_by_the_other_queue_keeps_its_age_and_asks_for_what_that_one_asks_for() {
    let (mut story, held) = anns(with_sales());
    let opened = story.work(held.0).opened_at.0;
    story.after(2 * MINUTE);
    let step = moves(&mut story, "ann", held.0, Some(held.1), "sales");
    assert!(
        step.changes()
            .iter()
            .any(|change| matches!(change, Change::WorkQueued { key, cause: QueueCause::Moved, queue, .. }
            if *key == opened + MINUTE && *queue == "sales"))
    );
    assert_eq!(story.work(held.0).state, WorkState::Queued, "ann gave it away, and knows no French");
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"));
    story.folds_to_the_same();
}

#[test]
fn who_serves_its_queue_moves_what_waits_or_is_offered() {
    let shop = with_sales().agent("bob", |bob| bob.queues = vec![Name::new("sales")]);
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.ready("bob").expect("ready");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let stranger = moves(&mut story, "bob", work, None, "sales").refused();
    assert_eq!(stranger, Rejection::QueueNotServed { queue: Name::new("help") });
    let step = moves(&mut story, "ann", work, None, "sales");
    assert!(step.changes().iter().any(|change| matches!(change, Change::OfferEnded { .. })), "ann's offer is over");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    let held = story.takes("bob");
    let (bob, current) = (story.id("bob"), held.1);
    let owned = moves(&mut story, "ann", work, None, "help").refused();
    assert_eq!(owned, Rejection::StaleAssignment { current: Some((current, bob)) });
}

#[test]
fn a_move_goes_to_another_queue_that_is_there() {
    let (mut story, held) = anns(with_sales());
    for queue in ["nowhere", "help"] {
        let refused = moves(&mut story, "ann", held.0, Some(held.1), queue).refused();
        assert!(matches!(refused, Rejection::Invalid(_)), "{queue}: {refused:?}");
    }
    let unknown = moves(&mut story, "ann", WorkId::default(), None, "sales").refused();
    assert_eq!(unknown, Rejection::UnknownWork);
}

#[test]
fn a_queue_that_assigns_at_once_assigns_what_is_moved_there() {
    let shop = with_sales().but(|config| config.queues[1].accept = Accept::Auto);
    let (mut story, held) = anns(shop);
    story.ready("bob").expect("ready");
    moves(&mut story, "ann", held.0, Some(held.1), "sales").expect("moved");
    assert_eq!(story.work(held.0).owner.map(|(_, name)| name), Some(Name::new("bob")));
    assert_eq!(story.agent("ann").load, 0);
}

#[test]
fn many_endpoints_and_a_move_leave_the_matter_one() {
    let (mut story, held) = anns(with_sales());
    moves(&mut story, "ann", held.0, Some(held.1), "sales").expect("moved");
    assert_eq!(story.hears(whatsapp(ANNA, "hello?")).message().work, Some(held.0));
    for heard in [sms(BERT, "hi"), chat("visitor", "hi"), mail("x@shop.example", "1@x", "hi")] {
        assert_ne!(story.hears(heard).message().work, Some(held.0));
    }
}
