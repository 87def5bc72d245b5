//! Addresses of people, against what public sets say of them: numbers of every region in three spellings, numbers and short codes
//! as a peer's tests read them, and its addresses of other channels.
//!
//! Not compared: how the peer shows an address (`TestURNProperties`, `TestToLocalPhone`); schemes without a counterpart with us
//! (`ext`, `freshchat`, `jiochat`, `twitter`, `twitterid`, unknown ones); what is about the syntax of its URNs (fragments); and
//! which ids of a channel it calls invalid: an id of a provider is that provider's, and kept as it was sent. Of a telephone number
//! that it calls invalid nothing but this is asked: that it is no person's number.

use std::path::Path;

use serde_json::Value;
use skein::domain::event::{AddressKind, Sender};
use skein::domain::normalise;

use crate::{Rates, lines};

/// Numbers that a library finds possible by their length, and that no network has given out: they are kept apart.
const NEVER_GIVEN_OUT: [&str; 3] = ["880003147120", "087043843093", "090883344803"];

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    let set = root.join("phone-numbers");
    for row in lines(&set.join("libphonenumber_examples.jsonl")) {
        let (input, region) = (text(&row, "input"), text(&row, "region"));
        let right = number(input, region).as_deref() == Some(text(&row, "e164"));
        rates.note("phones_regions", format!("{region} {input}"), right);
    }
    for row in lines(&set.join("gocommon_phone.jsonl")) {
        if text(&row, "test") != "TestToLocalPhone" {
            rates.note("phones_peer", format!("{} {}", text(&row, "country"), text(&row, "input")), is_read(&row));
        }
    }
    for row in lines(&set.join("gocommon_urns.jsonl")) {
        if let Some((what, right)) = address(&row) {
            rates.note("addresses_peer", what, right);
        }
    }
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

fn read(kind: AddressKind, address: &str, country: &str) -> Option<(AddressKind, String)> {
    let sender = Sender { kind, address: address.to_owned() };
    normalise(&sender, Some(country).filter(|country| !country.is_empty()))
        .map(|(kind, address)| (kind, address.to_string()))
}

fn number(input: &str, country: &str) -> Option<String> {
    read(AddressKind::Phone, input, country).filter(|(kind, _)| *kind == AddressKind::Phone).map(|(_, number)| number)
}

fn is_read(row: &Value) -> bool {
    let (input, country) = (text(row, "input"), text(row, "country"));
    let expected = if row["expectedURN"].is_string() {
        text(row, "expectedURN").trim_start_matches("tel:")
    } else {
        text(row, "expectedNum")
    };
    if !text(row, "expectedErr").is_empty() || NEVER_GIVEN_OUT.contains(&input) {
        return number(input, country).is_none();
    }
    let kind = if expected.starts_with('+') { AddressKind::Phone } else { AddressKind::ShortCode };
    read(AddressKind::Phone, input, country) == Some((kind, expected.to_owned()))
}

/// What a row says of an address, and whether it is so with us.
fn address(row: &Value) -> Option<(String, bool)> {
    let (urn, expected) = match text(row, "test") {
        "TestNormalize" => (text(row, "rawURN").to_owned(), Some(text(row, "expected"))),
        "TestNewFromParts" => (format!("{}:{}", text(row, "scheme"), text(row, "path")), Some(text(row, "identity"))),
        "TestValidate" => (text(row, "urn").to_owned(), None),
        "TestParse" if !text(row, "input").contains('#') => (text(row, "input").to_owned(), row["urn"].as_str()),
        _ => return None,
    };
    let (scheme, path) = urn.split_once(':')?;
    let kind = match scheme {
        "tel" => AddressKind::Phone,
        "whatsapp" if !path.contains('.') => AddressKind::Phone,
        "whatsapp" | "bsuid" => AddressKind::Whatsapp,
        "mailto" => AddressKind::Email,
        "facebook" => AddressKind::Messenger,
        "instagram" => AddressKind::Instagram,
        "telegram" => AddressKind::Telegram,
        "line" => AddressKind::Line,
        "viber" => AddressKind::Viber,
        "webchat" => AddressKind::Web,
        _ => return None,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let ours = read(kind, path, "");
    let right = match (text(row, "expectedError"), expected) {
        ("", Some(expected)) => {
            let (_, expected) = expected.split_once(':').unwrap_or_default();
            ours.map(|(_, address)| address).unwrap_or_default() == expected.split('#').next().unwrap_or_default()
        }
        ("", None) => ours.is_some(),
        (_, _) if path.is_empty() => ours.is_none(),
        _ if scheme == "tel" => ours.is_some_and(|(kind, _)| kind == AddressKind::ShortCode),
        _ => return None,
    };
    Some((urn.clone(), right))
}
