//! What becomes of a message of ours (domain rules, section 3): monotone, by our id or the provider's, also before its message.

use rstest::rstest;
use skein::domain::event::ReceiptStatus::{self, Delivered, Expired, Failed, Queued, Read, Sent, Unknown};
use skein::domain::event::{ErrorClass, EventKind, Receipt};
use skein::domain::id::MessageId;
use skein::domain::record::{Change, ReceiptNoted};
use skein::domain::rejection::Rejection;

use crate::kit::{Scenario, Step, echo, own_report, report, shop, whatsapp};

const ANNA: &str = "+4915112345678";

/// A message of ann's that waits for its reports.
fn sent() -> (Scenario, MessageId) {
    let mut story = shop().opens();
    story.ready("ann").expect("ready");
    story.hears(whatsapp(ANNA, "hello")).expect("a message");
    let held = story.takes("ann");
    let message = story.answers("ann", held, "good day").message_id();
    (story, message)
}

fn noted(step: &Step) -> Vec<(ReceiptStatus, bool)> {
    let receipt = |change: &Change| match change {
        Change::ReceiptNoted(ReceiptNoted { status, applied, .. }) => Some((*status, *applied)),
        _ => None,
    };
    step.changes().iter().filter_map(receipt).collect()
}

#[test]
fn the_sent_report_binds_the_providers_id_and_later_reports_name_it() {
    let (mut story, ours) = sent();
    assert_eq!(noted(&story.hears(own_report(ours, "wamid.9", Sent))), [(Sent, true)]);
    let step = story.hears(report("wamid.9", Delivered));
    assert_eq!(noted(&step), [(Delivered, true)]);
    let Change::ReceiptNoted(receipt) = &step.changes()[0] else { panic!("{step:?}") };
    assert_eq!(receipt.message, ours);
    assert_eq!(receipt.audience.as_slice(), [story.id("ann")]);
    assert!(!step.outputs().is_empty(), "the owner sees it");
}

#[rstest]
#[case(&[Queued, Unknown, Sent, Delivered, Read], Read)]
#[case(&[Read, Delivered, Sent], Read)]
#[case(&[Sent, Failed], Failed)]
#[case(&[Sent, Expired], Expired)]
#[case(&[Delivered, Failed], Delivered)]
#[case(&[Delivered, Expired], Delivered)]
#[case(&[Failed, Delivered], Delivered)]
#[case(&[Failed, Sent], Failed)]
fn the_status_only_rises_and_failures_count_only_below_delivered(
    #[case] reports: &[ReceiptStatus],
    #[case] last: ReceiptStatus,
) {
    let (mut story, ours) = sent();
    let mut status = Queued;
    for &reported in reports {
        if let Ok(Some(_)) = &story.hears(own_report(ours, "wamid.9", reported)).0 {
            let records = story.last();
            for change in &records.changes {
                if let Change::ReceiptNoted(ReceiptNoted { status: now, applied: true, .. }) = change {
                    status = *now;
                }
            }
        }
    }
    assert_eq!(status, last);
}

#[test]
fn a_lower_report_is_noted_and_shown_to_nobody() {
    let (mut story, ours) = sent();
    story.hears(own_report(ours, "wamid.9", Read)).expect("noted");
    let step = story.hears(report("wamid.9", Delivered));
    assert_eq!(noted(&step), [(Delivered, false)]);
    assert!(step.outputs().is_empty());
}

#[test]
fn the_same_report_again_is_a_duplicate() {
    let (mut story, ours) = sent();
    story.hears(own_report(ours, "wamid.9", Sent)).expect("noted");
    assert_eq!(story.hears(own_report(ours, "wamid.9", Sent)).refused(), Rejection::Duplicate);
    assert_eq!(story.hears(report("wamid.9", Sent)).refused(), Rejection::Duplicate);
}

#[test]
fn reports_before_their_message_wait_and_the_highest_counts() {
    let (mut story, ours) = sent();
    assert!(matches!(story.hears(report("wamid.9", Delivered)).changes(), [Change::ReceiptParked { .. }]));
    story.hears(report("wamid.9", Read)).expect("parked");
    assert_eq!(story.hears(report("wamid.9", Read)).refused(), Rejection::Duplicate);
    assert_eq!(story.hears(report("wamid.9", Sent)).refused(), Rejection::Duplicate);
    let step = story.hears(own_report(ours, "wamid.9", Sent));
    assert_eq!(noted(&step), [(Sent, true), (Read, true)]);
}

#[test]
fn a_report_on_nothing_that_could_ever_be_bound_is_refused() {
    let mut story = shop().opens();
    let nothing = EventKind::Receipt(Receipt { status: Sent, ..Receipt::default() });
    let mut heard = report("x", Sent).kind(nothing);
    heard.event.message_ref = None;
    assert_eq!(story.hears(heard).refused(), Rejection::UnknownMessage);
}

#[test]
fn waiting_reports_are_bounded() {
    let mut story = shop().opens();
    for n in 0..10_000 {
        story.hears(report(&format!("wamid.{n}"), Sent)).expect("parked");
    }
    assert!(matches!(story.hears(report("one-more", Sent)).refused(), Rejection::Limit(_)));
    story.hears(report("wamid.7", Read)).expect("one that waits may still rise");
}

#[rstest]
#[case("5.1.1", "5.1.1")]
#[case(" 131047 ", "131047")]
#[case("550 5.1.1 <anna@example.com>: no such user", "550")]
#[case("anna@example.com is unknown", "")]
#[case("<anna@example.com>", "")]
#[case("", "")]
fn a_code_is_a_word_and_no_address_stands_in_the_log_unsealed(#[case] told: &str, #[case] kept: &str) {
    let (mut story, ours) = sent();
    let step = story.hears(own_report(ours, "wamid.9", Failed).because(ErrorClass::Unreachable, told));
    let Change::ReceiptNoted(receipt) = &step.changes()[0] else { panic!("{step:?}") };
    assert_eq!(receipt.code, kept);
}

#[test]
fn a_failure_says_its_class_and_a_bounded_code() {
    let (mut story, ours) = sent();
    let long = "é".repeat(60);
    let step = story.hears(own_report(ours, "wamid.9", Failed).because(ErrorClass::WindowClosed, &long));
    let Change::ReceiptNoted(receipt) = &step.changes()[0] else { panic!("{step:?}") };
    assert_eq!((receipt.class, receipt.code.as_str()), (ErrorClass::WindowClosed, &*"é".repeat(32)));
}

#[test]
fn the_echo_of_a_message_of_ours_is_a_receipt() {
    let (mut story, ours) = sent();
    story.hears(own_report(ours, "wamid.9", Queued)).expect("bound");
    let step = story.hears(echo(ANNA, "good day").id("wamid.9"));
    assert_eq!(noted(&step), [(Sent, true)]);
}

#[test]
fn an_id_that_is_not_ours_leaves_the_providers_to_name_the_message() {
    let (mut story, ours) = sent();
    story.hears(own_report(ours, "wamid.9", Sent)).expect("bound");
    let stranger = MessageId::new(skein::domain::id::Index(9_999), 0);
    assert_eq!(noted(&story.hears(own_report(stranger, "wamid.9", Delivered))), [(Delivered, true)]);
    let mut unreadable = report("wamid.9", Read);
    unreadable.event.kind =
        EventKind::Receipt(Receipt { message_id: Some("no id".to_owned()), status: Read, ..Receipt::default() });
    assert_eq!(noted(&story.hears(unreadable)), [(Read, true)]);
}

#[test]
fn only_the_endpoint_that_a_message_went_out_by_reports_on_it_by_our_id() {
    let (mut story, ours) = sent();
    let mut elsewhere = own_report(ours, "x.1", Read);
    (elsewhere.channel, elsewhere.endpoint) = ("sms".into(), "sms".into());
    assert!(noted(&story.hears(elsewhere)).is_empty(), "another adapter knows nothing of it");
    assert_eq!(noted(&story.hears(own_report(ours, "wamid.9", Sent))), [(Sent, true)]);
}

#[test]
fn an_echo_before_its_report_gives_the_providers_id_back_to_our_message() {
    let (mut story, ours) = sent();
    let echoed = story.hears(echo(ANNA, "good day").id("wamid.9"));
    assert_eq!(echoed.message().author, skein::domain::record::Author::External, "nobody knows better yet");
    assert_eq!(story.hears(echo(ANNA, "good day").id("wamid.9")).refused(), Rejection::Duplicate);
    story.hears(report("wamid.9", Delivered)).expect("on what is known");
    assert_eq!(noted(&story.hears(own_report(ours, "wamid.9", Sent))), [(Sent, true), (Delivered, true)]);
    let step = story.hears(report("wamid.9", Read));
    let Change::ReceiptNoted(receipt) = &step.changes()[0] else { panic!("{step:?}") };
    assert_eq!((receipt.message, receipt.applied), (ours, true));
    story.folds_to_the_same();
}
