//! Notes, summaries, tags and priorities (domain rules, section 8): what they leave as it is, whose they are, and what is left of them.

use skein::domain::command::{About, Mark, Verb};
use skein::domain::content::Content;
use skein::domain::event::AddressKind;
use skein::domain::id::{AssignmentId, LeafId, Name, RootId, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Change, Direction, Marked, PersonalValue};
use skein::domain::rejection::Rejection;
use skein::domain::view::{MarksView, WorkState};

use crate::kit::{HOUR, MINUTE, SECOND, Scenario, Step, chat, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915187654321";

fn marks(story: &mut Scenario, agent: &str, mark: Mark) -> Step {
    story.asks(agent, Some((&format!("m{}", story.log_len()), 1)), None, Verb::Mark(Box::new(mark)))
}

fn notes(story: &mut Scenario, agent: &str, about: About, text: &str) -> Step {
    marks(story, agent, Mark::Note { about, to: None, content: Content::text(text) })
}

fn summarises(story: &mut Scenario, agent: &str, about: About, text: &str) -> Step {
    marks(story, agent, Mark::Summary { about, text: text.to_owned() })
}

fn tags(story: &mut Scenario, agent: &str, about: About, add: &[&str], remove: &[&str]) -> Step {
    let names = |list: &[&str]| list.iter().map(Name::new).collect();
    marks(story, agent, Mark::Tag { about, add: names(add), remove: names(remove) })
}

pub(crate) fn gives(story: &mut Scenario, agent: &str, work: WorkId, sooner_ms: i64, reason: &str) -> Step {
    let sooner_ms = sooner_ms.unsigned_abs();
    marks(story, agent, Mark::Priority { work, sooner_ms, reason: reason.to_owned() })
}

fn customer(customer: u32) -> About {
    About::Customer { customer: RootId(customer), leaf: None }
}

fn summary(marks: &MarksView) -> &str {
    marks.summary.as_ref().map_or("", |summary| summary.text.as_str())
}

/// Anna's matter is ann's; bob is there, too.
fn anns() -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let held = story.takes("ann");
    story.logs_in("bob").expect("a session");
    (story, held)
}

#[test]
fn a_note_is_for_agents_and_moves_nothing() {
    let (mut story, (work, _)) = anns();
    story.after(MINUTE);
    let before = story.work(work);
    let step = notes(&mut story, "bob", About::Work(work), "he was here last week, too");
    let note = step.message();
    assert_eq!((note.direction, note.work), (Direction::Note, Some(work)));
    let told: Vec<_> = step.outputs();
    let (ann, bob) = (story.id("ann"), story.id("bob"));
    assert!(told.iter().all(|output| matches!(output, Output::Agent { .. })), "nothing leaves for the customer");
    for agent in [ann, bob] {
        assert!(told.contains(&Output::Agent { agent, place: 0 }));
    }
    let after = story.work(work);
    assert_eq!((after.turn_ours, after.waiting_since), (before.turn_ours, before.waiting_since));
    assert_eq!((after.waited_ms, after.key, after.assignment), (before.waited_ms, before.key, before.assignment));
    assert_eq!(after.last_customer_message, before.last_customer_message);
}

#[test]
fn a_note_in_the_conversation_is_in_no_work_and_whoever_has_one_is_told() {
    let (mut story, (_, _)) = anns();
    let step = notes(&mut story, "bob", customer(0), "prefers to be called");
    assert_eq!(step.message().work, None);
    assert!(step.outputs().contains(&Output::Agent { agent: story.id("ann"), place: 0 }));
    assert_eq!(notes(&mut story, "bob", customer(7), "x").refused(), Rejection::UnknownCustomer);
    assert!(matches!(notes(&mut story, "bob", customer(0), "").refused(), Rejection::Invalid(_)));
}

#[test]
fn what_waits_keeps_its_place_when_it_is_noted_and_tagged() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    let before = story.work(work);
    notes(&mut story, "ann", About::Work(work), "a note").expect("a note");
    tags(&mut story, "ann", About::Work(work), &["vip"], &[]).expect("a tag");
    summarises(&mut story, "ann", About::Work(work), "says hello").expect("a summary");
    let after = story.work(work);
    assert_eq!((after.key, after.waiting_since, after.state), (before.key, before.waiting_since, before.state));
}

#[test]
fn the_next_agent_is_shown_summary_and_tags_with_offer_and_assignment() {
    let (mut story, held) = anns();
    summarises(&mut story, "ann", About::Work(held.0), "wants his money back").expect("a summary");
    tags(&mut story, "ann", About::Work(held.0), &["refund", "angry"], &[]).expect("tags");
    story.presence("bob", skein::domain::record::Presence::Ready).expect("ready");
    story.logs_out("ann").expect("gone");
    story.after(10 * MINUTE);
    let shown = story.records(0).filter(|record| {
        record.changes.iter().any(|change| matches!(change, Change::OfferMade(made) if made.agent == story.id("bob")))
    });
    let noted = shown.last().expect("an offer").content.iter().find_map(|personal| match &personal.value {
        PersonalValue::Marked(noted) => Some((**noted).clone()),
        _ => None,
    });
    let tags = ["angry", "refund"].map(Name::new).to_vec();
    assert_eq!(noted, Some(Marked { summary: "wants his money back".to_owned(), tags: tags.clone() }));
    let offered = &story.agent("bob").offers[0].work.marks;
    assert_eq!((summary(offered), &offered.tags), ("wants his money back", &tags));
    story.folds_to_the_same();
}

#[test]
fn another_summary_takes_the_place_of_the_first_and_an_empty_one_removes_it() {
    let (mut story, (work, _)) = anns();
    for text in ["first", "second"] {
        story.after(SECOND);
        summarises(&mut story, "ann", About::Work(work), text).expect("a summary");
        assert_eq!(summary(&story.work(work).marks), text);
    }
    assert!(summarises(&mut story, "ann", About::Work(work), "second").0.is_ok_and(|record| record.is_none()));
    summarises(&mut story, "ann", About::Work(work), "").expect("none");
    assert_eq!(story.work(work).marks, MarksView::default());
    let long = "x".repeat(4_097);
    assert!(matches!(summarises(&mut story, "ann", About::Work(work), &long).refused(), Rejection::Invalid(_)));
}

#[test]
fn tags_are_few_and_short_and_each_once() {
    let (mut story, (work, _)) = anns();
    let about = About::Work(work);
    let many: Vec<String> = (0..16).map(|n| format!("tag {n:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    tags(&mut story, "ann", about, &many, &[]).expect("sixteen");
    assert_eq!(tags(&mut story, "ann", about, &["one more"], &[]).refused(), Rejection::Limit("tags: 16"));
    tags(&mut story, "ann", about, &["one more"], &["tag 03"]).expect("in the place of another");
    assert_eq!(story.work(work).marks.tags.len(), 16);
    for wrong in ["", " vip", "vip\n", &"x".repeat(65)] {
        assert!(matches!(tags(&mut story, "ann", about, &[wrong], &[]).refused(), Rejection::Invalid(_)), "{wrong:?}");
    }
    assert!(matches!(tags(&mut story, "ann", about, &["a"], &["a"]).refused(), Rejection::Invalid(_)));
    let again = tags(&mut story, "ann", about, &["one more"], &["not there"]);
    assert!(again.0.is_ok_and(|record| record.is_none()), "it is so already");
}

#[test]
fn they_survive_the_end_and_the_reopening_of_a_work() {
    let (mut story, held) = anns();
    tags(&mut story, "ann", About::Work(held.0), &["refund"], &[]).expect("a tag");
    gives(&mut story, "ann", held.0, 2 * MINUTE, "the shop window").expect("a priority");
    story.answers("ann", held, "it is on its way").expect("an answer");
    story.closes("ann", held).expect("an end");
    assert_eq!(story.work(held.0).marks.tags, ["refund"]);
    assert_eq!(tags(&mut story, "ann", About::Work(held.0), &["x"], &[]).refused(), Rejection::WorkClosed);
    story.after(MINUTE);
    story.hears(whatsapp(ANNA, "it has not come")).expect("a message");
    let work = story.work(held.0);
    assert_ne!(work.state, WorkState::Closed);
    assert_eq!((work.marks.tags.as_slice(), work.credits[0].ms), ([Name::new("refund")].as_slice(), 120_000));
    story.folds_to_the_same();
}

/// Anna by WhatsApp and the same person by chat are made one by an agent, with a Work each; ann owns both.
fn two_of_one() -> (Scenario, (WorkId, AssignmentId), (WorkId, AssignmentId)) {
    let mut story = shop().agent("ann", |ann| ann.capacity = 3).only_ann().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "where is my parcel?")).expect("a message");
    let one = story.takes("ann");
    story.hears(chat("v1", "and I want to return the other")).expect("a message");
    let other = story.takes("ann");
    story.does("ann", Verb::MergeCustomers { customer: RootId(0), other: RootId(1) }).expect("one person");
    (story, one, other)
}

fn merges(story: &mut Scenario, from: (WorkId, AssignmentId), into: (WorkId, AssignmentId)) {
    let verb = Verb::MergeWorks { from: from.0, from_assignment: Some(from.1), into: into.0, into_assignment: into.1 };
    story.does("ann", verb).expect("one matter");
}

#[test]
fn a_merge_brings_both_and_parting_the_customer_takes_them_apart_again() {
    let (mut story, one, other) = two_of_one();
    tags(&mut story, "ann", About::Work(one.0), &["parcel"], &[]).expect("a tag");
    summarises(&mut story, "ann", About::Work(one.0), "parcel lost").expect("a summary");
    story.after(SECOND);
    tags(&mut story, "ann", About::Work(other.0), &["return"], &[]).expect("a tag");
    summarises(&mut story, "ann", About::Work(other.0), "returns the other").expect("a summary");
    tags(&mut story, "ann", customer(0), &["regular"], &[]).expect("a tag of the customer");
    merges(&mut story, other, one);
    let whole = story.work(one.0).marks;
    assert_eq!(
        (whole.tags.as_slice(), summary(&whole)),
        (["parcel", "return"].map(Name::new).as_slice(), "returns the other")
    );
    let parted = story.does("ann", Verb::UnmergeCustomers { customer: RootId(1), leaves: Vec::new() });
    parted.expect("two people");
    let left = story.work(one.0).marks;
    assert_eq!((left.tags.as_slice(), summary(&left)), ([Name::new("parcel")].as_slice(), "parcel lost"));
    let gone = story.work(parted.opened().expect("their own work")).marks;
    assert_eq!((gone.tags.as_slice(), summary(&gone)), ([Name::new("return")].as_slice(), "returns the other"));
    assert_eq!(story.conversation(RootId(0)).marks.tags, ["regular"]);
    assert_eq!(story.conversation(RootId(1)).marks, MarksView::default());
    story.folds_to_the_same();
}

#[test]
fn a_tag_is_removed_wherever_it_is_filed() {
    let (mut story, one, other) = two_of_one();
    for held in [one, other] {
        tags(&mut story, "ann", About::Work(held.0), &["vip"], &[]).expect("a tag");
    }
    merges(&mut story, other, one);
    let step = tags(&mut story, "ann", About::Work(one.0), &[], &["vip"]);
    assert_eq!(step.changes().iter().filter(|change| matches!(change, Change::Tagged(_))).count(), 2);
    assert_eq!(story.work(one.0).marks.tags, Vec::<Name>::new());
}

#[test]
fn nothing_is_left_of_them_after_an_erasure() {
    let (mut story, one, other) = two_of_one();
    tags(&mut story, "ann", About::Work(other.0), &["return"], &[]).expect("a tag");
    summarises(&mut story, "ann", About::Work(other.0), "returns the other").expect("a summary");
    gives(&mut story, "ann", other.0, MINUTE, "he cried").expect("a priority");
    tags(&mut story, "ann", customer(1), &["regular"], &[]).expect("a tag of the customer");
    notes(&mut story, "ann", customer(1), "a note").expect("a note");
    merges(&mut story, other, one);
    story.does("ann", Verb::UnmergeCustomers { customer: RootId(1), leaves: Vec::new() }).expect("two people");
    story.does("ann", Verb::Erase { customer: RootId(1) }).expect("erased");
    story.folds_to_the_same();
    story.folds_to_the_same_without_content_of(&[LeafId(1)]);
    let state = format!("{:?}", story.state);
    for word in ["returns the other", "he cried", "regular"] {
        assert!(!state.contains(word), "{word}");
    }
}

#[test]
fn an_address_of_several_people_has_neither_summary_nor_tags_but_its_works_may() {
    let mut story = shop().opens();
    story.logs_in("ann").expect("a session");
    let mut heard = crate::kit::mail("info@partner.example", "<1@partner.example>", "hello");
    heard.event.senders[0].kind = AddressKind::Email;
    let work = story.hears(heard).opened().expect("a work");
    let shared = Rejection::SharedIdentity { leaf: LeafId(0) };
    assert_eq!(tags(&mut story, "ann", customer(0), &["vip"], &[]).refused(), shared);
    assert_eq!(summarises(&mut story, "ann", customer(0), "x").refused(), shared);
    tags(&mut story, "ann", About::Work(work), &["vip"], &[]).expect("a tag");
    notes(&mut story, "ann", customer(0), "a note").expect("a note");
}

/// Two wait: Anna first, Bert a minute later; ann comes when they do.
fn two_waiting() -> (Scenario, WorkId, WorkId) {
    let mut story = shop().only_ann().agent("ann", |ann| ann.capacity = 1).opens();
    story.logs_in("ann").expect("a session");
    let anna = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    story.after(MINUTE);
    let bert = story.hears(sms(BERT, "hello")).opened().expect("a work");
    (story, anna, bert)
}

#[test]
fn a_priority_moves_what_waits_by_what_it_says() {
    let (mut story, anna, bert) = two_waiting();
    let before = story.work(bert).key.expect("it waits");
    gives(&mut story, "ann", bert, 2 * MINUTE, "a complaint").expect("a priority");
    let work = story.work(bert);
    assert_eq!(work.key, Some(before - 2 * MINUTE));
    let credit = &work.credits[0];
    assert_eq!((credit.name.as_str(), credit.by.as_deref(), credit.given), ("a complaint", Some("ann"), true));
    assert_eq!(story.open()[0].work, bert, "it is served first");
    gives(&mut story, "ann", bert, 30 * SECOND, "not so bad").expect("another takes its place");
    assert_eq!(story.work(bert).key, Some(before - 30 * SECOND));
    assert_eq!(story.open()[0].work, anna);
    gives(&mut story, "ann", bert, 0, "").expect("none");
    assert_eq!((story.work(bert).key, story.work(bert).credits.len()), (Some(before), 0));
    story.presence("ann", skein::domain::record::Presence::Ready).expect("ready");
    assert_eq!(story.offered_to(anna).as_deref(), Some("ann"));
    story.folds_to_the_same();
}

#[test]
fn it_counts_with_the_credits_of_rules_for_the_cap_at_most() {
    let mut story = shop().only_ann().but(|config| config.credit_cap_ms = 60_000).opens();
    story.logs_in("ann").expect("a session");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let before = story.work(work).key.expect("it waits");
    gives(&mut story, "ann", work, HOUR, "very urgent").expect("a priority");
    assert_eq!(story.work(work).key, Some(before - MINUTE));
    gives(&mut story, "ann", work, 2 * HOUR, "more urgent still").expect("a priority");
    assert_eq!(story.work(work).key, Some(before - MINUTE), "nobody is overtaken by more than the cap");
}

#[test]
fn a_priority_goes_with_the_work_when_it_waits_again() {
    let (mut story, held) = anns();
    gives(&mut story, "ann", held.0, 3 * MINUTE, "he is at the door").expect("a priority");
    story.logs_out("ann").expect("gone");
    story.after(HOUR);
    let work = story.work(held.0);
    assert_eq!(work.state, WorkState::Queued);
    let without = work.waiting_since.expect("he waits").0 + 5 * MINUTE;
    assert_eq!(work.key, Some(without - 3 * MINUTE));
}

#[test]
fn who_neither_owns_nor_serves_gives_none_and_nobody_without_a_reason() {
    let shop = shop().second_queue("sales", "sales").agent("bob", |bob| bob.queues = vec![Name::new("sales")]);
    let mut story = shop.opens();
    story.logs_in("ann").expect("a session");
    story.logs_in("bob").expect("a session");
    let work = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let queue = Name::new("help");
    assert_eq!(gives(&mut story, "bob", work, MINUTE, "mine").refused(), Rejection::QueueNotServed { queue });
    assert!(matches!(gives(&mut story, "ann", work, MINUTE, "  ").refused(), Rejection::Invalid(_)));
    assert!(matches!(gives(&mut story, "ann", work, 8 * 24 * HOUR, "so").refused(), Rejection::Limit(_)));
}

#[test]
fn a_priority_goes_with_those_of_whom_it_was_said() {
    let (mut story, one, other) = two_of_one();
    gives(&mut story, "ann", other.0, 3 * MINUTE, "he is at the door").expect("a priority");
    merges(&mut story, other, one);
    assert_eq!(story.work(one.0).credits.len(), 1, "the merged one is urgent");
    let parted = story.does("ann", Verb::UnmergeCustomers { customer: RootId(1), leaves: Vec::new() });
    parted.expect("two people");
    assert_eq!(story.work(one.0).credits.len(), 0);
    let theirs = story.work(parted.opened().expect("their own work"));
    assert_eq!((theirs.credits.len(), theirs.credits[0].name.as_str()), (1, "he is at the door"));
    story.folds_to_the_same();
}

#[test]
fn what_waits_loses_the_place_that_a_priority_gave_it_with_the_priority() {
    let mut story = shop().only_ann().opens();
    story.logs_in("ann").expect("a session");
    let one = story.hears(whatsapp(ANNA, "hello")).opened().expect("a work");
    let key = story.work(one).key;
    story
        .does(
            "ann",
            Verb::LinkIdentity {
                customer: RootId(0),
                sender: skein::domain::event::Sender { kind: AddressKind::Web, address: "v1".to_owned() },
                scope: Name::default(),
            },
        )
        .expect("linked");
    story.hears(chat("v1", "hello again")).expect("a message");
    assert_eq!(story.open().len(), 1, "one matter");
    gives(&mut story, "ann", one, 3 * MINUTE, "he is at the door").expect("a priority");
    assert_ne!(story.work(one).key, key);
    story.does("ann", Verb::UnlinkIdentity { leaf: LeafId(1) }).expect("two people");
    assert_ne!(story.work(one).key, key, "it was said of who stays");
    story.folds_to_the_same();
}

#[test]
fn a_note_is_no_traffic_and_no_last_word() {
    let (mut story, (work, assignment)) = anns();
    story.answers("ann", (work, assignment), "tomorrow").expect("an answer");
    // Half an hour after the last word another endpoint's message is another matter; what agents note meanwhile is no word.
    story.after(29 * MINUTE);
    let note = notes(&mut story, "bob", About::Work(work), "called the courier");
    story.does("ann", Verb::MarkRead { work, through: note.message_id() }).expect("notes are read, too");
    story.after(2 * MINUTE);
    let other = story.hears(sms(ANNA, "and now?")).opened();
    assert!(other.is_some_and(|other| other != work), "the matter did not go on");
    story.folds_to_the_same();
}

#[test]
fn a_summary_is_written_anew_where_another_identitys_is_shown() {
    let (mut story, _, _) = two_of_one();
    let of = |leaf: u32| About::Customer { customer: RootId(0), leaf: Some(LeafId(leaf)) };
    summarises(&mut story, "ann", of(0), "calm").expect("a summary");
    story.after(SECOND);
    summarises(&mut story, "ann", of(1), "angry").expect("a summary");
    assert_eq!(summary(&story.conversation(RootId(0)).marks), "angry");
    story.after(SECOND);
    summarises(&mut story, "ann", of(0), "calm").expect("it is not what is shown");
    assert_eq!(summary(&story.conversation(RootId(0)).marks), "calm");
    assert!(summarises(&mut story, "ann", of(0), "calm").0.is_ok_and(|record| record.is_none()), "now it is");
}
