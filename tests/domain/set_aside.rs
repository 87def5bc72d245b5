//! What asks nothing of anybody, and is kept: groups and public threads that no endpoint is open to, and a flooder's excess.

use skein::domain::command::Recipient;
use skein::domain::event::Scope;
use skein::domain::id::{Name, WorkId};
use skein::domain::record::{Author, Direction, Flags, OptNoted};
use skein::domain::rejection::Rejection;
use skein::domain::view::WorkState;

use crate::kit::{Heard, MINUTE, SECOND, Scenario, Shop, shop, whatsapp};

const ANNA: &str = "+4915112345678";
const BERT: &str = "+4915112345679";

fn in_group(phone: &str, text: &str) -> Heard {
    whatsapp(phone, text).in_thread(Scope::Group, Some("family"))
}

fn open_to_groups() -> Shop {
    shop().but(|config| config.endpoints[0].groups = true)
}

#[test]
fn without_leave_a_group_is_kept_in_its_own_conversation_and_asks_nothing() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let first = story.hears(in_group(ANNA, "hello all"));
    let second = story.hears(in_group(BERT, "hi").in_thread(Scope::Public, Some("family")));
    for step in [&first, &second] {
        assert_eq!(step.message().work, None);
        assert!(step.outputs().is_empty());
        assert!(!step.words().content.text.is_empty(), "no words are lost");
    }
    let direct = story.hears(whatsapp(ANNA, "hello"));
    assert_ne!(direct.message().conversation, first.message().conversation, "it is nobody's conversation");
}

#[test]
fn leave_for_groups_is_none_for_public_threads() {
    let mut story = open_to_groups().opens();
    assert!(story.hears(in_group(ANNA, "hello all")).opened().is_some());
    let public = whatsapp(ANNA, "a comment").in_thread(Scope::Public, Some("post"));
    assert_eq!(story.hears(public).message().work, None);
}

#[test]
fn with_leave_the_words_of_all_members_are_one_matter_of_the_group() {
    let mut story = open_to_groups().opens();
    let first = story.hears(in_group(ANNA, "hello all"));
    let work = first.opened().expect("a work");
    assert_eq!((first.message().author, first.message().scope), (Author::Participant, Scope::Group));
    let second = story.hears(in_group(BERT, "I have a question"));
    assert_eq!(second.message().work, Some(work));
    assert!(story.work(work).turn_ours);
    assert_ne!(story.hears(whatsapp(ANNA, "hello")).message().work, Some(work), "never a person's");
    story.folds_to_the_same();
}

#[test]
fn an_answer_goes_into_the_group_and_to_no_member_alone() {
    let mut story = open_to_groups().opens();
    story.ready("ann").expect("ready");
    story.hears(in_group(ANNA, "hello all")).expect("a message");
    let held = story.takes("ann");
    let answer = story.answers("ann", held, "good day");
    assert_eq!((answer.message().scope, answer.message().direction), (Scope::Group, Direction::Out));
    assert_eq!(answer.words().recipient.as_deref(), Some("family"));
    assert!(!story.work(held.0).turn_ours);
    let direct = story.hears(whatsapp(ANNA, "hello"));
    let to = Recipient { leaf: direct.message().leaf, endpoint: Name::new("wa") };
    let refused = story.sends("ann", held, |send| send.to = Some(to)).refused();
    assert_eq!(refused, Rejection::RecipientRefused("not an identity of this conversation"));
}

#[test]
fn an_answer_to_a_person_is_not_said_in_a_group() {
    let mut story = open_to_groups().opens();
    story.ready("ann").expect("ready");
    let group = story.hears(in_group(ANNA, "hello all")).message().leaf;
    story.takes("ann");
    story.hears(whatsapp(ANNA, "only to you")).expect("a message");
    let held = story.takes("ann");
    let to = Recipient { leaf: group, endpoint: Name::new("wa") };
    let refused = story.sends("ann", held, |send| send.to = Some(to)).refused();
    assert_eq!(refused, Rejection::RecipientRefused("not an identity of this conversation"));
}

#[test]
fn a_closed_matter_of_a_group_is_reopened_by_any_member() {
    let mut story = open_to_groups().opens();
    story.ready("ann").expect("ready");
    let work = story.settles("ann", in_group(ANNA, "hello all"));
    assert_eq!(story.hears(in_group(BERT, "it does not work")).message().work, Some(work));
}

/// Anna may write three messages a minute; her matter is ann's.
fn flooded() -> (Scenario, WorkId) {
    let mut story = shop().but(|config| config.max_messages_per_minute = 3).opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "one")).expect("a message");
    let held = story.takes("ann");
    for text in ["two", "three"] {
        assert_eq!(story.hears(whatsapp(ANNA, text)).message().work, Some(held.0));
    }
    (story, held.0)
}

#[test]
fn a_flooders_excess_is_stored_and_marked_and_changes_nothing() {
    let (mut story, work) = flooded();
    let before = story.work(work);
    for n in 0..50 {
        let step = story.hears(whatsapp(ANNA, &format!("more {n}")));
        assert!(step.message().flags.has(Flags::FLOOD));
        assert_eq!(step.message().work, None);
        assert_eq!(step.changes().len(), 1, "a cheap record");
        assert!(step.outputs().is_empty());
    }
    assert_eq!(story.work(work), before);
    story.folds_to_the_same();
}

#[test]
fn a_flood_is_over_with_its_minute() {
    let (mut story, work) = flooded();
    assert!(story.hears(whatsapp(ANNA, "four")).message().flags.has(Flags::FLOOD));
    story.after(MINUTE);
    assert_eq!(story.hears(whatsapp(ANNA, "sorry")).message().work, Some(work));
}

#[test]
fn one_flooder_takes_no_room_from_others_or_from_another_endpoint() {
    let (mut story, work) = flooded();
    story.hears(whatsapp(ANNA, "four")).expect("stored");
    assert!(story.hears(whatsapp(BERT, "hello")).opened().is_some());
    assert_eq!(story.hears(crate::kit::sms(ANNA, "by sms")).message().work, Some(work));
    // Nor by going to and fro between two.
    assert!(story.hears(whatsapp(ANNA, "five")).message().flags.has(Flags::FLOOD));
}

#[test]
fn history_is_no_flood() {
    let (mut story, work) = flooded();
    for n in 0..9 {
        let step = story.hears(whatsapp(ANNA, &format!("old {n}")).backfill());
        assert_eq!(step.message().work, Some(work));
    }
}

#[test]
fn a_refusal_in_a_flood_is_heard() {
    let (mut story, work) = flooded();
    let step = story.hears(whatsapp(ANNA, "STOP"));
    assert!(
        step.changes()
            .iter()
            .any(|c| matches!(c, skein::domain::record::Change::OptNoted(OptNoted { refused: true, .. })))
    );
    assert_eq!(story.work(work).state, WorkState::Assigned);
    story.after(SECOND);
}
