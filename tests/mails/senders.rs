//! Whom a mail is believed to be from: only what a host of ours wrote at the top counts (RFC 8601).

use skein::domain::event::Assurance;
use skein::normalize::{Format, Request, normalize};

const OURS: &str = "Authentication-Results: mx.shop.example; dmarc=pass header.from=example.com";
const TAKEN: &str =
    "Received: from out.example.com by mx.shop.example with ESMTPS id 1; Sun, 1 Jan 2023 00:00:00 +0000";
const STRANGE: &str = "Received: from a.example by mail.evil.example with SMTP id 2; Sun, 1 Jan 2023 00:00:00 +0000";

/// How sure the sender of a mail with these lines on top is, at an endpoint that names one host.
fn assurance(lines: &[&str]) -> Assurance {
    judged(
        &format!("{}\r\nFrom: Anna <anna@example.com>\r\nTo: help@shop.example\r\n\r\nhello", lines.join("\r\n")),
        true,
    )
}

fn judged(mail: &str, named: bool) -> Assurance {
    let hosts = if named { vec!["mx.shop.example".to_owned()] } else { Vec::new() };
    let request = Request { authserv_ids: &hosts, ..Request::new(mail.as_bytes()) };
    normalize(Format::Email, request).expect("a mail").events.remove(0).assurance
}

#[test]
fn a_host_of_ours_vouches_for_the_sender() {
    for lines in [&[OURS, TAKEN][..], &[TAKEN, OURS], &[OURS], &[OURS, TAKEN, STRANGE]] {
        assert_eq!(assurance(lines), Assurance::Platform, "{lines:?}");
    }
}

#[test]
fn nobody_vouches_where_no_host_is_named() {
    let mail = format!("{OURS}\r\nFrom: anna@example.com\r\n\r\nhello");
    assert_eq!(judged(&mail, false), Assurance::Claimed);
}

#[test]
fn what_the_sender_wrote_with_our_hosts_name_is_not_believed() {
    let failed = "Authentication-Results: mx.shop.example; dmarc=fail header.from=example.com";
    let without = "Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom=evil.example";
    for lines in [
        // Below what our host wrote itself.
        &[failed, TAKEN, OURS][..],
        &[TAKEN, failed, OURS],
        &[without, TAKEN, OURS],
        // It was in strange hands since.
        &[STRANGE, OURS],
        &[TAKEN, STRANGE, OURS],
    ] {
        assert_eq!(assurance(lines), Assurance::Claimed, "{lines:?}");
    }
}

#[test]
fn another_hosts_word_counts_for_nothing_and_hides_nothing() {
    let other = "Authentication-Results: mx.shop.example.evil.example; dmarc=pass header.from=example.com";
    assert_eq!(assurance(&[other, TAKEN]), Assurance::Claimed);
    assert_eq!(assurance(&[other, OURS, TAKEN]), Assurance::Platform);
}

#[test]
fn a_pass_is_for_the_one_sender_it_names() {
    let head = format!("{OURS}\r\n{TAKEN}\r\n");
    for (from, expected) in [
        ("From: anna@example.com", Assurance::Platform),
        ("From: anna@EXAMPLE.com", Assurance::Platform),
        ("From: anna@sub.example.com", Assurance::Claimed),
        ("From: anna@other.example", Assurance::Claimed),
        ("From: anna@example.com, mallory@example.com", Assurance::Claimed),
        ("From: anna@example.com\r\nFrom: mallory@example.com", Assurance::Claimed),
        ("From: mallory@example.com (anna@bank.example)", Assurance::Platform),
        ("From: \"anna@example.com\" <mallory@evil.example>", Assurance::Claimed),
        // Folded it would be somebody else's address.
        ("From: \u{ff41}nna@example.com", Assurance::Claimed),
    ] {
        assert_eq!(judged(&format!("{head}{from}\r\nTo: help@shop.example\r\n\r\nhello"), true), expected, "{from}");
    }
}

#[test]
fn a_pass_of_a_program_is_not_for_the_person_whom_it_says_to_answer() {
    let mail = format!(
        "{OURS}\r\n{TAKEN}\r\nFrom: forms@example.com\r\nReply-To: victim@bank.example\r\nAuto-Submitted: auto-generated\r\n\
         To: help@shop.example\r\n\r\nhello"
    );
    let request = Request { authserv_ids: &["mx.shop.example".to_owned()], ..Request::new(mail.as_bytes()) };
    let event = normalize(Format::Email, request).expect("a mail").events.remove(0);
    assert_eq!((event.senders[0].address.as_str(), event.assurance), ("victim@bank.example", Assurance::Claimed));
}
