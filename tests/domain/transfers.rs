//! Transfers (domain rules, section 7): who owns the Work meanwhile, how they end, and what else may happen while one is under way.

use rstest::rstest;
use skein::domain::command::{Command, FactTold, Parted, Pass, Verb};
use skein::domain::event::{AddressKind, Assurance};
use skein::domain::id::{AssignmentId, LeafId, Name, RootId, WorkId};
use skein::domain::record::{
    AssignCause, Change, OfferOutcome, PersonalValue, Presence, QueueCause, Record, TransferOutcome, UnassignReason,
};
use skein::domain::rejection::Rejection;
use skein::domain::rules::{Rule, When};
use skein::domain::time::Timestamp;
use skein::domain::view::{AgentView, WorkState};
use skein::domain::workspace::{Accept, WorkspaceConfig};

use crate::kit::{HOUR, MINUTE, SECOND, SPACE, Scenario, Shop, Step, chat, shop, sms, whatsapp};
use crate::passed::requeues;

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

type Held = (WorkId, AssignmentId);

/// Where to, and how.
#[derive(Clone, Copy, Default)]
struct To<'a> {
    agent: &'a str,
    queue: &'a str,
    cold: bool,
    note: &'a str,
}

const BOB: To<'static> = To { agent: "bob", queue: "", cold: false, note: "" };
const SALES: To<'static> = To { agent: "", queue: "sales", cold: false, note: "" };

fn passes(story: &mut Scenario, agent: &str, (work, assignment): Held, to: To<'_>) -> Step {
    let (agent_to, queue, note) = (Name::new(to.agent), Name::new(to.queue), to.note.to_owned());
    story.does(
        agent,
        Verb::Pass(Pass::Transfer { work, assignment, to: agent_to, queue, cold: to.cold, force: false, note }),
    )
}

/// Anna's matter is ann's; bob is READY, and serves `sales` alone.
fn anns(shop: Shop) -> (Scenario, Held) {
    let shop = shop.second_queue("sales", "sales").agent("bob", |bob| bob.queues = vec![Name::new("sales")]);
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let held = story.takes("ann");
    story.ready("bob").expect("ready");
    (story, held)
}

fn owner(story: &Scenario, work: WorkId) -> Option<Name> {
    story.work(work).owner.map(|(_, name)| name)
}

fn ended(changes: &[Change]) -> Option<TransferOutcome> {
    changes.iter().find_map(|change| match change {
        Change::TransferEnded(ended) => Some(ended.outcome),
        _ => None,
    })
}

fn unassigned(record: &Record) -> Option<UnassignReason> {
    record.changes.iter().find_map(|change| match change {
        Change::Unassigned { reason, .. } => Some(*reason),
        _ => None,
    })
}

fn ann(story: &Scenario) -> AgentView {
    story.agent("ann")
}

#[test]
fn the_owner_stays_until_the_other_accepts_and_the_work_never_has_none_or_two() {
    let (mut story, held) = anns(shop());
    passes(&mut story, "ann", held, BOB).expect("passed on");
    let view = story.work(held.0);
    assert_eq!((view.state, view.assignment), (WorkState::Assigned, Some(held.1)));
    assert_eq!(view.passing.transfer.expect("a transfer").to.as_deref(), Some("bob"));
    story.answers("ann", held, "bob knows more").expect("she may still write");
    let offer = story.offer("bob").expect("an offer");
    let step = story.accepts("bob", offer);
    assert_eq!(unassigned(step.record()), Some(UnassignReason::Transferred));
    assert!(step.changes().iter().any(|change| matches!(change,
        Change::Assigned(assigned) if assigned.cause == AssignCause::Transfer)));
    assert_eq!(owner(&story, held.0).as_deref(), Some("bob"));
    assert_eq!((ann(&story).works.len(), ann(&story).load), (0, 0));
    let bob = story.id("bob");
    assert_eq!(story.answers("ann", held, "late").refused(), Rejection::NotOwner { owner: Some(bob) });
    assert_eq!(story.work(held.0).passing.transfer, None);
    story.folds_to_the_same();
}

#[test]
fn one_who_declines_leaves_it_with_its_owner_who_is_told() {
    let (mut story, held) = anns(shop());
    passes(&mut story, "ann", held, To { queue: "sales", ..BOB }).expect("passed on");
    assert_eq!(story.work(held.0).queue, "sales");
    let step = story.declines("bob", story.offer("bob").expect("an offer"));
    assert_eq!(ended(step.changes()), Some(TransferOutcome::Declined));
    let place = step.changes().iter().position(|change| matches!(change, Change::TransferEnded(_))).expect("it ended");
    let told = |output: &skein::domain::output::Output| {
        matches!(output,
        skein::domain::output::Output::Agent { agent, place: at } if *agent == story.id("ann") && usize::from(*at) == place)
    };
    assert!(step.outputs().iter().any(told));
    let view = story.work(held.0);
    assert_eq!((view.state, view.assignment, view.queue.as_str()), (WorkState::Assigned, Some(held.1), "help"));
    assert_eq!(story.after(2 * HOUR).len(), 2, "nothing is left but the cool-down of bob");
    story.folds_to_the_same();
}

#[rstest]
#[case::slow(whatsapp(BERT, "hello"))]
#[case::live(chat("visitor", "hello"))]
fn one_who_says_nothing_is_not_there_and_it_waits_in_the_target_queue_with_its_place(#[case] heard: crate::kit::Heard) {
    let (mut story, _) = anns(shop());
    let opened = story.hears(heard).opened().expect("a work");
    let held = story.takes("ann");
    assert_eq!(held.0, opened);
    let asked = story.now().0;
    passes(&mut story, "ann", held, To { queue: "sales", ..BOB }).expect("passed on");
    let records = story.after(30 * SECOND);
    assert_eq!(unassigned(&records[0]), Some(UnassignReason::TransferLapsed));
    let view = story.work(held.0);
    assert_eq!((view.queue.as_str(), view.owner), ("sales", None));
    assert_eq!(view.key, Some(asked + 5 * MINUTE));
    story.folds_to_the_same();
}

#[test]
fn passed_on_to_a_queue_it_stands_there_until_somebody_takes_it_and_not_for_ever() {
    let (mut story, held) = anns(shop().agent("bob", |bob| bob.capacity = 0));
    passes(&mut story, "ann", held, SALES).expect("passed on");
    let view = story.work(held.0);
    assert_eq!((view.state, view.key.is_some()), (WorkState::Assigned, true), "it has an owner, and a place");
    assert_eq!(view.passing.transfer.expect("a transfer").until, Some(Timestamp(story.now().0 + 10 * MINUTE)));
    assert_eq!(story.space().queue_length("sales"), 1);
    assert_eq!(story.offer("ann"), None, "not to whoever passes it on");
    story.after(10 * MINUTE - 1);
    assert_eq!(owner(&story, held.0).as_deref(), Some("ann"));
    let lapsed = story.after(1);
    assert_eq!(unassigned(&lapsed[0]), Some(UnassignReason::TransferLapsed));
    assert!(lapsed[0].changes.iter().any(|change| matches!(change,
        Change::WorkQueued { cause: QueueCause::Transferred, queue, .. } if *queue == "sales")));
    story.folds_to_the_same();
}

#[test]
fn of_a_queue_one_who_declines_leaves_it_to_others_and_whoever_takes_it_has_it() {
    let (mut story, held) = anns(shop().agent("ann", |ann| ann.capacity = 1));
    passes(&mut story, "ann", held, SALES).expect("passed on");
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"));
    let step = story.declines("bob", story.offer("bob").expect("an offer"));
    assert_eq!(ended(step.changes()), None);
    story.after(5 * SECOND);
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"), "nobody else is left");
    let next = story.hears(whatsapp(BERT, "hello")).opened().expect("a work");
    let bobs = story.takes("bob");
    assert_eq!((bobs.0, owner(&story, held.0).as_deref()), (held.0, Some("bob")));
    assert_eq!(story.offered_to(next).as_deref(), Some("ann"), "who has room again");
    story.folds_to_the_same();
}

#[test]
fn a_queue_that_assigns_at_once_takes_it_in_one_record() {
    let (mut story, held) = anns(shop().second_queue("auto", "mail").but(|config| {
        config.queues[1].accept = Accept::Auto;
        config.agents[1].profile.queues = vec![Name::new("auto")];
    }));
    let mut config = WorkspaceConfig::clone(story.space().config());
    config.agents[1].profile.queues.push(Name::new("auto"));
    story.configure(config).expect("bob serves it");
    let step = passes(&mut story, "ann", held, To { queue: "auto", note: "She knows.", ..To::default() });
    assert_eq!(unassigned(step.record()), Some(UnassignReason::Transferred));
    assert_eq!(owner(&story, held.0).as_deref(), Some("bob"));
    let assigned = step.changes().iter().position(|change| matches!(change, Change::Assigned(_))).expect("assigned");
    let noted = step.record().content.iter().any(|personal| {
        usize::from(personal.place) == assigned && personal.value == PersonalValue::Note("She knows.".to_owned())
    });
    assert!(noted, "the note is shown with the assignment");
    story.folds_to_the_same();
}

#[test]
fn cold_releases_at_once() {
    let (mut story, held) = anns(shop());
    let step = passes(&mut story, "ann", held, To { cold: true, note: "Calls at five.", ..SALES });
    assert_eq!(unassigned(step.record()), Some(UnassignReason::Transferred));
    assert_eq!((owner(&story, held.0), story.offered_to(held.0).as_deref()), (None, Some("bob")));
    let offer = story.agent("bob").offers.remove(0);
    assert_eq!((offer.from.as_deref(), offer.note.as_str()), (Some("ann"), "Calls at five."));
    story.folds_to_the_same();
}

#[test]
fn cold_to_an_agent_is_offered_there_with_the_queue_behind() {
    let (mut story, held) = anns(shop());
    passes(&mut story, "ann", held, To { cold: true, ..BOB }).expect("passed on");
    assert_eq!(story.work(held.0).state, WorkState::Offered);
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"), "who does not serve its queue");
    story.declines("bob", story.offer("bob").expect("an offer")).expect("declined");
    story.after(5 * SECOND);
    assert_eq!(story.offered_to(held.0).as_deref(), Some("ann"), "nobody else is left there");
    story.folds_to_the_same();
}

#[test]
fn a_note_is_sealed_and_shown_with_every_offer_that_follows() {
    let (mut story, held) = anns(shop());
    let noted = |record: &Record| {
        let notes = record.content.iter().filter(|personal| matches!(personal.value, PersonalValue::Note(_)));
        notes.map(|personal| record.leaf_of(personal)).collect::<Vec<_>>()
    };
    let step = passes(&mut story, "ann", held, To { note: "Angry.\nWants bob.", ..SALES });
    assert_eq!(noted(step.record()), [Some(LeafId(0)), Some(LeafId(0))], "with the transfer and the offer");
    story.declines("bob", story.offer("bob").expect("an offer")).expect("declined");
    let again = story.after(5 * SECOND);
    assert_eq!(noted(again.last().expect("an offer")), [Some(LeafId(0))]);
    let offer = story.agent("bob").offers.remove(0);
    assert_eq!((offer.from.as_deref(), offer.note.as_str()), (Some("ann"), "Angry.\nWants bob."));
    story.takes("bob");
    story.folds_to_the_same();
}

#[rstest]
#[case::oneself(To { agent: "ann", ..To::default() }, "it owns the work")]
#[case::unknown(To { agent: "eve", ..To::default() }, "it is not known")]
#[case::away(BOB, "it is not READY")]
#[case::full(BOB, "it has no room")]
#[case::channel(BOB, "it does not serve all channels of the work")]
fn who_cannot_take_it_is_named_with_the_reason(#[case] to: To<'static>, #[case] why: &'static str) {
    let (mut story, held) = anns(shop().agent("bob", |bob| match why {
        "it has no room" => bob.capacity = 0,
        "it does not serve all channels of the work" => bob.channels = vec![Name::new("sms")],
        _ => {}
    }));
    if why == "it is not READY" {
        story.presence("bob", Presence::Away).expect("away");
    }
    assert_eq!(passes(&mut story, "ann", held, to).refused(), Rejection::CannotTake(why));
}

#[test]
fn what_cannot_be_is_refused() {
    let (mut story, held) = anns(shop().queue(|queue| queue.wrapup_max_ms = 60_000));
    let nowhere = passes(&mut story, "ann", held, To::default()).refused();
    assert!(matches!(nowhere, Rejection::Invalid(_)), "{nowhere:?}");
    let unknown = passes(&mut story, "ann", held, To { queue: "nowhere", ..To::default() }).refused();
    assert!(matches!(unknown, Rejection::Invalid(_)), "{unknown:?}");
    let note = "x".repeat(4_097);
    let long = passes(&mut story, "ann", held, To { note: &note, ..SALES }).refused();
    assert!(matches!(long, Rejection::Invalid(_)), "{long:?}");
    let (ann, (work, assignment)) = (story.id("ann"), held);
    assert_eq!(passes(&mut story, "bob", held, SALES).refused(), Rejection::NotOwner { owner: Some(ann) });
    let none = story.does("ann", Verb::Pass(Pass::TakeBack { work, assignment })).refused();
    assert!(matches!(none, Rejection::WorkState { state: WorkState::Assigned, .. }));
    story.closes("ann", held).expect("wrap-up");
    let over = passes(&mut story, "ann", held, SALES).refused();
    assert!(matches!(over, Rejection::WorkState { state: WorkState::WrapUp, .. }));
}

/// What the owner does instead.
#[derive(Clone, Copy, Debug)]
enum Instead {
    TakeBack,
    Close,
    Requeue,
    Park,
    Another,
}

#[rstest]
fn whatever_else_the_owner_does_with_it_withdraws_the_transfer(
    #[values(Instead::TakeBack, Instead::Close, Instead::Requeue, Instead::Park, Instead::Another)] instead: Instead,
    #[values(BOB, SALES)] to: To<'static>,
) {
    let (mut story, held) = anns(shop().queue(|queue| queue.wrapup_max_ms = 60_000));
    passes(&mut story, "ann", held, to).expect("passed on");
    let offer = story.offer("bob").expect("an offer");
    let (work, assignment) = held;
    let until = Timestamp(story.now().0 + HOUR);
    let step = match instead {
        Instead::TakeBack => story.does("ann", Verb::Pass(Pass::TakeBack { work, assignment })),
        Instead::Close => story.closes("ann", held),
        Instead::Requeue => requeues(&mut story, "ann", held),
        Instead::Park => {
            let wake_on_fact = Name::default();
            story.does("ann", Verb::Pass(Pass::Park { work, assignment, until, wake_on_fact }))
        }
        Instead::Another => passes(&mut story, "ann", held, To { queue: "help", cold: true, ..To::default() }),
    };
    assert_eq!(ended(step.changes()), Some(TransferOutcome::Withdrawn), "{instead:?}");
    assert_eq!(story.accepts("bob", offer).refused(), Rejection::OfferOver);
    assert_eq!(story.work(work).queue, "help", "it is of its own queue again");
    assert_eq!(story.work(work).passing.transfer, None);
    story.folds_to_the_same();
}

#[test]
fn an_owner_who_logs_out_leaves_it_to_the_target_at_once_and_the_offer_stays() {
    let (mut story, held) = anns(shop());
    passes(&mut story, "ann", held, To { queue: "sales", ..BOB }).expect("passed on");
    let offer = story.offer("bob").expect("an offer");
    let step = story.logs_out("ann");
    assert_eq!(unassigned(step.record()), Some(UnassignReason::TransferLapsed));
    let view = story.work(held.0);
    assert_eq!((view.state, view.queue.as_str()), (WorkState::Offered, "sales"));
    story.accepts("bob", offer).expect("it is the same offer");
    assert_eq!(owner(&story, held.0).as_deref(), Some("bob"));
    story.folds_to_the_same();
}

#[test]
fn an_owner_who_drops_out_has_its_grace_and_then_it_is_the_target_queues() {
    let (mut story, held) = anns(shop().agent("bob", |bob| bob.capacity = 0));
    passes(&mut story, "ann", held, SALES).expect("passed on");
    story.loses_connection("ann").expect("lost");
    story.after(MINUTE);
    assert_eq!(owner(&story, held.0).as_deref(), Some("ann"));
    story.after(20 * MINUTE);
    let view = story.work(held.0);
    assert_eq!((view.owner, view.queue.as_str(), view.state), (None, "sales", WorkState::Queued));
    story.folds_to_the_same();
}

#[test]
fn an_agent_who_leaves_before_answering_ends_the_transfer() {
    let (mut story, held) = anns(shop());
    passes(&mut story, "ann", held, BOB).expect("passed on");
    let step = story.presence("bob", Presence::Away);
    assert_eq!(ended(step.changes()), Some(TransferOutcome::Unavailable));
    assert_eq!(owner(&story, held.0).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[rstest]
fn the_customer_writes_to_the_owner_meanwhile(#[values(BOB, SALES)] to: To<'static>) {
    let (mut story, held) = anns(shop());
    story.answers("ann", held, "one moment").expect("an answer");
    passes(&mut story, "ann", held, to).expect("passed on");
    story.after(MINUTE / 4);
    let step = story.hears(whatsapp(ANNA, "hello?"));
    assert_eq!((step.message().work, &step.message().audience[..]), (Some(held.0), &[story.id("ann")][..]));
    let bobs = story.takes("bob");
    assert_eq!(bobs.0, held.0);
    assert_eq!(story.work(held.0).waiting_since, Some(story.now()));
    story.folds_to_the_same();
}

#[test]
fn one_more_channel_that_the_other_does_not_speak_ends_it() {
    let (mut story, held) = anns(shop().agent("bob", |bob| bob.channels = vec![Name::new("whatsapp")]));
    passes(&mut story, "ann", held, BOB).expect("passed on");
    // The queue that both endpoints lead to is the Work's own: it joins.
    let step = story.hears(sms(ANNA, "by SMS").also(AddressKind::Phone, ANNA));
    if step.message().work == Some(held.0) {
        assert_eq!(ended(step.changes()), Some(TransferOutcome::Unavailable));
    }
    assert_eq!(owner(&story, held.0).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[rstest]
fn an_erased_customers_transfer_is_over(#[values(BOB, SALES)] to: To<'static>) {
    let (mut story, held) = anns(shop());
    passes(&mut story, "ann", held, To { note: "Calls at five.", ..to }).expect("passed on");
    let step = story.does("ann", Verb::Erase { customer: RootId(0) });
    assert!(
        step.changes().iter().any(|change| matches!(change, Change::OfferEnded { outcome: OfferOutcome::Revoked, .. }))
    );
    assert_eq!((story.agent("ann").load, story.agent("bob").load), (0, 0));
    assert_eq!(story.after(HOUR).len(), 0);
    story.folds_to_the_same_without_content_of(&[LeafId(0)]);
}

#[rstest]
fn a_split_leaves_the_transfer_and_a_merge_withdraws_it(#[values(BOB, SALES)] to: To<'static>) {
    let (mut story, held) = anns(shop());
    let second = story.hears(whatsapp(ANNA, "and my invoice")).message_id();
    passes(&mut story, "ann", held, to).expect("passed on");
    let (work, assignment) = held;
    let messages = Parted::These(vec![second]);
    let split = story.does("ann", Verb::SplitWork { work, assignment, messages, queue: Name::new("help") });
    assert_eq!(ended(split.changes()), None);
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    let part = story.takes("ann");
    let merge =
        Verb::MergeWorks { from: part.0, from_assignment: Some(part.1), into: work, into_assignment: assignment };
    let step = story.does("ann", merge);
    assert_eq!(ended(step.changes()), Some(TransferOutcome::Withdrawn));
    assert_eq!((owner(&story, work).as_deref(), story.offer("bob")), (Some("ann"), None));
    story.folds_to_the_same();
}

#[test]
fn another_configuration_takes_back_what_the_other_may_not_have() {
    let (mut story, held) = anns(shop());
    passes(&mut story, "ann", held, BOB).expect("passed on");
    let mut config = WorkspaceConfig::clone(story.space().config());
    config.queues[0].offer_timeout_ms += 1;
    story.configure(config.clone()).expect("another one");
    assert_eq!(story.offered_to(held.0).as_deref(), Some("bob"), "though bob does not serve its queue");
    config.agents[1].profile.channels = vec![Name::new("sms")];
    story.configure(config).expect("bob speaks no WhatsApp");
    assert_eq!((owner(&story, held.0).as_deref(), story.offer("bob")), (Some("ann"), None));
    assert_eq!(story.work(held.0).passing.transfer, None);
    story.folds_to_the_same();
}

#[test]
fn a_queue_that_is_gone_takes_nothing() {
    let (mut story, held) = anns(shop().agent("bob", |bob| bob.capacity = 0));
    passes(&mut story, "ann", held, SALES).expect("passed on");
    let mut config = WorkspaceConfig::clone(story.space().config());
    config.queues.truncate(1);
    config.endpoints.retain(|endpoint| endpoint.queue == "help");
    config.agents.iter_mut().for_each(|agent| agent.profile.queues = vec![Name::new("help")]);
    story.configure(config).expect("without sales");
    let view = story.work(held.0);
    assert_eq!((view.assignment, view.queue.as_str(), view.passing.transfer), (Some(held.1), "help", None));
    story.folds_to_the_same();
}

#[test]
fn a_failover_gives_those_who_wait_for_somebody_more_time() {
    let (mut story, held) = anns(shop().agent("bob", |bob| bob.capacity = 0));
    passes(&mut story, "ann", held, SALES).expect("passed on");
    story.passes(20 * MINUTE);
    story.when(Command::Resume { workspace: Name::new(SPACE), outage_ms: 1_200_000 }).expect("resumed");
    story.does("ann", Verb::OpenSession { resume: None, takeover: true }).expect("back");
    story.after(10 * MINUTE);
    assert_eq!(owner(&story, held.0).as_deref(), Some("ann"));
    story.after(MINUTE);
    assert_eq!(owner(&story, held.0), None);
    story.folds_to_the_same();
}

#[test]
fn a_parked_work_that_is_passed_on_is_taken_up_first() {
    let (mut story, held) = anns(shop());
    let (work, assignment) = held;
    let until = Timestamp(story.now().0 + HOUR);
    story
        .does("ann", Verb::Pass(Pass::Park { work, assignment, until, wake_on_fact: Name::default() }))
        .expect("parked");
    passes(&mut story, "ann", held, BOB).expect("passed on");
    assert_eq!(story.work(work).state, WorkState::Assigned);
    story.takes("bob");
    assert_eq!(story.work(work).waiting_since, Some(story.now()));
    story.folds_to_the_same();
}

#[test]
fn rules_are_not_asked_again_about_what_is_being_passed_on() {
    let known = Rule {
        name: Name::new("known"),
        when: When { facts: vec![(Name::new("tier"), vec!["gold".to_owned()])], ..When::default() },
        queue: Some(Name::new("help")),
        ..Rule::default()
    };
    let (mut story, held) = anns(shop().but(|config| config.rules = vec![known]).agent("bob", |bob| bob.capacity = 0));
    passes(&mut story, "ann", held, SALES).expect("passed on");
    let (key, value) = (Name::new("tier"), "gold".to_owned());
    let fact = FactTold { key, value, source: Name::default(), at: None, assurance: Assurance::Platform };
    story.does("bob", Verb::SetFacts { customer: RootId(0), leaf: None, facts: vec![fact] }).expect("told");
    let view = story.work(held.0);
    assert_eq!((view.assignment, view.queue.as_str()), (Some(held.1), "sales"));
    story.folds_to_the_same();
}
