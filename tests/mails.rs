//! Mails as they really are: what programs write, what mailers break, what is new in a reply. Fixtures of our own.

#[path = "mails/limits.rs"]
mod limits;
#[path = "mails/reports.rs"]
mod reports;
#[path = "mails/senders.rs"]
mod senders;

use skein::domain::content::{Attachment, Mail, MailClass, Part};
use skein::domain::event::{EventKind, InboundEvent, Receipt};
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

/// What a report says, with the id of the mail that it is about. An opt-out stands behind the receipt that told it.
fn reports(mail: impl AsRef<[u8]>) -> Vec<(Option<String>, Receipt)> {
    let receipt = |event: InboundEvent| match event.kind {
        EventKind::Receipt(receipt) => Some((event.message_ref, receipt)),
        EventKind::Opt { .. } => None,
        other => panic!("no receipt: {other:?}"),
    };
    read(mail).events.into_iter().filter_map(receipt).collect()
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
            MailClass::Generated,
        ),
        (
            "List-Unsubscribe: <https://example.com/off>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nPrecedence: bulk",
            MailClass::List,
        ),
        (
            "List-Unsubscribe: <https://example.com/off>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Id: <n.example.com>",
            MailClass::List,
        ),
        ("List-Unsubscribe: <mailto:off@example.com>\r\nList-Subscribe: <mailto:on@example.com>", MailClass::List),
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
fn a_form_that_a_program_for_many_sends_is_no_list() {
    let form = "From: Shop <help@shop.example>\r\nTo: help@shop.example\r\nReply-To: Ann <ann@example.com>\r\n\
                List-Unsubscribe: <https://sender.example/off>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
                Subject: Kontaktformular\r\n\r\nMeine Lampe ist kaputt.";
    let read = said(form);
    assert_eq!((read.mail.class, read.text.as_str()), (MailClass::Generated, "Meine Lampe ist kaputt."));
    assert_eq!(read.event.senders[0].address, "ann@example.com", "who filled it in");
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
    for body in ["See this\n> it is broken", "I heard\n\nAm 03.02.2025 um 10:11 schrieb Ann Bell:\n\nWollen wir?"] {
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
fn what_somebody_tells_that_another_wrote_is_no_quotation() {
    let text = |body: &str| said(format!("From: ann@example.com\r\nSubject: Re: Order\r\n\r\n{body}")).text;
    for body in [
        "Hallo,\nam 03.04.2024 um 10:11 schrieb Herr Meier Folgendes:\nwir kommen morgen.\nNiemand kam.",
        "Hallo,\nAm 03.04.2024 um 10:11 schrieb Meier Folgendes:\n\nwir kommen morgen.\n\nNiemand kam.",
        "Hallo,\n\nAm 03.04.2024 um 10:11 schrieb Frau Meier:\n\nwir kommen.\n\nNiemand kam.",
        "Hallo,\n\nAm 03.04.2024 um 10:11 schrieb der Kundendienst:\n\nwir kommen.\n\nNiemand kam.",
        "Hallo,\n\nam 03.04.2024 um 10:11 schrieb Tom Meier:\n\nwir kommen.\n\nNiemand kam.",
        "Hallo,\nAm 03.04.2024 schrieb Ihr Herr Meier (meier@shop.example) Folgendes:\nwir kommen.\nNiemand kam.",
        "On 3 March 2024 at 10:11 your colleague Tom wrote:\nwe come tomorrow.\nNobody came.",
        "On 3 March 2024 at 10:11 AM, your colleague Tom wrote:\n\nwe come tomorrow.\n\nNobody came.",
        "On 3 March 2024 at 10:11 your colleague tom@shop.example wrote:\nwe come tomorrow.\nNobody came.",
        "On 3 March 2024 at 10:11 the driver wrote:\n\nI come tomorrow.\n\nNobody came.",
        "On 3 March 2024 at 10:11 Tom Bell wrote:\nwe come tomorrow.\nNobody came.",
        "Hello, on 3 March 2024 at 10:11 Tom Bell wrote:\n\nwe come tomorrow.\n\nNobody came.",
        "Bonjour,\nle 3 mars 2024 à 10:11 votre collègue Tom a écrit :\nnous venons demain.\nPersonne n'est venu.",
        "Bonjour,\n\nLe 3 mars 2024 à 10h11, le livreur a écrit :\n\nje viens.\n\nPersonne.",
        "Bonjour,\n\nLe 3 mars 2024 à 10:11, Tom Dupont m'a écrit :\n\nje viens.\n\nPersonne.",
        "Hola,\n\nEl 3 de marzo de 2024 a las 10:11 vuestro compañero Tom escribió:\n\nvamos.\n\nNadie vino.",
    ] {
        assert_eq!(text(body), body);
    }
    for head in [
        "Am 03.02.2025 um 10:11 schrieb Ann von der Heide:",
        "On Feb 3, 2025, at 10:11 AM, Ann Bell wrote:",
        "On Feb 3, 2025 at 10:11 am Ann Bell wrote:",
        "Le 3 févr. 2025 à 10:11, Ann de la Tour a écrit :",
        "Op 3 feb. 2025, om 10:11 heeft Ann Bell het volgende geschreven:",
        "su 3. helmik. 2025 klo 10:11 Ann Bell kirjoitti:",
        "On Feb 3, 2025, at 10:11 AM, Your Shop <help@shop.example> wrote:",
    ] {
        assert_eq!(text(&format!("Yes\n\n{head}\n\nShall we?")), "Yes", "{head}");
    }
}

#[test]
fn a_number_or_a_request_below_dashes_is_said_and_a_name_is_a_signature() {
    let text = |body: &str| said(format!("From: ann@example.com\r\nSubject: Order\r\n\r\n{body}")).text;
    for below in [
        "--\nOrder 4711\nArticle 12, red",
        "--\nBestellung 4711\nArtikel 12, rot",
        "--\nCommande n° 4711",
        "-- \nAnn Bell\nOrder 4711",
        "--\n2 lids, 3 cups",
        "-- \nPlease call me back",
        "-- \nBitte um Rückruf",
        "-- \nMerci de me rappeler",
        "-- \nPlease call me back\nAnn Bell",
        "---\nplease cancel it",
    ] {
        let body = format!("my lamp is broken\n{below}");
        assert_eq!(text(&body), body);
    }
    for below in [
        "-- \nAnn Bell\nMain Street 12\n10115 Berlin",
        "--\nAnn",
        "-- \nexample ltd\ntel: 030 1234",
        "--\nann\n+49 30 1234567",
        "-- \n2.39.2",
        "-- \nAnn Bell\nHead of Help",
        "-- \nPlease think before you print",
    ] {
        assert_eq!(text(&format!("my lamp is broken\n{below}")), "my lamp is broken", "{below}");
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

#[test]
fn a_mail_that_is_forwarded_as_it_was_forwarded_is_kept_whole() {
    let inner = "Content-Type: message/rfc822\r\n\r\nFrom: eve@example.com\r\n\r\nThe first words";
    let after = "\r\n--b\r\nContent-Type: application/pdf; name=bill.pdf\r\n\r\nPDF";
    for (after, held) in [("", vec!["The first words"]), (after, vec!["The first words", "PDF"])] {
        let mail = format!(
            "From: ann@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n--b\r\n\
             Content-Type: message/rfc822\r\n\r\n{inner}{after}\r\n--b--\r\n"
        );
        assert_eq!(said(&mail).text, "See below.");
        let made = read(&mail);
        let kept: Vec<String> =
            made.media.iter().map(|media| String::from_utf8_lossy(&media.bytes).into_owned()).collect();
        for words in held {
            assert!(kept.iter().any(|kept| kept.contains(words)), "{words} is not in {kept:?}");
        }
    }
}
