//! What a bounce says about each recipient.

use mail_parser::{HeaderName, Message as ParsedMail, MimeHeaders as _};

use super::super::class::{has_no_return_path, is_like_server, is_odd_server, is_server, is_server_subject};
use super::super::head;
use super::super::split::is_forward_subject;
use super::fields::{Group, address, groups, parts};
use super::original::Original;
use super::read::{MAX_RECIPIENTS, failed_recipients};
use super::status::Status;
use super::text::{self, Said};
use super::verdict::{Evidence, Judge, cites_code, names_cause};
use crate::domain::event::{Receipt, ReceiptStatus};

/// Bounces of bounces are looked into so deep.
const MAX_PASSED_ON: usize = 3;

/// The receipts of a bounce. None: it is none.
pub(super) fn read(mail: &ParsedMail<'_>, original: &Original) -> Option<Vec<Receipt>> {
    by(mail, original, 0)
}

fn by(mail: &ParsedMail<'_>, original: &Original, depth: usize) -> Option<Vec<Receipt>> {
    if !is_proven(mail, original) {
        return None;
    }
    let mut fields = groups(&parts(mail, "delivery-status"));
    let mut machine: Vec<&Group> = fields.iter().filter(|group| recipient(group).is_some()).collect();
    if machine.is_empty() {
        // Some servers write the fields into the text.
        fields = groups(&original.report);
        machine = fields.iter().filter(|group| recipient(group).is_some() && group.get("action").is_some()).collect();
    }
    if machine.is_empty() {
        return by_text(mail, original, depth);
    }
    let told = text::read(mail, original);
    let mut judge = Judge::default();
    let mut receipts: Vec<Receipt> = Vec::new();
    for group in machine.into_iter().take(MAX_RECIPIENTS) {
        let receipt = by_fields(group, original, &told, &mut judge);
        // One recipient twice: what is said last stands.
        receipts.retain(|known| known.recipient != receipt.recipient);
        receipts.push(receipt);
    }
    Some(receipts)
}

/// Whether a server wrote it. A subject proves nothing, nor does a form's mark of a program: a customer whose parcel did not
/// arrive writes what servers write.
fn is_proven(mail: &ParsedMail<'_>, original: &Original) -> bool {
    let subject = mail.subject().unwrap_or_default();
    if is_forward_subject(subject) {
        return false;
    }
    if is_report(mail) || is_server(mail) || !failed_recipients(mail).is_empty() {
        return true;
    }
    if is_odd_server(mail) && (original.found || cites_code(&original.report)) {
        return true;
    }
    let (like_server, anonymous) = (is_like_server(mail), has_no_return_path(mail));
    if like_server && (anonymous || !parts(mail, "delivery-status").is_empty()) {
        return true;
    }
    if !is_server_subject(subject) {
        return false;
    }
    let (ours, cited) = (is_back(mail, original), cites_code(&original.report));
    // A sender of the envelope takes answers, so it is rarely a server's.
    if mail.header(HeaderName::ReturnPath).is_some() && !anonymous {
        return like_server && ours && cited;
    }
    // A mail that comes back with its id was returned by a program.
    let returned = original.message_id.is_some() && original.found || announces(&original.report);
    (like_server && (cited || returned)) || (ours && (cited || (anonymous && names_cause(&original.report))))
}

/// Whether our own mail came back to the address that it came from, and not from whom it was for: that one has read it.
fn is_back(mail: &ParsedMail<'_>, original: &Original) -> bool {
    let head = head::read(mail);
    let is_in = |list: &[String], found: &str| list.iter().any(|one| one.eq_ignore_ascii_case(found));
    head.to.iter().chain(&head.cc).any(|to| is_in(&original.from, &to.address))
        && !head.from.iter().any(|from| is_in(&original.to, &from.address))
}

/// Whether a server says that it returns our mail below, which it may then not do.
fn announces(report: &str) -> bool {
    let lower = report.to_lowercase();
    ["original message follows", "message is returned", "returned below", "copy of your message"]
        .iter()
        .any(|words| lower.contains(words))
}

/// Whether the whole mail says that it is a report (RFC 6522).
pub(super) fn is_report(mail: &ParsedMail<'_>) -> bool {
    mail.content_type().is_some_and(|kind| kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report")))
}

/// Whom a group of fields is about: as we wrote it, where the server knows that.
fn recipient(group: &Group) -> Option<&str> {
    ["original-recipient", "final-recipient", "x-actual-recipient"].into_iter().find_map(|name| group.get(name))
}

fn by_fields<'w>(group: &'w Group, original: &'w Original, told: &'w [Said], judge: &mut Judge<'w>) -> Receipt {
    let named = ["original-recipient", "final-recipient", "x-actual-recipient"];
    let found = named.into_iter().find_map(|name| group.get(name).and_then(address));
    let final_recipient = group.get("final-recipient").and_then(address);
    let same = |said: &&Said| Some(&said.address) == found.as_ref() || Some(&said.address) == final_recipient.as_ref();
    let told = told.iter().find(same).or(told.first().filter(|_| told.len() == 1));
    let status = group.get("status").and_then(|value| Status::parse(value.split_whitespace().next()?));
    let action = group.get("action").unwrap_or_default().to_ascii_lowercase();
    let diagnostic = group.get("diagnostic-code").unwrap_or_default();
    let evidence = Evidence {
        status,
        diagnostic,
        words: told.map_or(original.report.as_str(), |said| &said.words),
        delayed: action.starts_with("delayed"),
    };
    let recipient = found.or_else(|| original.to.first().cloned());
    match action.as_str() {
        "delivered" => Receipt { status: ReceiptStatus::Delivered, recipient, ..Receipt::default() },
        "relayed" | "expanded" => Receipt { status: ReceiptStatus::Sent, recipient, ..Receipt::default() },
        _ => judge.judge(&evidence).about(recipient),
    }
}

fn by_text(mail: &ParsedMail<'_>, original: &Original, depth: usize) -> Option<Vec<Receipt>> {
    // A bounce passed on as it was: what it says itself is more.
    let passed_on =
        mail.attachments().filter_map(|part| part.message()).find(|inner| is_report(inner) && is_like_server(inner));
    if let Some(inner) = passed_on
        && depth < MAX_PASSED_ON
        && let Some(receipts) = by(inner, &Original::of(inner), depth + 1)
    {
        return Some(receipts);
    }
    let told = text::read(mail, original);
    let delayed = text::is_delay(mail);
    let mut judge = Judge::default();
    let receipts: Vec<Receipt> = told
        .iter()
        .map(|said| {
            let evidence = Evidence { status: None, diagnostic: "", words: &said.words, delayed };
            judge.judge(&evidence).about(Some(said.address.clone()))
        })
        .collect();
    (!receipts.is_empty()).then_some(receipts)
}
