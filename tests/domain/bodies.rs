//! Bodies of the object store: an erasure deletes those that nobody else's message names.

use skein::domain::command::{Command, Verb};
use skein::domain::content::{Attachment, AttachmentState, Part};
use skein::domain::id::{Index, Name, RootId};
use skein::domain::record::Change;

use crate::kit::{Heard, SPACE, Scenario, shop, sms, whatsapp};

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
