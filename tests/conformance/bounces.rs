//! Bounces and reports of many mail servers: whom they are about, and whether the address is dead.

use std::path::Path;

use serde_json::Value;
use skein::domain::event::{ErrorClass, EventKind, InboundEvent, Receipt};
use skein::normalize::{Format, Request, normalize};

use crate::{Rates, lines};

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    let dir = root.join("sisimai-bounces");
    for row in lines(&dir.join("expected.jsonl")) {
        let file = row["file"].as_str().unwrap_or_default();
        let bytes = std::fs::read(dir.join(file)).expect("a bounce of the corpora is readable");
        let made = normalize(Format::Email, Request::new(&bytes));
        let events = made.map(|made| made.events).unwrap_or_default();
        judge(file.rsplit('/').next().unwrap_or(file), &row["records"], &events, &bytes, rates);
    }
}

fn judge(file: &str, records: &Value, events: &[InboundEvent], bytes: &[u8], rates: &mut Rates) {
    let records = records.as_array().map(Vec::as_slice).unwrap_or_default();
    let receipts: Vec<&Receipt> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Receipt(receipt) => Some(receipt),
            _ => None,
        })
        .collect();
    match records.first().map(|record| record["reason"].as_str().unwrap_or_default()) {
        Some("feedback") => {
            let told = |event: &InboundEvent| {
                matches!(event.kind, EventKind::Receipt(_) | EventKind::Account { .. } | EventKind::Opt { .. })
            };
            rates.note("feedback_reports", file, !events.is_empty() && events.iter().all(told));
        }
        Some("vacation") => rates.note("bounce_vacation", file, receipts.is_empty() && events.iter().all(is_automatic)),
        _ => {
            let named = receipts.iter().filter_map(|receipt| receipt.recipient.as_deref());
            let real = named.filter(|address| address.contains('@') && contains(bytes, address)).count();
            let note = format!("{file} {real}/{}", records.len());
            rates.note("bounce_address", note, real == records.len() && receipts.len() == records.len());
            let expected = records.iter().filter(|record| record["hardbounce"] == true).count();
            let hard = receipts.iter().filter(|receipt| is_hard(receipt)).count();
            let right = expected == hard && receipts.len() >= records.len();
            rates.note("bounce_hard", format!("{file} {hard}/{expected} {}", records[0]["reason"]), right);
        }
    }
}

fn is_hard(receipt: &Receipt) -> bool {
    receipt.error.as_ref().is_some_and(|error| error.class == ErrorClass::Invalid)
}

fn is_automatic(event: &InboundEvent) -> bool {
    let EventKind::Message(message) = &event.kind else { return false };
    message.content.parts.iter().any(|part| match part {
        skein::domain::content::Part::Mail(mail) => mail.auto_submitted,
        _ => false,
    })
}

/// Whether the address stands somewhere in the mail as sent; those of encoded parts and other spellings are taken at their word.
fn contains(bytes: &[u8], address: &str) -> bool {
    let lower = bytes.to_ascii_lowercase();
    let found = |text: &str| lower.windows(text.len().max(1)).any(|window| window == text.as_bytes());
    found(&address.to_ascii_lowercase()) || found("base64") || found("quoted-printable")
}
