//! Who has more than it can (domain rules, section 7): that it is noted, that nothing is offered to it, and how it is relieved.

use skein::domain::command::{Pass, Verb};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{AssignCause, Change, OfferOutcome, Record, TransferOutcome, UnassignReason};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;

use crate::kit::{HOUR, MINUTE, SECOND, Scenario, Shop, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

pub(crate) type Held = (WorkId, AssignmentId);

/// Ann has room for one, and two whose customers wait: Bert's, and since a minute later Anna's, which was parked.
pub(crate) fn too_much(shop: Shop) -> (Scenario, Held, Held) {
    let mut story = shop.agent("ann", |ann| ann.capacity = 1).opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let annas = story.takes("ann");
    let until = Timestamp(story.now().0 + HOUR);
    let (work, assignment) = annas;
    let park = Pass::Park { work, assignment, until, wake_on_fact: Name::default() };
    story.does("ann", Verb::Pass(park)).expect("parked");
    story.hears(whatsapp(BERT, "hello")).expect("a message");
    let berts = story.takes("ann");
    story.passes(MINUTE);
    story.hears(whatsapp(ANNA, "and?")).expect("it wakes");
    (story, annas, berts)
}

fn noted(changes: &[Change]) -> Vec<(u32, bool)> {
    let noted = |change: &Change| match change {
        Change::Overcommitted(change) => Some((change.by, change.relieve_at.is_some())),
        _ => None,
    };
    changes.iter().filter_map(noted).collect()
}

fn changes(records: &[Record]) -> Vec<Change> {
    records.iter().flat_map(|record| record.changes.iter().cloned()).collect()
}

fn relieved(changes: &[Change]) -> Vec<WorkId> {
    let relieved = |change: &Change| match change {
        Change::Transferring(change) if change.relief => Some(change.work),
        _ => None,
    };
    changes.iter().filter_map(relieved).collect()
}

fn ended(changes: &[Change]) -> Vec<TransferOutcome> {
    let ended = |change: &Change| match change {
        Change::TransferEnded(ended) => Some(ended.outcome),
        _ => None,
    };
    changes.iter().filter_map(ended).collect()
}

#[test]
fn that_somebody_has_too_much_is_noted_and_nothing_is_offered_to_it() {
    let (mut story, ..) = too_much(shop());
    assert_eq!(noted(story.last().changes.as_slice()), [(1, true)], "in the record that caused it");
    let ann = story.agent("ann");
    assert_eq!((ann.load, ann.capacity), (2, 1));
    let next = story.hears(sms("+4915100000003", "hello")).opened().expect("a work");
    assert_eq!(story.work(next).state, WorkState::Queued);
    let queues = story.space().queues(&[], "ann", 0, story.now());
    assert_eq!((queues[0].agents.busy, queues[0].agents.overcommitted), (1, 1));
    story.folds_to_the_same();
}

#[test]
fn after_a_minute_the_one_whose_customer_waits_longest_is_offered_elsewhere_and_stays_until_it_is_taken() {
    let (mut story, _, berts) = too_much(shop());
    story.ready("bob").expect("ready");
    assert_eq!(relieved(&changes(&story.after(59 * SECOND))), []);
    assert_eq!(relieved(&changes(&story.after(SECOND))), [berts.0]);
    let view = story.work(berts.0);
    assert_eq!((view.state, view.assignment), (WorkState::Assigned, Some(berts.1)), "it is ann's still");
    assert!(view.passing.transfer.is_some_and(|transfer| transfer.relief && transfer.until.is_none()));
    let offer = story.offer("bob").expect("an offer");
    assert_eq!(story.offered_to(berts.0).as_deref(), Some("bob"), "{offer}");
    story.folds_to_the_same();
}

#[test]
fn whoever_accepts_owns_it_and_the_other_has_room_again() {
    let (mut story, annas, berts) = too_much(shop());
    story.ready("bob").expect("ready");
    story.after(MINUTE);
    let offer = story.offer("bob").expect("an offer");
    let step = story.accepts("bob", offer);
    let causes: Vec<AssignCause> = step.changes().iter().filter_map(assigned).collect();
    assert_eq!(causes, [AssignCause::Transfer]);
    assert!(step.changes().iter().any(|change| matches!(change,
        Change::Unassigned { work, reason: UnassignReason::Transferred, .. } if *work == berts.0)));
    assert_eq!(noted(step.changes()), [(0, false)]);
    assert_eq!(story.work(annas.0).assignment, Some(annas.1));
    story.folds_to_the_same();
}

fn assigned(change: &Change) -> Option<AssignCause> {
    if let Change::Assigned(assigned) = change { Some(assigned.cause) } else { None }
}

#[test]
fn without_anybody_it_stands_in_its_queue_and_goes_to_the_first_who_comes() {
    let (mut story, _, berts) = too_much(shop());
    story.after(HOUR / 2);
    assert_eq!(story.work(berts.0).assignment, Some(berts.1), "however long that takes");
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(berts.0).as_deref(), Some("bob"));
}

#[test]
fn a_customer_who_has_an_answer_is_not_passed_around_and_the_next_one_is() {
    let (mut story, annas, berts) = too_much(shop());
    story.ready("bob").expect("ready");
    story.after(MINUTE);
    let step = story.answers("ann", berts, "here it is");
    assert_eq!((ended(step.changes()), relieved(step.changes())), (vec![TransferOutcome::Relieved], vec![annas.0]));
    assert_eq!(story.offered_to(annas.0).as_deref(), Some("bob"));
    let step = story.answers("ann", annas, "here it is");
    assert_eq!((ended(step.changes()), relieved(step.changes())), (vec![TransferOutcome::Relieved], vec![]));
    assert_eq!(story.offer("bob"), None, "nobody waits");
    let step = story.hears(whatsapp(BERT, "thank you, but"));
    assert_eq!(relieved(step.changes()), [berts.0], "there is too much still");
    story.folds_to_the_same();
}

#[test]
fn who_has_room_again_keeps_what_it_has() {
    let (mut story, annas, berts) = too_much(shop());
    story.ready("bob").expect("ready");
    story.after(MINUTE);
    let step = story.closes("ann", annas);
    assert_eq!((ended(step.changes()), noted(step.changes())), (vec![TransferOutcome::Relieved], vec![(0, false)]));
    let revoked = |change: &Change| matches!(change, Change::OfferEnded { outcome: OfferOutcome::Revoked, .. });
    assert!(step.changes().iter().any(revoked));
    assert_eq!(story.work(berts.0).assignment, Some(berts.1));
    story.folds_to_the_same();
}

#[test]
fn who_declines_or_says_nothing_leaves_it_with_its_owner_and_offered_to_others() {
    let (mut story, _, berts) = too_much(shop());
    story.ready("bob").expect("ready");
    story.after(MINUTE);
    let offer = story.offer("bob").expect("an offer");
    story.declines("bob", offer).expect("declined");
    let view = story.work(berts.0);
    assert!(view.assignment == Some(berts.1) && view.passing.transfer.is_some());
    story.after(MINUTE);
    assert_eq!(story.work(berts.0).assignment, Some(berts.1));
}

#[test]
fn its_owner_cannot_take_it_back_but_do_something_with_it() {
    let (mut story, _, berts) = too_much(shop());
    story.after(MINUTE);
    let (work, assignment) = berts;
    let refused = story.does("ann", Verb::Pass(Pass::TakeBack { work, assignment })).refused();
    assert!(matches!(refused, Rejection::WorkState { .. }), "{refused:?}");
    let step = story.closes("ann", berts);
    assert_eq!(ended(step.changes()), [TransferOutcome::Withdrawn]);
}

#[test]
fn an_owner_who_loses_its_connection_is_waited_for_and_relieved_all_the_same() {
    let (mut story, _, berts) = too_much(shop());
    story.loses_connection("ann").expect("lost");
    story.after(MINUTE);
    story.ready("bob").expect("ready");
    assert_eq!(story.offered_to(berts.0).as_deref(), Some("bob"));
    assert_eq!(story.work(berts.0).assignment, Some(berts.1));
    story.folds_to_the_same();
}

#[test]
fn an_operator_who_lowers_a_capacity_causes_it_too() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    for from in [ANNA, BERT] {
        story.hears(whatsapp(from, "hello")).expect("a message");
        story.takes("ann");
    }
    let mut config = shop().agent("ann", |ann| ann.capacity = 1).0;
    config.relieve_after_ms = 30_000;
    let from = story.log_len();
    story.configure(config.clone()).expect("in force");
    let records: Vec<Record> = story.records(from).cloned().collect();
    assert_eq!(noted(&changes(&records)), [(1, true)]);
    assert_eq!(relieved(&changes(&story.after(30 * SECOND))).len(), 1);
    config.agents[0].profile.capacity = 2;
    let from = story.log_len();
    story.configure(config).expect("in force");
    let records: Vec<Record> = story.records(from).cloned().collect();
    assert_eq!(
        (ended(&changes(&records)), noted(&changes(&records))),
        (vec![TransferOutcome::Relieved], vec![(0, false)])
    );
    story.folds_to_the_same();
}
