//! What a vCard (RFC 6350, RFC 2426) adds to the contact card that came with it.

use crate::domain::content::ContactCard;

/// Most numbers, and most addresses, that are taken from one card.
const MAX_ENTRIES: usize = 32;

/// Name, numbers, addresses and organisation that the card does not have yet.
pub(super) fn complete(card: &mut ContactCard, vcard: &str) {
    for line in vcard.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        // "item1.TEL;type=CELL": a group before the name, parameters after it.
        let name = name.split(';').next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
        let value = value.trim();
        match name.as_str() {
            _ if value.is_empty() => {}
            "FN" if card.name.is_empty() => value.clone_into(&mut card.name),
            "TEL" => add(&mut card.phones, value.strip_prefix("tel:").unwrap_or(value), digits),
            "EMAIL" => add(&mut card.emails, value, str::to_lowercase),
            "ORG" if card.organization.is_none() => {
                card.organization = Some(value.trim_end_matches(';').replace(';', ", "));
            }
            _ => {}
        }
    }
}

/// `same` gives what makes two entries one.
fn add(entries: &mut Vec<String>, value: &str, same: fn(&str) -> String) {
    if entries.len() < MAX_ENTRIES && !entries.iter().any(|known| same(known) == same(value)) {
        entries.push(value.to_owned());
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}
