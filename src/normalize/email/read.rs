//! Puts a mail together: head, words, files.

use mail_parser::{HeaderValue, Message as ParsedMail, MessageParser};

use super::super::fields::event;
use super::super::normalized::{Normalized, Request};
use super::super::refusal::Refusal;
use super::{attachments, authentic, body, class, head, limits, repair, report, tokens};
use crate::domain::content::{Content, MailClass, Part};
use crate::domain::event::{AddressKind, Assurance, EventKind, Message, Profile, Sender};

const MALFORMED: Refusal = Refusal::Malformed { format: "email", line: 0, column: 0 };

/// The one event of a mail, and the bytes of its attachments.
pub(in super::super) fn read(request: &Request<'_>) -> Result<Normalized, Refusal> {
    let (bytes, hosts) = (request.body, request.authserv_ids);
    let bytes = without_mbox_line(bytes);
    let framed = repair::frame(bytes)?;
    let parsed = parse(&framed)?;
    // A head that lost characters is read again with the charset that its encoded words have in truth.
    match head::has_lost(&parsed).then(|| repair::encoded_words(&framed)).flatten() {
        Some(repaired) => event_of(parse(&repaired)?, hosts),
        None => event_of(parsed, hosts),
    }
}

fn parse(bytes: &[u8]) -> Result<ParsedMail<'_>, Refusal> {
    let parsed = MessageParser::default().parse(bytes).filter(|mail| !mail.headers().is_empty()).ok_or(MALFORMED)?;
    limits::check_parts(&parsed)?;
    Ok(parsed)
}

fn event_of(mut parsed: ParsedMail<'_>, hosts: &[String]) -> Result<Normalized, Refusal> {
    if let Some(events) = report::read(&parsed) {
        return Ok(Normalized { events, ..Normalized::default() });
    }
    let mut mail = head::read(&parsed);
    mail.class = class::class(&parsed);
    mail.auto_submitted = mail.class != MailClass::Person;
    let mut files = attachments::take(&mut parsed);
    let text = body::read(&parsed, &mut mail, &mut files);

    let mut found = event(EventKind::Message(Message::default()));
    found.message_ref.clone_from(&mail.message_id);
    head::set_date(&parsed, &mut found);
    if let Some(from) = head::author(&mail) {
        if authentic::is_vouched(&parsed, &mail, from, hosts) {
            found.assurance = Assurance::Platform;
        }
        let name = from.name.clone();
        found.senders = vec![Sender { kind: AddressKind::Email, address: from.address.clone() }];
        found.profile = name.map(|name| Box::new(Profile { name: Some(name), ..Profile::default() }));
    }
    found.reply_to_tokens = tokens::candidates(&parsed, &mail);
    let message = Message {
        quoted: mail.in_reply_to.first().or(mail.references.last()).cloned(),
        participants: mail.cc.clone(),
        ..Message::default()
    };
    let mut parts = vec![Part::Mail(Box::new(mail))];
    parts.extend(files.attachments.into_iter().map(Part::Attachment));
    found.kind = EventKind::Message(Message { content: Content { text, parts }, ..message });
    Ok(Normalized { events: vec![found], media: files.media, ignored: Vec::new() })
}

/// A line that begins with "From " and is no header: mailbox files have it before every mail (RFC 4155).
fn without_mbox_line(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let trimmed = &bytes[start..];
    match (trimmed.starts_with(b"From "), memchr::memchr(b'\n', trimmed)) {
        (true, Some(end)) => &trimmed[end + 1..],
        _ => trimmed,
    }
}

/// Text for one line of a record and, later, of a header: control characters become spaces.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}

/// Every text of a header that may hold several.
pub(super) fn texts(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(text) => vec![text.to_string()],
        HeaderValue::TextList(list) => list.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn header<'m>(mail: &'m ParsedMail<'_>, name: &'static str) -> Option<&'m str> {
    mail.header(name).and_then(HeaderValue::as_text)
}
