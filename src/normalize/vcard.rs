//! What a vCard (RFC 6350, RFC 2426, and version 2.1 before them) adds to the contact card that came with it.

use std::borrow::Cow;

use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use crate::domain::content::ContactCard;

/// Most numbers, and most addresses, that are taken from one card.
const MAX_ENTRIES: usize = 32;

/// Name, numbers, addresses and organisation that the card does not have yet.
pub(super) fn complete(card: &mut ContactCard, vcard: &str) {
    for line in unfolded(vcard) {
        let Some((head, value)) = line.split_once(':') else { continue };
        // "item1.TEL;type=CELL": a group before the name, parameters after it.
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        let name = name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
        let Some(value) = decoded(value.trim(), parameters) else { continue };
        match name.as_str() {
            _ if value.is_empty() => {}
            "FN" if card.name.is_empty() => card.name = unescaped(&value),
            "TEL" => add(&mut card.phones, number(&value), digits),
            "EMAIL" => add(&mut card.emails, &unescaped(&value), str::to_lowercase),
            "ORG" if card.organization.is_none() => card.organization = Some(units(&value)),
            _ => {}
        }
    }
}

/// Its lines, each whole: one that begins with a blank goes on with the line before (RFC 6350, 3.2), and so does one behind a
/// line of quoted-printable that ends with `=`.
fn unfolded(vcard: &str) -> Vec<Cow<'_, str>> {
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    for line in vcard.lines() {
        match lines.last_mut() {
            Some(last) if last.ends_with('=') && is_quoted(last.split(':').next().unwrap_or_default()) => {
                last.to_mut().pop();
                last.to_mut().push_str(line.trim_start());
            }
            Some(last) if line.starts_with([' ', '\t']) => last.to_mut().push_str(&line[1..]),
            _ => lines.push(Cow::Borrowed(line)),
        }
    }
    lines
}

fn is_quoted(parameters: &str) -> bool {
    parameters.to_ascii_uppercase().contains("QUOTED-PRINTABLE")
}

/// The value as text. None: it is none, or of another set of characters than UTF-8.
fn decoded<'v>(value: &'v str, parameters: &str) -> Option<Cow<'v, str>> {
    if !is_quoted(parameters) {
        return Some(Cow::Borrowed(value));
    }
    let text = String::from_utf8(quoted_printable_decode(value.as_bytes())?).ok()?;
    (!text.contains('\0')).then_some(Cow::Owned(text))
}

/// A number without its scheme and the parameters of its URI (RFC 3966).
fn number(value: &str) -> &str {
    match value.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => value[4..].split(';').next().unwrap_or_default(),
        _ => value,
    }
}

/// Text with its escapes resolved (RFC 6350, 3.4).
fn unescaped(value: &str) -> String {
    let (mut out, mut chars) = (String::with_capacity(value.len()), value.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push(' '),
                Some(escaped) => out.push(escaped),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

/// The name of an organisation and of its units: they are parted by semicolons that are not escaped.
fn units(value: &str) -> String {
    let (mut units, mut escaped, mut from) = (Vec::new(), false, 0);
    for (at, c) in value.char_indices() {
        if c == ';' && !escaped {
            units.push(&value[from..at]);
            from = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    units.push(&value[from..]);
    let filled: Vec<String> = units.into_iter().filter(|unit| !unit.is_empty()).map(unescaped).collect();
    filled.join(", ")
}

/// `same` gives what makes two entries one.
fn add(entries: &mut Vec<String>, value: &str, same: fn(&str) -> String) {
    if !value.is_empty() && entries.len() < MAX_ENTRIES && !entries.iter().any(|known| same(known) == same(value)) {
        entries.push(value.to_owned());
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}
