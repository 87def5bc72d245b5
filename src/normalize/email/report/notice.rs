//! Notifications of a sending service that come by mail: JSON as the whole text, alone or in an envelope (Amazon SES by SNS).
//!
//! Nothing is kept of what the JSON holds beside the few fields here, and of a list no more than a report may name.

use std::fmt;

use mail_parser::{Message as ParsedMail, PartType};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::super::head;
use super::fields::address;
use super::read::MAX_RECIPIENTS;
use super::status::Status;
use super::verdict::{Evidence, judge};
use crate::domain::event::{ErrorClass, Receipt, ReceiptError, ReceiptStatus};

/// What is looked for before anything is parsed.
const MARK: &str = "notificationType";
/// Longest text that is a notification: services send at most as much (Amazon SNS).
const MAX_BYTES: usize = 256 * 1024;

/// A notification, or the envelope around one.
#[derive(Debug, serde::Deserialize)]
struct Notice {
    #[serde(rename = "Message")]
    message: Option<String>,
    #[serde(rename = "notificationType")]
    kind: Option<String>,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Delivery>,
    mail: Option<Sent>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: Option<String>,
    bounce_sub_type: Option<String>,
    bounced_recipients: Option<Few<Recipient>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Option<Few<Recipient>>,
}

#[derive(Debug, serde::Deserialize)]
struct Delivery {
    recipients: Option<Few<String>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: Option<String>,
    action: Option<String>,
    status: Option<String>,
    diagnostic_code: Option<String>,
}

/// Our mail: the id that the service gave it, and the one in its head.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    message_id: Option<String>,
    common_headers: Option<Head>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    message_id: Option<String>,
}

/// The beginning of a list; the rest is passed over.
#[derive(Debug)]
struct Few<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Few<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few<T>, A::Error> {
                let mut few = Vec::new();
                while few.len() < MAX_RECIPIENTS {
                    let Some(one) = list.next_element()? else { return Ok(Few(few)) };
                    few.push(one);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Few(few))
            }
        }
        deserializer.deserialize_seq(Reader(std::marker::PhantomData))
    }
}

/// The receipts, and the id that the service gave our mail. None: it is no such notification.
pub(super) fn read(mail: &ParsedMail<'_>) -> Option<(Vec<Receipt>, Option<String>)> {
    let PartType::Text(text) = &mail.text_bodies().next()?.body else { return None };
    if text.len() > MAX_BYTES || !text.trim_start().starts_with('{') || !text.contains(MARK) {
        return None;
    }
    let outer: Notice = first(text)?;
    let notice = match &outer.message {
        Some(message) => first(message)?,
        None => outer,
    };
    let receipts: Vec<Receipt> = match notice.kind.as_deref()? {
        "Bounce" => {
            let bounce = notice.bounce.unwrap_or_default();
            let words = [&bounce.bounce_type, &bounce.bounce_sub_type].map(|word| word.as_deref().unwrap_or_default());
            let words = words.join(" ");
            bounce.bounced_recipients.iter().flat_map(|list| &list.0).map(|one| bounced(one, &words)).collect()
        }
        "Complaint" => {
            let list = notice.complaint.and_then(|complaint| complaint.complained_recipients);
            list.iter().flat_map(|list| &list.0).map(complained).collect()
        }
        "Delivery" => {
            let list = notice.delivery.and_then(|delivery| delivery.recipients);
            list.iter().flat_map(|list| &list.0).map(|one| delivered(one)).collect()
        }
        _ => return None,
    };
    let id = notice.mail.and_then(|mail| {
        let common = mail.common_headers.and_then(|head| head.message_id).and_then(|id| head::id(&id));
        common.or_else(|| head::id(mail.message_id.as_deref()?))
    });
    (!receipts.is_empty()).then_some((receipts, id))
}

/// The JSON value that a text is, with or without a footer below it. Words of somebody who asks what it is are no footer.
fn first<T: DeserializeOwned>(text: &str) -> Option<T> {
    // Lines of a mail are broken where they are too long, inside strings, too.
    let text = text.replace(['\r', '\n'], "");
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<T>();
    let value = values.next()?.ok()?;
    let rest = text[values.byte_offset()..].trim();
    (rest.is_empty() || rest.starts_with("--")).then_some(value)
}

fn bounced(one: &Recipient, words: &str) -> Receipt {
    let evidence = Evidence {
        status: one.status.as_deref().and_then(Status::parse),
        diagnostic: one.diagnostic_code.as_deref().unwrap_or_default(),
        words,
        delayed: one.action.as_deref() == Some("delayed"),
    };
    judge(&evidence).about(one.email_address.as_deref().and_then(address))
}

fn complained(one: &Recipient) -> Receipt {
    let error = ReceiptError { class: ErrorClass::OptedOut, code: "abuse".to_owned(), reason: String::new() };
    Receipt {
        status: ReceiptStatus::Delivered,
        recipient: one.email_address.as_deref().and_then(address),
        error: Some(error),
        ..Receipt::default()
    }
}

fn delivered(one: &str) -> Receipt {
    Receipt { status: ReceiptStatus::Delivered, recipient: address(one), ..Receipt::default() }
}
