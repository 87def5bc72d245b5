//! What a mail may cost its reader: heads that are all marks, or all lines, wherever a head is; and large mails of people.

use skein::normalize::{Format, Normalized, Reason, Refusal, Request, normalize};

fn read(mail: impl AsRef<[u8]>) -> Result<Normalized, Refusal> {
    normalize(Format::Email, Request::new(mail.as_ref()))
}

/// Heads of parts and of attached mails, up to where a field begins.
const HEADS: [&str; 9] = [
    "",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    "Content-Type: multipart/mixed; BOUNDARY = b\r\n\r\n--b\r\n",
    "Content-Type: multipart/mixed; boundary*0=b\r\n\r\n--b\r\n",
    "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n",
    "Content-Type: message/rfc822\r\n\r\n",
    "Content-Type : (attached)\r\n MESSAGE/RFC822\r\n\r\n",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/global; name=a\r\n\r\n",
    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
];

#[test]
fn a_head_of_too_many_marks_is_refused_wherever_it_is() {
    for head in HEADS {
        for field in ["To: ", "T o : ", "Content-Disposition: a", "Content-Language: ", "X: "] {
            for mark in ["a,", "a;", "1:2 ", "<a> ", "(a)", "\"a\" "] {
                let mail = format!("{head}{field}{}\r\n\r\nx", mark.repeat(45_000));
                let refusal = read(mail).expect_err(&format!("{head}{field}{mark}"));
                assert_eq!(refusal.reason(), Reason::MimeLimit, "{head}{field}{mark}");
            }
        }
    }
}

#[test]
fn a_head_of_too_many_lines_is_refused_wherever_it_is() {
    for head in HEADS {
        for line in ["a:\r\n", "To: a@example.com\n", "X: a\n b\n\tc\n"] {
            let refusal = read(format!("{head}{}\r\nx", line.repeat(12_000))).expect_err(head);
            assert_eq!(refusal.reason(), Reason::MimeLimit, "{head}{line}");
        }
    }
    // "a:", a line end and the same again, in base64.
    let encoded = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let refusal = read(encoded.to_owned() + &"YToKYToK".repeat(20_000)).expect_err("too many lines");
    assert_eq!(refusal.reason(), Reason::MimeLimit);
}

#[test]
fn a_bounce_that_returns_a_head_without_end_is_a_bounce() {
    let mail = format!(
        "From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n<ann@example.com>: 550 5.1.1 unknown user\n\n\
         Message-ID: <m1@shop.example>\nFrom: help@shop.example\n{}",
        "To: ann@example.com\nSubject: hello\n".repeat(20_000)
    );
    let made = read(mail).expect("a bounce");
    assert_eq!(made.events.len(), 1);
    assert_eq!(made.events[0].message_ref.as_deref(), Some("m1@shop.example"));
}

#[test]
fn a_mailing_to_five_thousand_named_recipients_is_read() {
    let list: Vec<String> = (0..5000).map(|n| format!("\"Ann Bell {n}\" <ann.{n}@example.com>")).collect();
    let made = read(format!("From: shop@example.com\r\nTo: {}\r\n\r\nhello", list.join(",\r\n ")));
    // Folded, its head has more lines than a head may have; on longer lines it fits.
    assert!(matches!(made, Err(Refusal::MimeLimit { what: "header lines", .. })));
    let lines: Vec<String> = list.chunks(10).map(|names| names.join(", ")).collect();
    let made = read(format!("From: shop@example.com\r\nTo: {}\r\n\r\nhello", lines.join(",\r\n ")));
    assert_eq!(made.expect("a mailing is a mail").events.len(), 1);
}

#[test]
fn lines_below_a_head_are_no_head_however_many_there_are() {
    let table = "-- 10:11:12, \"a\"; b: <c>\r\n2026-01-02 10:11:12, \"a\"; b: <c> (d)\r\n".repeat(20_000);
    let attached = format!(
        "From: ann@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n\
         Content-Type: text/csv; name=\"global message digest.csv\"\r\nContent-Disposition: attachment\r\n\r\n{table}--b--\r\n"
    );
    for mail in [format!("From: ann@example.com\r\n\r\n{table}"), attached] {
        assert_eq!(read(mail).expect("a long text is a text").media.len(), 1);
    }
}
