//! What customers go through, and what follows from it (domain rules, section 6).

use rstest::rstest;
use skein::domain::command::{Pass, Recipient, Verb};
use skein::domain::event::ReceiptStatus;
use skein::domain::id::{AssignmentId, LeafId, Name, RootId, WorkId};
use skein::domain::record::{Change, EffortEntry, EffortKind};
use skein::domain::rejection::Rejection;
use skein::domain::workspace::{AgentKind, DispositionConfig, EffortConfig, WorkspaceConfig};

use crate::facts::told;
use crate::kit::{HOUR, Heard, MINUTE, SECOND, START, Scenario, Shop, Step, mail, own_report, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const DAY: i64 = 24 * HOUR;

/// What weighs differently is told apart by its weight.
fn weighed(config: &mut WorkspaceConfig) {
    config.effort = EffortConfig {
        wait_ms: 1_000,
        unanswered_ms: 2_000,
        transfer_ms: 4_000,
        repeat_ms: 8_000,
        asked_again_ms: 16_000,
        switch_ms: 32_000,
        failed_ms: 64_000,
        loop_ms: 128_000,
        cap_ms: 150_000,
        bounces: 1,
    };
}

fn desk() -> Shop {
    shop().but(weighed).second_queue("sales", "sales")
}

fn entries(story: &Scenario, work: WorkId) -> Vec<(EffortKind, u32, u64)> {
    story.work(work).effort.iter().map(|EffortEntry { kind, count, ms }| (*kind, *count, *ms)).collect()
}

fn key(story: &Scenario, work: WorkId) -> i64 {
    story.work(work).key.expect("it waits") - START
}

fn passes(story: &mut Scenario, agent: &str, held: (WorkId, AssignmentId), cold: bool, force: bool) -> Step {
    let (work, assignment) = held;
    let (to, queue, note) = (Name::default(), Name::new("sales"), String::new());
    story.does(agent, Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold, force, note }))
}

/// Anna's matter is ann's.
fn anns(shop: Shop) -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

#[test]
fn messages_without_an_answer_count_once_a_minute_and_move_the_place_of_what_waits() {
    let mut story = desk().opens();
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let due = key(&story, work);
    for second in [5, 20, 34] {
        story.after(second * SECOND);
        story.hears(whatsapp(ANNA, &format!("hello? {second}"))).expect("a message");
    }
    assert_eq!(entries(&story, work), [], "what is said within the first minute is one question");
    story.after(SECOND);
    story.hears(whatsapp(ANNA, "is anybody there?")).expect("a message");
    assert_eq!((entries(&story, work), key(&story, work)), (vec![(EffortKind::Unanswered, 1, 2_000)], due - 2_000));
    for number in 0..30 {
        story.after(SECOND);
        story.hears(whatsapp(ANNA, &format!("hello!! {number}"))).expect("a message");
    }
    assert_eq!(entries(&story, work), [(EffortKind::Unanswered, 1, 2_000)], "whoever writes more is not served sooner");
    story.after(30 * SECOND);
    story.hears(whatsapp(ANNA, "hello?!")).expect("a message");
    assert_eq!(entries(&story, work), [(EffortKind::Unanswered, 2, 4_000)]);
    assert_eq!(
        story.work(work).credits.last().map(|credit| (credit.name.as_str(), credit.ms)),
        Some(("effort", 4_000))
    );
    story.folds_to_the_same();
}

#[test]
fn a_wait_counts_when_it_went_on_beyond_the_goal() {
    let (mut story, held) = anns(desk());
    story.after(5 * MINUTE);
    story.answers("ann", held, "it is on its way").expect("in time");
    assert_eq!(entries(&story, held.0), []);
    story.hears(whatsapp(ANNA, "and where is it now?")).expect("a message");
    story.after(10 * MINUTE + SECOND);
    story.answers("ann", held, "there").expect("late");
    assert_eq!(entries(&story, held.0), [(EffortKind::Wait, 1, 1_000)]);
    story.hears(whatsapp(ANNA, "where?")).expect("a message");
    story.after(11 * MINUTE);
    story.closes("ann", held).expect("without an answer");
    assert_eq!(entries(&story, held.0), [(EffortKind::Wait, 2, 2_000)]);
}

#[test]
fn after_as_many_transfers_as_the_budget_has_only_warm_ones_or_a_supervisors_are_left() {
    let (mut story, held) = anns(desk().agent("bob", |bob| bob.queues = vec![Name::new("sales")]));
    story.ready("bob").expect("ready");
    passes(&mut story, "ann", held, true, false).expect("the first one may be cold");
    assert_eq!(entries(&story, held.0), [(EffortKind::Transfer, 1, 4_000)]);
    let held = story.takes("bob");
    let refused = passes(&mut story, "bob", held, true, false).refused();
    assert_eq!(refused, Rejection::BounceBudget { bounces: 1, limit: 1 });
    let by_hand = |force| Pass::Move { work: held.0, assignment: Some(held.1), queue: Name::new("help"), force };
    assert_eq!(story.does("bob", Verb::Pass(by_hand(false))).refused(), refused, "the same by another name");
    passes(&mut story, "bob", held, false, false).expect("a warm one");
    let offer = story.offer("ann").expect("an offer");
    story.accepts("ann", offer).expect("taken");
    assert_eq!(entries(&story, held.0), [(EffortKind::Transfer, 2, 8_000)], "within the same minute, too");
    let assignment = story.work(held.0).assignment.expect("ann's");
    passes(&mut story, "ann", (held.0, assignment), true, true).expect("forced");
    assert_eq!(entries(&story, held.0), [(EffortKind::Transfer, 3, 12_000)]);
    story.folds_to_the_same();
}

#[test]
fn what_a_program_hands_over_is_no_transfer() {
    let (mut story, held) = anns(desk().agent("ann", |ann| ann.kind = AgentKind::Bot));
    passes(&mut story, "ann", held, true, false).expect("handed over");
    assert_eq!(entries(&story, held.0), []);
}

#[test]
fn whoever_comes_back_within_seven_days_to_the_same_queue_has_not_been_helped() {
    let mut story = desk().but(|config| config.continuation_window_ms = HOUR.unsigned_abs()).opens();
    story.ready("ann").expect("ready");
    let first = story.settles("ann", whatsapp(ANNA, "hello"));
    assert_eq!(entries(&story, first), [], "for the first time");
    story.after(7 * DAY - MINUTE);
    let step = story.hears(whatsapp(ANNA, "it is broken again"));
    let again = step.opened().expect("a new work");
    assert_eq!(entries(&story, again), [(EffortKind::Repeat, 1, 8_000)]);
    let offered = step.changes().iter().find_map(|change| match change {
        Change::OfferMade(offer) => Some(offer.brief.effort.clone()),
        _ => None,
    });
    assert_eq!(offered, Some(story.work(again).effort), "it is shown with the offer");
    let held = story.takes("ann");
    story.answers("ann", held, "sorry").expect("an answer");
    story.closes("ann", held).expect("closed");
    story.after(7 * DAY + MINUTE);
    let late = story.hears(whatsapp(ANNA, "hello")).opened().expect("a new work");
    assert_eq!(entries(&story, late), []);
    story.folds_to_the_same();
}

#[test]
fn who_comes_back_for_something_else_or_is_somebody_else_repeats_nothing() {
    let mut story = desk().opens();
    story.ready("ann").expect("ready");
    story.settles("ann", mail("anna@example.com", "1@x", "hello"));
    let other = mail("bert@example.com", "2@x", "hello");
    let other = story.hears(other).opened().expect("a new work");
    assert_eq!(entries(&story, other), []);
}

#[test]
fn a_matter_that_is_taken_up_again_keeps_its_ledger_and_is_a_repeat() {
    let (mut story, held) = anns(desk());
    story.after(6 * MINUTE);
    story.answers("ann", held, "an answer").expect("late");
    story.closes("ann", held).expect("closed");
    assert_eq!(entries(&story, held.0), [(EffortKind::Wait, 1, 1_000)], "shown of a closed one, too");
    story.after(HOUR);
    story.hears(whatsapp(ANNA, "it is broken again")).expect("reopened");
    assert_eq!(entries(&story, held.0), [(EffortKind::Wait, 1, 1_000), (EffortKind::Repeat, 1, 8_000)]);
    let offer = story.offer("ann").expect("an offer");
    let due = key_of_offered(&story, held.0);
    story.declines("ann", offer).expect("declined");
    assert_eq!(key(&story, held.0), due, "it keeps its place");
    story.folds_to_the_same();
}

/// When what is offered is due, by its changes.
fn key_of_offered(story: &Scenario, work: WorkId) -> i64 {
    let keys = story.records(0).flat_map(|record| &record.changes).filter_map(|change| match change {
        Change::WorkQueued { work: id, key, .. } | Change::WorkRekeyed { work: id, key } if *id == work => Some(*key),
        _ => None,
    });
    keys.last().expect("it was queued") - START
}

#[rstest]
#[case::of_the_same("lost", true)]
#[case::of_another("sold", false)]
fn reasons_of_one_group_are_the_same_matter_whatever_the_queue(#[case] disposition: &str, #[case] repeats: bool) {
    let listed = |name: &str, group: &str| DispositionConfig {
        name: Name::new(name),
        group: Name::new(group),
        ..DispositionConfig::default()
    };
    let words = vec![listed("solved", "parcel"), listed("lost", "parcel"), listed("sold", "money")];
    let mut story = desk().but(|config| config.dispositions = words).opens();
    story.ready("ann").expect("ready");
    story.settles("ann", sms(ANNA, "where is it?"));
    story.after(DAY);
    story.hears(Heard { endpoint: Name::new("sales"), ..mail("anna@example.com", "1@x", "and?") }).expect("a message");
    story.does("ann", Verb::MergeCustomers { customer: RootId(0), other: RootId(1) }).expect("one person");
    let (work, assignment) = story.takes("ann");
    story.answers("ann", (work, assignment), "an answer").expect("an answer");
    assert_eq!(entries(&story, work), []);
    story.does("ann", Verb::Close { work, assignment, disposition: Name::new(disposition) }).expect("closed");
    assert_eq!(!entries(&story, work).is_empty(), repeats);
    story.folds_to_the_same();
}

#[test]
fn to_be_asked_for_what_is_known_counts_and_what_is_not_known_does_not() {
    let (mut story, held) = anns(desk());
    story
        .does("ann", Verb::SetFacts { customer: RootId(0), leaf: None, facts: vec![told("contract", "C-17")] })
        .expect("told");
    let ask = |key: &str| Verb::AskFact { work: held.0, key: Name::new(key), prompt: String::new() };
    story.does("ann", ask("meter")).expect("asked");
    assert_eq!(entries(&story, held.0), []);
    for _ in 0..3 {
        story.does("ann", ask("contract")).expect("asked");
    }
    assert_eq!(entries(&story, held.0), [(EffortKind::AskedAgain, 1, 16_000)], "once a minute");
}

#[test]
fn an_answer_on_another_endpoint_makes_the_customer_go_there() {
    let (mut story, held) = anns(desk());
    story.answers("ann", held, "here").expect("where it was asked");
    assert_eq!(entries(&story, held.0), []);
    let to = Recipient { leaf: LeafId(0), endpoint: Name::new("sms") };
    story.sends("ann", held, |send| send.to = Some(to)).expect("by another way");
    assert_eq!(entries(&story, held.0), [(EffortKind::Switch, 1, 32_000)]);
}

#[rstest]
#[case::failed(ReceiptStatus::Failed, 1)]
#[case::sent(ReceiptStatus::Sent, 0)]
fn what_did_not_arrive_counts(#[case] status: ReceiptStatus, #[case] times: usize) {
    let (mut story, held) = anns(desk());
    let sent = story.answers("ann", held, "an answer").message_id();
    story.hears(own_report(sent, "wamid.9", status)).expect("a report");
    assert_eq!(entries(&story, held.0).len(), times);
}

#[test]
fn all_of_a_ledger_counts_for_its_cap_at_most() {
    let (mut story, held) = anns(desk().but(|config| config.effort.transfer_ms = 140_000));
    passes(&mut story, "ann", held, true, false).expect("passed on");
    story.after(6 * SECOND);
    let held = story.takes("ann");
    passes(&mut story, "ann", held, true, true).expect("passed on");
    let credit = story.work(held.0).credits.last().map(|credit| (credit.name.clone(), credit.ms));
    assert_eq!(credit, Some(("effort".to_owned(), 150_000)));
    assert_eq!(story.work(held.0).effort.iter().map(|entry| entry.ms).sum::<u64>(), 280_000, "the ledger tells all");
    story.folds_to_the_same();
}
