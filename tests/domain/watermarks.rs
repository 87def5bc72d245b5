//! Reports that name no message but a time (domain rules, section 3): everything of ours up to then was delivered, or read.

use rstest::rstest;
use skein::domain::event::ReceiptStatus::{self, Delivered, Failed, Queued, Read, Sent, Unknown};
use skein::domain::event::{AddressKind, Assurance, EventKind, Receipt, Scope, Sender};
use skein::domain::id::{AssignmentId, MessageId, WorkId};
use skein::domain::record::{Change, Flags, ReceiptNoted};
use skein::domain::rejection::Rejection;

use crate::kit::{Heard, SECOND, Scenario, Step, chat, own_report, shop, sms};

const VISITOR: &str = "visitor-1";
const DAY: i64 = 24 * 3_600 * SECOND;

/// Ann talks with a visitor of the chat.
fn talk() -> (Scenario, (WorkId, AssignmentId)) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(chat(VISITOR, "hello")).expect("a message");
    let held = story.takes("ann");
    (story, held)
}

/// One message of ann's to the visitor.
fn said() -> (Scenario, MessageId) {
    let (mut story, held) = talk();
    let message = story.answers("ann", held, "good day").message_id();
    (story, message)
}

/// The chat's adapter reports on a message by our id.
fn reports(ours: MessageId, status: ReceiptStatus) -> Heard {
    let mut heard = own_report(ours, &format!("chat-{ours}"), status);
    (heard.channel, heard.endpoint) = ("chat".into(), "web".into());
    heard
}

/// The chat says that everything up to a time has reached a visitor.
fn through(visitor: &str, status: ReceiptStatus, at: i64) -> Heard {
    let mut heard = chat(visitor, "");
    let through = Some(skein::domain::time::Timestamp(at));
    heard.event.kind = EventKind::Receipt(Receipt { status, through, ..Receipt::default() });
    heard
}

fn noted(step: &Step) -> Vec<(MessageId, ReceiptStatus)> {
    let receipt = |change: &Change| match change {
        Change::ReceiptNoted(ReceiptNoted { message, status, applied: true, .. }) => Some((*message, *status)),
        _ => None,
    };
    step.changes().iter().filter_map(receipt).collect()
}

#[test]
fn everything_sent_up_to_the_time_is_read_and_its_author_is_told() {
    let (mut story, held) = talk();
    let mut ours = Vec::new();
    for text in ["one", "two", "three"] {
        let message = story.answers("ann", held, text).message_id();
        story.hears(reports(message, Sent)).expect("sent");
        ours.push((message, Read));
        story.passes(10 * SECOND);
    }
    let step = story.hears(through(VISITOR, Read, story.now().0 - 10 * SECOND - 1));
    assert_eq!(noted(&step), ours);
    assert_eq!(step.outputs().len(), 3, "the owner sees each");
    story.folds_to_the_same();
}

#[test]
fn what_was_sent_after_the_time_is_not() {
    let (mut story, held) = talk();
    let first = story.answers("ann", held, "one").message_id();
    story.hears(reports(first, Sent)).expect("sent");
    let read_at = story.now().0;
    story.passes(3 * SECOND);
    let second = story.answers("ann", held, "two").message_id();
    story.hears(reports(second, Sent)).expect("sent");
    assert_eq!(noted(&story.hears(through(VISITOR, Read, read_at))), [(first, Read)]);
    assert_eq!(story.hears(through(VISITOR, Read, read_at)).refused(), Rejection::Ignored, "nothing more follows");
}

#[test]
fn the_providers_time_of_a_message_counts_before_ours() {
    let (mut story, ours) = said();
    story.passes(20 * SECOND);
    let sent_at = story.now().0 - SECOND;
    story.hears(reports(ours, Sent).occurred(sent_at)).expect("sent late");
    assert_eq!(story.hears(through(VISITOR, Read, sent_at - 5 * SECOND)).refused(), Rejection::Ignored);
    assert_eq!(noted(&story.hears(through(VISITOR, Read, sent_at))), [(ours, Read)]);
}

#[rstest]
#[case(-3_600 * SECOND)]
#[case(3_600 * SECOND)]
fn a_time_that_a_message_cannot_have_been_sent_at_is_another_clocks(#[case] off: i64) {
    let (mut story, ours) = said();
    story.hears(reports(ours, Sent).occurred(story.now().0 + off)).expect("sent");
    assert_eq!(story.hears(through(VISITOR, Read, story.now().0 - 5 * SECOND)).refused(), Rejection::Ignored);
    assert_eq!(noted(&story.hears(through(VISITOR, Read, story.now().0))), [(ours, Read)]);
}

#[test]
fn clocks_may_differ_by_two_seconds() {
    let (mut story, ours) = said();
    story.hears(reports(ours, Sent)).expect("sent");
    assert_eq!(story.hears(through(VISITOR, Read, story.now().0 - 2_001)).refused(), Rejection::Ignored);
    assert_eq!(noted(&story.hears(through(VISITOR, Read, story.now().0 - 2_000))), [(ours, Read)]);
}

#[test]
fn what_the_provider_took_after_the_time_is_not_read_however_close() {
    let (mut story, ours) = said();
    let read_at = story.now().0;
    story.passes(2 * SECOND);
    story.hears(reports(ours, Sent).occurred(read_at + 1)).expect("sent");
    assert_eq!(story.hears(through(VISITOR, Read, read_at)).refused(), Rejection::Ignored);
    assert_eq!(noted(&story.hears(through(VISITOR, Read, read_at + 1))), [(ours, Read)]);
}

#[test]
fn what_was_read_before_the_provider_took_a_message_does_not_wait_for_it() {
    let (mut story, ours) = said();
    let read_at = story.now().0;
    story.hears(through(VISITOR, Read, read_at)).expect("waits");
    story.passes(2 * SECOND);
    assert_eq!(noted(&story.hears(reports(ours, Sent).occurred(read_at + 1))), [(ours, Sent)]);
}

#[test]
fn an_address_that_nobody_vouches_for_reads_nothing() {
    let (mut story, ours) = said();
    story.hears(reports(ours, Sent)).expect("sent");
    let mut claimed = through("stranger", Read, story.now().0);
    claimed.event.senders.push(Sender { kind: AddressKind::Web, address: VISITOR.to_owned() });
    claimed.event.assurance = Assurance::Claimed;
    assert_eq!(story.hears(claimed.clone()).refused(), Rejection::Ignored);
    claimed.event.assurance = Assurance::Platform;
    assert_eq!(story.hears(claimed).refused(), Rejection::Ignored, "no provider has two ids for one browser");
}

#[test]
fn the_record_of_a_send_says_whether_a_time_may_be_reported_of_it() {
    let (mut story, held) = talk();
    let answer = story.answers("ann", held, "one");
    assert!(answer.message().flags.has(Flags::REPORTED_THROUGH));
    story.hears(sms("+4915112345678", "hello")).expect("a message");
    let held = story.takes("ann");
    assert!(!story.answers("ann", held, "two").message().flags.has(Flags::REPORTED_THROUGH));
}

#[test]
fn the_status_only_rises() {
    let (mut story, ours) = said();
    story.hears(reports(ours, Sent)).expect("sent");
    let now = story.now().0;
    assert_eq!(noted(&story.hears(through(VISITOR, Delivered, now))), [(ours, Delivered)]);
    assert_eq!(noted(&story.hears(through(VISITOR, Read, now))), [(ours, Read)]);
    assert_eq!(story.hears(through(VISITOR, Delivered, now)).refused(), Rejection::Ignored);
}

#[test]
fn what_failed_was_not_read_with_the_rest() {
    let (mut story, held) = talk();
    let (lost, sent) = (story.answers("ann", held, "one").message_id(), story.answers("ann", held, "two").message_id());
    story.hears(reports(lost, Failed)).expect("failed");
    story.hears(reports(sent, Sent)).expect("sent");
    assert_eq!(noted(&story.hears(through(VISITOR, Read, story.now().0))), [(sent, Read)]);
}

#[rstest]
#[case(&[])]
#[case(&[Queued])]
#[case(&[Unknown])]
fn what_may_not_have_left_waits_for_its_report(#[case] before: &[ReceiptStatus]) {
    let (mut story, ours) = said();
    for status in before {
        drop(story.hears(reports(ours, *status)));
    }
    let read_at = story.now().0 + SECOND;
    story.passes(2 * SECOND);
    let parked = story.hears(through(VISITOR, Read, read_at));
    assert!(matches!(parked.changes(), [Change::ThroughParked(_)]), "{parked:?}");
    assert!(parked.outputs().is_empty());
    assert_eq!(story.hears(through(VISITOR, Read, read_at)).refused(), Rejection::Ignored, "it waits already");
    story.passes(60 * SECOND);
    let step = story.hears(reports(ours, Sent).occurred(read_at));
    assert_eq!(noted(&step), [(ours, Sent), (ours, Read)]);
    story.folds_to_the_same();
}

#[test]
fn what_left_later_than_was_read_is_only_sent() {
    let (mut story, ours) = said();
    story.hears(through(VISITOR, Read, story.now().0)).expect("waits");
    story.passes(60 * SECOND);
    assert_eq!(
        noted(&story.hears(reports(ours, Sent))),
        [(ours, Sent)],
        "a minute in OUT, then sent, and not read yet"
    );
    assert_eq!(noted(&story.hears(through(VISITOR, Read, story.now().0))), [(ours, Read)]);
}

#[test]
fn a_report_that_names_a_message_and_a_time_counts_for_both() {
    let (mut story, held) = talk();
    let first = story.answers("ann", held, "one").message_id();
    let second = story.answers("ann", held, "two").message_id();
    for message in [first, second] {
        story.hears(reports(message, Sent)).expect("sent");
    }
    let mut both = through(VISITOR, Delivered, story.now().0).id(&format!("chat-{second}"));
    assert_eq!(noted(&story.hears(both.clone())), [(second, Delivered), (first, Delivered)]);
    both.event.message_ref = Some("of-somebody-else".to_owned());
    assert!(matches!(story.hears(both).changes(), [Change::ReceiptParked { .. }]));
}

#[test]
fn nobody_reads_another_visitors_messages() {
    let (mut story, ours) = said();
    story.hears(reports(ours, Sent)).expect("sent");
    story.hears(chat("visitor-2", "hello")).expect("a message");
    let now = story.now().0;
    for visitor in ["visitor-2", "nobody"] {
        assert_eq!(story.hears(through(visitor, Read, now)).refused(), Rejection::Ignored, "{visitor}");
    }
    let group = through(VISITOR, Read, now).in_thread(Scope::Group, Some("friends"));
    assert_eq!(story.hears(group).refused(), Rejection::Ignored, "one of a group");
    let elsewhere = through(VISITOR, Read, now).from(&[(AddressKind::Phone, "+4915112345678")]);
    assert_eq!(story.hears(elsewhere).refused(), Rejection::Ignored, "another address");
}

#[rstest]
#[case(Failed, 0)]
#[case(Sent, 0)]
#[case(Read, 2 * DAY)]
#[case(Read, i64::MAX)]
#[case(Read, i64::MIN)]
fn other_statuses_and_odd_times_say_nothing(#[case] status: ReceiptStatus, #[case] ahead: i64) {
    let (mut story, ours) = said();
    story.hears(reports(ours, Sent)).expect("sent");
    let at = story.now().0.saturating_add(ahead);
    assert_eq!(story.hears(through(VISITOR, status, at)).refused(), Rejection::Ignored);
}

#[test]
fn of_a_long_monologue_the_newest_64_are_read() {
    let (mut story, held) = talk();
    let ours: Vec<MessageId> = (0..70)
        .map(|number| {
            let message = story.answers("ann", held, &format!("words {number}")).message_id();
            story.hears(reports(message, Sent)).expect("sent");
            message
        })
        .collect();
    let read: Vec<_> = noted(&story.hears(through(VISITOR, Read, story.now().0))).into_iter().map(|it| it.0).collect();
    assert_eq!(read, ours[6..]);
}

#[test]
fn a_message_is_forgotten_after_eight_days() {
    let (mut story, ours) = said();
    story.hears(reports(ours, Sent)).expect("sent");
    story.after(8 * DAY + SECOND);
    story.hears(chat("visitor-2", "hello")).expect("a message");
    assert_eq!(story.hears(through(VISITOR, Read, story.now().0)).refused(), Rejection::Ignored);
    story.folds_to_the_same();
}
