//! From an address as sent to the one that is compared: normalised, and hashed with the workspace's key.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};
use unicode_normalization::UnicodeNormalization;

use super::number::e164;
use super::variant::common_form;
use crate::domain::event::{AddressKind, Sender};
use crate::domain::id::Name;
use crate::domain::workspace::Workspace;

/// Version of [`normalise`]; an identity keeps the one it was made with.
pub(crate) const NORMALISER_VERSION: u16 = 2;
/// Longest address that is kept, bytes: the longest mail address of RFC 3696 erratum 1690, with room.
const MAX_ADDRESS_BYTES: usize = 512;

/// Kind and text by which addresses are compared; none for one that is empty, too long, or no text.
#[must_use]
pub fn normalise(sender: &Sender, default_country: Option<&str>) -> Option<(AddressKind, Name)> {
    let raw = sender.address.trim();
    if raw.is_empty() || raw.len() > MAX_ADDRESS_BYTES || raw.chars().any(char::is_control) {
        return None;
    }
    Some(match sender.kind {
        AddressKind::Phone => match e164(raw, default_country) {
            Some(number) => (AddressKind::Phone, number),
            None => (AddressKind::ShortCode, folded(raw)),
        },
        AddressKind::ShortCode | AddressKind::Email => (sender.kind, folded(raw)),
        AddressKind::Whatsapp => (sender.kind, user_id(raw)),
        AddressKind::Messenger
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

/// A WhatsApp user id: its country, before the dot, in capitals.
fn user_id(raw: &str) -> Name {
    match raw.split_once('.') {
        Some((country, id)) if country.len() == 2 => Name::from_iter([&country.to_ascii_uppercase(), ".", id]),
        _ => Name::new(raw),
    }
}

/// Case and compatibility forms folded: mail addresses and alphanumeric senders are matched without them.
fn folded(raw: &str) -> Name {
    if raw.is_ascii() {
        return Name::new(raw).to_ascii_lowercase();
    }
    raw.nfkc().flat_map(char::to_lowercase).collect()
}

/// Keyed hash of namespace and normalised address: what identities are looked up by (design, law 11).
pub(crate) fn address_hash(key: &[u8; 16], kind: AddressKind, scope: &str, address: &str) -> u128 {
    let one_form = if kind == AddressKind::Phone { common_form(address) } else { None };
    let address = one_form.as_deref().unwrap_or(address);
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write_u8(kind as u8);
    hasher.write(scope.as_bytes());
    hasher.write_u8(0);
    hasher.write(address.as_bytes());
    hasher.finish128().as_u128()
}

/// The hash that a mail address is looked up by; none for what is no address.
pub(crate) fn email_hash(space: &Workspace, address: &str) -> Option<u128> {
    let sender = Sender { kind: AddressKind::Email, address: address.to_owned() };
    let (kind, text) = normalise(&sender, None)?;
    Some(address_hash(space.hash_key(), kind, "", &text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(AddressKind::Phone, "+4915112345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "4915112345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "0151 12345678", Some("DE"), AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "+49 151 1234 5678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "72345", None, AddressKind::ShortCode, "72345")]
    #[case(AddressKind::Phone, "+49 (0)151 1234 5678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "+49015112345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "004915112345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "+004915112345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "00 49 151 12345678", Some("DE"), AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "011 49 151 12345678", Some("US"), AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "004915112345678", Some("US"), AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "+4407911123456", None, AddressKind::Phone, "+447911123456")]
    #[case(AddressKind::Phone, "+34 (0)912 345 678", None, AddressKind::Phone, "+34912345678")]
    #[case(AddressKind::Phone, "+39 06 6982 1234", None, AddressKind::Phone, "+390669821234")]
    #[case(AddressKind::Phone, "+390669821234", None, AddressKind::Phone, "+390669821234")]
    #[case(AddressKind::Phone, "+7 8 912 345-67-89", None, AddressKind::Phone, "+79123456789")]
    #[case(AddressKind::Phone, "tel:+49-151-12345678;ext=7", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "TEL:0151-12345678;phone-context=+49", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "+49 151 12345678 ext. 7", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "\u{ff0b}\u{ff14}\u{ff19} 151 12345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(AddressKind::Phone, "+\u{664}\u{669} 151 12345678", None, AddressKind::Phone, "+4915112345678")]
    #[case(
        AddressKind::Phone,
        "\u{202a}+49\u{a0}151\u{2011}12345678\u{202c}",
        None,
        AddressKind::Phone,
        "+4915112345678"
    )]
    #[case(AddressKind::Phone, "1-800-FLOWERS", Some("US"), AddressKind::Phone, "+18003569377")]
    #[case(AddressKind::Phone, "24SEVEN", Some("DE"), AddressKind::ShortCode, "24seven")]
    #[case(AddressKind::Phone, "+24SEVEN", None, AddressKind::ShortCode, "+24seven")]
    #[case(AddressKind::Phone, "72345", Some("DE"), AddressKind::ShortCode, "72345")]
    #[case(AddressKind::Phone, "89123", Some("DE"), AddressKind::ShortCode, "89123")]
    #[case(AddressKind::Phone, "030 1234", Some("DE"), AddressKind::Phone, "+49301234")]
    #[case(AddressKind::Phone, "5671234", None, AddressKind::ShortCode, "5671234")]
    #[case(AddressKind::Phone, "9179925253", None, AddressKind::ShortCode, "9179925253")]
    #[case(AddressKind::Phone, "0788383383", None, AddressKind::ShortCode, "0788383383")]
    #[case(AddressKind::Phone, "0788383383", Some("ZZ"), AddressKind::ShortCode, "0788383383")]
    #[case(AddressKind::Whatsapp, "de.aB1", None, AddressKind::Whatsapp, "DE.aB1")]
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

    /// Hash of a number as somebody wrote it.
    fn hash(raw: &str, country: Option<&str>) -> Option<u128> {
        let sender = Sender { kind: AddressKind::Phone, address: raw.to_owned() };
        let (kind, number) = normalise(&sender, country)?;
        (kind == AddressKind::Phone).then(|| address_hash(&[7; 16], kind, "", &number))
    }

    #[rstest]
    #[case("+54 9 11 2345-6789", "+541123456789")]
    #[case("+54 11 15 2345-6789", "+541123456789")]
    #[case("+52 1 55 1234 5678", "+525512345678")]
    #[case("+55 (11) 98765-4321", "+551187654321")]
    fn spellings_and_variants_of_a_number_have_one_hash(#[case] one: &str, #[case] other: &str) {
        assert!(hash(one, None).is_some());
        assert_eq!(hash(one, None), hash(other, None));
    }

    proptest! {
        #[test]
        fn a_number_is_the_same_with_and_without_marks(
            code in prop::sample::select(vec!["49", "44", "33", "31", "48", "46", "90", "91", "234"]),
            national in "[1-9][0-9]{8,9}",
        ) {
            let plain = hash(&format!("+{code}{national}"), None);
            prop_assert!(plain.is_some());
            let (area, subscriber) = national.split_at(3);
            for spelling in [
                format!("+{code} {area} {subscriber}"),
                format!("+{code} ({area}) {subscriber}"),
                format!("00{code}{area}-{subscriber}"),
                format!("tel:+{code}-{area}-{subscriber}"),
            ] {
                prop_assert_eq!(hash(&spelling, None), plain, "{}", spelling);
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(raw in "\\PC{0,40}|[+0-9() x-]{0,24}", country in prop::sample::select(vec![None, Some("US"), Some("DE"), Some("KZ")])) {
            let sender = Sender { kind: AddressKind::Phone, address: raw };
            if let Some((AddressKind::Phone, number)) = normalise(&sender, country) {
                let digits = number.strip_prefix('+').unwrap_or_default();
                prop_assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()), "{}", number);
            }
        }
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
