//! What the fuzzer begins with: the samples of each format, real payloads where the corpora are, and input that is built to be
//! expensive.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use skein::normalize::{Format, MAX_BODY_BYTES};

/// An input of a format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) query: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Input {
    fn body(body: impl Into<Vec<u8>>) -> Self {
        Self { query: Vec::new(), body: body.into() }
    }
}

/// Rows of other programs' tests, by the name of the format that reads them.
const ROWS: [(&str, &str); 10] = [
    ("whatsapp-cloud", "courier/incoming/meta_whatsapp_cloud.jsonl"),
    ("whatsapp-cloud", "pywa-whatsapp/updates.jsonl"),
    ("messenger", "courier/incoming/meta_facebook.jsonl"),
    ("instagram", "courier/incoming/meta_instagram.jsonl"),
    ("telegram", "courier/incoming/telegram.jsonl"),
    ("line", "courier/incoming/line.jsonl"),
    ("line", "line-sdk/events.jsonl"),
    ("viber", "courier/incoming/viber.jsonl"),
    ("twilio", "courier/incoming/twiml.jsonl"),
    ("vonage", "courier/incoming/nexmo.jsonl"),
];

/// Folders of mails.
const MAILS: [&str; 7] = [
    "zammad-mail",
    "stalwart-mail-parser",
    "nodemailer-mailparser",
    "mikel-mail",
    "sisimai-bounces",
    "talon",
    "github-email-reply-parser",
];

/// Longer seeds are left to the expensive inputs: most of a run should not be spent on copying.
const MAX_SEED_BYTES: usize = 64 * 1024;

/// Seeds of a format. Never empty: a format without samples begins with those of all others.
pub(crate) fn seeds(format: Format) -> Vec<Input> {
    let mut found = samples(Some(format));
    if let Some(corpora) = corpora() {
        for (_, file) in ROWS.iter().filter(|(name, _)| *name == format.name()) {
            found.extend(rows(&corpora.join(file)));
        }
        if format.name() == "email" {
            for folder in MAILS {
                mails(&corpora.join(folder), &mut found);
            }
        }
    }
    if found.is_empty() {
        found = samples(None);
    }
    found.retain(|input| input.body.len() <= MAX_SEED_BYTES);
    found
}

fn corpora() -> Option<PathBuf> {
    let root = std::env::var_os("SKEIN_CORPORA").map_or_else(|| PathBuf::from("../shared/corpora"), PathBuf::from);
    root.is_dir().then_some(root)
}

/// The samples of our own: `NAME.FORMAT` beside `NAME.FORMAT.events`.
fn samples(of: Option<Format>) -> Vec<Input> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the samples are there")
        .map(|entry| entry.expect("a sample is listed").path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "events"))
        .filter(|path| of.is_none_or(|format| path.to_string_lossy().ends_with(&format!(".{}", format.name()))))
        .collect();
    paths.sort();
    let mut found: Vec<Input> =
        paths.iter().map(|path| Input::body(std::fs::read(path).expect("a sample is readable"))).collect();
    if of == Some(Format::SkeinProtobuf) {
        found.extend(wire_samples());
    }
    found
}

/// Every event that a sample of any format becomes, as wire bytes.
fn wire_samples() -> Vec<Input> {
    use prost::Message as _;
    use prost_reflect::{DescriptorPool, DynamicMessage};
    let pool = DescriptorPool::decode(skein::proto::DESCRIPTOR_SET).expect("the build made it");
    let message = pool.get_message_by_name("skein.channel.v1.InboundEvent").expect("the contract has it");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the samples are there").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "events")) {
        let text = std::fs::read_to_string(path).expect("a golden file is readable");
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let mut json = serde_json::Deserializer::from_str(line);
            let event = DynamicMessage::deserialize(message.clone(), &mut json).expect("a golden event is good");
            found.push(Input::body(event.encode_to_vec()));
        }
    }
    found
}

fn rows(path: &Path) -> Vec<Input> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| row(&serde_json::from_str(line).ok()?)).collect()
}

/// A recorded request, a payload beside assertions, or a bare event.
fn row(row: &serde_json::Value) -> Option<Input> {
    let query = row["url"].as_str().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    let body = match (&row["body"], &row["payload"]) {
        (serde_json::Value::String(body), _) => body.clone(),
        (_, payload @ serde_json::Value::Object(_)) => payload.to_string(),
        _ if row.get("url").is_some() => String::new(),
        _ => row.to_string(),
    };
    (!body.is_empty() || !query.is_empty()).then(|| Input { query: query.into(), body: body.into_bytes() })
}

fn mails(folder: &Path, found: &mut Vec<Input>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            mails(&path, found);
        } else if path.extension().is_some_and(|extension| ["eml", "box", "txt"].iter().any(|mail| extension == *mail))
        {
            found.extend(std::fs::read(&path).ok().map(Input::body));
        }
    }
}

/// Inputs of a MiB that are cheap to send. Each is a beginning, something to repeat, and an end; all are given to every format.
pub(crate) fn expensive() -> Vec<Input> {
    let hook = |list: &str| format!("{{\"entry\":[{{\"changes\":[{{\"field\":\"messages\",\"value\":{{\"{list}\":[");
    let mut bombs: Vec<(String, &str, &str)> = Vec::new();
    for list in ["messages", "contacts", "statuses", "errors", "groups", "calls", "history", "state_sync"] {
        bombs.push((hook(list), "{},", "{}]}}]}]}"));
    }
    for (beginning, repeated, end) in [
        ("{\"entry\":[", "{},", "{}]}"),
        ("{\"entry\":[{\"changes\":[", "{},", "{}]}]}"),
        ("{\"entry\":[{\"changes\":[", "{\"field\":\"x\",\"value\":{}},", "{}]}]}"),
        ("{\"entry\":[{\"changes\":[", "{\"value\":{\"messages\":[{}]}},", "{}]}]}"),
        ("{\"entry\":[{\"messaging\":[", "{\"message\":{}},", "{}]}]}"),
        ("{\"object\":\"page\",\"entry\":[", "{\"messaging\":[{}]},", "{}]}"),
        ("{\"events\":[", "{},", "{}]}"),
        ("{\"events\":[", "{\"type\":\"message\",\"message\":{\"type\":\"text\",\"text\":\"a\"}},", "{}]}"),
        ("{\"message\":{\"entities\":[", "{},", "{}]}}"),
        ("{\"message\":{\"photo\":[", "{\"file_id\":\"a\"},", "{}]}}"),
        ("{\"message\":{\"content\":{\"parts\":[", "{},", "{}]}}}"),
        ("{\"message\":{\"content\":{\"parts\":[{\"template\":{\"parameters\":[", "\"\",", "\"\"]}}]}}}"),
        ("{\"senders\":[", "{\"kind\":1},", "{}]}"),
        ("[", "{},", "{}]"),
        ("[", "0,", "0]"),
        ("[", "{\"type\":\"com.twilio.messaging.inbound-message.received\",\"data\":{\"body\":\"a\"}},", "{}]"),
        ("", "[", ""),
        ("{\"a\":", "[", ""),
        ("{\"text\":\"", "\\ud83d\\ude00", "\"}"),
        ("{\"text\":\"", "http://", "\"}"),
        ("{\"text\":\"", "\\\\", "\"}"),
        ("", "a=b&", ""),
        ("", "&", ""),
        ("Body=", "%41", "&From=1&MessageSid=2"),
        ("From=%2B49&MessageSid=1&Body=", "QUJD", ""),
        ("Content-Type: text/plain\r\n\r\n", "> a\r\n", ""),
        ("Content-Type: text/html\r\n\r\n", "<blockquote>", ""),
        ("Content-Type: text/html\r\n\r\n", "<div><p>a", ""),
        ("Content-Type: text/html\r\n\r\n", "&lt;", ""),
        ("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", "--b--"),
        ("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\nContent-Type: message/rfc822\r\n\r\n", ""),
        ("Content-Transfer-Encoding: base64\r\n\r\n", "QUJD", ""),
        ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=41", ""),
        ("To: ", "a@b.c,", "\r\n\r\nx"),
        ("References: ", "<a@b> ", "\r\n\r\nx"),
        ("Subject: ", "=?utf-8?B?YQ==?= ", "\r\n\r\nx"),
        ("From: mailer-daemon@b.c\r\n\r\n", "Original-Recipient: a@b.c\nAction: failed\n\n", ""),
        ("From: mailer-daemon@b.c\r\n\r\n", "a@b.c\n", ""),
        ("From: mailer-daemon@b.c\r\n\r\nX", " 550 a user b not found c", "\r\na@b.c d@b.c e@b.c f@b.c g@b.c h@b.c"),
        ("Content-Type: text/html\r\n\r\n", "<!-- ", ""),
        ("Content-Type: text/html\r\n\r\n", "<style>", ""),
        ("Content-Type: text/html\r\n\r\n", "<title></", "</title>"),
        ("Subject: a\r\n\r\n{\"notificationType\":\"Bounce\",\"x\":[", "{},", "{}]}"),
        ("Subject: a\r\n\r\n{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[", "{},", "{}]}}"),
        ("", "X: y\r\n", "\r\nx"),
        // Heads that are all marks or all lines: of mails, of parts, of attached mails, of returned ones.
        ("To: ", "a;", "\r\n\r\nx"),
        ("To : ", "(a)", "\r\n\r\nx"),
        ("To: ", "Dec 1 13:28:56 ", "\r\n\r\nx"),
        ("Content-Language: ", "a,", "\r\n\r\nx"),
        ("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "a:\n", "\r\nx"),
        ("Content-Type: multipart/mixed; BOUNDARY = b\r\n\r\n", "--b\r\n\r\n", ""),
        ("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n", "a:\n", ""),
        ("Content-Type: message/rfc822\r\n\r\n", "To:a\n", ""),
        // "a:", a line end and the same again.
        ("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n", "YToKYToK", ""),
        ("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", "a:=0A", ""),
        ("From: mailer-daemon@b.c\r\n\r\nMessage-ID: <a@b.c>\nFrom: a@b.c\n", "To: d@b.c\nSubject: e\n", ""),
        ("From: mailer-daemon@b.c\r\n\r\nMessage-ID: <a@b.c>\nFrom: a@b.c\nTo: ", "a;", ""),
        ("From: mailer-daemon@b.c\r\nContent-Type: message/delivery-status\r\n\r\n", "a:\n\n", ""),
        ("Content-Type: text/html\r\n\r\n", "<br>", ""),
        ("", "\u{0}", ""),
        // Wire bytes: empty parts of a message, empty senders.
        ("", "\u{2a}\u{0}", ""),
        ("", "\u{8}\u{1}", ""),
    ] {
        bombs.push((beginning.to_owned(), repeated, end));
    }
    // As many as there is room for, and as many as stay just below the limits of lists and objects.
    let mut made: Vec<Input> = Vec::new();
    for (beginning, repeated, end) in &bombs {
        let room = (MAX_BODY_BYTES - beginning.len() - end.len()) / repeated.len();
        for count in [room, 32_000, 4_000].into_iter().filter(|count| *count <= room) {
            made.push(Input::body([beginning.as_str(), &repeated.repeat(count), end].concat()));
        }
    }
    made.extend(wire_bombs());
    made
}

/// A message of the contract whose content is nothing but empty parts, or empty values of a template.
fn wire_bombs() -> Vec<Input> {
    use prost::encoding::encode_varint;
    // InboundEvent.message = 20, Message.content = 1, Content.parts = 2, Part.template = 10, Template.parameters = 3.
    const MESSAGE: &[u8] = &[0xa2, 0x01];
    const CONTENT: &[u8] = &[0x0a];
    const PART: &[u8] = &[0x12];
    const TEMPLATE: &[u8] = &[0x52];
    let nested = |filling: &[u8], keys: &[&[u8]]| {
        let mut bytes = filling.repeat((MAX_BODY_BYTES - 64) / filling.len());
        for key in keys {
            let mut outer = key.to_vec();
            encode_varint(bytes.len() as u64, &mut outer);
            outer.extend_from_slice(&bytes);
            bytes = outer;
        }
        Input::body(bytes)
    };
    vec![nested(&[0x12, 0], &[CONTENT, MESSAGE]), nested(&[0x1a, 0], &[TEMPLATE, PART, CONTENT, MESSAGE])]
}

/// Words that some reader waits for: names and values of the seeds, and bits that readers stumble over.
pub(crate) fn words(seeds: &[Input]) -> Vec<Vec<u8>> {
    const BITS: [&[u8]; 30] = [
        b"\"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"true",
        b"{}",
        b"[]",
        b"-1",
        b"1e999",
        b"0.1",
        b"99999999999999999999",
        b"\\u0000",
        b"\\ud800",
        b"\r\n",
        b"\r\n\r\n",
        b"--",
        b"=?utf-8?B?",
        b"=?x?Q?=",
        b"%",
        b"%00",
        b"&",
        b"=",
        b"+",
        b"\xf0\x9f",
        b"\xe2\x80\xae",
        b"http://a/b",
    ];
    let mut found: BTreeSet<Vec<u8>> = BITS.iter().map(|bits| bits.to_vec()).collect();
    for input in seeds {
        for bytes in [&input.query, &input.body] {
            let split = bytes.split(|b| matches!(b, b'"' | b'&' | b'=' | b'\n' | b';' | b' '));
            found.extend(split.filter(|word| (2..40).contains(&word.len())).take(200).map(<[u8]>::to_vec));
        }
    }
    found.into_iter().collect()
}
