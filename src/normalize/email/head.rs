//! Head of a mail: who, to whom, about what, answering which.

use mail_parser::{Address, HeaderValue, Message as ParsedMail};

use super::super::fields::{filled, set_moment};
use super::{charset, one_line, texts};
use crate::domain::content::{Mail, MailClass, Mailbox};
use crate::domain::event::InboundEvent;

/// Most mailboxes kept of one header: a mail to more is a mailing, and its record must stay small.
const MAX_MAILBOXES: usize = 256;

/// Most ids kept of `References`: the newest ones, which are the ones that are asked about.
const MAX_REFERENCES: usize = 100;

pub(super) fn read(parsed: &ParsedMail<'_>) -> Mail {
    let mut references = ids(parsed.references());
    references.drain(..references.len().saturating_sub(MAX_REFERENCES));
    Mail {
        subject: parsed.subject().map(one_line).unwrap_or_default(),
        from: sender(parsed),
        to: mailboxes(parsed.to()),
        cc: mailboxes(parsed.cc()),
        bcc: mailboxes(parsed.bcc()),
        reply_to: mailboxes(parsed.reply_to()),
        message_id: parsed.message_id().and_then(id),
        in_reply_to: ids(parsed.in_reply_to()),
        references,
        html: None,
        quoted: None,
        auto_submitted: false,
        class: MailClass::Person,
    }
}

/// Sets the time that the mail claims.
pub(super) fn set_date(parsed: &ParsedMail<'_>, event: &mut InboundEvent) {
    if let Some(date) = parsed.date() {
        set_moment(event, date.is_valid().then(|| date.to_timestamp().saturating_mul(1000)), &date.to_rfc3339());
    } else if let HeaderValue::Text(raw) = parsed.header("Date").unwrap_or(&HeaderValue::Empty) {
        set_moment(event, None, raw);
    }
}

/// Who the mail is from: its sender, or for a form that was filled in the person whom it says to answer. A form is sent by its
/// site, often from the very address that it is sent to.
pub(super) fn author(mail: &Mail) -> Option<&Mailbox> {
    let from = mail.from.first()?;
    let reaches =
        |found: &Mailbox| mail.to.iter().chain(&mail.cc).any(|to| to.address.eq_ignore_ascii_case(&found.address));
    let to_itself = mail.to.iter().any(|to| to.address.eq_ignore_ascii_case(&from.address));
    match mail.reply_to.as_slice() {
        [answer]
            if (mail.class == MailClass::Generated || to_itself)
                && answer.address.contains('@')
                && !reaches(answer) =>
        {
            Some(answer)
        }
        _ => Some(from),
    }
}

/// Whether a text of the head has characters that could not be read.
pub(super) fn has_lost(parsed: &ParsedMail<'_>) -> bool {
    let lost = |text: Option<&str>| text.is_some_and(|text| text.contains(charset::LOST));
    let names = |list: Option<&Address<'_>>| list.is_some_and(|list| list.iter().any(|found| lost(found.name())));
    lost(parsed.subject()) || [parsed.from(), parsed.to(), parsed.cc(), parsed.reply_to()].into_iter().any(names)
}

/// `From`, or what comes closest to it.
fn sender(parsed: &ParsedMail<'_>) -> Vec<Mailbox> {
    let mut from = mailboxes(parsed.from());
    if from.is_empty() {
        from = mailboxes(parsed.sender());
    }
    if from.is_empty() {
        from = mailboxes(parsed.reply_to());
    }
    if from.is_empty() {
        let address = parsed.return_address().map(one_line).unwrap_or_default();
        from.extend(filled(address).map(|address| Mailbox { name: None, address }));
    }
    from
}

fn mailboxes(list: Option<&Address<'_>>) -> Vec<Mailbox> {
    let Some(list) = list else { return Vec::new() };
    list.iter().filter_map(mailbox).take(MAX_MAILBOXES).collect()
}

fn mailbox(found: &mail_parser::Addr<'_>) -> Option<Mailbox> {
    let name = found.name().map(one_line).and_then(filled);
    let address = found.address().map(one_line).unwrap_or_default();
    match (address.is_empty(), name) {
        // `Name (local@domain)`: an old way to write it that parsers take the other way round.
        (false, Some(name)) if name.contains('@') && !address.contains('@') => {
            Some(Mailbox { name: Some(address), address: name })
        }
        // `"local part"@domain>`: quoted, and closed without having been opened.
        (false, Some(name)) if address.starts_with('@') => {
            let domain = address.trim_end_matches('>');
            Some(Mailbox { name: None, address: format!("\"{name}\"{domain}") })
        }
        (false, name) => Some(Mailbox { name, address }),
        // Only a name: undisclosed recipients, or an address that nobody can write to. Kept as it stands.
        (true, Some(name)) if name.contains('@') => Some(Mailbox { name: None, address: name }),
        (true, _) => None,
    }
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    texts(value).iter().filter_map(|text| id(text)).collect()
}

/// Longest id, bytes: no line of a mail may be so long (RFC 5322, 2.1.1).
const MAX_ID_BYTES: usize = 1024;

/// An id without its angle brackets. None: no mail is found by it, and the mail counts without it.
pub(super) fn id(text: &str) -> Option<String> {
    let bare = text.trim().trim_matches(['<', '>', ' ']);
    filled(bare).filter(|id| id.len() <= MAX_ID_BYTES && !id.contains(char::is_control))
}
