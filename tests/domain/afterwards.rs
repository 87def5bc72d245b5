//! What is done about a message of ours that is stored already: cancel, retry, edit, retract (domain rules, sections 3 and 8).

use skein::domain::command::{Recipient, Retry, Send, Verb};
use skein::domain::content::Content;
use skein::domain::event::{ErrorClass, EventKind, Receipt, ReceiptStatus};
use skein::domain::id::{AssignmentId, LeafId, MessageId, Name, WorkId};
use skein::domain::output::Output;
use skein::domain::record::{Direction, Flags, MessageKind, Purpose};
use skein::domain::rejection::Rejection;

use crate::kit::{HOUR, Heard, Scenario, Step, chat, own_report, shop, whatsapp};

const ANNA: &str = "+4915112345678";

type Held = (WorkId, AssignmentId);

/// Ann has answered that.
fn answered(heard: Heard) -> (Scenario, Held, MessageId) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(heard).expect("a message");
    let held = story.takes("ann");
    let sent = story.answers("ann", held, "good day").message_id();
    (story, held, sent)
}

/// The adapter of `web` reports on a message of ours.
fn told(ours: MessageId, status: ReceiptStatus) -> Heard {
    let mut heard = chat("", "").kind(EventKind::Receipt(Receipt {
        status,
        message_id: Some(ours.to_string()),
        ..Receipt::default()
    }));
    heard.event.senders.clear();
    heard
}

fn cancel(story: &mut Scenario, held: Held, message: MessageId) -> Step {
    story.does("ann", Verb::Cancel { message, assignment: held.1 })
}

fn retract(story: &mut Scenario, held: Held, message: MessageId) -> Step {
    story.does("ann", Verb::Retract { message, assignment: held.1 })
}

fn edit(story: &mut Scenario, held: Held, message: MessageId, text: &str) -> Step {
    story.does("ann", Verb::Edit { message, assignment: held.1, content: Content::text(text) })
}

fn retry(story: &mut Scenario, held: Held, of: MessageId, to: Option<Recipient>) -> Step {
    let send = Send {
        work: WorkId::default(),
        assignment: held.1,
        seen_through: None,
        if_unchanged: None,
        to,
        content: Content::text("good day"),
        purpose: Purpose::Service,
        not_after: None,
        note: false,
    };
    story.does("ann", Verb::Retry(Box::new(Retry { of, send })))
}

fn state(step: &Step) -> ReceiptStatus {
    match step.refused() {
        Rejection::MessageState { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_has_not_left_is_canceled_by_a_message_to_its_adapter() {
    let (mut story, held, sent) = answered(whatsapp(ANNA, "hello"));
    let before = story.work(held.0);
    let step = cancel(&mut story, held, sent);
    let message = step.message();
    assert_eq!((message.kind, message.direction, message.about), (MessageKind::Deletion, Direction::Out, Some(sent)));
    assert_eq!((message.work, message.endpoint.as_str()), (Some(held.0), "wa"));
    assert_eq!(step.words().recipient.as_deref(), Some(ANNA), "the adapter keeps order by it");
    assert!(step.outputs().iter().any(|output| matches!(output, Output::Send { .. })));
    let after = story.work(held.0);
    assert_eq!(
        (after.turn_ours, after.waited_ms),
        (before.turn_ours, before.waited_ms),
        "nobody knows yet whether it came in time"
    );
    assert_eq!(state(&cancel(&mut story, held, sent)), ReceiptStatus::Queued, "once is enough");
    let report = story.hears(own_report(sent, "wamid.1", ReceiptStatus::Expired));
    report.expect("the adapter did not send it");
    story.folds_to_the_same();
}

#[test]
fn what_has_left_is_not_canceled() {
    for status in [ReceiptStatus::Sent, ReceiptStatus::Delivered, ReceiptStatus::Read, ReceiptStatus::Failed] {
        let (mut story, held, sent) = answered(whatsapp(ANNA, "hello"));
        story.hears(own_report(sent, "wamid.1", status)).expect("noted");
        assert_eq!(state(&cancel(&mut story, held, sent)), status);
    }
}

#[test]
fn only_the_owner_does_something_about_what_is_ours() {
    let (mut story, held, sent) = answered(whatsapp(ANNA, "hello").id("wamid.0"));
    story.ready("bob").expect("ready");
    let foreign = story.does("bob", Verb::Cancel { message: sent, assignment: held.1 });
    assert_eq!(foreign.refused(), Rejection::NotOwner { owner: Some(story.id("ann")) });
    let old = story.does("ann", Verb::Cancel { message: sent, assignment: AssignmentId::default() });
    assert!(matches!(old.refused(), Rejection::StaleAssignment { .. }));
    let theirs = story.hears(whatsapp(ANNA, "more")).message_id();
    for verb in [
        Verb::Cancel { message: theirs, assignment: held.1 },
        Verb::Retract { message: theirs, assignment: held.1 },
        Verb::Edit { message: theirs, assignment: held.1, content: Content::text("x") },
    ] {
        assert_eq!(story.does("ann", verb).refused(), Rejection::UnknownMessage, "it is the customer's");
    }
    let deletion = cancel(&mut story, held, sent).message_id();
    assert_eq!(cancel(&mut story, held, deletion).refused(), Rejection::UnknownMessage, "it says nothing");
    story.closes("ann", held).expect("an end");
    assert_eq!(cancel(&mut story, held, sent).refused(), Rejection::WorkClosed);
}

#[test]
fn what_did_not_arrive_is_sent_again_once_as_a_message_that_names_it() {
    for status in [ReceiptStatus::Failed, ReceiptStatus::Expired, ReceiptStatus::Unknown] {
        let (mut story, held, sent) = answered(whatsapp(ANNA, "hello"));
        assert_eq!(state(&retry(&mut story, held, sent, None)), ReceiptStatus::Queued);
        story.hears(own_report(sent, "wamid.1", status)).expect("noted");
        let step = retry(&mut story, held, sent, None);
        let message = step.message();
        assert_eq!((message.kind, message.about, message.work), (MessageKind::Message, Some(sent), Some(held.0)));
        assert!(message.flags.has(Flags::RETRY) && message.endpoint == "wa");
        let again = step.message_id();
        assert_eq!(state(&retry(&mut story, held, sent, None)), status, "the new one may be");
        story.hears(own_report(again, "wamid.2", ReceiptStatus::Failed)).expect("noted");
        retry(&mut story, held, again, None).expect("once more");
        story.folds_to_the_same();
    }
}

#[test]
fn what_arrived_is_not_sent_again_whatever_is_reported_later() {
    let (mut story, held, sent) = answered(whatsapp(ANNA, "hello"));
    for status in [ReceiptStatus::Read, ReceiptStatus::Failed, ReceiptStatus::Unknown, ReceiptStatus::Sent] {
        story.hears(own_report(sent, "wamid.1", status));
        assert_eq!(state(&retry(&mut story, held, sent, None)), ReceiptStatus::Read, "{status:?} is lower");
    }
}

#[test]
fn a_retry_goes_where_it_may_go_now() {
    let (mut story, held, sent) = answered(whatsapp(ANNA, "hello"));
    story.hears(own_report(sent, "wamid.1", ReceiptStatus::Failed)).expect("noted");
    story.after(25 * HOUR);
    let closed = Rejection::CannotSend(ErrorClass::WindowClosed);
    assert_eq!(retry(&mut story, held, sent, None).refused(), closed);
    let by_sms = Recipient { leaf: LeafId(0), endpoint: Name::new("sms") };
    assert_eq!(retry(&mut story, held, sent, Some(by_sms)).message().endpoint, "sms");
}

#[test]
fn what_has_left_is_edited_and_retracted_where_the_channel_can() {
    let (mut story, held, sent) = answered(chat("v1", "hello"));
    assert_eq!(state(&edit(&mut story, held, sent, "good evening")), ReceiptStatus::Queued, "not known to have left");
    story.hears(told(sent, ReceiptStatus::Sent)).expect("noted");
    story.hears(chat("v1", "what?")).expect("a message");
    let step = edit(&mut story, held, sent, "good evening");
    assert_eq!((step.message().kind, step.message().about), (MessageKind::Edit, Some(sent)));
    assert_eq!(step.words().content.text, "good evening");
    assert!(story.work(held.0).turn_ours, "an edit answers nothing");
    let step = retract(&mut story, held, sent);
    assert_eq!((step.message().kind, step.message().flags.has(Flags::RETRACTED)), (MessageKind::Deletion, true));
    assert_eq!(state(&retract(&mut story, held, sent)), ReceiptStatus::Sent, "it is gone");
    assert_eq!(state(&edit(&mut story, held, sent, "hello?")), ReceiptStatus::Sent);
    story.folds_to_the_same();
}

#[test]
fn a_channel_that_cannot_says_so() {
    let (mut story, held, sent) = answered(whatsapp(ANNA, "hello"));
    story.hears(own_report(sent, "wamid.1", ReceiptStatus::Sent)).expect("noted");
    assert!(matches!(edit(&mut story, held, sent, "x").refused(), Rejection::NotCarried { .. }));
    assert!(matches!(retract(&mut story, held, sent).refused(), Rejection::NotCarried { .. }));
}
