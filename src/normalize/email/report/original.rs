//! Our mail, as a report returns it: whole, its head only, or as text.

use mail_parser::{Message as ParsedMail, MessageParser, PartType};

use super::super::body::{text_of, words};
use super::super::{head, header, limits};
use super::fields::address;
use super::verdict::cut;

/// Most bytes of what a server writes for people that are read: it says what happened first.
const MAX_REPORT_BYTES: usize = 64 * 1024;

/// Most recipients, and most senders, that are kept of all that is returned.
const MAX_ADDRESSES: usize = 1000;

/// What is known of the mail that a report is about.
#[derive(Debug, Default)]
pub(super) struct Original {
    pub(super) message_id: Option<String>,
    /// `To`, `Cc` and `Bcc`.
    pub(super) to: Vec<String>,
    /// Its sender.
    pub(super) from: Vec<String>,
    /// Who complained about it, in a header that only complaints have.
    pub(super) complained: Option<String>,
    /// Something was returned.
    pub(super) found: bool,
    /// What the server says, before the text that it returns.
    pub(super) report: String,
}

impl Original {
    pub(super) fn of(mail: &ParsedMail<'_>) -> Self {
        let (text, _) = words(mail);
        let (report, returned) = divide(&text);
        let mut found = Self { report: cut(report, MAX_REPORT_BYTES).to_owned(), ..Self::default() };
        for part in mail.attachments() {
            match &part.body {
                PartType::Message(inner) => found.take(inner),
                PartType::Text(_) => found.take_head(&text_of(mail, part)),
                _ => {}
            }
        }
        if let Some(returned) = returned {
            found.take_head(returned);
        }
        if found.message_id.is_none() && !found.found {
            // Servers that return nothing say which mail they answer.
            found.message_id = head::read(mail).in_reply_to.into_iter().next();
        }
        found
    }

    fn take_head(&mut self, text: &str) {
        let Some(start) = head_start(text) else { return };
        if let Some(inner) = MessageParser::default().parse_headers(limits::head_of(&text.as_bytes()[start..])) {
            self.take(&inner);
        }
    }

    fn take(&mut self, inner: &ParsedMail<'_>) {
        let head = head::read(inner);
        self.found = true;
        self.message_id = self.message_id.take().or(head.message_id);
        let room = MAX_ADDRESSES - self.from.len();
        self.from.extend(head.from.into_iter().map(|mailbox| mailbox.address).take(room));
        let boxes = head.to.into_iter().chain(head.cc).chain(head.bcc);
        let room = MAX_ADDRESSES - self.to.len();
        self.to.extend(boxes.filter_map(|mailbox| address(&mailbox.address)).take(room));
        self.complained =
            self.complained.take().or_else(|| header(inner, "X-HmXmrOriginalRecipient").and_then(address));
    }
}

/// The report and, from the first line of a head on, what is returned below it.
fn divide(text: &str) -> (&str, Option<&str>) {
    match head_start(text) {
        Some(0) | None => (text, None),
        Some(at) => (&text[..at], Some(&text[at..])),
    }
}

/// Header lines by which the head of a mail is known.
const NAMES: [&str; 16] = [
    "received",
    "return-path",
    "message-id",
    "from",
    "to",
    "cc",
    "date",
    "subject",
    "mime-version",
    "content-type",
    "dkim-signature",
    "delivered-to",
    "reply-to",
    "sender",
    "user-agent",
    "references",
];
/// Of these, those that no person and no report writes at the start of a line.
const TECHNICAL: [&str; 6] =
    ["received", "return-path", "message-id", "dkim-signature", "mime-version", "delivered-to"];
/// Lines of a head that are looked at.
const LOOK_AHEAD: usize = 24;

/// Where the head of a mail starts in a text.
fn head_start(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if name_of(line).is_some() {
            let (mut kinds, mut technical) = (Vec::new(), 0);
            for line in text[at..].lines().take(LOOK_AHEAD) {
                match name_of(line) {
                    Some(name) => {
                        technical += usize::from(TECHNICAL.contains(&name.as_str()) || name.starts_with("x-"));
                        if !kinds.contains(&name) {
                            kinds.push(name);
                        }
                    }
                    None if line.starts_with([' ', '\t']) || line.contains(':') => {}
                    None => break,
                }
            }
            if (kinds.len() >= 2 && technical > 0) || (kinds.len() >= 3 && kinds.iter().any(|name| name == "from")) {
                return Some(at);
            }
        }
        at += line.len();
    }
    None
}

fn name_of(line: &str) -> Option<String> {
    let name = line.split(':').next().filter(|name| name.len() < line.len() && name.len() <= 40)?.to_ascii_lowercase();
    (NAMES.contains(&name.as_str()) || (name.starts_with("x-") && !name.contains(' '))).then_some(name)
}
