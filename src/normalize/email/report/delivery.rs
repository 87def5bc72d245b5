//! What a bounce says about each recipient.

use mail_parser::{Message as ParsedMail, MimeHeaders as _};

use super::super::class::{has_no_return_path, is_from_server};
use super::fields::{Group, address, groups, parts};
use super::original::Original;
use super::read::{MAX_RECIPIENTS, failed_recipients};
use super::status::Status;
use super::text::{self, Said};
use super::verdict::{Evidence, judge};
use crate::domain::event::{Receipt, ReceiptStatus};

/// Bounces of bounces are looked into so deep.
const MAX_PASSED_ON: usize = 3;

/// The receipts of a bounce. None: it is none.
pub(super) fn read(mail: &ParsedMail<'_>, original: &Original, said: bool) -> Option<Vec<Receipt>> {
    by(mail, original, said, 0)
}

fn by(mail: &ParsedMail<'_>, original: &Original, said: bool, depth: usize) -> Option<Vec<Receipt>> {
    let mut fields = groups(&parts(mail, "delivery-status"));
    let mut machine: Vec<&Group> = fields.iter().filter(|group| recipient(group).is_some()).collect();
    // A subject alone is what a customer may write, too: our mail comes back with it, or a sender that nobody can answer.
    let unanswerable = || has_no_return_path(mail) || mail.header("Auto-Submitted").is_some();
    let proven = is_from_server(mail) || (said && (original.found || unanswerable()));
    let claims = proven || is_report(mail) || !failed_recipients(mail).is_empty();
    if machine.is_empty() && claims {
        // Some servers write the fields into the text.
        fields = groups(&original.report);
        machine = fields.iter().filter(|group| recipient(group).is_some() && group.get("action").is_some()).collect();
    }
    if machine.is_empty() {
        return by_text(mail, original, claims, depth);
    }
    let told = text::read(mail, original);
    let mut receipts: Vec<Receipt> = Vec::new();
    for group in machine.into_iter().take(MAX_RECIPIENTS) {
        let receipt = by_fields(group, original, &told);
        // One recipient twice: what is said last stands.
        receipts.retain(|known| known.recipient != receipt.recipient);
        receipts.push(receipt);
    }
    Some(receipts)
}

fn is_report(mail: &ParsedMail<'_>) -> bool {
    mail.content_type().is_some_and(|kind| kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report")))
}

/// Whom a group of fields is about: as we wrote it, where the server knows that.
fn recipient(group: &Group) -> Option<&str> {
    ["original-recipient", "final-recipient", "x-actual-recipient"].into_iter().find_map(|name| group.get(name))
}

fn by_fields(group: &Group, original: &Original, told: &[Said]) -> Receipt {
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
        _ => judge(&evidence).about(recipient),
    }
}

fn by_text(mail: &ParsedMail<'_>, original: &Original, claims: bool, depth: usize) -> Option<Vec<Receipt>> {
    if !claims {
        return None;
    }
    // A bounce passed on as it was: what it says itself is more.
    let passed_on =
        mail.attachments().filter_map(|part| part.message()).find(|inner| is_report(inner) && is_from_server(inner));
    if let Some(inner) = passed_on
        && depth < MAX_PASSED_ON
        && let Some(receipts) = by(inner, &Original::of(inner), true, depth + 1)
    {
        return Some(receipts);
    }
    let told = text::read(mail, original);
    let delayed = text::is_delay(mail);
    let receipts: Vec<Receipt> = told
        .iter()
        .map(|said| {
            let evidence = Evidence { status: None, diagnostic: "", words: &said.words, delayed };
            judge(&evidence).about(Some(said.address.clone()))
        })
        .collect();
    (!receipts.is_empty()).then_some(receipts)
}
