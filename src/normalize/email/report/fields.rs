//! Parts that are built for machines: names and values, one group of lines for each recipient.

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::{Message as ParsedMail, MessagePart, MimeHeaders as _};

use super::super::attachments::decoded;
use super::super::{charset, head};
use crate::domain::event::{Receipt, ReceiptStatus};

/// Names and values of one group of lines, folded lines joined. Names are lower case.
#[derive(Debug, Default)]
pub(super) struct Group(Vec<(String, String)>);

impl Group {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Most groups, and most fields of all of them, that are read: far more than there are recipients of a report.
const MAX_GROUPS: usize = 1000;
const MAX_FIELDS: usize = 10_000;

/// The groups of a text, between blank lines.
pub(super) fn groups(text: &str) -> Vec<Group> {
    let mut groups = vec![Group::default()];
    let mut fields = 0;
    for line in text.lines() {
        let full = groups.len() == MAX_GROUPS;
        let Some(open) = groups.last_mut().filter(|_| fields < MAX_FIELDS) else { break };
        if line.trim().is_empty() {
            if !open.0.is_empty() {
                if full {
                    break;
                }
                groups.push(Group::default());
            }
        } else if line.starts_with([' ', '\t'])
            && let Some((_, value)) = open.0.last_mut()
        {
            value.push(' ');
            value.push_str(line.trim());
        } else if let Some((name, value)) = line.split_once(':')
            && !name.contains(' ')
        {
            open.0.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            fields += 1;
        }
    }
    groups
}

/// The text of the parts `message/<subtype>`.
pub(super) fn parts(mail: &ParsedMail<'_>, subtype: &str) -> String {
    let is_it = |part: &&MessagePart<'_>| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|found| {
                    found.eq_ignore_ascii_case(subtype)
                        || found.to_ascii_lowercase().strip_prefix("global-") == Some(subtype)
                })
        })
    };
    let mut text = String::new();
    for part in mail.parts.iter().filter(is_it) {
        let bytes = decoded(mail, part).unwrap_or_else(|| part.contents().to_vec());
        // Some servers write what they say in their own language and charset.
        let label = memchr::memchr(0x1b, &bytes).and(charset_decoder(b"iso-2022-jp"));
        match label {
            Some(decode) => text.push_str(&decode(&bytes)),
            None => text.push_str(&charset::decode(&bytes, None, &[])),
        }
        text.push_str("\n\n");
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// `rfc822; <local@domain>` and what servers make of it.
pub(super) fn address(value: &str) -> Option<String> {
    let value = value.rsplit(';').next().unwrap_or(value);
    let bare = value.trim_matches(|c: char| c.is_whitespace() || "<>\"'()[],:;.".contains(c));
    let bare = bare.strip_prefix("mailto:").unwrap_or(bare);
    let (local, domain) = bare.rsplit_once('@')?;
    let good = !local.is_empty()
        && !domain.is_empty()
        && bare.len() <= 320
        && !bare.contains(|c: char| c.is_whitespace() || c.is_control() || "<>".contains(c));
    good.then(|| bare.to_owned())
}

/// What a feedback report says.
#[derive(Debug, Default)]
pub(super) struct Feedback {
    /// Its type, lower case; empty: not said.
    pub(super) kind: String,
    pub(super) recipients: Vec<String>,
}

pub(super) fn feedback(mail: &ParsedMail<'_>) -> Feedback {
    let mut found = Feedback::default();
    for group in groups(&parts(mail, "feedback-report")) {
        if let Some(kind) = group.get("feedback-type") {
            found.kind = kind
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
                .take(32)
                .collect::<String>()
                .to_ascii_lowercase();
        }
        let named = group.all("original-rcpt-to").chain(group.all("removal-recipient"));
        found.recipients.extend(named.filter_map(address));
    }
    found
}

/// A confirmation that our mail was shown (RFC 8098), and its id.
pub(super) fn notified(mail: &ParsedMail<'_>) -> Option<(Receipt, Option<String>)> {
    let groups = groups(&parts(mail, "disposition-notification"));
    let group = groups.iter().find(|group| group.get("disposition").is_some())?;
    let kind = group.get("disposition")?.rsplit(';').next()?.trim().to_ascii_lowercase();
    let shown = kind.starts_with("displayed");
    let recipient = group.get("original-recipient").or(group.get("final-recipient")).and_then(address);
    let status = if shown { ReceiptStatus::Read } else { ReceiptStatus::Delivered };
    let id = group.get("original-message-id").and_then(head::id);
    Some((Receipt { status, recipient, ..Receipt::default() }, id))
}
