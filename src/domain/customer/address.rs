//! From an address as sent to the one that is compared: normalised, and hashed with the workspace's key.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};
use unicode_normalization::UnicodeNormalization;

use crate::domain::event::{AddressKind, Sender};
use crate::domain::id::Name;

/// Version of [`normalise`]; an identity keeps the one it was made with.
pub(crate) const NORMALISER_VERSION: u16 = 1;
/// Longest address that is kept, bytes: the longest mail address of RFC 3696 erratum 1690, with room.
const MAX_ADDRESS_BYTES: usize = 512;
/// Fewest digits of a number with country code that is taken as one.
const MIN_INTERNATIONAL_DIGITS: usize = 7;
/// Most digits of an E.164 number (ITU-T E.164, section 6).
const MAX_INTERNATIONAL_DIGITS: usize = 15;

/// Kind and text by which addresses are compared; none for one that is empty, too long, or no text.
pub(crate) fn normalise(sender: &Sender, default_country: Option<&str>) -> Option<(AddressKind, Name)> {
    let raw = sender.address.trim();
    if raw.is_empty() || raw.len() > MAX_ADDRESS_BYTES || raw.chars().any(char::is_control) {
        return None;
    }
    Some(match sender.kind {
        AddressKind::Phone => match phone(raw, default_country) {
            Some(number) => (AddressKind::Phone, number),
            None => (AddressKind::ShortCode, folded(raw)),
        },
        AddressKind::ShortCode | AddressKind::Email => (sender.kind, folded(raw)),
        AddressKind::Whatsapp
        | AddressKind::Messenger
        | AddressKind::Instagram
        | AddressKind::Telegram
        | AddressKind::Line
        | AddressKind::Viber
        | AddressKind::Web
        | AddressKind::Crm
        | AddressKind::Login
        | AddressKind::Staff => (sender.kind, Name::new(raw)),
    })
}

/// Case and compatibility forms folded: mail addresses and alphanumeric senders are matched without them.
fn folded(raw: &str) -> Name {
    if raw.is_ascii() {
        return Name::new(raw).to_ascii_lowercase();
    }
    raw.nfkc().flat_map(char::to_lowercase).collect()
}

/// E.164 with `+`. Providers send numbers with country code, most without the plus: those need no table.
fn phone(raw: &str, default_country: Option<&str>) -> Option<Name> {
    let digits = raw.strip_prefix('+').unwrap_or(raw);
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    if plain
        && !digits.starts_with('0')
        && (MIN_INTERNATIONAL_DIGITS..=MAX_INTERNATIONAL_DIGITS).contains(&digits.len())
        && (raw.starts_with('+') || default_country.is_none())
    {
        let mut number = Name::with_capacity(digits.len() + 1);
        number.push('+');
        number.push_str(digits);
        return Some(number);
    }
    let country = default_country.and_then(|code| code.parse().ok());
    let parsed = phonenumber::parse(country, raw).ok()?;
    phonenumber::is_valid(&parsed).then(|| Name::new(parsed.format().mode(phonenumber::Mode::E164).to_string()))
}

/// Loads the tables of the phone number library, which its first use would otherwise do on the message path.
pub fn warm_up() {
    drop(phone("0301234567", Some("DE")));
}

/// The form of a number that has two, so that both are one identity. The number itself is kept as its owner's network sends it.
///
/// Brazil: mobile numbers had no 9 after the area code before 2016. Argentina, Mexico: a 9 or 1 after the country code marks
/// mobile numbers in some networks. (ITU-T E.164 national numbering plans +55, +54, +52.)
fn without_variants(number: &str) -> Option<Name> {
    let (country, rest) = number.split_at_checked(3)?;
    let digits = rest.as_bytes();
    match (country, digits.len()) {
        ("+55", 10) if matches!(digits[2], b'6'..=b'9') => {
            let (area, subscriber) = rest.split_at_checked(2)?;
            Some(Name::from_iter([country, area, "9", subscriber]))
        }
        ("+54", 11) => Some(Name::from_iter([country, rest.strip_prefix('9')?])),
        ("+52", 11) => Some(Name::from_iter([country, rest.strip_prefix('1')?])),
        _ => None,
    }
}

/// Keyed hash of namespace and normalised address: what identities are looked up by (design, law 11).
pub(crate) fn address_hash(key: &[u8; 16], kind: AddressKind, scope: &str, address: &str) -> u128 {
    let one_form = if kind == AddressKind::Phone { without_variants(address) } else { None };
    let address = one_form.as_deref().unwrap_or(address);
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write_u8(kind as u8);
    hasher.write(scope.as_bytes());
    hasher.write_u8(0);
    hasher.write(address.as_bytes());
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(AddressKind::Phone, "+4915112345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "4915112345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "0151 12345678", Some("DE"), AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "+49 151 1234 5678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "72345", None, AddressKind::ShortCode, "72345")]
    #[case(AddressKind::Phone, "MyBank", None, AddressKind::ShortCode, "mybank")]
    #[case(AddressKind::Email, " Anna.Berg@Example.COM ", None, AddressKind::Email, "anna.berg@example.com")]
    #[case(AddressKind::Telegram, "AbC", None, AddressKind::Telegram, "AbC")]
    fn addresses_are_compared_without_what_does_not_tell_people_apart(
        #[case] kind: AddressKind,
        #[case] raw: &str,
        #[case] country: Option<&str>,
        #[case] expected_kind: AddressKind,
        #[case] expected: &str,
    ) {
        let sender = Sender { kind, address: raw.to_owned() };
        assert_eq!(normalise(&sender, country), Some((expected_kind, Name::new(expected))));
    }

    #[rstest]
    #[case("")]
    #[case("  ")]
    #[case("a\u{0}b")]
    fn what_is_no_address_is_refused(#[case] raw: &str) {
        let sender = Sender { kind: AddressKind::Web, address: raw.to_owned() };
        assert_eq!(normalise(&sender, None), None);
    }

    #[test]
    fn the_same_address_in_two_scopes_is_two_identities() {
        let key = [7; 16];
        let one = address_hash(&key, AddressKind::Messenger, "page-a", "1");
        assert_ne!(one, address_hash(&key, AddressKind::Messenger, "page-b", "1"));
        assert_ne!(one, address_hash(&[8; 16], AddressKind::Messenger, "page-a", "1"));
        assert_eq!(one, address_hash(&key, AddressKind::Messenger, "page-a", "1"));
    }
}
