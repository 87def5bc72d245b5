//! Which report a mail is, and its events.

use mail_parser::{Message as ParsedMail, MimeHeaders as _};

use super::super::super::fields::event;
use super::super::class::{is_like_server, is_server, is_unsubscribe};
use super::super::split::is_forward_subject;
use super::super::{head, header, one_line};
use super::original::Original;
use super::{delivery, fields, notice, text};
use crate::domain::event::{
    AddressKind, ErrorClass, EventKind, InboundEvent, Receipt, ReceiptError, ReceiptStatus, Sender,
};

/// Most recipients of one report: servers send a report for each of a larger mailing.
pub(super) const MAX_RECIPIENTS: usize = 100;

/// The events of a report; None: it is none, or says nothing that can be used.
pub(in super::super) fn read(mail: &ParsedMail<'_>) -> Option<Vec<InboundEvent>> {
    if is_unsubscribe(mail) {
        return unsubscribed(mail).map(|event| vec![event]);
    }
    if let Some((receipts, id)) = notice::read(mail) {
        let original = Original { message_id: id, ..Original::default() };
        return Some(receipts.into_iter().take(MAX_RECIPIENTS).map(|one| about(one, &original)).collect());
    }
    // A glance: nearly every mail ends here.
    let machine = mail.attachments().find_map(|part| {
        let kind = part.content_type()?;
        let subtype = kind.subtype()?.to_ascii_lowercase();
        (kind.ctype().eq_ignore_ascii_case("message")).then_some(subtype)
    });
    let returned = mail.attachments().any(|part| part.message().is_some());
    if machine.is_none() && !returned && !text::claims(mail) && !delivery::is_report(mail) {
        return None;
    }
    let mut original = Original::of(mail);
    // Whoever passes a report on sends its parts, too. A complaint has the subject of what it is about.
    let forwarded = is_forward_subject(mail.subject().unwrap_or_default());
    let believed = !forwarded && (delivery::is_report(mail) || is_server(mail) || is_like_server(mail));
    let receipts = match machine.as_deref() {
        Some("feedback-report") if believed || delivery::is_report(mail) => return Some(complaint(mail, &original)),
        Some("disposition-notification") if believed => {
            let (receipt, id) = fields::notified(mail)?;
            original.message_id = id.or(original.message_id);
            vec![receipt]
        }
        _ if original.complained.is_some() && !forwarded => return Some(complaint(mail, &original)),
        _ => delivery::read(mail, &original)?,
    };
    let mut events: Vec<InboundEvent> =
        receipts.into_iter().take(MAX_RECIPIENTS).map(|one| about(one, &original)).collect();
    for event in &mut events {
        head::set_date(mail, event);
    }
    (!events.is_empty()).then_some(events)
}

/// A receipt about the original mail.
fn about(receipt: Receipt, original: &Original) -> InboundEvent {
    let mut found = event(EventKind::Receipt(receipt));
    found.message_ref.clone_from(&original.message_id);
    found
}

/// Somebody called our mail spam, or a check of it failed (RFC 5965).
fn complaint(mail: &ParsedMail<'_>, original: &Original) -> Vec<InboundEvent> {
    let report = fields::feedback(mail);
    let mut recipients = report.recipients;
    recipients.extend(original.complained.iter().cloned());
    if recipients.is_empty() {
        recipients.extend(original.to.iter().take(1).cloned());
    }
    recipients.truncate(MAX_RECIPIENTS);
    let kind = if report.kind.is_empty() { "abuse".to_owned() } else { report.kind };
    let personal = matches!(kind.as_str(), "abuse" | "opt-out" | "fraud" | "unsubscribe");
    if !personal || (recipients.is_empty() && original.message_id.is_none()) {
        // For operators: nobody in particular complained.
        let mut found = event(EventKind::Account { subject: format!("feedback-{kind}"), detail: String::new() });
        head::set_date(mail, &mut found);
        return vec![found];
    }
    // The mail arrived, and its reader does not want another one.
    let receipt = |recipient| Receipt {
        status: ReceiptStatus::Delivered,
        recipient,
        error: Some(ReceiptError { class: ErrorClass::OptedOut, code: kind.clone(), reason: String::new() }),
        ..Receipt::default()
    };
    let recipients = if recipients.is_empty() { vec![None] } else { recipients.into_iter().map(Some).collect() };
    recipients.into_iter().map(|recipient| about(receipt(recipient), original)).collect()
}

/// A mail that a program sent to take its owner off a list.
fn unsubscribed(mail: &ParsedMail<'_>) -> Option<InboundEvent> {
    let from = head::read(mail).from.into_iter().next()?;
    let mut found = event(EventKind::Opt {
        opted_in: false,
        purpose: String::new(),
        payload: Some("unsubscribe".to_owned()),
        title: mail.subject().map(one_line),
    });
    found.senders = vec![Sender { kind: AddressKind::Email, address: from.address }];
    found.message_ref = head::read(mail).message_id;
    head::set_date(mail, &mut found);
    Some(found)
}

/// Header that some servers put on a bounce: whom it is about.
pub(super) fn failed_recipients(mail: &ParsedMail<'_>) -> Vec<String> {
    let named = header(mail, "X-Failed-Recipients").unwrap_or_default();
    named.split([',', ' ', ';']).filter_map(fields::address).collect()
}
