//! Recordings: what kind a file is, and what its rows say.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::client::{Event, default_endpoint};

/// One thing to replay.
#[derive(Debug)]
pub(super) enum Item {
    Event(Event),
    Dialogue(Dialogue),
}

/// A recorded conversation.
#[derive(Debug, Deserialize)]
pub(super) struct Dialogue {
    pub(super) id: Value,
    pub(super) turns: Vec<Turn>,
}

/// Unix time in seconds, who, what.
#[derive(Debug, Deserialize)]
pub(super) struct Turn(pub(super) i64, pub(super) Who, pub(super) String);

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Who {
    Customer,
    Agent,
}

/// Reads a file or all files of a folder, in the order of their names.
pub(super) fn read(
    path: &Path,
    limit: Option<usize>,
    endpoint: Option<&str>,
    to: &mut Vec<Item>,
) -> anyhow::Result<()> {
    let limit = limit.unwrap_or(usize::MAX);
    if path.is_dir() {
        let mails: Vec<PathBuf> = mails_in(path)?.into_iter().take(limit).collect();
        anyhow::ensure!(!mails.is_empty(), "no .box or .eml files in {}", path.display());
        for mail in mails {
            to.push(Item::Event(mail_event(&mail, endpoint)?));
        }
        return Ok(());
    }
    if is_mail(path) {
        to.push(Item::Event(mail_event(path, endpoint)?));
        return Ok(());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).take(limit) {
        let row: Value =
            serde_json::from_str(line).with_context(|| format!("{} line {number} is no JSON", path.display()))?;
        to.push(item(row, path, endpoint).with_context(|| format!("{} line {number}", path.display()))?);
    }
    Ok(())
}

fn is_mail(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "box" || extension == "eml")
}

fn mails_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(mails_in(&path)?);
        } else if is_mail(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn mail_event(path: &Path, endpoint: Option<&str>) -> anyhow::Result<Event> {
    let body = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(event("email", endpoint, "email", None, body))
}

fn event(channel: &str, endpoint: Option<&str>, format: &'static str, query: Option<String>, body: Vec<u8>) -> Event {
    let endpoint = endpoint.unwrap_or_else(|| default_endpoint(channel)).to_owned();
    Event { channel: channel.to_owned(), endpoint, format, query, body }
}

/// A row is known by its fields: `turns` of a dialogue, `payload` of a WhatsApp webhook, `event` of LINE with what is `expected` of
/// it, `body` of a recorded request.
fn item(mut row: Value, path: &Path, endpoint: Option<&str>) -> anyhow::Result<Item> {
    if row.get("turns").is_some() {
        return Ok(Item::Dialogue(serde_json::from_value(row).context("no dialogue with times")?));
    }
    // An event of LINE without its webhook around it.
    if let (Some(found), true) = (row.get("event"), row.get("expected").is_some()) {
        let body = serde_json::json!({ "events": [found] }).to_string().into_bytes();
        return Ok(Item::Event(event("line", endpoint, "line", None, body)));
    }
    if let Some(payload) = row.get_mut("payload") {
        let body = payload.take().to_string().into_bytes();
        return Ok(Item::Event(event("whatsapp", endpoint, "whatsapp-cloud", None, body)));
    }
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    let body = text("body").unwrap_or_default().as_bytes().to_vec();
    let query = text("url").and_then(|url| url.split_once('?')).map(|(_, query)| query.to_owned());
    let handler = text("handler").or_else(|| path.file_stem().and_then(|stem| stem.to_str())).unwrap_or_default();
    let (channel, format) = match handler {
        "meta_whatsapp_cloud" => ("whatsapp", "whatsapp-cloud"),
        "twiml" if is_twilio_whatsapp(&body) => ("whatsapp", "twilio"),
        "twiml" => ("sms", "twilio"),
        "meta_facebook" => ("messenger", "messenger"),
        "meta_instagram" => ("instagram", "instagram"),
        "telegram" => ("telegram", "telegram"),
        "line" => ("line", "line"),
        "viber" => ("viber", "viber"),
        "nexmo" => ("sms", "vonage"),
        other => anyhow::bail!("rows of {other:?} have no format here"),
    };
    Ok(Item::Event(event(channel, endpoint, format, query, body)))
}

/// Twilio puts `whatsapp:` before the addresses of that channel.
fn is_twilio_whatsapp(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    body.split('&').any(|field| {
        matches!(field.split_once('='), Some(("From" | "To", value)) if value.starts_with("whatsapp%3A") || value.starts_with("whatsapp:"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_apart_by_their_fields() {
        let folder = tempfile::tempdir().unwrap();
        let rows = folder.path().join("rows.jsonl");
        std::fs::write(
            &rows,
            concat!(
                r#"{"id": 3, "turns": [[1, "customer", "hi"], [4, "agent", "hello"]]}"#,
                "\n",
                r#"{"payload": {"object": "whatsapp_business_account"}}"#,
                "\n",
                r#"{"handler": "twiml", "url": "/c/t/status?uuid=7", "body": "From=whatsapp%3A%2B1&Body=x"}"#,
                "\n",
                r#"{"handler": "twiml", "url": "/c/t", "body": "From=%2B1&Body=x"}"#,
                "\n",
                r#"{"event": {"type": "follow"}, "expected": {"type": "follow"}}"#,
                "\n",
                r#"{"handler": "nexmo", "url": "/c/n?msisdn=1", "body": null}"#,
                "\n",
            ),
        )
        .unwrap();
        let mut items = Vec::new();
        read(&rows, None, None, &mut items).unwrap();
        let seen: Vec<String> = items
            .iter()
            .map(|item| match item {
                Item::Dialogue(dialogue) => format!("dialogue of {}", dialogue.turns.len()),
                Item::Event(e) => {
                    format!("{}/{} {} {}", e.channel, e.endpoint, e.format, e.query.as_deref().unwrap_or("-"))
                }
            })
            .collect();
        assert_eq!(
            seen,
            [
                "dialogue of 2",
                "whatsapp/support whatsapp-cloud -",
                "whatsapp/support twilio uuid=7",
                "sms/main twilio -",
                "line/official line -",
                "sms/main vonage msisdn=1"
            ]
        );
        items.clear();
        read(&rows, Some(1), None, &mut items).unwrap();
        assert_eq!(items.len(), 1);
    }
}
