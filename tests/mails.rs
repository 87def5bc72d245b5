//! Mails as they really are: what programs write, what mailers break, what is new in a reply. Fixtures of our own.

use skein::domain::content::{Attachment, Mail, MailClass, Part};
use skein::domain::event::{ErrorClass, EventKind, InboundEvent, Receipt, ReceiptStatus};
use skein::normalize::{Format, Normalized, Request, normalize};

fn read(mail: impl AsRef<[u8]>) -> Normalized {
    normalize(Format::Email, Request::new(mail.as_ref())).expect("the mail is good")
}

struct Read {
    text: String,
    mail: Mail,
    files: Vec<Attachment>,
    event: InboundEvent,
}

/// A mail that somebody says something in.
fn said(mail: impl AsRef<[u8]>) -> Read {
    let mut made = read(mail);
    let event = made.events.remove(0);
    let EventKind::Message(message) = &event.kind else { panic!("no message: {event:?}") };
    let head = message.content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => Some(mail.as_ref().clone()),
        _ => None,
    });
    Read {
        text: message.content.text.clone(),
        mail: head.expect("a mail has a head"),
        files: message.content.attachments().cloned().collect(),
        event,
    }
}

/// What a report says, with the id of the mail that it is about.
fn reports(mail: impl AsRef<[u8]>) -> Vec<(Option<String>, Receipt)> {
    let receipt = |event: InboundEvent| match event.kind {
        EventKind::Receipt(receipt) => (event.message_ref, receipt),
        other => panic!("no receipt: {other:?}"),
    };
    read(mail).events.into_iter().map(receipt).collect()
}

fn class(head: &str) -> MailClass {
    said(format!("From: Ann <ann@example.com>\r\nTo: help@shop.example\r\n{head}\r\n\r\nhello")).mail.class
}

#[test]
fn programs_are_told_from_people_by_their_heads() {
    for (head, expected) in [
        ("Subject: Hello", MailClass::Person),
        ("Auto-Submitted: no", MailClass::Person),
        ("Subject: Re: Automatic reply: Hello", MailClass::Person),
        ("Auto-Submitted: auto-generated", MailClass::Generated),
        ("Auto-Submitted: auto-generated\r\nPrecedence: bulk", MailClass::Generated),
        ("X-Auto-Response-Suppress: All", MailClass::Generated),
        ("Auto-Submitted: auto-generated\r\nIn-Reply-To: <m1@shop.example>", MailClass::Reply),
        ("Auto-Submitted: auto-replied (vacation)", MailClass::Reply),
        ("Precedence: auto_reply", MailClass::Reply),
        ("X-Autoreply: yes", MailClass::Reply),
        ("Return-Path: <>", MailClass::Reply),
        ("Subject: Abwesenheitsnotiz: Urlaub", MailClass::Reply),
        ("Subject: =?utf-8?Q?R=C3=A9ponse_automatique_=3A_absence?=", MailClass::Reply),
        ("Subject: =?utf-8?B?6Ieq5YuV6L+U5L+h77ya5LyR5pqH?=", MailClass::Reply),
        ("List-Id: <news.example.com>", MailClass::List),
        ("Precedence: bulk", MailClass::List),
    ] {
        assert_eq!(class(head), expected, "{head}");
    }
    assert_eq!(class("Received: from a by b\r\n".repeat(101).trim_end()), MailClass::Loop);
}

#[test]
fn a_form_is_from_whom_it_says_to_answer() {
    let form = "From: Shop <help@shop.example>\r\nTo: help@shop.example\r\nReply-To: Ann <ann@example.com>\r\n\
                Auto-Submitted: auto-generated\r\nSubject: Contact form\r\n\r\nName: Ann\r\n--\r\nWish: a call";
    let read = said(form);
    assert_eq!(read.event.senders[0].address, "ann@example.com");
    assert_eq!(read.mail.from[0].address, "help@shop.example");
    assert_eq!(read.text, "Name: Ann\n--\nWish: a call", "nothing of a form is a signature");
    let person = "From: Ann <ann@example.com>\r\nTo: help@shop.example\r\nReply-To: Bob <bob@example.com>\r\n\r\nhi";
    assert_eq!(said(person).event.senders[0].address, "ann@example.com");
}

const DSN: &str = "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: help@shop.example\r\nReturn-Path: <>\r\n\
    Subject: Undelivered Mail\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
    --b\r\n\r\nSomething went wrong.\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
    Reporting-MTA: dns; mx.example.net\r\n\r\n{}\r\n\
    --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <m7-1.shop@shop.example>\r\nFrom: help@shop.example\r\nTo: ann@example.com\r\n\r\nhi\r\n--b--\r\n";

#[test]
fn a_delivery_report_names_each_recipient_with_its_cause() {
    let groups = "Original-Recipient: rfc822;ann@example.com\r\nFinal-Recipient: rfc822; a.bell@host.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
                  Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\nFinal-Recipient: rfc822; bob@example.com\r\nAction: failed\r\nStatus: 5.2.2\r\n\
                  \r\nFinal-Recipient: rfc822; eve@example.com\r\nAction: delayed\r\nStatus: 4.4.1\r\n\r\nFinal-Recipient: rfc822; joe@example.com\r\nAction: delivered\r\nStatus: 2.0.0\r\n";
    let found = reports(DSN.replace("{}", groups));
    let short: Vec<_> = found
        .iter()
        .map(|(id, receipt)| {
            let error = receipt.error.as_ref().map(|error| (error.class, error.code.as_str()));
            (id.as_deref(), receipt.recipient.as_deref().unwrap_or_default(), receipt.status, error)
        })
        .collect();
    let id = Some("m7-1.shop@shop.example");
    assert_eq!(
        short,
        [
            (id, "ann@example.com", ReceiptStatus::Failed, Some((ErrorClass::Invalid, "5.1.1"))),
            (id, "bob@example.com", ReceiptStatus::Failed, Some((ErrorClass::Retryable, "5.2.2"))),
            (id, "eve@example.com", ReceiptStatus::Sent, Some((ErrorClass::Retryable, "4.4.1"))),
            (id, "joe@example.com", ReceiptStatus::Delivered, None),
        ]
    );
}

/// A bounce that is only text, with the head of our mail below it.
fn text_bounce(subject: &str, from: &str, report: &str) -> Vec<(Option<String>, Receipt)> {
    let returned = "Received: from shop.example by mx.example.net; Mon, 3 Feb 2025 10:00:00 +0000\r\nMessage-ID: <m7-1.shop@shop.example>\r\n\
                    From: help@shop.example\r\nTo: ann@example.com\r\nSubject: Re: Order\r\n\r\nhi\r\n";
    reports(format!(
        "From: {from}\r\nTo: help@shop.example\r\nReturn-Path: <>\r\nSubject: {subject}\r\n\r\n{report}\r\n\r\n{returned}"
    ))
}

#[test]
fn servers_that_write_to_people_are_understood() {
    let daemon = "MAILER-DAEMON@mx.example.net";
    for (subject, report, class) in [
        (
            "Mail delivery failed",
            "The address failed:\r\n\r\n  ann@example.com\r\n    SMTP error after RCPT TO:<ann@example.com>:\r\n    550 5.1.1 unknown user",
            ErrorClass::Invalid,
        ),
        (
            "failure notice",
            "I tried.\r\n\r\n<ann@example.com>:\r\n192.0.2.1 does not like recipient.\r\nRemote host said: 552 mailbox full",
            ErrorClass::Retryable,
        ),
        (
            "Returned mail: see below",
            "   ----- The addresses had errors -----\r\n<ann@example.com>\r\n    (reason: 554 5.7.1 refused by policy)",
            ErrorClass::Blocked,
        ),
        (
            "Undeliverable: Re: Order",
            "ann@example.com\r\nThe address wasn't found at that domain.\r\nRemote server returned '550 5.1.10 RecipientNotFound'",
            ErrorClass::Invalid,
        ),
        ("Доставка", "Письмо не доставлено:\r\n\r\n  ann@example.com\r\n    550 нет, 5.1.1", ErrorClass::Invalid),
    ] {
        let found = text_bounce(subject, daemon, report);
        let [(id, receipt)] = found.as_slice() else { panic!("{subject}: {found:?}") };
        assert_eq!(id.as_deref(), Some("m7-1.shop@shop.example"), "{subject}");
        assert_eq!(receipt.recipient.as_deref(), Some("ann@example.com"), "{subject}");
        assert_eq!(receipt.error.as_ref().map(|error| error.class), Some(class), "{subject}");
    }
}

#[test]
fn a_customer_who_writes_of_a_failed_delivery_is_a_customer() {
    for subject in ["Undelivered order 7", "Delivery failed again", "Mail delivery failed"] {
        let mail = format!(
            "From: Ann <ann@example.com>\r\nTo: help@shop.example\r\nSubject: {subject}\r\n\r\nbob@example.com got nothing: 550 pieces are missing."
        );
        assert_eq!(said(mail).mail.class, MailClass::Person, "{subject}");
    }
}

#[test]
fn what_only_looks_like_a_quotation_or_a_signature_is_said() {
    let text = |head: &str, body: &str| said(format!("From: ann@example.com\r\n{head}\r\n\r\n{body}")).text;
    for body in [
        "On 1 March 2024 I wrote about the following problem:\nthe lid is off.",
        "Hello,\nI sent you an email on 2024-03-01 with the following question:\nwhen does it open?",
        "Hallo,\nam 03.04.2024 schrieb mir Ihr Kollege Folgendes:\nwir kommen morgen.",
        "Please fetch it.\n\nFrom: London\nTo: Paris\nDate: 12.03.2024\nTwo boxes.",
        "A flight please.\n\nFrom: London\nTo: Paris\nDate: 12.03.2024 10:30\nFor two.",
        "Bonjour,\nle 3 mars 2024 je vous ai écrit :\nle couvercle est cassé.",
        "Buongiorno,\nil 3 marzo 2024 alle 10:11 ho scritto:\nè rotto.",
        "Hola,\nel 3 de marzo de 2024 a las 10:11 les he escrito:\nestá roto.",
        "Dzień dobry,\n3.03.2024 o 10:11 napisałem:\nzepsute.",
        "Здравствуйте,\n3.03.2024 в 10:11 я написал:\nсломано.",
        "List\n\n---- Items sent ----\nlid\ncup",
        "Hello\n\n-Refund of my order",
        "Hello\n\n-Refund",
        "Hello\n\n-Red Cups\n-Blue Cups",
        "My sizes:\n--\nlarge\nsmall",
        "These please\n---\none\ntwo\nthree\nfour\nfive",
        "I want\n\n-Bread\n\n-Milk\nand a call",
        "Hello\n\n-- \nAnn Bell\n\nPS: please call me",
        "Hello\n\n-- \nAnn Bell\n\nOne more thing: my parcel did not arrive yet. Please send it again.",
    ] {
        assert_eq!(text("Subject: Re: Order", body), body, "in an answer");
        assert_eq!(text("Subject: Order", body), body, "in a new mail");
    }
    for body in ["See this\n> it is broken", "I heard\n\nAm 03.02.2025 um 10:11 schrieb Ann Bell:\nWollen wir?"] {
        assert_eq!(text("Subject: Order", body), body, "nothing is answered");
        assert_ne!(text("Subject: Re: Order", body), body, "an answer");
        assert_ne!(text("Subject: Order\r\nIn-Reply-To: <m1@shop.example>", body), body, "an answer");
    }
    for body in [
        "Look\n\nFrom: Ann <ann@example.com>\nSent: 3 Feb 2025 10:11\nTo: Bob\nSubject: x\n\nShall we?",
        "Look\n\n-----Original Message-----\nFrom: Ann <ann@example.com>\nSent: 3 Feb 2025 10:11\nSubject: x\n\nShall we?",
        "Look\n\nOn Mon, Feb 3, 2025 at 10:11 AM Ann <ann@example.com> wrote:\nShall we?",
        "Look\n\n-----Original Message-----\nShall we?",
        "Look\n\n---- Ann Bell wrote ----\nShall we?",
    ] {
        assert_eq!(text("Subject: Order", body), "Look", "mailers write whole heads, answer or not");
    }
}

#[test]
fn complaints_confirmations_and_unsubscribing_are_no_messages() {
    let complaint = "From: fbl@isp.example\r\nTo: abuse@shop.example\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
        --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nOriginal-Rcpt-To: <ann@example.com>\r\n\r\n\
        --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <m7-1.shop@shop.example>\r\nTo: ann@example.com\r\n\r\nhi\r\n--b--\r\n";
    let found = reports(complaint);
    assert_eq!(found[0].0.as_deref(), Some("m7-1.shop@shop.example"));
    assert_eq!(found[0].1.recipient.as_deref(), Some("ann@example.com"));
    assert_eq!(found[0].1.error.as_ref().map(|error| error.class), Some(ErrorClass::OptedOut));

    let technical = complaint.replace("Feedback-Type: abuse", "Feedback-Type: auth-failure");
    assert!(
        matches!(&read(technical).events[0].kind, EventKind::Account { subject, .. } if subject == "feedback-auth-failure")
    );

    let shown = "From: ann@example.com\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nread\r\n\
        --b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; ann@example.com\r\n\
        Original-Message-ID: <m7-1.shop@shop.example>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n";
    let found = reports(shown);
    assert_eq!((found[0].0.as_deref(), found[0].1.status), (Some("m7-1.shop@shop.example"), ReceiptStatus::Read));

    let leaves = "From: ann@example.com\r\nTo: leave@shop.example\r\nSubject: unsubscribe\r\nAuto-Submitted: auto-generated\r\n\r\nx";
    assert!(matches!(read(leaves).events[0].kind, EventKind::Opt { opted_in: false, .. }));
}

#[test]
fn notifications_of_a_sending_service_are_reports() {
    let inner = r#"{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"ann@example.com","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 no such user"}]},"mail":{"messageId":"0102-a"}}"#;
    let wrapped = serde_json::json!({"Type": "Notification", "Message": inner}).to_string();
    for body in [format!("{inner}\n\n--\nTo unsubscribe ..."), wrapped] {
        let found = reports(format!("From: no-reply@service.example\r\nSubject: Notification\r\n\r\n{body}"));
        assert_eq!(found[0].0.as_deref(), Some("0102-a"));
        assert_eq!(found[0].1.recipient.as_deref(), Some("ann@example.com"));
        assert_eq!(found[0].1.error.as_ref().map(|error| error.class), Some(ErrorClass::Invalid));
    }
}

#[test]
fn a_multipart_that_its_outer_one_ends_is_read_to_its_end() {
    let mail = "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n\
        Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\nContent-Type: text/plain\r\n\r\nhello\r\n\
        --outer\r\nContent-Type: application/pdf; name=bill.pdf\r\n\r\nPDF\r\n--outer--\r\n";
    let read = said(mail);
    assert_eq!((read.text.trim(), read.files.len()), ("hello", 1));
    assert_eq!(read.files[0].name.as_deref(), Some("bill.pdf"));
}

#[test]
fn what_mailers_break_in_heads_costs_no_words() {
    let lost = "From: a@example.com\r\nContent-Type: multipart/alternative;\r\nboundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n";
    assert_eq!(said(lost).text.trim(), "hello");
    let none = "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\nhello";
    let read = said(none);
    assert_eq!((read.text.trim(), read.files.len()), ("hello", 0));
    let raw = b"From: J\xfcrgen <j@example.com>\r\nSubject: Gr\xfc\xdfe\r\n\r\nhello";
    assert_eq!((said(raw).mail.subject.as_str(), said(raw).mail.from[0].name.as_deref()), ("Grüße", Some("Jürgen")));
    // Shift_JIS in what is said to be ISO-2022-JP.
    let lie = "From: a@example.com\r\nSubject: =?ISO-2022-JP?B?g2WDWINn?=\r\n\r\nhello";
    assert_eq!(said(lie).mail.subject, "テスト");
    let quoted = "From: \"Ann of Shop\"@example.com>\r\n\r\nhello";
    assert_eq!(said(quoted).mail.from[0].address, "\"Ann of Shop\"@example.com");
}

#[test]
fn bodies_and_files_with_a_wrong_charset_or_a_cut_end_are_whole() {
    let unknown = b"From: a@example.com\r\nContent-Type: text/plain; charset=no-such\r\n\r\nGr\xfc\xdfe aus K\xf6ln";
    assert_eq!(said(unknown).text, "Grüße aus Köln");
    let cut = "From: a@example.com\r\nContent-Type: application/x; name=f\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8gd29ybGQ";
    assert_eq!(read(cut).media[0].bytes, b"hello world");
}

#[test]
fn a_reply_keeps_its_new_text_and_all_the_rest_beside_it() {
    let plain = "From: a@example.com\r\nSubject: Re: x\r\n\r\nYes please\r\n\r\nOn 3 Feb 2025, Bob <bob@example.com> wrote:\r\n> Shall we?\r\n\r\n-- \r\nAnn\r\n";
    let read = said(plain);
    assert_eq!(read.text, "Yes please");
    let rest = read.mail.quoted.expect("the rest is kept");
    assert!(rest.contains("> Shall we?") && rest.contains("Ann"));

    let html = "From: a@example.com\r\nSubject: Re: x\r\nContent-Type: text/html\r\n\r\n<p>Yes please</p><div>On 3 Feb 2025, Bob &lt;bob@example.com&gt; wrote:</div><blockquote><p>Shall we?</p></blockquote>";
    let read = said(html);
    assert_eq!(read.text, "Yes please");
    assert!(read.mail.html.is_some_and(|html| html.contains("Shall we?")));
    assert!(read.mail.quoted.is_some_and(|quoted| quoted.contains("> Shall we?")));
}

#[test]
fn hostile_mails_make_no_more_than_they_are() {
    let daemon = "From: MAILER-DAEMON@a.example\r\nReturn-Path: <>\r\nSubject: Undelivered\r\n\r\n";
    for piece in [
        "a@b.example 550\r\n",
        "To: a@b.example\r\n",
        "5.1.1 ",
        "--b\r\n",
        "@",
        "Received: x\r\n\r\n",
        "Final-Recipient: rfc822;a@b.example\r\n\r\n",
    ] {
        let mail = format!("{daemon}{}", piece.repeat(256 * 1024 / piece.len()));
        let made = read(&mail);
        assert!(made.events.len() <= 100, "{piece}");
        let media: usize = made.media.iter().map(|media| media.bytes.len()).sum();
        assert!(media <= mail.len(), "{piece}");
    }
    let nested =
        format!("{daemon}{}", "Content-Type: message/rfc822\r\n\r\nFrom: mailer-daemon@a.example\r\n".repeat(30));
    assert!(read(nested).events.len() <= 100);
}
