//! Bodies of the object store: an erasure deletes those that nobody else's message names.

use rstest::rstest;
use skein::domain::command::{About, Command, Mark, Verb};
use skein::domain::content::{Attachment, AttachmentState, Content, Part};
use skein::domain::id::{AssignmentId, Index, Name, RootId, WorkId};
use skein::domain::record::Change;
use skein::domain::rejection::Rejection;
use skein::domain::upload::upload_name;

use crate::kit::{HOUR, Heard, SPACE, Scenario, Step, shop, sms, whatsapp};

const ANNA: &str = "+4915112345678";
const BEN: &str = "+4915198765432";

fn desk() -> Scenario {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story
}

fn with(mut heard: Heard, objects: &[&str]) -> Heard {
    for object in objects {
        let attachment =
            Attachment { state: AttachmentState::Stored, object: Some((*object).to_owned()), ..Attachment::default() };
        heard.message().content.parts.push(Part::Attachment(attachment));
    }
    heard
}

fn erases(story: &mut Scenario, customer: RootId) -> Index {
    let step = story.does("ann", Verb::Erase { customer });
    step.record().index
}

#[test]
fn a_text_names_no_body_and_costs_no_change() {
    let mut story = desk();
    let step = story.hears(whatsapp(ANNA, "hello"));
    assert!(!step.changes().iter().any(|change| matches!(change, Change::BodiesNamed { .. })));
}

#[test]
fn a_body_is_doomed_with_the_last_customer_who_sent_it() {
    let mut story = desk();
    let anna = story.hears(with(whatsapp(ANNA, "see"), &["own", "both"])).message().conversation;
    let ben = story.hears(with(whatsapp(BEN, "see"), &["both"])).message().conversation;
    assert!(!story.space().is_doomed("own"));
    let first = erases(&mut story, anna);
    assert!(story.space().is_doomed("own") && !story.space().is_doomed("both") && !story.space().is_doomed("other"));
    assert_eq!(story.space().doomed_bodies(first), 1);
    let second = erases(&mut story, ben);
    assert!(story.space().is_doomed("both"));
    assert_eq!((story.space().doomed_bodies(first), story.space().doomed_bodies(second)), (1, 1));
    story.when(Command::KeysDestroyed { workspace: Name::new(SPACE), erasure: first }).expect("a record");
    assert!(!story.space().is_doomed("own") && story.space().is_doomed("both"));
    story.folds_to_the_same();
}

#[test]
fn a_body_that_somebody_sends_before_it_is_deleted_is_saved() {
    let mut story = desk();
    let anna = story.hears(with(whatsapp(ANNA, "see"), &["plan"])).message().conversation;
    erases(&mut story, anna);
    assert!(story.space().is_doomed("plan"));
    // Also the erased customer, who begins anew.
    story.hears(with(whatsapp(ANNA, "once more"), &["plan"])).expect("a message");
    assert!(!story.space().is_doomed("plan"));
    story.folds_to_the_same();
}

#[test]
fn bodies_of_all_identities_and_of_what_is_named_twice_go_once() {
    let mut story = desk();
    let one = story.hears(with(whatsapp(ANNA, "see"), &["plan", "plan"])).message().conversation;
    let other = story.hears(with(sms(BEN, "see"), &["plan", "map"])).message().conversation;
    story.does("ann", Verb::MergeCustomers { customer: one, other }).expect("one person");
    let erasure = erases(&mut story, one);
    assert_eq!(story.space().doomed_bodies(erasure), 2);
    story.folds_to_the_same_without_content_of(&[skein::domain::id::LeafId(0), skein::domain::id::LeafId(1)]);
}

/// Sends or notes something with an object.
fn sends_with(story: &mut Scenario, held: (WorkId, AssignmentId), note: bool, object: &str) -> Step {
    let attachment =
        Attachment { state: AttachmentState::Stored, object: Some(object.to_owned()), ..Attachment::default() };
    let part = Part::Attachment(Attachment { media_type: Some("image/jpeg".to_owned()), ..attachment });
    if note {
        let content = Content { text: "see".to_owned(), parts: vec![part] };
        let mark = Mark::Note { about: About::Work(held.0), to: None, content };
        return story.does("ann", Verb::Mark(Box::new(mark)));
    }
    story.sends("ann", held, |send| send.content.parts.push(part))
}

#[rstest]
#[case::in_an_answer(false)]
#[case::in_a_note(true)]
fn what_an_agent_put_is_named_within_a_day_and_again_as_long_as_a_message_names_it(#[case] note: bool) {
    let mut story = desk();
    let anna = story.hears(whatsapp(ANNA, "what does it look like?")).message().conversation;
    let held = story.takes("ann");
    let [named, unnamed] = [1, 2].map(|own| upload_name(story.now(), own, "abc"));
    story.after(23 * HOUR);
    sends_with(&mut story, held, note, &named).expect("in time");
    story.hears(whatsapp(ANNA, "and from behind?")).expect("a message");
    story.after(10 * HOUR);
    assert_eq!(sends_with(&mut story, held, note, &unnamed).refused(), Rejection::UnknownAttachment);
    assert!(!story.space().is_nobodys(&named) && story.space().is_nobodys(&unnamed), "only this one is swept");
    sends_with(&mut story, held, note, &named).expect("it is kept as long as the message that names it");
    story.hears(whatsapp(BEN, "mine, too")).expect("a message");
    let ben = story.takes("ann");
    let erasure = erases(&mut story, anna);
    assert_eq!(sends_with(&mut story, ben, note, &named).refused(), Rejection::UnknownAttachment, "it is going");
    story.when(Command::KeysDestroyed { workspace: Name::new(SPACE), erasure }).expect("a record");
    assert_eq!(sends_with(&mut story, ben, note, &named).refused(), Rejection::UnknownAttachment, "it is gone");
    let other = upload_name(story.now(), 3, "abc");
    sends_with(&mut story, ben, note, &other).expect("put again");
}

#[test]
fn a_fresh_upload_that_went_with_an_erased_customer_is_named_by_nobody_again() {
    let mut story = desk();
    let anna = story.hears(whatsapp(ANNA, "what does it look like?")).message().conversation;
    let [sent, unsent] = [1, 2].map(|own| upload_name(story.now(), own, "abc"));
    let held = story.takes("ann");
    sends_with(&mut story, held, false, &sent).expect("an answer");
    let first = erases(&mut story, anna);
    story.hears(whatsapp(BEN, "and mine?")).expect("a message");
    let bens = story.takes("ann");
    story.when(Command::KeysDestroyed { workspace: Name::new(SPACE), erasure: first }).expect("a record");
    for hours in [0, 23, 2] {
        story.after(hours * HOUR);
        story.hears(whatsapp(BEN, "well?")).expect("a message");
        assert_eq!(sends_with(&mut story, bens, false, &sent).refused(), Rejection::UnknownAttachment, "it is gone");
        if hours == 0 {
            sends_with(&mut story, bens, false, &unsent).expect("as fresh, and there");
        }
        // Another erasure forgets no more than is too old by itself.
        let other = story.hears(sms(ANNA, "who are you?")).message().conversation;
        let erasure = erases(&mut story, other);
        story.when(Command::KeysDestroyed { workspace: Name::new(SPACE), erasure }).expect("a record");
        assert_eq!(sends_with(&mut story, bens, false, &sent).refused(), Rejection::UnknownAttachment, "still");
    }
    story.folds_to_the_same_without_content_of(&[skein::domain::id::LeafId(0)]);
}
