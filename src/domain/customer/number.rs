//! Telephone numbers: from how people, providers and address books write one to its E.164 form.
//!
//! A number is one person's address only if it can be told which number it is: with a `+`, an international prefix, or valid in
//! the workspace's country. The rest (short codes, alphanumeric senders, numbers of an unknown country) is none here.

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, Mode, PhoneNumber, Type};
use unicode_normalization::UnicodeNormalization;

use crate::domain::id::Name;

/// Fewest digits of a number with country code that is taken as one.
const MIN_INTERNATIONAL_DIGITS: usize = 7;
/// Most digits of an E.164 number (ITU-T E.164, section 6).
const MAX_INTERNATIONAL_DIGITS: usize = 15;
/// From so many digits on a number that begins with no zero has its country code, where no country is configured: national ones
/// are shorter. Between this and the fewest it is looked up whether there is such a number.
const SURELY_INTERNATIONAL_DIGITS: usize = 11;
/// Up to so many digits without a plus or the prefix of calls within the country it is a short code, but in small countries.
const MAX_SHORT_CODE_DIGITS: usize = 6;
/// Most digits of a mobile number in a country that has numbers as short as that.
const SMALL_COUNTRY_DIGITS: u16 = 8;
/// Longest text that can be a number with its parameters, characters: what is longer is not looked at.
const MAX_WRITTEN_CHARS: usize = 96;

/// E.164 with `+`; none where it cannot be told which number it is.
pub(super) fn e164(raw: &str, default_country: Option<&str>) -> Option<Name> {
    if let Some(number) = as_it_stands(raw, default_country.is_some()) {
        return Some(number);
    }
    let written = written(raw)?;
    let text = match written.strip_prefix('+') {
        // `+0049 ...`: both ways of saying it at once.
        Some(rest) => return international(rest.trim_start().strip_prefix("00").unwrap_or(rest)),
        None => written.as_str(),
    };
    let country = default_country.and_then(|code| code.parse::<Id>().ok());
    let abroad = text.strip_prefix("00").filter(|rest| !rest.starts_with('0'));
    match (country, abroad) {
        (Some(country), _) => national(text, country).or_else(|| valid_abroad(abroad.unwrap_or(text))),
        // ITU-T E.164 recommends 00 as the international prefix.
        (None, Some(rest)) => international(rest),
        (None, None) => valid_abroad(text),
    }
}

/// Loads the tables of the phone number library, which its first use would otherwise do on the message path.
pub fn warm_up() {
    drop(e164("0301234567", Some("DE")));
}

/// A number that is in E.164 already but for the plus, as providers send it: that needs no table.
fn as_it_stands(raw: &str, country_known: bool) -> Option<Name> {
    let (digits, fewest) = match raw.strip_prefix('+') {
        Some(digits) => (digits, MIN_INTERNATIONAL_DIGITS),
        None if country_known => return None,
        None => (raw, SURELY_INTERNATIONAL_DIGITS),
    };
    let plain =
        (fewest..=MAX_INTERNATIONAL_DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    (plain && !may_hold_trunk_prefix(digits)).then(|| with_plus(digits))
}

fn with_plus(digits: &str) -> Name {
    let mut number = Name::with_capacity(digits.len() + 1);
    number.push('+');
    number.push_str(digits);
    number
}

/// Whether digits in front may be no part of the number: a zero, or a prefix for calls within the country, which many write
/// after the country code (`+49 0151 ...`). The library knows where it belongs to the number, as in Italy.
fn may_hold_trunk_prefix(digits: &str) -> bool {
    let (code, national) = digits.split_at(country_code_len(digits.as_bytes()));
    let prefix = match code {
        "1" => '1',
        "7" | "370" | "375" | "993" => '8',
        _ => '0',
    };
    let after_area = code == "54" && national.len() > 11;
    digits.starts_with('0') || national.starts_with(['0', prefix]) || after_area
}

/// Digits of the country code in front (ITU-T E.164, list of assigned country codes: zones 1 and 7 are one code each).
fn country_code_len(digits: &[u8]) -> usize {
    match digits {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}

/// The text in plain digits and signs: a `tel:` URI without its parameters, other scripts' digits as ours, without what nobody
/// sees (address books wrap numbers in marks of direction). None: too long for a number.
fn written(raw: &str) -> Option<String> {
    if raw.chars().nth(MAX_WRITTEN_CHARS).is_some() {
        return None;
    }
    let text: String = if raw.is_ascii() {
        raw.to_owned()
    } else {
        raw.nfkc().filter(|c| !is_unseen(*c)).map(|c| decimal_digit(c).unwrap_or(c)).collect()
    };
    let text = text.trim();
    let Some(uri) = text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("tel:")).and(text.get(4..)) else {
        return Some(text.to_owned());
    };
    let (number, parameters) = uri.split_once(';').unwrap_or((uri, ""));
    let number = number.trim();
    // RFC 3966, 5.1.5: a local number is one of its context, here a country's.
    let context = parameters.split(';').find_map(|parameter| parameter.strip_prefix("phone-context="));
    Some(match context {
        Some(context) if context.starts_with('+') && !number.starts_with('+') => format!("{context}{number}"),
        _ => number.to_owned(),
    })
}

/// Marks of direction, joiners and spaces without width.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A decimal digit of another script as ours. Compatibility forms (full-width and such) are folded before.
fn decimal_digit(c: char) -> Option<char> {
    /// Zeros of scripts in which numbers are written; nine digits follow each (Unicode, general category Nd).
    const ZEROS: [u32; 16] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0x1040,
        0x17e0,
    ];
    let value = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// A number with its country code, which the plus before it said: whatever is written so is one, of a range not yet known too.
fn international(rest: &str) -> Option<Name> {
    // Before the library takes anything off: it takes off prefixes of numbers that begin with the same digits.
    let digits = digits_alone(rest);
    if let Some(digits) = digits.as_deref().filter(|digits| exists(digits)) {
        return Some(with_plus(digits));
    }
    // Without marks: before the first of them in a text of RFC 3966 the library sees the country code.
    let parsed = read(None, &format!("+{}", digits.as_deref().unwrap_or(rest)));
    if let Some(number) = parsed.as_ref().filter(|number| phonenumber::is_valid(number)) {
        return Some(formatted(number));
    }
    // `+34 (0)91 ...` where a country has no such prefix.
    if let Some((code, number)) = rest.split_once("(0)")
        && let Some(digits) = digits_alone(&format!("{code}{number}"))
        && exists(&digits)
    {
        return Some(with_plus(&digits));
    }
    let number = formatted(&parsed.filter(|_| !has_letters(rest))?);
    let digits = number.len().saturating_sub(1);
    (MIN_INTERNATIONAL_DIGITS..=MAX_INTERNATIONAL_DIGITS).contains(&digits).then_some(number)
}

/// A number as it is dialled in the country, or with its code, or with the prefix of calls abroad.
fn national(text: &str, country: Id) -> Option<Name> {
    let meta = DATABASE.by_id(country.as_ref())?;
    // Here, as the library goes on with the rules of the country that is called from.
    if let Some(digits) = digits_alone(text)
        && let Some(abroad) = meta.international_prefix().and_then(|prefix| prefix.find(&digits))
        && abroad.start() == 0
        && let Some(called) = digits.get(abroad.end()..).filter(|called| exists(called))
    {
        return Some(with_plus(called));
    }
    let trunk = meta.national_prefix().filter(|prefix| text.starts_with(prefix));
    let short = text.bytes().filter(u8::is_ascii_digit).count() <= MAX_SHORT_CODE_DIGITS;
    if short && trunk.is_none() && !has_letters(text) && !has_short_numbers(meta) {
        return None;
    }
    let of_country = |number: &PhoneNumber| number.country().code() == meta.country_code();
    if let Some(number) = read(Some(country), text).filter(|number| of_country(number) && phonenumber::is_valid(number))
    {
        return Some(formatted(&number));
    }
    // The library takes off a prefix twice where the number goes on with the same digit.
    let dialled = digits_alone(trunk.and_then(|prefix| text.strip_prefix(prefix)).unwrap_or(text))?;
    let digits = format!("{}{dialled}", meta.country_code());
    exists(&digits).then(|| with_plus(&digits))
}

/// Whether people of the country have numbers as short as short codes elsewhere: mobile numbers are short there, too.
fn has_short_numbers(meta: &Metadata) -> bool {
    let mobile = meta.descriptors().mobile();
    mobile.is_some_and(|mobile| mobile.possible_length().iter().all(|&length| length <= SMALL_COUNTRY_DIGITS))
}

/// Its digits, where nothing else is in it but what stands between digits.
fn digits_alone(text: &str) -> Option<String> {
    let marks =
        |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    text.chars().all(|c| c.is_ascii_digit() || marks(c)).then(|| text.chars().filter(char::is_ascii_digit).collect())
}

/// Whether a network has such a number: country code and national number.
fn exists(digits: &str) -> bool {
    if !(MIN_INTERNATIONAL_DIGITS..=MAX_INTERNATIONAL_DIGITS).contains(&digits.len()) {
        return false;
    }
    let (code, national) = digits.split_at(country_code_len(digits.as_bytes()));
    let Ok(code) = code.parse::<u16>() else { return false };
    DATABASE.by_code(&code).into_iter().flatten().any(|meta| {
        let kinds = meta.descriptors();
        let used = [
            kinds.fixed_line(),
            kinds.mobile(),
            kinds.toll_free(),
            kinds.premium_rate(),
            kinds.shared_cost(),
            kinds.personal_number(),
            kinds.voip(),
            kinds.pager(),
            kinds.uan(),
        ];
        kinds.general().is_match(national) && used.into_iter().flatten().any(|kind| kind.is_match(national))
    })
}

/// A number with country code but without the plus: only one that there is.
fn valid_abroad(text: &str) -> Option<Name> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.starts_with('0') || has_letters(text) || digits < MIN_INTERNATIONAL_DIGITS {
        return None;
    }
    let plain = digits_alone(text);
    if let Some(digits) = plain.as_deref().filter(|digits| exists(digits)) {
        return Some(with_plus(digits));
    }
    let number = read(None, &format!("+{}", plain.as_deref().unwrap_or(text))).filter(phonenumber::is_valid)?;
    Some(formatted(&number))
}

fn read(country: Option<Id>, text: &str) -> Option<PhoneNumber> {
    phonenumber::parse(country, text).ok().filter(|number| !is_name(text, number))
}

/// Whether letters in it are a name and no digits: they are only in numbers of companies (800-FLOWERS), and before an extension.
/// A sender "24SEVEN" is nobody's number.
fn is_name(text: &str, number: &PhoneNumber) -> bool {
    let company = || {
        let kind = number.number_type(&DATABASE);
        matches!(kind, Type::TollFree | Type::PremiumRate | Type::SharedCost | Type::Uan)
    };
    has_letters(text) && number.extension().is_none() && !company()
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

fn formatted(number: &PhoneNumber) -> Name {
    Name::new(number.format().mode(Mode::E164).to_string())
}
