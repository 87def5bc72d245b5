//! Mails that programs write: which of them reach people, and what a bounce does to the mail that it is about.

use skein::domain::content::{MailClass, Part};
use skein::domain::event::{ErrorClass, EventKind, Receipt, ReceiptError, ReceiptStatus};
use skein::domain::record::{Change, Flags, ReceiptNoted};
use skein::domain::rejection::Rejection;

use crate::kit::{Heard, Scenario, Step, mail, shop};

const ANNA: &str = "anna@example.com";

/// A mail of ann's to Anna, and its Message-ID.
fn answered() -> (Scenario, String) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(mail(ANNA, "1@x", "hello")).expect("a message");
    let held = story.takes("ann");
    let step = story.answers("ann", held, "good day");
    let id = step.words().content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => mail.message_id.clone(),
        _ => None,
    });
    (story, id.expect("a mail of ours has an id"))
}

fn bounce(mail_id: Option<&str>, recipient: &str) -> Heard {
    let error = ReceiptError { class: ErrorClass::Invalid, code: "5.1.1".to_owned(), reason: String::new() };
    let receipt = Receipt {
        status: ReceiptStatus::Failed,
        recipient: Some(recipient.to_owned()),
        error: Some(error),
        ..Receipt::default()
    };
    let mut heard = mail("mailer-daemon@example.net", "b@x", "").from(&[]).kind(EventKind::Receipt(receipt));
    heard.event.message_ref = mail_id.map(str::to_owned);
    heard
}

fn failed(step: &Step) -> bool {
    let failed = |change: &Change| {
        matches!(change, Change::ReceiptNoted(ReceiptNoted { status: ReceiptStatus::Failed, applied: true, class, .. })
            if *class == ErrorClass::Invalid)
    };
    step.changes().iter().any(failed)
}

#[test]
fn a_form_that_was_filled_in_reaches_people() {
    let mut story = shop().opens();
    let step = story.hears(mail(ANNA, "1@x", "Please call me").classed(MailClass::Generated));
    let work = step.opened().expect("a work");
    assert!(story.work(work).turn_ours);
    assert!(step.message().flags.has(Flags::GENERATED) && !step.message().flags.has(Flags::AUTO_SUBMITTED));
}

#[test]
fn a_form_opens_no_closed_work_again() {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    let closed = story.settles("ann", mail(ANNA, "1@x", "hello"));
    let step = story.hears(mail(ANNA, "2@x", "another order").in_reply_to("1@x").classed(MailClass::Generated));
    assert_ne!(step.opened().expect("a work of its own"), closed);
}

#[test]
fn answers_of_programs_lists_and_loops_open_nothing() {
    for class in [MailClass::Reply, MailClass::List, MailClass::Loop] {
        let mut story = shop().opens();
        let step = story.hears(mail(ANNA, "1@x", "I am away").classed(class));
        assert_eq!((step.opened(), step.message().work), (None, None), "{class:?}");
    }
}

#[test]
fn a_mail_of_ours_that_comes_back_opens_nothing() {
    let (mut story, id) = answered();
    let step = story.hears(mail("forwarder@example.net", &id, "good day"));
    assert_eq!(step.opened(), None);
    assert!(step.message().flags.has(Flags::AUTO_SUBMITTED));
}

#[test]
fn a_bounce_fails_the_mail_whose_id_it_returns() {
    let (mut story, id) = answered();
    assert!(failed(&story.hears(bounce(Some(&id), ANNA))));
}

#[test]
fn a_bounce_that_returns_nothing_fails_the_last_mail_to_its_recipient() {
    let (mut story, _) = answered();
    assert!(failed(&story.hears(bounce(None, "Anna@EXAMPLE.com"))));
}

#[test]
fn a_bounce_about_somebody_else_or_after_an_answer_fails_nothing() {
    let (mut story, _) = answered();
    assert_eq!(story.hears(bounce(None, "bert@example.com")).refused(), Rejection::UnknownMessage);
    story.hears(mail(ANNA, "2@x", "thank you, it came")).expect("a message");
    assert_eq!(story.hears(bounce(None, ANNA)).refused(), Rejection::UnknownMessage);
}
