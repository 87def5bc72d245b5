//! Rows of courier's handler tests, by the verdicts beside them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use skein::domain::content::{Content, Part};
use skein::domain::event::{AddressKind, EventKind, InboundEvent, Message, ReceiptStatus, Scope, Sender};
use skein::normalize::{Format, Normalized, Request, normalize};

use crate::{Rates, lines};

const FILES: [(&str, Format); 2] =
    [("meta_whatsapp_cloud.jsonl", Format::WhatsappCloud), ("twiml.jsonl", Format::Twilio)];

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    let verdicts = std::fs::read_to_string(root.join("courier/verdicts.tsv")).expect("verdicts are readable");
    for (file, format) in FILES {
        let rows = lines(&root.join("courier/incoming").join(file));
        for line in verdicts.lines().filter(|line| line.split('\t').next() == Some(file)) {
            let columns: Vec<&str> = line.split('\t').collect();
            let (row, verdict): (usize, &str) = (columns[1].parse().expect("a row is a number"), columns[3]);
            let name = format!("{file}:{row} {}", columns[2]);
            let made = events(format, &rows[row]);
            match verdict {
                "counted" => rates.note("courier_counted", name, counted(&rows[row], made.as_ref())),
                "differs" => rates.note("courier_differs", name, differs(row, made.as_ref())),
                _ => {}
            }
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
            receipt.error.as_ref().map(|error| error.code.as_str()) == error["args"][0].as_str()
        })
        && made.events.len() == statuses.len() + stops.len()
        && stops.iter().all(|stop| stop["Type"] == "stop_contact" && stop["URN"].as_str().is_some_and(opted_out))
}

/// The five rows of WhatsApp where skein keeps what the peer drops.
fn differs(row: usize, made: Option<&Normalized>) -> bool {
    let Some([event]) = made.map(|made| &made.events[..]) else { return false };
    let timely = at(event) == Some(millis("2016-01-30T01:57:09Z"));
    let known = event.message_ref.as_deref() == Some("external_id");
    let text = match &event.kind {
        EventKind::Message(message) => Some(message.content.text.as_str()),
        _ => None,
    };
    match row {
        2 => text == Some("Hello World") && known && timely && event.senders.is_empty(),
        8 => {
            text == Some("Hello World, group message")
                && (known && timely && event.scope == Scope::Group)
                && event.thread.as_deref() == Some("555555555")
                && event.senders == [sender("whatsapp:5678")]
        }
        9 => {
            text == Some("Hello World")
                && (known && event.occurred_at.is_none() && event.odd_time.as_deref() == Some("asdf"))
                && event.senders == [Sender { kind: AddressKind::ShortCode, address: "bla".to_owned() }]
        }
        10 => match &event.kind {
            EventKind::Unsupported(content) => {
                let reason = |part: &Part| match part {
                    Part::Unsupported(found) => {
                        found.code.as_deref() == Some("131051")
                            && found.reason.as_deref() == Some("Unsupported message type")
                    }
                    _ => false,
                };
                content.text == "Hello World" && known && timely && content.parts.iter().any(reason)
            }
            _ => false,
        },
        15 => event.kind == EventKind::Deletion && known && timely && event.senders == [sender("whatsapp:5678")],
        _ => false,
    }
}

fn sender(urn: &str) -> Sender {
    let (scheme, path) = urn.split_once(':').unwrap_or(("", urn));
    let digits = path.trim_start_matches('+');
    let (kind, address) = match scheme {
        "whatsapp" if !digits.bytes().all(|b| b.is_ascii_digit()) => (AddressKind::Whatsapp, path.to_owned()),
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

fn count(content: &Content) -> usize {
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

fn at(event: &InboundEvent) -> Option<i64> {
    event.occurred_at.map(|at| at.0)
}

fn millis(date: &str) -> i64 {
    date.parse::<jiff::Timestamp>().expect("a date of the corpora is RFC 3339").as_millisecond()
}
