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
        ("Auto-Submitted: auto-generated\r\nIn-Reply-To: <m1@shop.example>", MailClass::Generated),
        ("Auto-Submitted: auto-forwarded", MailClass::Person),
        ("X-MS-Exchange-Inbox-Rules-Loop: help@shop.example", MailClass::Person),
        ("Auto-Submitted: auto-replied (vacation)", MailClass::Reply),
        ("Precedence: auto_reply", MailClass::Reply),
        ("X-Autoreply: yes", MailClass::Reply),
        ("Return-Path: <>", MailClass::Generated),
        ("Return-Path: <>\r\nIn-Reply-To: <m1@shop.example>", MailClass::Reply),
        ("Auto-Submitted: no\r\nSubject: Automatic reply: Hello", MailClass::Person),
        ("Subject: Automatic reply", MailClass::Reply),
        ("Subject: Out of office chairs", MailClass::Person),
        ("Subject: Automatische Antwort auf meine Bestellung?", MailClass::Person),
        ("Subject: Abwesenheitsnotiz: Urlaub", MailClass::Reply),
        ("Subject: =?utf-8?Q?R=C3=A9ponse_automatique_=3A_absence?=", MailClass::Reply),
        ("Subject: =?utf-8?B?6Ieq5YuV6L+U5L+h77ya5LyR5pqH?=", MailClass::Reply),
        ("List-Id: <news.example.com>", MailClass::List),
        // An answer from a company whose program marks all its mails; one to a list's readers.
        ("List-Id: <news.example.com>\r\nIn-Reply-To: <m1@shop.example>", MailClass::Person),
        (
            "Cc: talk@lists.example.com\r\nList-Id: <talk.lists.example.com>\r\nIn-Reply-To: <m1@a.example>",
            MailClass::List,
        ),
        (
            "List-Unsubscribe: <https://example.com/off>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click",
            MailClass::List,
        ),
        ("List-Unsubscribe: <mailto:off@example.com>\r\nPrecedence: bulk", MailClass::List),
        ("List-Unsubscribe: <mailto:off@example.com>", MailClass::Generated),
        ("List-Help: <mailto:help@example.com>", MailClass::Generated),
        ("Precedence: bulk", MailClass::Generated),
        ("Precedence: bulk\r\nIn-Reply-To: <m1@shop.example>", MailClass::Generated),
    ] {
        assert_eq!(class(head), expected, "{head}");
    }
    assert_eq!(class("Received: from a by b\r\n".repeat(101).trim_end()), MailClass::Loop);
}

#[test]
fn what_a_ticket_system_of_a_customer_answers_is_read_whole() {
    let answer = "From: tickets@acme.example\r\nTo: help@shop.example\r\nSubject: Re: [#7] Order\r\nAuto-Submitted: auto-generated\r\n\
        In-Reply-To: <m1@shop.example>\r\n\r\nPlease send it to Bob.\r\n\r\nOn 3 Feb 2025 10:11, Help <help@shop.example> wrote:\r\n> Where to?";
    let read = said(answer);
    assert_eq!(
        (read.mail.class, read.mail.quoted),
        (MailClass::Generated, None),
        "shown, and never answered by a program"
    );
    assert!(read.text.starts_with("Please send it to Bob.") && read.text.ends_with("> Where to?"));
}

#[test]
fn a_group_in_front_of_our_address_hides_no_customer() {
    let marks = "Precedence: list\r\nMailing-list: list help@shop.example; contact help+owners@shop.example\r\nX-Google-Group-Id: 123\r\n\
        List-ID: <help.shop.example>\r\nList-Post: <mailto:help@shop.example>\r\nList-Help: <mailto:help+help@shop.example>\r\n\
        List-Unsubscribe: <mailto:googlegroups-manage+1+unsubscribe@shop.example>";
    assert_eq!(class(marks), MailClass::Person);
    assert_eq!(class(&format!("{marks}\r\nIn-Reply-To: <m1@shop.example>")), MailClass::Person);
    assert_eq!(class(&format!("{marks}\r\nAuto-Submitted: auto-replied")), MailClass::Reply);
    // Groups that anybody may join are lists.
    assert_eq!(class(&marks.replace("shop.example", "googlegroups.com")), MailClass::List);
    // The group writes in the customer's name where the customer's domain forbids to pass his mails on.
    let via = format!(
        "From: \"'Ann' via Help\" <help@shop.example>\r\nTo: help@shop.example\r\nReply-To: Ann <ann@example.com>\r\n{marks}\r\n\r\nIt broke."
    );
    let read = said(via);
    assert_eq!((read.mail.class, read.event.senders[0].address.as_str()), (MailClass::Person, "ann@example.com"));
}

#[test]
fn a_subject_about_absence_notices_is_none() {
    for subject in ["Automatic reply never came", "Auto-reply does not stop", "Out of office on Monday?", "Autoreply"] {
        let expected = if subject == "Autoreply" { MailClass::Reply } else { MailClass::Person };
        assert_eq!(class(&format!("Subject: {subject}")), expected, "{subject}");
    }
}

#[test]
fn absence_notices_are_known_by_their_subject_in_many_languages() {
    for subject in [
        "Automatic reply",
        "Automatische Antwort",
        "Réponse automatique",
        "Respuesta automática",
        "Automatisch antwoord",
        "Risposta automatica",
        "Odpowiedź automatyczna",
        "Resposta automática",
        "Автоматический ответ",
        "自動返信",
        "自动回复",
    ] {
        assert_eq!(class(&format!("Subject: {subject}: x")), MailClass::Reply, "{subject}");
    }
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
fn html_that_never_closes_and_a_plain_part_that_only_sends_there_hide_no_words() {
    let html = |body: &str| said(format!("From: a@example.com\r\nContent-Type: text/html\r\n\r\n{body}")).text;
    assert_eq!(html("<p>Hello</p><!-- [if mso]><p>It is broken.</p>"), "Hello\n\nIt is broken.");
    assert_eq!(html("<p>Hello</p><!--><p>It is broken.</p>"), "Hello\n\nIt is broken.");
    assert_eq!(html("<!-- a --><p>Hello <!-- b -->Ann</p>"), "Hello Ann");
    assert!(html("<style>p { x: y }<p>It is broken.</p>").contains("It is broken."));
    assert!(html("<title>Order<p>It is broken.</p>").contains("It is broken."));
    assert_eq!(html("<style>p { x: y }</style><p>It is broken.</p>"), "It is broken.");

    let both = |plain: &str, html: &str| {
        said(format!(
            "From: a@example.com\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n\
             --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
        ))
        .text
    };
    let words = "<p>My order 7 came with a broken lid, and nobody answers the phone. Please send me another one.</p>";
    for stub in [
        "Please view this mail in HTML.",
        "Ihr Mailprogramm kann kein HTML anzeigen.",
        "Pour voir ce message, ouvrez-le dans votre navigateur.",
        "This is a multi-part message in MIME format.",
    ] {
        assert!(both(stub, words).starts_with("My order 7 came with a broken lid"), "{stub}");
    }
    let plain = "My browser shows HTML.";
    assert_eq!(both(plain, "<p>My browser shows HTML.</p><p>Ann Bell, Example Ltd.</p>").trim(), plain);
}

#[test]
fn ids_that_nothing_is_found_by_cost_no_mail() {
    let long = "a".repeat(1100);
    let mail = format!(
        "From: ann@example.com\r\nMessage-ID: <{long}@example.com>\r\nIn-Reply-To: <b\u{1}b@example.com>\r\nReferences: <{long}@b> <good@example.com>\r\n\r\nhello"
    );
    let read = said(mail);
    assert_eq!((read.mail.message_id, read.mail.in_reply_to), (None, Vec::new()));
    assert_eq!((read.mail.references, read.event.message_ref), (vec!["good@example.com".to_owned()], None));
}

#[test]
fn an_answer_address_that_the_mail_goes_to_is_not_its_author() {
    let mail = "From: Ann <ann@example.com>\r\nTo: help@shop.example\r\nReply-To: help@shop.example\r\nAuto-Submitted: auto-generated\r\n\r\nhi";
    assert_eq!(said(mail).event.senders[0].address, "ann@example.com");
    let copied = mail.replace("Reply-To: help@", "Cc: all@shop.example\r\nReply-To: all@");
    assert_eq!(said(copied).event.senders[0].address, "ann@example.com");
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
