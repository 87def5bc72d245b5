//! Reports of mail servers and of sending services, and what only looks like one.

use skein::domain::content::MailClass;
use skein::domain::event::{ErrorClass, EventKind, Receipt, ReceiptStatus};

use crate::{read, reports, said};

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
fn servers_are_understood_in_many_languages() {
    for (subject, report) in [
        ("Undelivered Mail Returned to Sender", "ann@example.com\r\nno such user"),
        ("Unzustellbar: Bestellung", "ann@example.com\r\nDie Adresse existiert nicht (550 5.1.1)"),
        ("Échec de la remise", "ann@example.com\r\nCette adresse n'existe pas (550 5.1.1)"),
        ("No se pudo entregar el mensaje", "ann@example.com\r\nEl buzón no existe (550 5.1.1)"),
        ("Onbestelbaar: bestelling", "ann@example.com\r\nDit adres is onbekend (550 5.1.1)"),
        ("Mancato recapito", "ann@example.com\r\nIndirizzo inesistente (550 5.1.1)"),
        ("Nie można dostarczyć wiadomości", "ann@example.com\r\nNieznany adres (550 5.1.1)"),
        ("Não foi possível entregar", "ann@example.com\r\nO endereço não existe (550 5.1.1)"),
        ("Не доставлено", "ann@example.com\r\nАдрес не существует (550 5.1.1)"),
        ("配信不能", "ann@example.com\r\nアドレスが見つかりません (550 5.1.1)"),
        ("系统退信", "ann@example.com\r\n收件人不存在 (550 5.1.1)"),
    ] {
        let found = text_bounce(subject, "Postmaster <postmaster@mx.example.net>", report);
        let [(id, receipt)] = found.as_slice() else { panic!("{subject}: {found:?}") };
        assert_eq!(id.as_deref(), Some("m7-1.shop@shop.example"), "{subject}");
        assert_eq!(receipt.recipient.as_deref(), Some("ann@example.com"), "{subject}");
        assert_eq!(receipt.error.as_ref().map(|error| error.class), Some(ErrorClass::Invalid), "{subject}");
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
fn a_subject_of_servers_proves_nothing_without_a_server() {
    let own = "From: help@shop.example\r\nTo: ann@example.com\r\nDate: Mon, 3 Feb 2025 10:00:00 +0000\r\nSubject: Your order\r\n";
    for (head, body) in [
        ("Subject: Delivery report missing", format!("Where is it? It was this one:\r\n\r\n{own}")),
        (
            "Subject: Delivery report missing",
            "The last one was:\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; bob@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                .to_owned(),
        ),
        ("Subject: Delivery failed again!", format!("550 pieces are missing, since 5.1.24.\r\n\r\n{own}")),
        (
            "Subject: Delivery failed again!\r\nContent-Type: multipart/mixed; boundary=b",
            format!(
                "--b\r\n\r\nStill nothing.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{own}\r\nThank you\r\n--b--\r\n"
            ),
        ),
        (
            "Subject: Zustellung: Paket fehlt\r\nAuto-Submitted: auto-generated\r\nReturn-Path: <>",
            format!("Name: Ann\r\n\r\n{own}"),
        ),
        ("Subject: Warning: message about my order\r\nAuto-Submitted: no", format!("Hello\r\n\r\n{own}")),
    ] {
        let mail = format!("From: Ann <ann@example.com>\r\nTo: help@shop.example\r\n{head}\r\n\r\n{body}");
        let read = said(mail);
        assert!(matches!(read.mail.class, MailClass::Person | MailClass::Generated), "{head}");
        let plain = body.replace('\r', "");
        if head == "Subject: Delivery report missing" {
            assert_eq!(read.text, plain.trim_end_matches('\n'), "what words announce belongs to them");
        } else if !body.starts_with("--b") {
            assert!(read.text.starts_with(plain.lines().next().unwrap_or_default()), "{head}: {}", read.text);
        }
    }
    for (subject, text) in
        [("Undeliverable: Your order", "550 5.1.1 user unknown"), ("Returned mail", "550 no such user here")]
    {
        let mail = format!(
            "From: System <admin@mx.example.net>\r\nTo: help@shop.example\r\nSubject: {subject}\r\n\r\nann@example.com: {text}\r\n\r\n{own}"
        );
        assert_eq!(reports(mail)[0].1.recipient.as_deref(), Some("ann@example.com"), "our own mail is back: {subject}");
    }
}

#[test]
fn people_with_addresses_and_names_like_those_of_servers_are_heard() {
    for (head, text) in [
        ("From: Joe Postmaster <postmaster@acme.example>\r\nSubject: Our offer", "Please call bob@example.com."),
        (
            "From: postmaster@acme.example\r\nReturn-Path: <postmaster@acme.example>\r\nSubject: Undeliverable mails",
            "Your mails to bob@acme.example are refused: 550 5.7.1 blocked. Why?",
        ),
        (
            "From: Mail Delivery Logistics GmbH <dispo@mdl.example>\r\nSubject: Delivery failed",
            "550 boxes were rejected by bob@example.com.",
        ),
        ("From: bounce@trampolines.example\r\nSubject: Returned mail", "Ask bob@example.com."),
        ("From: microsoftexchange@consulting.example\r\nSubject: Our offer", "Ask bob@example.com."),
    ] {
        let read = said(format!("{head}\r\nTo: help@shop.example\r\n\r\n{text}"));
        assert_eq!((read.mail.class, read.text.as_str()), (MailClass::Person, text), "{head}");
    }
    // A form without a sender of the envelope, whose mailer wrote the address as a name.
    let form = "From: \"ann@example.com\"\r\nTo: help@shop.example\r\nReturn-Path: <>\r\nSubject: x\r\n\r\nAsk bob@example.com.";
    assert_eq!(said(form).mail.class, MailClass::Generated);
}

#[test]
fn parts_of_a_report_that_somebody_sends_on_are_files() {
    let group = "Final-Recipient: rfc822; bob@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n";
    for subject in ["Fwd: Undelivered Mail Returned to Sender", "What is this?"] {
        let mail = DSN
            .replace("{}", group)
            .replace("Mail Delivery System <MAILER-DAEMON@mx.example.net>", "Ann <ann@example.com>")
            .replace("Return-Path: <>\r\n", "")
            .replace("Undelivered Mail", subject)
            .replace("multipart/report; report-type=delivery-status", "multipart/mixed");
        let read = said(mail);
        assert_eq!(read.mail.class, MailClass::Person, "{subject}");
        assert!(read.text.contains("Something went wrong."), "{subject}");
    }
}

#[test]
fn a_customer_who_adds_words_to_a_report_is_heard() {
    let group = "Final-Recipient: rfc822; help@shop.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n";
    let report = DSN.replace("{}", group).replace("boundary=b", "boundary=c").replace("--b", "--c");
    let ours = "Message-ID: <m7-1.shop@shop.example>\r\nFrom: help@shop.example\r\nTo: ann@example.com\r\nSubject: Your order\r\n\r\nhi\r\n";
    let words = "Your server says 550 5.1.1 user unknown, why?";
    for (subject, part) in [
        ("Undelivered mail", format!("Content-Type: message/rfc822\r\n\r\n{report}")),
        (
            "Undelivered mail",
            format!("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.example\r\n\r\n{group}"),
        ),
        ("Delivery failed", format!("Content-Type: message/rfc822\r\n\r\n{ours}")),
        (
            "Returned mail",
            format!("Content-Type: text/plain; name=mail.txt\r\nContent-Disposition: attachment\r\n\r\n{ours}"),
        ),
    ] {
        let mail = format!(
            "From: Ann <ann@example.com>\r\nTo: help@shop.example\r\nSubject: {subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\n\r\n{words}\r\n--b\r\n{part}\r\n--b--\r\n"
        );
        let read = said(mail);
        assert_eq!((read.text.trim(), read.mail.class), (words, MailClass::Person), "{subject}: {part}");
        assert_eq!(read.files.len(), 1, "what was attached is a file: {part}");
    }
}

#[test]
fn a_notification_with_strange_or_endless_lists_is_read_within_bounds() {
    let recipients = vec![r#"{"emailAddress":"ann@example.com","x":[[],{}]}"#; 3000].join(",");
    let bounce = format!(r#"{{"notificationType":"Bounce","bounce":{{"bouncedRecipients":[{recipients}]}}}}"#);
    assert_eq!(reports(format!("From: a@service.example\r\n\r\n{bounce}")).len(), 100);
    let short = bounce.replace(&recipients, r#"{"emailAddress":"ann@example.com"}"#);
    assert_eq!(reports(format!("From: a@service.example\r\n\r\n{short}")).len(), 1);
    let asked = format!("From: ann@example.com\r\n\r\n{short}\r\n\r\nWhat does this mean?");
    assert!(said(asked).text.ends_with("What does this mean?"), "words below are no footer");
    let longer = format!("{bounce}{}", " ".repeat(256 * 1024));
    assert!(said(format!("From: a@service.example\r\n\r\n{longer}x")).text.contains("notificationType"));
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
    assert_eq!(read(complaint).events.len(), 1, "whom it opts out, the mail of ours that it names says");

    let technical = complaint.replace("Feedback-Type: abuse", "Feedback-Type: auth-failure");
    assert!(
        matches!(&read(technical).events[0].kind, EventKind::Account { subject, .. } if subject == "feedback-auth-failure")
    );

    let shown = "From: ann@example.com\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nread\r\n\
        --b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; ann@example.com\r\n\
        Original-Message-ID: <m7-1.shop@shop.example>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n";
    let found = reports(shown);
    assert_eq!((found[0].0.as_deref(), found[0].1.status), (Some("m7-1.shop@shop.example"), ReceiptStatus::Read));

    let leaves = "From: ann@example.com\r\nTo: leave@shop.example\r\nSubject: unsubscribe\r\nAuto-Submitted: auto-generated\r\n\r\n";
    assert!(matches!(read(leaves).events[0].kind, EventKind::Opt { opted_in: false, .. }));
    let words = format!("{leaves}I never got my order, and now this?");
    assert_eq!(said(words).text, "I never got my order, and now this?");
    assert_eq!(said(leaves.replace("auto-generated", "no")).mail.class, MailClass::Person);
    let person =
        "From: ann@example.com\r\nTo: help@shop.example\r\nSubject: Unsubscribe\r\n\r\nPlease, and send my money back.";
    assert_eq!(
        (said(person).mail.class, said(person).text.as_str()),
        (MailClass::Person, "Please, and send my money back.")
    );
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
