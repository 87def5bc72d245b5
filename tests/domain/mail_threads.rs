//! Which Work an answered mail belongs to: by the token of who got ours, by the thread of a sender who is vouched for, and by being
//! among those whom ours was copied to (domain rules, section 5).

use skein::domain::command::Command;
use skein::domain::content::{Content, Mail, Mailbox, Part};
use skein::domain::event::{AddressKind, Assurance};
use skein::domain::id::{AssignmentId, Name, RootId, WorkId};
use skein::domain::record::{Author, Change, Flags};

use crate::kit::{HOUR, Scenario, Step, mail, shop, whatsapp};

pub(crate) const ANNA: &str = "anna@example.com";
pub(crate) const LAWYER: &str = "lawyer@law.example";
pub(crate) const DAY: i64 = 24 * HOUR;

/// A workspace whose mails have tokens, and in which `sales` leads to a desk of its own; ann, who serves both, is READY.
pub(crate) fn with_tokens() -> Scenario {
    let desks = shop().second_queue("trade", "sales").agent("bob", |bob| bob.queues = vec![Name::new("help")]);
    let mut story = desks.opens();
    renew(&mut story, [6; 32]).expect("a key");
    story.ready("ann").expect("ready");
    story
}

pub(crate) fn renew(story: &mut Scenario, key: [u8; 32]) -> Step {
    story.when(Command::RenewReplyKey { workspace: Name::new(crate::kit::SPACE), key })
}

/// Anna asked by mail, ann answered: her matter, and the answer.
pub(crate) fn answered(story: &mut Scenario) -> ((WorkId, AssignmentId), Step) {
    story.hears(mail(ANNA, "1@anna", "hello")).expect("a message");
    let held = story.takes("ann");
    let step = story.answers("ann", held, "good day");
    (held, step)
}

/// The same, with a copy to her lawyer.
pub(crate) fn copied(story: &mut Scenario) -> ((WorkId, AssignmentId), Step) {
    story.hears(mail(ANNA, "1@anna", "hello")).expect("a message");
    let held = story.takes("ann");
    let step = story.sends("ann", held, |send| send.content = to_both("good day"));
    (held, step)
}

pub(crate) fn to_both(text: &str) -> Content {
    to("Lawyer@LAW.example", text)
}

/// With a copy to somebody.
pub(crate) fn to(copy: &str, text: &str) -> Content {
    let copy = Mailbox { name: None, address: copy.to_owned() };
    let head = Mail { cc: vec![copy], ..Mail::default() };
    Content { parts: vec![Part::Mail(Box::new(head))], ..Content::text(text) }
}

#[track_caller]
pub(crate) fn token(step: &Step) -> String {
    step.words().reply_to_token.clone().expect("a token")
}

#[track_caller]
pub(crate) fn mail_id(step: &Step) -> String {
    let id = step.words().content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => mail.message_id.clone(),
        _ => None,
    });
    id.expect("a mail of ours has an id")
}

#[track_caller]
pub(crate) fn lawyers_token(step: &Step) -> String {
    let [copy] = step.words().copies.as_slice() else { panic!("one copy: {:?}", step.words().copies) };
    assert_eq!(copy.address, "Lawyer@LAW.example");
    copy.reply_to_token.clone()
}

pub(crate) fn opens_customer(step: &Step) -> bool {
    step.changes().iter().any(|change| matches!(change, Change::IdentityOpened(_)))
}

#[test]
fn a_mail_of_ours_carries_its_recipients_token_twice() {
    let mut story = with_tokens();
    let (_, step) = answered(&mut story);
    assert!(mail_id(&step).contains(&format!(".{}@shop.example", token(&step))), "{}", mail_id(&step));
    assert!(step.words().copies.is_empty() && step.message().copied.is_empty());
    story.folds_to_the_same();
}

#[test]
fn an_answer_with_its_token_joins_its_work_and_is_sure() {
    let mut story = with_tokens();
    let (held, step) = answered(&mut story);
    story.hears(mail(ANNA, "2@anna", "something else").at("sales")).expect("a message");
    let reply = story.hears(mail("Anna@Example.COM", "3@anna", "more").at("sales").reply_tokens(&[&token(&step)]));
    let message = reply.message();
    assert_eq!((message.work, message.assurance), (Some(held.0), Assurance::Token), "the token, not the endpoint");
    assert_eq!((message.author, message.flags), (Author::Customer, Flags::default()));
    story.folds_to_the_same();
}

#[test]
fn an_answer_opens_its_closed_work_again_and_later_it_is_sure_all_the_same() {
    let mut story = with_tokens();
    let (held, step) = answered(&mut story);
    story.closes("ann", held).expect("an end");
    let reply = story.hears(mail(ANNA, "2@anna", "more").reply_tokens(&[&token(&step).to_uppercase()]));
    assert_eq!(reply.message().work, Some(held.0));
    let held = story.takes("ann");
    story.answers("ann", held, "good").expect("an answer");
    story.closes("ann", held).expect("an end");
    story.after(30 * DAY);
    let late = story.hears(mail(ANNA, "3@anna", "and now?").reply_tokens(&[&token(&step)]));
    assert!(late.opened().is_some());
    assert_eq!(late.message().assurance, Assurance::Token);
}

#[test]
fn tokens_of_the_key_before_are_believed_and_new_mails_have_the_new_one() {
    let mut story = with_tokens();
    let (held, step) = answered(&mut story);
    assert!(matches!(renew(&mut story, [7; 32]).0, Ok(None)), "the newest key is young");
    story.after(30 * DAY);
    renew(&mut story, [7; 32]).expect("a new key");
    let reply = story.hears(mail(ANNA, "2@anna", "more").reply_tokens(&[&token(&step)]));
    assert_eq!((reply.message().work, reply.message().assurance), (Some(held.0), Assurance::Token));
    let next = story.answers("ann", held, "good");
    assert_ne!(token(&next)[..2], token(&step)[..2], "the number of the key stands first");
    story.folds_to_the_same();
}

#[test]
fn a_token_goes_on_being_good_after_a_merge() {
    let mut story = with_tokens();
    let phone = "+4915112345678";
    story.hears(whatsapp(phone, "hello")).expect("a message");
    story.takes("ann");
    let (held, step) = answered(&mut story);
    story.hears(whatsapp(phone, "it is me").also(AddressKind::Crm, "c1")).expect("a message");
    let other = mail(ANNA, "1b@anna", "me too").also(AddressKind::Crm, "c1").assured(Assurance::Platform);
    let both = story.hears(other);
    assert!(both.changes().iter().any(|change| matches!(change, Change::Merged { .. })));
    let reply = story.hears(mail(ANNA, "2@anna", "more").reply_tokens(&[&token(&step)]));
    assert_eq!((reply.message().work, reply.message().conversation), (Some(held.0), RootId(0)));
}

#[test]
fn a_sender_who_is_vouched_for_joins_by_the_thread() {
    let mut story = with_tokens();
    let (held, step) = answered(&mut story);
    let reply = mail(ANNA, "2@anna", "more").at("sales").in_reply_to(&mail_id(&step)).assured(Assurance::Platform);
    assert_eq!(story.hears(reply).message().work, Some(held.0));
}

#[test]
fn somebody_copied_joins_as_participant_and_answers_go_to_the_customer_as_before() {
    let mut story = with_tokens();
    let (held, step) = copied(&mut story);
    assert!(!story.work(held.0).turn_ours);
    let reply =
        story.hears(mail(LAWYER, "1@law", "I write for her").named("L. Law").reply_tokens(&[&lawyers_token(&step)]));
    let message = reply.message();
    assert_eq!((message.work, message.author), (Some(held.0), Author::Participant));
    assert_eq!((message.assurance, message.conversation), (Assurance::Token, RootId(0)));
    assert!(!opens_customer(&reply), "nobody's customer by that");
    assert!(!reply.changes().iter().any(|change| matches!(change, Change::Named { .. })), "nor the customer's name");
    assert!(story.work(held.0).turn_ours, "somebody has to look");
    let answer = story.answers("ann", held, "good");
    assert_eq!(answer.words().recipient.as_deref(), Some(ANNA));
    story.folds_to_the_same();
}

#[test]
fn somebody_copied_joins_by_the_thread_if_vouched_for() {
    let mut story = with_tokens();
    let (held, step) = copied(&mut story);
    let reply = mail(LAWYER, "1@law", "I write for her").in_reply_to(&mail_id(&step)).assured(Assurance::Platform);
    let reply = story.hears(reply);
    assert_eq!((reply.message().work, reply.message().author), (Some(held.0), Author::Participant));
}

#[test]
fn somebody_copied_opens_the_closed_work_again_for_its_customer() {
    let mut story = with_tokens();
    let (held, step) = copied(&mut story);
    story.closes("ann", held).expect("an end");
    let reply = story.hears(mail(LAWYER, "1@law", "one more thing").reply_tokens(&[&lawyers_token(&step)]));
    assert_eq!((reply.message().work, reply.message().author), (Some(held.0), Author::Participant));
    let held = story.takes("ann");
    let answer = story.answers("ann", held, "good");
    assert_eq!(answer.words().recipient.as_deref(), Some(ANNA));
    story.folds_to_the_same();
}

#[test]
fn who_is_no_longer_copied_has_a_conversation_of_his_own() {
    let mut story = with_tokens();
    let (held, step) = copied(&mut story);
    story.answers("ann", held, "between us").expect("an answer");
    let reply = story.hears(mail(LAWYER, "1@law", "I write for her").reply_tokens(&[&lawyers_token(&step)]));
    assert_ne!(reply.message().work, Some(held.0));
    assert!(opens_customer(&reply) && reply.message().flags.has(Flags::FOREIGN_THREAD));
}

#[test]
fn a_participant_refuses_nothing_for_the_customer() {
    let mut story = with_tokens();
    let (_, step) = copied(&mut story);
    let reply = story.hears(mail(LAWYER, "1@law", "stop").in_reply_to("x@y").reply_tokens(&[&lawyers_token(&step)]));
    assert!(!reply.changes().iter().any(|change| matches!(change, Change::OptNoted(_))));
}

#[test]
fn the_recipient_comes_first_whoever_else_is_named() {
    let mut story = with_tokens();
    story.hears(mail(ANNA, "1@anna", "hello")).expect("a message");
    let held = story.takes("ann");
    let step = story.sends("ann", held, |send| {
        let boxes = ["other@else.example", "help@shop.example"].map(|a| Mailbox { name: None, address: a.to_owned() });
        let head = Mail { to: boxes.to_vec(), ..Mail::default() };
        send.content = Content { parts: vec![Part::Mail(Box::new(head))], ..Content::text("good day") };
    });
    let to = step.words().content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => Some(mail.to.iter().map(|to| to.address.as_str()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(to, Some(vec![ANNA, "other@else.example", "help@shop.example"]));
    assert_eq!(step.message().copied.len(), 1, "a mailbox of ours gets no token");
}
