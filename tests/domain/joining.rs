//! Who takes part in a Work that another owns (domain rules, section 7): the second opinion, the supervisor who joins, the whisper.

use rstest::rstest;
use skein::domain::command::{About, Mark, Oversight, Pass, TakePart, Verb};
use skein::domain::content::Content;
use skein::domain::id::{AssignmentId, Name, RootId, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Author, Change, Direction, LeaveReason, ParticipantJoined, Purpose, Role};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;

use crate::kit::{HOUR, MINUTE, Scenario, Shop, Step, chat, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";

type Held = (WorkId, AssignmentId);

fn takes_part(story: &mut Scenario, agent: &str, part: TakePart) -> Step {
    story.does(agent, Verb::TakePart(Box::new(part)))
}

fn asks(story: &mut Scenario, (work, assignment): Held, agent: &str, until: Option<Timestamp>) -> Step {
    let (agent, question) = (Name::new(agent), Some(Content::text("Have you seen this before?")));
    takes_part(story, "ann", TakePart::Consult { work, assignment, agent, until, question })
}

fn barges(story: &mut Scenario, work: WorkId) -> Step {
    let notice = Content::text("Bob joins us.");
    story.does("bob", Verb::Oversee(Box::new(Oversight::BargeIn { work, notice })))
}

/// Anna's matter is ann's; bob is there, and READY for nothing.
fn anns(shop: Shop) -> (Scenario, Held) {
    let mut story = shop.opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let held = story.takes("ann");
    story.logs_in("bob").expect("a session");
    (story, held)
}

fn joined(step: &Step) -> &ParticipantJoined {
    let joined = step.changes().iter().find_map(|change| match change {
        Change::ParticipantJoined(joined) => Some(&**joined),
        _ => None,
    });
    joined.expect("somebody joins")
}

fn left(step: &Step) -> Vec<LeaveReason> {
    let left = |change: &Change| match change {
        Change::ParticipantLeft(left) => Some(left.reason),
        _ => None,
    };
    step.changes().iter().filter_map(left).collect()
}

fn told(step: &Step, story: &Scenario) -> Vec<String> {
    let mut told: Vec<String> = step
        .outputs()
        .iter()
        .filter_map(|output| match output {
            Output::Agent { agent, .. } => story.space().agent_name(*agent).map(ToString::to_string),
            _ => None,
        })
        .collect();
    told.sort_unstable();
    told.dedup();
    told
}

fn parts(story: &Scenario, work: WorkId) -> usize {
    story.work(work).passing.participants.len()
}

#[test]
fn who_is_asked_hears_what_is_said_and_answers_by_notes_while_the_owner_stays() {
    let (mut story, held) = anns(shop());
    let step = asks(&mut story, held, "bob", None);
    assert_eq!((joined(&step).role, joined(&step).asked_under), (Role::Consultant, Some(held.1)));
    assert_eq!(step.message().direction, Direction::Note);
    assert_eq!(told(&step, &story), ["ann", "bob"]);
    let (view, bob) = (story.work(held.0), story.agent("bob"));
    assert_eq!(view.owner.expect("an owner").1, "ann");
    assert_eq!((bob.joined.len(), bob.works.len(), bob.load), (1, 0, 0));
    let heard = story.hears(whatsapp(ANNA, "it has my name on it"));
    assert_eq!(told(&heard, &story), ["ann", "bob"]);
    let answered = story.answers("ann", held, "I ask a colleague");
    assert_eq!(told(&answered, &story), ["ann", "bob"]);
    let about = About::Work(held.0);
    let note = Mark::Note { about, to: None, content: Content::text("Look in the cellar.") };
    let noted = story.does("bob", Verb::Mark(Box::new(note)));
    assert_eq!(told(&noted, &story), ["ann", "bob"]);
    let ann = story.id("ann");
    assert_eq!(story.answers("bob", held, "hello").refused(), Rejection::NotOwner { owner: Some(ann) });
}

#[test]
fn who_is_asked_sees_what_the_queue_hides_and_only_as_long() {
    let hidden = shop().queue(|queue| queue.visibility = skein::domain::workspace::Visibility::Queue);
    let (mut story, held) = anns(hidden.agent("bob", |bob| bob.queues.clear()));
    assert!(!story.space().sight("bob").sees_work(&story.work(held.0)));
    asks(&mut story, held, "bob", None).expect("asked");
    assert!(story.space().sight("bob").sees_work(&story.work(held.0)));
    takes_part(&mut story, "bob", TakePart::Leave { work: held.0 }).expect("left");
    assert!(!story.space().sight("bob").sees_work(&story.work(held.0)));
}

#[test]
fn nobody_is_whispered_what_the_queue_hides() {
    let hidden = shop().queue(|queue| queue.visibility = skein::domain::workspace::Visibility::Queue);
    let (mut story, held) = anns(hidden.agent("bob", |bob| bob.queues.clear()));
    let whisper = |story: &mut Scenario, about: About| {
        let (to, content) = (Some(Name::new("bob")), Content::text("She has called before."));
        story.does("ann", Verb::Mark(Box::new(Mark::Note { about, to, content })))
    };
    let customer = About::Customer { customer: RootId(0), leaf: None };
    let refused = Rejection::NotVisibleTo { agent: Name::new("bob") };
    for about in [About::Work(held.0), customer] {
        assert_eq!(whisper(&mut story, about).refused(), refused);
    }
    // The control: who takes part sees it, and so its customer.
    asks(&mut story, held, "bob", None).expect("asked");
    assert_eq!(told(&whisper(&mut story, About::Work(held.0)), &story), ["ann", "bob"]);
    whisper(&mut story, customer);
    takes_part(&mut story, "bob", TakePart::Leave { work: held.0 }).expect("left");
    assert_eq!(whisper(&mut story, About::Work(held.0)).refused(), refused);
}

#[rstest]
#[case::by_the_owner("ann", LeaveReason::Ended)]
#[case::by_who_was_asked("bob", LeaveReason::Left)]
fn a_consult_ends_by_either(#[case] by: &str, #[case] reason: LeaveReason) {
    let (mut story, held) = anns(shop());
    asks(&mut story, held, "bob", None).expect("asked");
    let (work, assignment) = held;
    let part = match by {
        "ann" => TakePart::EndConsult { work, assignment, agent: Name::new("bob") },
        _ => TakePart::Leave { work },
    };
    let step = takes_part(&mut story, by, part);
    assert_eq!((left(&step), told(&step, &story)), (vec![reason], vec!["ann".to_owned(), "bob".to_owned()]));
    assert_eq!((parts(&story, work), story.agent("bob").joined.len()), (0, 0));
    let again = takes_part(&mut story, "bob", TakePart::Leave { work });
    assert!(matches!(again.refused(), Rejection::Invalid(_)));
}

#[rstest]
#[case::live(true, None, 10 * MINUTE)]
#[case::not_live(false, None, 24 * HOUR)]
#[case::named(false, Some(5 * MINUTE), 5 * MINUTE)]
fn a_consult_ends_by_its_deadline(#[case] live: bool, #[case] named: Option<i64>, #[case] lasts: i64) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.logs_in("bob").expect("a session");
    story.hears(if live { chat("visitor", "hello") } else { whatsapp(ANNA, "hello") }).expect("a message");
    let held = story.takes("ann");
    let until = named.map(|after| Timestamp(story.now().0 + after));
    asks(&mut story, held, "bob", until).expect("asked");
    story.after(lasts - 1_000);
    assert_eq!(parts(&story, held.0), 1, "not before");
    let from = story.log_len();
    story.after(2_000);
    let lapsed = story
        .records(from)
        .flat_map(|record| &record.changes)
        .any(|change| matches!(change, Change::ParticipantLeft(left) if left.reason == LeaveReason::Lapsed));
    assert!(lapsed && parts(&story, held.0) == 0);
    assert_eq!(story.work(held.0).owner.expect("an owner").1, "ann");
}

#[test]
fn a_consult_becomes_a_transfer_and_ends_with_the_owner_who_asked() {
    let (mut story, held) = anns(shop());
    story.presence("bob", skein::domain::record::Presence::Ready).expect("ready");
    asks(&mut story, held, "bob", None).expect("asked");
    let (work, assignment) = held;
    let (to, queue, note) = (Name::new("bob"), Name::default(), "as said".to_owned());
    story
        .does("ann", Verb::Pass(Pass::Transfer { work, assignment, to, queue, cold: false, force: false, note }))
        .expect("passed on");
    assert_eq!(parts(&story, work), 1, "until it is taken");
    let offer = story.offer("bob").expect("an offer");
    let step = story.accepts("bob", offer);
    assert_eq!(left(&step), [LeaveReason::OwnerChanged]);
    let bob = story.agent("bob");
    assert_eq!((bob.works.len(), bob.joined.len(), parts(&story, work)), (1, 0, 0));
}

#[test]
fn a_consult_ends_with_the_work_and_with_the_session_of_who_was_asked() {
    let (mut story, held) = anns(shop());
    asks(&mut story, held, "bob", None).expect("asked");
    let gone = story.logs_out("bob");
    assert_eq!((left(&gone), told(&gone, &story)), (vec![LeaveReason::Gone], vec!["ann".to_owned(), "bob".to_owned()]));
    story.logs_in("bob").expect("back");
    asks(&mut story, held, "bob", None).expect("asked again");
    story.loses_connection("bob").expect("lost");
    assert_eq!(parts(&story, held.0), 1, "a lost connection may come back");
    story.answers("ann", held, "found it").expect("an answer");
    let closed = story.closes("ann", held);
    assert_eq!(left(&closed), [LeaveReason::Closed]);
    assert_eq!(story.agent("bob").joined.len(), 0);
}

#[test]
fn whom_nobody_may_ask_is_refused() {
    let (mut story, held) = anns(shop());
    let cannot = |step: Step| matches!(step.refused(), Rejection::CannotTake(_));
    assert!(cannot(asks(&mut story, held, "ann", None)), "herself");
    assert_eq!(asks(&mut story, held, "zoe", None).refused(), Rejection::UnknownAgent);
    asks(&mut story, held, "bob", None).expect("asked");
    assert!(cannot(asks(&mut story, held, "bob", None)), "twice");
    let late = Some(Timestamp(story.now().0 + 8 * 24 * HOUR));
    assert!(matches!(asks(&mut story, held, "bob", late).refused(), Rejection::Invalid(_)));
    story.logs_out("bob").expect("gone");
    assert!(cannot(asks(&mut story, held, "bob", None)), "he is not there");
    let stale = (held.0, AssignmentId::default());
    assert!(matches!(asks(&mut story, stale, "bob", None).refused(), Rejection::StaleAssignment { .. }));
}

#[test]
fn who_barges_in_speaks_to_a_customer_who_was_told_and_the_owner_stays() {
    let (mut story, held) = anns(shop());
    let step = barges(&mut story, held.0);
    let notice = step.message();
    assert_eq!((notice.author, notice.purpose, notice.direction), (Author::System, Purpose::Notice, Direction::Out));
    assert_eq!(step.words().content.text, "Bob joins us.");
    assert!(step.outputs().iter().any(|output| matches!(output, Output::Send { .. })), "it leaves");
    assert!(story.work(held.0).turn_ours, "a notice answers nobody");
    let participation = step.answer().assignment.expect("a fence");
    let said = story.answers("bob", (held.0, participation), "I look after it");
    assert_eq!(told(&said, &story), ["ann", "bob"]);
    assert!(!story.work(held.0).turn_ours, "he has answered");
    story.answers("ann", held, "so do I").expect("she stays the owner");
    let (message, assignment) = (said.message_id(), participation);
    story.does("bob", Verb::Cancel { message, assignment }).expect("what he said is his to take back");
    let to = story.space().answer_address(held.0).expect("somebody speaks");
    assert_eq!(to.speakers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["ann", "bob"]);
    takes_part(&mut story, "bob", TakePart::Leave { work: held.0 }).expect("left");
    let late = story.answers("bob", (held.0, participation), "late").refused();
    assert!(matches!(late, Rejection::NotOwner { .. }), "{late:?}");
}

#[test]
fn the_customer_is_told_of_a_second_one_only_after_half_a_day() {
    let (mut story, held) = anns(shop());
    let bob_leaves = |story: &mut Scenario| takes_part(story, "bob", TakePart::Leave { work: held.0 }).expect("left");
    assert!(joined(&barges(&mut story, held.0)).notice.is_some());
    bob_leaves(&mut story);
    story.after(11 * HOUR);
    assert_eq!(joined(&barges(&mut story, held.0)).notice, None);
    bob_leaves(&mut story);
    story.after(2 * HOUR);
    assert!(joined(&barges(&mut story, held.0)).notice.is_some());
}

#[test]
fn that_the_customer_was_told_outlives_the_end_of_the_work() {
    let (mut story, held) = anns(shop());
    barges(&mut story, held.0).expect("joined");
    story.answers("ann", held, "found it").expect("an answer");
    story.closes("ann", held).expect("done");
    story.hears(whatsapp(ANNA, "and the other one?")).expect("a message");
    let again = story.takes("ann");
    assert_eq!(again.0, held.0, "reopened");
    assert_eq!(joined(&barges(&mut story, held.0)).notice, None);
    story.folds_to_the_same();
}

#[test]
fn nobody_joins_in_silence() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.logs_in("bob").expect("a session");
    story.hears(sms(ANNA, "where is it?")).expect("a message");
    let held = story.takes("ann");
    story.hears(sms(ANNA, "cancel")).expect("she refuses");
    let refused = barges(&mut story, held.0).refused();
    assert!(matches!(refused, Rejection::CannotSend(_)), "{refused:?}");
    assert_eq!(parts(&story, held.0), 0);
}

#[test]
fn a_barge_outlasts_the_owner_and_ends_by_owning_the_work() {
    let (mut story, (work, assignment)) = anns(shop());
    barges(&mut story, work).expect("joined");
    story.does("ann", Verb::Pass(Pass::Requeue { work, assignment })).expect("given back");
    assert_eq!(parts(&story, work), 1);
    let take = Oversight::TakeOver { work, assignment: None, over_capacity: true };
    let step = story.does("bob", Verb::Oversee(Box::new(take)));
    assert_eq!((left(&step), parts(&story, work)), (vec![LeaveReason::Owns], 0));
}

fn with_cem(shop: Shop) -> Shop {
    shop.but(|config| {
        let mut cem = config.agents[1].clone();
        cem.name = Name::new("cem");
        config.agents.push(cem);
    })
}

/// Who is told of the changes of that kind.
fn told_of(step: &Step, story: &Scenario, is_it: impl Fn(&Change) -> bool) -> Vec<String> {
    let told = step.outputs().into_iter().filter_map(|output| match output {
        Output::Agent { agent, place } if is_it(&step.changes()[usize::from(place)]) => Some(agent),
        _ => None,
    });
    told.filter_map(|agent| story.space().agent_name(agent).map(ToString::to_string)).collect()
}

#[test]
fn who_barged_in_and_a_new_owner_are_told_of_each_other() {
    let (mut story, (work, assignment)) = anns(with_cem(shop()));
    story.logs_in("cem").expect("a session");
    asks(&mut story, (work, assignment), "cem", None).expect("asked");
    barges(&mut story, work).expect("joined");
    let back = story.does("ann", Verb::Pass(Pass::Requeue { work, assignment }));
    let told = |change: &Change| matches!(change, Change::OwnerTold(_));
    assert_eq!(told_of(&back, &story, told), ["bob"], "not cem, whom she asked");
    story.presence("cem", skein::domain::record::Presence::Ready).expect("ready");
    let offer = story.offer("cem").expect("an offer");
    let taken = story.accepts("cem", offer);
    assert_eq!(told_of(&taken, &story, told), ["bob"]);
    let owner = taken.changes().iter().find_map(|change| match change {
        Change::OwnerTold(told) => told.owner,
        _ => None,
    });
    assert_eq!(owner, story.work(work).owner.and_then(|(agent, _)| Some((story.work(work).assignment?, agent))));
    let beside = taken.changes().iter().find_map(|change| match change {
        Change::Assigned(assigned) => Some(assigned.participants.clone()),
        _ => None,
    });
    let bob = story.id("bob");
    assert_eq!(
        beside.expect("an assignment").iter().map(|part| (part.agent, part.role)).collect::<Vec<_>>(),
        [(bob, Role::Barged)]
    );
    let take = Oversight::TakeOver { work, assignment: story.work(work).assignment, over_capacity: true };
    let step = story.does("bob", Verb::Oversee(Box::new(take)));
    assert_eq!(told_of(&step, &story, |change| matches!(change, Change::Assigned(_))), ["bob"]);
    story.folds_to_the_same();
}

#[test]
fn a_whisper_is_told_to_one_alone() {
    let (mut story, held) = anns(with_cem(shop()));
    story.logs_in("cem").expect("a session");
    asks(&mut story, held, "cem", None).expect("asked");
    let about = About::Work(held.0);
    let whisper = |to: &str| Mark::Note { about, to: Some(Name::new(to)), content: Content::text("Offer a voucher.") };
    let step = story.does("bob", Verb::Mark(Box::new(whisper("ann"))));
    assert_eq!(told(&step, &story), ["ann", "bob"], "not cem, who takes part");
    assert_eq!(step.message().whispered_to, Some(story.id("ann")));
    let unknown = story.does("bob", Verb::Mark(Box::new(whisper("zoe"))));
    assert_eq!(unknown.refused(), Rejection::UnknownAgent);
}
