//! Notifications of a sending service that come by mail: JSON as the whole text, alone or in an envelope (Amazon SES by SNS).

use mail_parser::{Message as ParsedMail, PartType};
use serde_json::Value;

use super::fields::address;
use super::status::Status;
use super::verdict::{Evidence, judge};
use crate::domain::event::{ErrorClass, Receipt, ReceiptError, ReceiptStatus};

/// What is looked for before anything is parsed.
const MARK: &str = "notificationType";

/// The receipts, and the id that the service gave our mail. None: it is no such notification.
pub(super) fn read(mail: &ParsedMail<'_>) -> Option<(Vec<Receipt>, Option<String>)> {
    let PartType::Text(text) = &mail.text_bodies().next()?.body else { return None };
    if !text.trim_start().starts_with('{') || !text.contains(MARK) {
        return None;
    }
    let outer = first(text)?;
    let inner = match outer.get("Message") {
        Some(Value::String(message)) => first(message)?,
        _ => outer,
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |group: &str, field: &str| inner[group][field].as_array().cloned().unwrap_or_default();
    let receipts: Vec<Receipt> = match inner[MARK].as_str()? {
        "Bounce" => list("bounce", "bouncedRecipients").iter().map(|one| bounced(one, &inner["bounce"])).collect(),
        "Complaint" => list("complaint", "complainedRecipients").iter().map(complained).collect(),
        "Delivery" => list("delivery", "recipients").iter().map(delivered).collect(),
        _ => return None,
    };
    let common = text(&inner["mail"]["commonHeaders"]["messageId"]);
    let id = if common.is_empty() { text(&inner["mail"]["messageId"]) } else { common };
    let id = super::super::one_line(id.trim_matches(['<', '>', ' ']));
    (!receipts.is_empty()).then(|| (receipts, Some(id).filter(|id| !id.is_empty())))
}

/// The first JSON value of a text; what follows it is a footer.
fn first(text: &str) -> Option<Value> {
    // Lines of a mail are broken where they are too long, inside strings, too.
    let text = text.replace(['\r', '\n'], "");
    serde_json::Deserializer::from_str(&text).into_iter::<Value>().next()?.ok().filter(Value::is_object)
}

fn recipient(value: &Value) -> Option<String> {
    value.as_str().and_then(address)
}

fn bounced(one: &Value, bounce: &Value) -> Receipt {
    let words = format!(
        "{} {}",
        bounce["bounceType"].as_str().unwrap_or_default(),
        bounce["bounceSubType"].as_str().unwrap_or_default()
    );
    let evidence = Evidence {
        status: one["status"].as_str().and_then(Status::parse),
        diagnostic: one["diagnosticCode"].as_str().unwrap_or_default(),
        words: &words,
        delayed: one["action"] == "delayed",
    };
    judge(&evidence).about(recipient(&one["emailAddress"]))
}

fn complained(one: &Value) -> Receipt {
    let error = ReceiptError { class: ErrorClass::OptedOut, code: "abuse".to_owned(), reason: String::new() };
    Receipt {
        status: ReceiptStatus::Delivered,
        recipient: recipient(&one["emailAddress"]),
        error: Some(error),
        ..Receipt::default()
    }
}

fn delivered(one: &Value) -> Receipt {
    Receipt { status: ReceiptStatus::Delivered, recipient: recipient(one), ..Receipt::default() }
}
