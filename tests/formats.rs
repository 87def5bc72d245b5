//! Formats against samples of our own: golden files, and input that is bad on purpose.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use skein::domain::content::Part;
use skein::domain::event::{EventKind, InboundEvent, Message};
use skein::normalize::{
    Format, MAX_BODY_BYTES, MAX_HEADERS, MAX_MAIL_BYTES, MAX_MIME_DEPTH, MAX_MIME_PARTS, Normalized, Reason, Refusal,
    Request, normalize, to_json,
};

fn golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats")
}

/// Samples by path; the extension, all that follows the first point, names the format.
fn samples() -> Vec<(PathBuf, Format, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(golden_dir())
        .expect("the golden files are there")
        .map(|entry| entry.expect("a golden file is listed").path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "events"))
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            let (_, format) = name.split_once('.').expect("a sample names its format");
            (
                path.clone(),
                format.parse().expect("a sample names a known format"),
                std::fs::read(&path).expect("readable"),
            )
        })
        .collect();
    found.sort();
    found
}

fn run(format: Format, body: &[u8]) -> Result<Normalized, Refusal> {
    normalize(format, Request::new(body))
}

fn reason(format: Format, body: &[u8]) -> Option<Reason> {
    run(format, body).err().map(|refusal| refusal.reason())
}

fn only(made: Result<Normalized, Refusal>) -> InboundEvent {
    let mut made = made.expect("the sample is good");
    assert_eq!(made.events.len(), 1, "the sample holds one event");
    made.events.remove(0)
}

fn message(event: &InboundEvent) -> &Message {
    match &event.kind {
        EventKind::Message(message) => message,
        other => panic!("not a message: {other:?}"),
    }
}

fn whatsapp(message: &str) -> String {
    format!(r#"{{"entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{message}]}}}}]}}]}}"#)
}

#[test]
fn samples_become_the_events_in_the_golden_files() {
    for (path, format, bytes) in samples() {
        let made = run(format, &bytes).expect("the samples are good");
        let mut text = String::new();
        for event in &made.events {
            writeln!(text, "{}", to_json(event)).expect("a string takes every line");
        }
        for media in &made.media {
            writeln!(text, "media {} {} {}", media.name, media.media_type, media.bytes.len()).expect("as above");
        }
        for kind in &made.ignored {
            writeln!(text, "ignored {kind}").expect("as above");
        }
        let golden = PathBuf::from(format!("{}.events", path.display()));
        if std::env::var_os("SKEIN_UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &text).expect("the golden file is written");
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(text, expected, "{} (SKEIN_UPDATE_GOLDEN=1 writes it)", path.display());
    }
}

#[test]
fn an_event_survives_its_own_json() {
    for (_, format, bytes) in samples() {
        for event in run(format, &bytes).expect("the samples are good").events {
            assert_eq!(only(run(Format::SkeinJson, to_json(&event).as_bytes())), event);
        }
    }
}

#[test]
fn the_same_bytes_give_the_same_ids_again() {
    for (_, format, bytes) in samples() {
        assert_eq!(run(format, &bytes), run(format, &bytes));
    }
}

#[test]
fn statuses_of_one_message_share_its_id_and_nothing_else_tells_a_retry() {
    let bytes = std::fs::read(golden_dir().join("whatsapp-status.whatsapp-cloud")).expect("readable");
    let made = run(Format::WhatsappCloud, &bytes).expect("the sample is good");
    assert!(
        made.events[..3]
            .iter()
            .all(|event| event.message_ref.as_deref() == Some("wamid.O1") && event.event_id.is_none())
    );
    assert_eq!(made.ignored, ["status:in_orbit"]);
}

#[test]
fn no_provider_url_and_no_token_of_one_comes_through() {
    for (path, format, bytes) in samples() {
        for event in run(format, &bytes).expect("the samples are good").events {
            let json = to_json(&event);
            // What customers of the samples link to is theirs.
            let others = json.replace("https://shop.example/", "");
            assert!(!others.contains("token=") && !others.contains("https://"), "{}: {json}", path.display());
        }
    }
}

#[test]
fn unknown_formats_are_refused_by_a_bounded_name() {
    let name = "x".repeat(500);
    let refusal = name.parse::<Format>().expect_err("there is no such format");
    assert_eq!(refusal.reason(), Reason::UnknownFormat);
    assert!(refusal.to_string().len() < 100);
    assert!("icq".parse::<Format>().is_err());
}

#[test]
fn bytes_that_are_not_utf8_are_refused_where_text_is_json_or_a_form() {
    assert_eq!(reason(Format::WhatsappCloud, b"{\"entry\":[\"\xff\"]}"), Some(Reason::NotUtf8));
    assert_eq!(reason(Format::SkeinJson, b"\xff"), Some(Reason::NotUtf8));
    assert_eq!(reason(Format::Twilio, b"MessageSid=1&From=2&Body=%FF"), Some(Reason::NotUtf8));
}

#[test]
fn nul_is_refused_raw_and_escaped_but_not_its_spelling() {
    assert_eq!(
        reason(Format::WhatsappCloud, whatsapp(r#"{"text":{"body":"a\u0000b"}}"#).as_bytes()),
        Some(Reason::Nul)
    );
    assert_eq!(reason(Format::Twilio, b"MessageSid=1&From=2&Body=%00"), Some(Reason::Nul));
    let spelled = whatsapp(r#"{"id":"1","type":"text","text":{"body":"a\\u0000b"}}"#);
    assert_eq!(message(&only(run(Format::WhatsappCloud, spelled.as_bytes()))).content.text, r"a\u0000b");
}

#[test]
fn deep_json_is_refused_before_it_is_parsed() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(reason(Format::WhatsappCloud, deep.as_bytes()), Some(Reason::TooDeep));
        assert_eq!(reason(Format::SkeinJson, deep.as_bytes()), Some(Reason::TooDeep));
    }
    // Brackets inside of a string open nothing.
    let quoted = whatsapp(&format!(r#"{{"id":"1","type":"text","text":{{"body":"{}"}}}}"#, r#"[{\""#.repeat(1000)));
    assert!(run(Format::WhatsappCloud, quoted.as_bytes()).is_ok());
}

#[test]
fn a_key_given_twice_is_refused_with_its_path() {
    let double = br#"{"message":{"content":{"text":"a","parts":[],"text":"b"}}}"#;
    assert_eq!(run(Format::SkeinJson, double), Err(Refusal::DuplicateKey { path: "message.content.text".to_owned() }));
    let spellings = br#"{"eventId":"a","event_id":"b","typing":{}}"#;
    assert_eq!(reason(Format::SkeinJson, spellings), Some(Reason::DuplicateKey));
    let form = b"MessageSid=1&From=2&Body=a&Body=b";
    assert_eq!(run(Format::Twilio, form), Err(Refusal::DuplicateKey { path: "Body".to_owned() }));
    let webhook = whatsapp(r#"{"id":"1","text":{"body":"a"},"text":{"body":"b"}}"#);
    assert_eq!(reason(Format::WhatsappCloud, webhook.as_bytes()), Some(Reason::DuplicateKey));
}

#[test]
fn an_unknown_field_of_our_own_contract_is_refused_with_its_path() {
    let odd = br#"{"senders":[{"kind":"ADDRESS_KIND_WEB","adress":"x"}],"typing":{}}"#;
    assert_eq!(run(Format::SkeinJson, odd), Err(Refusal::UnknownField { path: "senders[0].adress".to_owned() }));
}

#[test]
fn an_event_that_breaks_the_contract_is_refused() {
    for odd in [
        r#"{}"#,
        r#"{"receipt":{}}"#,
        r#"{"senders":[{"address":"x"}],"typing":{}}"#,
        r#"{"typing":{},"visitEnd":{}}"#,
        r#"{"message":{"part":{"number":70000}}}"#,
        "[]",
        "",
        "null",
        r#"{"typing":{}} x"#,
    ] {
        assert_eq!(reason(Format::SkeinJson, odd.as_bytes()), Some(Reason::Malformed), "{odd}");
    }
    assert_eq!(reason(Format::SkeinProtobuf, b"\xff\xff\xff"), Some(Reason::Malformed));
    assert_eq!(reason(Format::SkeinProtobuf, b""), Some(Reason::Malformed));
}

#[test]
fn a_refusal_quotes_nothing_that_somebody_wrote() {
    for body in [whatsapp(r#"{"context":"my secret","id":1e999}"#), "my secret".to_owned()] {
        let refusal = run(Format::WhatsappCloud, body.as_bytes()).expect_err("the sample is bad");
        assert!(!format!("{refusal} {refusal:?}").contains("secret"), "{refusal}");
    }
}

#[test]
fn bodies_over_the_limit_are_refused() {
    let big = vec![b' '; MAX_BODY_BYTES + 1];
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Email) {
        assert_eq!(reason(format, &big), Some(Reason::TooLarge));
    }
    assert_eq!(reason(Format::Email, &vec![b'a'; MAX_MAIL_BYTES + 1]), Some(Reason::TooLarge));
}

#[test]
fn ids_with_line_ends_or_bulk_are_refused() {
    assert_eq!(reason(Format::WhatsappCloud, whatsapp(r#"{"id":"a\r\nb"}"#).as_bytes()), Some(Reason::BadId));
    assert_eq!(
        reason(Format::SkeinJson, format!(r#"{{"eventId":"{}","typing":{{}}}}"#, "i".repeat(2000)).as_bytes()),
        Some(Reason::BadId)
    );
    assert_eq!(reason(Format::Twilio, b"MessageSid=1%0A2&From=3&Body=a"), Some(Reason::BadId));
}

#[test]
fn odd_times_are_kept_and_flagged() {
    for (sent, read) in [
        ("0", Some(0)),
        ("253402300799", Some(253_402_300_799)),
        ("-5", Some(-5000)),
        ("soon", None),
        ("99999999999999999999", None),
    ] {
        let body = whatsapp(&format!(r#"{{"id":"1","timestamp":"{sent}","type":"text","text":{{"body":"x"}}}}"#));
        let event = only(run(Format::WhatsappCloud, body.as_bytes()));
        assert_eq!(event.occurred_at.map(|at| at.0), read, "{sent}");
        assert_eq!(event.odd_time.as_deref(), Some(sent));
    }
}

#[test]
fn fields_of_another_type_than_usual_cost_no_words() {
    let body = whatsapp(
        r#"{"id":7,"from":{"odd":[1]},"timestamp":1760000000,"type":"text","text":{"body":12.5},"group_id":null}"#,
    );
    let event = only(run(Format::WhatsappCloud, body.as_bytes()));
    assert_eq!((event.message_ref.as_deref(), message(&event).content.text.as_str()), (Some("7"), "12.5"));
    assert!(event.senders.is_empty() && event.odd_time.is_none());
}

#[test]
fn tricks_in_names_are_kept_raw_and_line_ends_leave_mail_names() {
    let body = "MessageSid=1&From=%2B4915112345678&Body=x&ProfileName=%E2%80%AEadmin%E2%80%8B";
    let event = only(run(Format::Twilio, body.as_bytes()));
    assert_eq!(event.profile.expect("a name was sent").name.as_deref(), Some("\u{202e}admin\u{200b}"));

    let mail =
        "From: =?utf-8?Q?Eve=0D=0ABcc:_x@example.com?= <eve@example.com>\r\nSubject: =?utf-8?Q?a=0D=0Ab?=\r\n\r\nhi";
    let event = only(run(Format::Email, mail.as_bytes()));
    let Some(Part::Mail(head)) = message(&event).content.parts.first() else { panic!("a mail has a head") };
    assert!(
        !head.subject.contains(['\r', '\n'])
            && !head.from[0].name.as_deref().unwrap_or_default().contains(['\r', '\n'])
    );
}

#[test]
fn mime_bombs_are_refused_by_the_limit_that_they_break() {
    let many_headers = "X-A: b\r\n".repeat(MAX_HEADERS + 1) + "\r\nx";
    let long_header = format!("X-A: {}\r\n\r\nx", "b".repeat(1024 * 1024));
    let many_parts =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned() + &"--b\r\n\r\nx\r\n".repeat(MAX_MIME_PARTS + 1);
    let tiny_parts = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned() + &"--b\n\n".repeat(150_000);
    let mut nested = String::from("From: a@example.com\r\n");
    for level in 0..=MAX_MIME_DEPTH {
        write!(nested, "Content-Type: multipart/mixed; boundary=b{level}x\r\n\r\n--b{level}x\r\n")
            .expect("a string grows");
    }
    nested.push_str("\r\nx");
    let forwarded = "Content-Type: message/rfc822\r\n\r\n".repeat(20_000);
    let recipients = format!("To: {}\r\n\r\nx", "a@b.c,".repeat(100_000));
    let attached = format!("Content-Type: message/rfc822\r\n\r\nReferences:\r\n {}\r\n\r\nx", "<a@b>".repeat(100_000));
    for mail in [many_headers, long_header, many_parts, tiny_parts, nested, forwarded, recipients, attached] {
        assert_eq!(reason(Format::Email, mail.as_bytes()), Some(Reason::MimeLimit));
    }
}

#[test]
fn html_that_nests_or_never_ends_costs_no_more_than_its_size() {
    let head = "From: a@example.com\r\nContent-Type: text/html\r\n\r\n";
    for html in ["<blockquote>", "<a \"", "<!--", "<style>x", "&#", "<table><tr><td>", "<hr>"] {
        let mail = format!("{head}word{}", html.repeat(200_000));
        let made = run(Format::Email, mail.as_bytes()).expect("strange HTML is a mail");
        assert!(message(&made.events[0]).content.text.starts_with("word"), "{html}");
        assert!(message(&made.events[0]).content.text.len() <= mail.len());
    }
}

#[test]
fn a_long_mail_keeps_its_words_in_a_file() {
    let mail = format!("From: a@example.com\r\n\r\n{}", "é word\r\n".repeat(40_000));
    let made = run(Format::Email, mail.as_bytes()).expect("the mail is good");
    let said = message(&made.events[0]);
    assert!(said.content.text.len() <= 128 * 1024);
    let whole = said.content.attachments().next().expect("the rest is a file");
    assert_eq!(whole.object.as_ref(), Some(&made.media[0].name));
    assert_eq!(made.media[0].bytes.len(), "é word\n".len() * 40_000 - 1);
}

/// Splitmix64: a seed gives the same mutations on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound.max(1) as u64).expect("below a usize")
    }
}

#[test]
fn mutated_samples_never_panic() {
    const ROUNDS: usize = 3_000;
    const BITS: [&[u8]; 12] = [
        b"\"",
        b"{",
        b"[",
        b"\\u0000",
        b"null",
        b"-1e999",
        b"\r\n\r\n",
        b"--b",
        b"=?utf-8?B?",
        b"%",
        b"&",
        b"\xf0\x9f",
    ];
    let seed = std::env::var("SKEIN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_121);
    println!("seed {seed}");
    let mut random = Random(seed);
    let samples = samples();
    let (mut good, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        let (_, format, bytes) = &samples[random.below(samples.len())];
        let mut bytes = bytes.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = u8::try_from(random.below(256)).expect("below 256"),
                1 => drop(bytes.drain(at..(at + random.below(40)).min(bytes.len()))),
                2 => drop(bytes.splice(at..at, BITS[random.below(BITS.len())].iter().copied())),
                _ => {
                    let end = (at + random.below(60)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, copy));
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        match run(*format, &bytes) {
            Ok(made) => {
                good += 1;
                // What comes out can be written down.
                made.events.iter().for_each(|event| drop(to_json(event)));
            }
            Err(_) => refused += 1,
        }
    }
    assert!(good > 100 && refused > 100, "mutations must reach both ends: {good} good, {refused} refused");
}
