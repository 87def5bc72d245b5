//! Judgements on what servers say.

use super::fields::{address, groups};
use super::status::{Status, reply_code};
use super::verdict::{Evidence, judge};
use crate::domain::event::{ErrorClass, ReceiptStatus};

fn class(words: &str) -> ErrorClass {
    let verdict = judge(&Evidence { status: None, diagnostic: "", words, delayed: false });
    verdict.about(None).error.expect("a failure has a class").class
}

#[test]
fn only_a_dead_address_is_hard() {
    for words in [
        "550 5.1.1 <a@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
        "550-5.1.1 The email account that you tried to reach does\n550-5.1.1 not exist. Please try again",
        "550 No such user here",
        "Host or domain name not found. Name service error for name=example.com type=A: Host not found",
        "556 5.1.10 domain has a nullMX record",
        "550 Requested action not taken: mailbox unavailable",
    ] {
        assert_eq!(class(words), ErrorClass::Invalid, "{words}");
    }
    for (words, soft) in [
        ("552 5.2.2 The mailbox is over quota", ErrorClass::Retryable),
        ("450 4.1.1 user unknown, perhaps", ErrorClass::Retryable),
        ("connection timed out", ErrorClass::Retryable),
        ("554 5.7.1 Service unavailable; client blocked using a list", ErrorClass::Blocked),
        ("553 5.7.1 sender address rejected: user unknown", ErrorClass::Blocked),
        ("550 5.7.26 fails to pass DMARC", ErrorClass::Blocked),
        ("552 5.3.4 message size exceeds the fixed limit", ErrorClass::Content),
        ("550 5.2.1 the account is disabled", ErrorClass::Unreachable),
        ("host x said: 550 unknown user (in reply to end of DATA command)", ErrorClass::Blocked),
        ("550 no", ErrorClass::Blocked),
    ] {
        assert_eq!(class(words), soft, "{words}");
    }
}

#[test]
fn a_delay_is_no_failure() {
    let evidence = Evidence { status: Some(Status(4, 4, 1)), diagnostic: "", words: "", delayed: true };
    let receipt = judge(&evidence).about(Some("a@example.com".to_owned()));
    assert_eq!(receipt.status, ReceiptStatus::Sent);
    assert_eq!(receipt.error.map(|error| (error.class, error.code)), Some((ErrorClass::Retryable, "4.4.1".to_owned())));
}

#[test]
fn the_code_that_says_most_is_taken() {
    assert_eq!(Status::find("550 5.0.0 x (#5.1.1)"), Some(Status(5, 1, 1)));
    assert_eq!(Status::find("host 192.0.2.5 said nothing"), None);
    assert_eq!(Status::find("mx5.1.1.example.com"), None);
    assert_eq!(reply_code("said: 550-5.1.1 no"), Some(550));
    assert_eq!(reply_code("room 1550, ticket-550, 550px"), None);
}

#[test]
fn addresses_are_read_as_servers_write_them() {
    for value in [
        "rfc822; ann@example.com",
        "RFC822;<ann@example.com>",
        " \"ann@example.com\" ",
        "<ann@example.com>:",
        "mailto:ann@example.com",
    ] {
        assert_eq!(address(value).as_deref(), Some("ann@example.com"), "{value}");
    }
    for value in ["", "ann", "@example.com", "ann@", "a b@example.com"] {
        assert_eq!(address(value), None, "{value}");
    }
}

#[test]
fn groups_join_folded_lines_and_end_at_blank_ones() {
    let found =
        groups("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@example.com\nDiagnostic-Code: smtp;\n 550 no\n\n");
    let texts: Vec<_> = found.iter().filter_map(|group| group.get("diagnostic-code")).collect();
    assert_eq!(texts, ["smtp; 550 no"]);
}
