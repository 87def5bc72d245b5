//! Supervisors' verbs (domain rules, section 7): fenced, nobody left alone, and beyond the capacity only where that is recorded.

use rstest::rstest;
use skein::domain::command::{Oversight, Pass, TakePart, Verb};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{
    AssignCause, Assigned, Change, EffortKind, OfferOutcome, PersonalValue, Presence, SessionEnd, UnassignReason,
};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;
use skein::domain::workspace::{Accept, Visibility};

use crate::kit::{MINUTE, SECOND, Scenario, Shop, Step, chat, shop, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

type Held = (WorkId, AssignmentId);

fn oversees(story: &mut Scenario, oversight: Oversight) -> Step {
    story.does("ann", Verb::Oversee(Box::new(oversight)))
}

fn assigns(story: &mut Scenario, (work, assignment): (WorkId, Option<AssignmentId>), to: &str, over: bool) -> Step {
    let (to, note) = (Name::new(to), "See to it.".to_owned());
    oversees(story, Oversight::Assign { work, assignment, to, over_capacity: over, note })
}

/// Anna's matter is bob's; ann looks after him, and is READY for nothing.
fn bobs(shop: Shop) -> (Scenario, Held) {
    let mut story = shop.opens();
    story.ready("bob").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let held = story.takes("bob");
    story.logs_in("ann").expect("a session");
    (story, held)
}

fn ends(step: &Step) -> Option<UnassignReason> {
    step.changes().iter().find_map(|change| match change {
        Change::Unassigned { reason, .. } => Some(*reason),
        _ => None,
    })
}

fn begins(step: &Step) -> Assigned {
    let assigned = step.changes().iter().find_map(|change| match change {
        Change::Assigned(assigned) => Some(assigned.clone()),
        _ => None,
    });
    assigned.expect("an assignment")
}

fn owner(story: &Scenario, work: WorkId) -> Option<Name> {
    story.work(work).owner.map(|(_, name)| name)
}

#[test]
fn a_work_that_is_taken_over_has_its_next_owner_by_the_record_that_ends_the_first() {
    let (mut story, (work, assignment)) = bobs(shop());
    let step = oversees(&mut story, Oversight::TakeOver { work, assignment: Some(assignment), over_capacity: false });
    assert_eq!((ends(&step), begins(&step).cause), (Some(UnassignReason::TakenOver), AssignCause::Takeover));
    assert_eq!(owner(&story, work).as_deref(), Some("ann"));
    assert_eq!((story.agent("bob").works.len(), story.agent("bob").load), (0, 0));
    let ann = story.id("ann");
    let late = story.answers("bob", (work, assignment), "late").refused();
    assert_eq!(late, Rejection::NotOwner { owner: Some(ann) });
    let now = step.answer().assignment.expect("an assignment");
    story.answers("ann", (work, now), "it comes today").expect("she answers");
}

#[rstest]
#[case::of_nobody(None)]
#[case::of_an_older_one(Some(AssignmentId::default()))]
fn what_a_supervisor_does_names_the_assignment_as_it_is(#[case] named: Option<AssignmentId>) {
    let (mut story, (work, assignment)) = bobs(shop());
    let bob = story.id("bob");
    let stale = Rejection::StaleAssignment { current: Some((assignment, bob)) };
    assert_eq!(assigns(&mut story, (work, named), "ann", false).refused(), stale);
    let taken = oversees(&mut story, Oversight::TakeOver { work, assignment: named, over_capacity: true });
    assert_eq!(taken.refused(), stale);
    let named = named.unwrap_or_default();
    assert_eq!(oversees(&mut story, Oversight::Requeue { work, assignment: named }).refused(), stale);
    let (to, queue, note) = (Name::default(), Name::new("help"), String::new());
    let passed = oversees(&mut story, Oversight::Transfer { work, assignment: named, to, queue, note });
    assert_eq!(passed.refused(), stale);
    assert_eq!(owner(&story, work).as_deref(), Some("bob"));
}

#[test]
fn what_nobody_owns_is_not_taken_from_anybody() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let work = story.open()[0].work;
    let none = Rejection::StaleAssignment { current: None };
    let assignment = AssignmentId::default();
    assert_eq!(oversees(&mut story, Oversight::Requeue { work, assignment }).refused(), none);
    let step = assigns(&mut story, (work, None), "ann", false);
    assert_eq!((ends(&step), begins(&step).cause), (None, AssignCause::Assign));
    assert_eq!(story.work(work).state, WorkState::Assigned);
}

#[test]
fn what_is_given_shows_the_note_and_takes_back_the_offer_to_somebody_else() {
    let mut story = shop().opens();
    story.ready("bob").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    story.logs_in("ann").expect("a session");
    let work = story.open()[0].work;
    let offer = story.offer("bob").expect("an offer");
    let step = assigns(&mut story, (work, None), "ann", false);
    let noted = step.record().content.iter().any(|personal| {
        matches!(&step.changes()[usize::from(personal.place)], Change::Assigned(_))
            && personal.value == PersonalValue::Note("See to it.".to_owned())
    });
    assert!(noted, "{:?}", step.record());
    assert_eq!(story.accepts("bob", offer).refused(), Rejection::OfferOver);
    assert_eq!(owner(&story, work).as_deref(), Some("ann"));
}

#[test]
fn more_than_an_agent_can_is_given_only_where_the_supervisor_says_so_and_the_record_tells_by_how_much() {
    let (mut story, held) = bobs(shop().agent("bob", |bob| bob.capacity = 1));
    story.hears(whatsapp(BERT, "and mine?")).expect("a message");
    let work = story.open().iter().map(|work| work.work).find(|work| *work != held.0).expect("Bert's");
    assert_eq!(assigns(&mut story, (work, None), "bob", false).refused(), Rejection::CannotTake("it has no room"));
    assert_eq!(story.work(work).owner, None);
    let step = assigns(&mut story, (work, None), "bob", true);
    assert_eq!(begins(&step).overcommit, 1);
    let bob = story.agent("bob");
    assert_eq!((bob.load, bob.capacity), (2, 1));
    // Beyond its capacity it is offered nothing, also when one of the two is done.
    story.hears(chat("visitor", "hello")).expect("a message");
    assert_eq!(story.offer("bob"), None);
    story.closes("bob", held).expect("done");
    assert_eq!(story.offer("bob"), None);
}

#[test]
fn what_is_put_back_by_force_keeps_its_place_and_is_not_offered_back_at_once() {
    let (mut story, (work, assignment)) = bobs(shop());
    let since = story.work(work).waiting_since;
    let step = oversees(&mut story, Oversight::Requeue { work, assignment });
    assert_eq!(ends(&step), Some(UnassignReason::ForceRequeued));
    assert_eq!((story.offer("bob"), story.work(work).waiting_since), (None, since));
    story.presence("ann", Presence::Ready).expect("ready");
    assert_eq!(story.offered_to(work).as_deref(), Some("ann"));
}

#[test]
fn a_transfer_by_force_does_not_wait_for_the_owner_nor_for_whoever_takes_it() {
    let (mut story, (work, assignment)) = bobs(shop().second_queue("sales", "sales"));
    story.presence("ann", Presence::Ready).expect("ready");
    let (to, queue, note) = (Name::new("ann"), Name::new("sales"), "Knows her.".to_owned());
    let step = oversees(&mut story, Oversight::Transfer { work, assignment, to, queue, note });
    assert_eq!(ends(&step), Some(UnassignReason::ForceTransferred));
    let view = story.work(work);
    assert_eq!((view.state, view.queue.as_str(), view.owner), (WorkState::Offered, "sales", None));
    story.takes("ann");
    assert_eq!(owner(&story, work).as_deref(), Some("ann"));
}

#[test]
fn a_parked_work_wakes_for_whoever_is_given_it() {
    let (mut story, (work, assignment)) = bobs(shop());
    let until = skein::domain::time::Timestamp(story.now().0 + MINUTE);
    let park = Pass::Park { work, assignment, until, wake_on_fact: Name::default() };
    story.does("bob", Verb::Pass(park)).expect("parked");
    assigns(&mut story, (work, Some(assignment)), "ann", false).expect("given");
    let view = story.work(work);
    assert_eq!((view.state, view.passing.parked_until), (WorkState::Assigned, None));
    assert!(view.turn_ours, "what was left open is to be answered");
}

#[test]
fn a_work_in_wrap_up_stays_its_owners_to_close() {
    let (mut story, held) = bobs(shop().queue(|queue| queue.wrapup_max_ms = 60_000));
    story.answers("bob", held, "it comes today").expect("an answer");
    story.closes("bob", held).expect("into wrap-up");
    let refused = assigns(&mut story, (held.0, Some(held.1)), "ann", false).refused();
    assert!(matches!(refused, Rejection::WorkState { state: WorkState::WrapUp, .. }), "{refused:?}");
    let refused = oversees(&mut story, Oversight::Requeue { work: held.0, assignment: held.1 }).refused();
    assert!(matches!(refused, Rejection::WorkState { state: WorkState::WrapUp, .. }), "{refused:?}");
}

#[test]
fn nobody_is_given_a_work_who_is_not_there_or_does_not_speak_its_channel() {
    let (mut story, (work, assignment)) = bobs(shop().agent("ann", |ann| ann.channels = vec![Name::new("email")]));
    let held = (work, Some(assignment));
    let cannot = |step: Step| matches!(step.refused(), Rejection::CannotTake(_));
    assert!(cannot(assigns(&mut story, held, "ann", true)), "not her channel");
    assert!(cannot(assigns(&mut story, held, "bob", true)), "he has it");
    assert_eq!(assigns(&mut story, held, "zoe", true).refused(), Rejection::UnknownAgent);
    story.loses_connection("ann").expect("lost");
    assert!(cannot(assigns(&mut story, held, "ann", true)), "she is not there");
    assert_eq!(owner(&story, work).as_deref(), Some("bob"));
}

#[test]
fn a_supervisor_sets_presence_and_ends_the_session_of_another() {
    let (mut story, held) = bobs(shop());
    let away = Oversight::Presence {
        agent: Name::new("bob"),
        presence: Presence::Away,
        reason: Name::new("LUNCH"),
        channels: Vec::new(),
    };
    oversees(&mut story, away).expect("set");
    let bob = story.agent("bob");
    assert_eq!((bob.presence, bob.reason.as_str(), bob.works.len()), (Presence::Away, "LUNCH", 1));
    let step = oversees(&mut story, Oversight::EndSession { agent: Name::new("bob") });
    let operator = |change: &Change| matches!(change, Change::SessionEnded { reason: SessionEnd::Operator, .. });
    assert!(step.changes().iter().any(operator));
    assert_eq!(owner(&story, held.0).as_deref(), Some("bob"), "his grace runs");
}

/// How often the Work was passed on, as its ledger has it.
fn transfers(story: &Scenario, work: WorkId) -> u32 {
    let effort = story.work(work).effort;
    effort.iter().find(|entry| entry.kind == EffortKind::Transfer).map_or(0, |entry| entry.count)
}

#[test]
fn a_customer_whose_agent_changes_went_through_a_transfer_whoever_decided_it() {
    let (mut story, (work, assignment)) = bobs(shop().but(|config| config.effort.bounces = 1));
    assigns(&mut story, (work, Some(assignment)), "ann", false).expect("given");
    assert_eq!(transfers(&story, work), 1);
    let anns = story.work(work).assignment;
    let take = Oversight::TakeOver { work, assignment: anns, over_capacity: false };
    story.does("bob", Verb::Oversee(Box::new(take))).expect("taken over");
    assert_eq!(transfers(&story, work), 2);
    let assignment = story.work(work).assignment.expect("bob's");
    let (to, queue, note) = (Name::default(), Name::new("help"), String::new());
    oversees(&mut story, Oversight::Transfer { work, assignment, to, queue, note }).expect("beyond the budget, too");
    assert_eq!(transfers(&story, work), 3);
    assigns(&mut story, (work, None), "ann", false).expect("given");
    let assignment = story.work(work).assignment.expect("ann's");
    oversees(&mut story, Oversight::Requeue { work, assignment }).expect("put back");
    assert_eq!(transfers(&story, work), 3, "what nobody owns, and what only goes back, is none");
    story.folds_to_the_same();
}

#[test]
fn what_a_supervisor_gave_beyond_the_capacity_is_relieved_like_everything_that_is_too_much() {
    let (mut story, held) = bobs(shop().agent("bob", |bob| bob.capacity = 1));
    story.after(10 * SECOND);
    story.hears(whatsapp(BERT, "and mine?")).expect("a message");
    let work = story.open().iter().map(|work| work.work).find(|work| *work != held.0).expect("Bert's");
    let step = assigns(&mut story, (work, None), "bob", true);
    let noted = |change: &Change| matches!(change, Change::Overcommitted(it) if it.by == 1 && it.relieve_at.is_some());
    assert!(step.changes().iter().any(noted), "{:?}", step.changes());
    story.presence("ann", Presence::Ready).expect("ready");
    assert_eq!(story.offer("ann"), None, "not at once");
    story.after(MINUTE);
    assert_eq!(story.offered_to(held.0).as_deref(), Some("ann"), "whose customer waits longest");
    // Taken over meanwhile, it relieves nobody any more.
    let (work, assignment) = (held.0, Some(held.1));
    let step = oversees(&mut story, Oversight::TakeOver { work, assignment, over_capacity: false });
    let revoked = |change: &Change| matches!(change, Change::OfferEnded { outcome: OfferOutcome::Revoked, .. });
    assert!(step.changes().iter().any(revoked));
    assert_eq!(owner(&story, work).as_deref(), Some("ann"));
    let bob = story.agent("bob");
    assert_eq!((bob.load, bob.capacity), (1, 1));
    story.folds_to_the_same();
}

#[test]
fn of_a_work_that_several_are_asked_for_each_offer_ends_when_a_supervisor_gives_it_to_somebody() {
    let mut story = shop().queue(|queue| queue.parallel_offers = Some(2)).but(more_agents).opens();
    for agent in ["bob", "cem"] {
        story.ready(agent).expect("ready");
    }
    story.logs_in("ann").expect("a session");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let offers: Vec<_> = ["bob", "cem"].map(|agent| story.offer(agent).expect("an offer")).to_vec();
    assigns(&mut story, (work, None), "cem", false).expect("given");
    for (agent, offer) in ["bob", "cem"].into_iter().zip(offers) {
        assert_eq!(story.accepts(agent, offer).refused(), Rejection::OfferOver, "{agent}");
    }
    assert_eq!((story.agent("bob").load, story.agent("cem").load), (0, 1));
    assert_eq!(owner(&story, work).as_deref(), Some("cem"));
    story.folds_to_the_same();
}

fn more_agents(config: &mut skein::domain::workspace::WorkspaceConfig) {
    let mut cem = config.agents[1].clone();
    cem.name = Name::new("cem");
    config.agents.push(cem);
}

#[test]
fn of_what_is_hidden_nothing_is_decided_and_nobody_is_named() {
    let hidden = shop().second_queue("sales", "sales").agent("ann", |ann| ann.queues = vec![Name::new("sales")]);
    let (mut story, held) = bobs(hidden.queue(|queue| queue.visibility = Visibility::Queue));
    let (work, assignment) = (held.0, Some(held.1));
    let take = oversees(&mut story, Oversight::TakeOver { work, assignment, over_capacity: true });
    assert_eq!(take.refused(), Rejection::NotVisible, "who does not oversee");
    let ask = TakePart::Consult { work, assignment: held.1, agent: Name::new("ann"), until: None, question: None };
    let asks = |story: &mut Scenario, agent| story.does(agent, Verb::TakePart(Box::new(ask.clone())));
    assert_eq!(asks(&mut story, "ann").refused(), Rejection::NotOwner { owner: None });
    asks(&mut story, "bob").expect("the owner asks her");
    let sees = story.space().sight(&Name::new("ann")).sees_work(&story.work(work));
    assert!(sees, "and shows her the work");
}

#[rstest]
#[case::shown(Accept::Manual)]
#[case::given_at_once(Accept::Auto)]
fn who_is_given_what_was_being_passed_on_to_it_is_not_filled_before_with_what_else_waits(#[case] accept: Accept) {
    let mut story = shop()
        .queue(|queue| queue.accept = accept)
        .agent("ann", |ann| ann.capacity = 1)
        .agent("bob", |bob| bob.capacity = 1)
        .opens();
    story.ready("ann").expect("ready");
    let work = story.hears(whatsapp(ANNA, "where is my parcel?")).opened().expect("a work");
    if accept == Accept::Manual {
        story.takes("ann");
    }
    let assignment = story.work(work).assignment.expect("ann's");
    story.ready("bob").expect("ready");
    let (to, queue, note) = (Name::new("bob"), Name::default(), String::new());
    let pass = Pass::Transfer { work, assignment, to, queue, cold: false, force: false, note };
    story.does("ann", Verb::Pass(pass)).expect("passed on");
    let waits = story.hears(whatsapp(BERT, "and mine?")).opened().expect("a work");
    let step = assigns(&mut story, (work, Some(assignment)), "bob", false);
    assert_eq!((begins(&step).work, begins(&step).overcommit), (work, 0));
    assert_eq!(step.answer().assignment, story.work(work).assignment, "the answer names what was asked for");
    let bob = story.agent("bob");
    assert_eq!((owner(&story, work).as_deref(), bob.load, bob.works.len()), (Some("bob"), 1, 1));
    // Whoever lost it has the room.
    let next = if accept == Accept::Manual { story.offered_to(waits) } else { owner(&story, waits) };
    assert_eq!(next.as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[test]
fn what_is_passed_on_anew_to_whom_it_is_offered_is_offered_to_it_again() {
    let mut story = shop().agent("ann", |ann| ann.capacity = 1).agent("bob", |bob| bob.capacity = 1).opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let (work, assignment) = story.takes("ann");
    story.ready("bob").expect("ready");
    let pass = |note: &str| {
        let (to, queue, note) = (Name::new("bob"), Name::default(), note.to_owned());
        Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold: false, force: false, note })
    };
    story.does("ann", pass("")).expect("passed on");
    story.hears(whatsapp(BERT, "and mine?")).expect("a message");
    story.does("ann", pass("I forgot the number: 4711.")).expect("with another note");
    assert_eq!(story.offered_to(work).as_deref(), Some("bob"));
    assert_eq!(story.agent("bob").load, 1);
}
