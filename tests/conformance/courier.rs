//! Rows of courier's handler tests, by the verdicts beside them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use skein::domain::content::{Content, Part};
use skein::domain::event::{AddressKind, EventKind, InboundEvent, Message, ReceiptStatus, Sender};
use skein::normalize::{Format, Normalized, Request, normalize};

use crate::{Rates, differs, lines};

const FILES: [(&str, Format, &str); 8] = [
    ("meta_whatsapp_cloud.jsonl", Format::WhatsappCloud, "courier_whatsapp"),
    ("twiml.jsonl", Format::Twilio, "courier_twilio"),
    ("meta_facebook.jsonl", Format::Messenger, "courier_messenger"),
    ("meta_instagram.jsonl", Format::Instagram, "courier_instagram"),
    ("telegram.jsonl", Format::Telegram, "courier_telegram"),
    ("line.jsonl", Format::Line, "courier_line"),
    ("viber.jsonl", Format::Viber, "courier_viber"),
    ("nexmo.jsonl", Format::Vonage, "courier_vonage"),
];

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    let verdicts = std::fs::read_to_string(root.join("courier/verdicts.tsv")).expect("verdicts are readable");
    for (file, format, set) in FILES {
        let rows = lines(&root.join("courier/incoming").join(file));
        for line in verdicts.lines().filter(|line| line.split('\t').next() == Some(file)) {
            let columns: Vec<&str> = line.split('\t').collect();
            let (row, verdict): (usize, &str) = (columns[1].parse().expect("a row is a number"), columns[3]);
            let name = format!("{file}:{row} {}", columns[2]);
            let made = events(format, &rows[row]);
            let (kind, right) = match verdict {
                "counted" => ("courier_counted", counted(&rows[row], made.as_ref())),
                "differs" => ("courier_differs", differs::right(format, row, made.as_ref())),
                _ => continue,
            };
            rates.note(kind, name.clone(), right);
            rates.note(set, name, right);
        }
    }
}

fn events(format: Format, row: &Value) -> Option<Normalized> {
    let body = row["body"].as_str().unwrap_or_default();
    let query = row["url"].as_str().and_then(|url| url.split_once('?')).map(|(_, query)| query);
    let whatsapp = row["channels"][0]["schemes"][0] == "whatsapp";
    let request =
        Request { query, channel: if whatsapp { "whatsapp" } else { "sms" }, ..Request::new(body.as_bytes()) };
    normalize(format, request).ok()
}

/// Messages by id: what a fold by id leaves of repeats.
fn messages(made: &Normalized) -> Vec<(&InboundEvent, &Message)> {
    let mut by_id = BTreeMap::new();
    for event in &made.events {
        if let EventKind::Message(message) = &event.kind {
            by_id.entry(event.message_ref.as_deref()).or_insert((event, message));
        }
    }
    by_id.into_values().collect()
}

fn counted(row: &Value, made: Option<&Normalized>) -> bool {
    let expected = &row["expected"];
    match row["kind"].as_str() {
        Some("message") => {
            let Some(made) = made else { return false };
            matches!(messages(made)[..], [(event, message)] if same_message(expected, event, message))
        }
        Some("status") => made.is_some_and(|made| same_statuses(expected, made)),
        Some("event") => made.is_some_and(|made| same_events(expected, made)),
        _ => made.is_none_or(|made| made.events.iter().all(|event| matches!(event.kind, EventKind::Account { .. }))),
    }
}

fn same_message(expected: &Value, event: &InboundEvent, message: &Message) -> bool {
    let content = &message.content;
    let attachments = expected["attachments"].as_array().map_or(0, Vec::len);
    content.text == expected["text"].as_str().unwrap_or_default()
        && count(content) == attachments
        && expected["urn"].as_str().is_some_and(|urn| event.senders.first() == Some(&sender(urn)))
        && expected["new_urn"]["Value"].as_str().is_none_or(|urn| event.senders.contains(&sender(urn)))
        && given(&expected["external_id"]).is_none_or(|id| event.message_ref.as_deref() == Some(id))
        && given(&expected["contact_name"]).is_none_or(|name| name_of(event) == Some(name))
        && given(&expected["date"]).is_none_or(|date| at(event) == Some(millis(date)))
        && flow_payload(content) == given(&expected["payload"])
}

fn same_statuses(expected: &Value, made: &Normalized) -> bool {
    let receipts: Vec<_> = made
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Receipt(receipt) => Some((event, receipt)),
            _ => None,
        })
        .collect();
    let statuses = expected["statuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let stops = expected["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let opted_out = |urn: &str| {
        made.events.iter().any(|event| {
            matches!(event.kind, EventKind::Opt { opted_in: false, .. }) && event.senders.contains(&sender(urn))
        })
    };
    let errors = expected["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    receipts.len() == statuses.len()
        && receipts.iter().zip(statuses).all(|((event, receipt), status)| {
            status_of(status["Status"].as_str().unwrap_or_default()) == receipt.status
                && given(&status["ExternalID"]).is_none_or(|id| event.message_ref.as_deref() == Some(id))
                && given(&status["MsgUUID"]).is_none_or(|id| receipt.message_id.as_deref() == Some(id))
        })
        && receipts.iter().zip(errors).all(|((_, receipt), error)| {
            let code = error["args"][0].as_str().map(|code| code.trim_start_matches("dlr:"));
            receipt.error.as_ref().map(|error| error.code.as_str()) == code
        })
        && made.events.len() == statuses.len() + stops.len()
        && stops.iter().all(|stop| stop["Type"] == "stop_contact" && stop["URN"].as_str().is_some_and(opted_out))
}

/// Starts, referrals and refusals: kind, sender, time, title and payload.
fn same_events(expected: &Value, made: &Normalized) -> bool {
    let wanted = expected["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    wanted.len() == made.events.len()
        && wanted.iter().zip(&made.events).all(|(wanted, event)| {
            let extra = &wanted["Extra"];
            let said = |title: &Option<String>, payload: &Option<String>| {
                title.as_deref() == given(&extra["title"]) && payload.as_deref() == given(&extra["payload"])
            };
            let led = event.profile.as_ref().and_then(|profile| profile.referral.as_ref());
            let same = match (wanted["Type"].as_str(), &event.kind) {
                (Some("new_conversation"), EventKind::Start { title, payload, referral: false }) => {
                    said(title, payload)
                }
                (Some("referral"), EventKind::Start { title, payload, referral: true }) => {
                    said(title, payload)
                        && led.is_some_and(|led| {
                            led.reference.as_deref() == given(&extra["referrer_id"])
                                && led.source_id.as_deref() == given(&extra["ad_id"])
                                && Some(led.source.as_str()) == given(&extra["source"])
                        })
                }
                (Some("stop_contact"), EventKind::Opt { opted_in: false, .. }) => true,
                _ => false,
            };
            same && wanted["URN"].as_str().is_some_and(|urn| event.senders == [sender(urn)])
                && given(&wanted["Time"]).is_none_or(|time| at(event) == Some(millis(time)))
        })
}

pub(crate) fn sender(urn: &str) -> Sender {
    let (scheme, path) = urn.split_once(':').unwrap_or(("", urn));
    let path = path.split('#').next().unwrap_or_default();
    let digits = path.trim_start_matches('+');
    let (kind, address) = match scheme {
        "whatsapp" if !digits.bytes().all(|b| b.is_ascii_digit()) => (AddressKind::Whatsapp, path.to_owned()),
        "facebook" => (AddressKind::Messenger, path.to_owned()),
        "instagram" => (AddressKind::Instagram, path.to_owned()),
        "telegram" => (AddressKind::Telegram, path.to_owned()),
        "line" => (AddressKind::Line, path.to_owned()),
        "viber" => (AddressKind::Viber, path.to_owned()),
        _ => (AddressKind::Phone, format!("+{digits}")),
    };
    Sender { kind, address }
}

fn status_of(letter: &str) -> ReceiptStatus {
    match letter {
        "W" => ReceiptStatus::Queued,
        "S" => ReceiptStatus::Sent,
        "D" => ReceiptStatus::Delivered,
        "R" => ReceiptStatus::Read,
        _ => ReceiptStatus::Failed,
    }
}

pub(crate) fn count(content: &Content) -> usize {
    content.parts.iter().filter(|part| matches!(part, Part::Attachment(_) | Part::Location(_))).count()
}

fn flow_payload(content: &Content) -> Option<&str> {
    content.parts.iter().find_map(|part| match part {
        Part::FlowReply(flow) => Some(flow.response_json.as_str()),
        _ => None,
    })
}

fn given(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn name_of(event: &InboundEvent) -> Option<&str> {
    event.profile.as_ref().and_then(|profile| profile.name.as_deref())
}

pub(crate) fn at(event: &InboundEvent) -> Option<i64> {
    event.occurred_at.map(|at| at.0)
}

pub(crate) fn millis(date: &str) -> i64 {
    date.parse::<jiff::Timestamp>().expect("a date of the corpora is RFC 3339").as_millisecond()
}
