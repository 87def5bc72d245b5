//! How a text is cut into SMS: alphabet, units, segments (3GPP TS 23.038, section 6.2; TS 23.040, section 9.2.3.24.1).

use serde::Serialize;

/// The characters of the default alphabet, one septet each, without the escape.
const DEFAULT: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
abcdefghijklmnopqrstuvwxyzäöñüà";
/// The characters of its extension: an escape and a septet each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Bits of the header that a segment of several carries: 6 bytes, an 8-bit reference.
const HEADER_BITS: usize = 48;

/// How a text is written into SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SmsEncoding {
    /// Septets of the default alphabet.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// Code units of 16 bits.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

impl SmsEncoding {
    /// As providers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    const fn unit_bits(self) -> usize {
        match self {
            Self::Gsm7 => 7,
            Self::Ucs2 => 16,
        }
    }

    /// Units of a message of one segment, and of each segment of several.
    const fn capacity(self) -> (usize, usize) {
        match self {
            Self::Gsm7 => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }
}

/// What a text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Segments {
    /// One character outside the default alphabet makes the whole text UCS-2.
    pub encoding: SmsEncoding,
    /// How many messages are sent and paid for; 0 for no text.
    pub count: usize,
    /// Septets or code units of the text in all.
    pub units: usize,
}

impl Segments {
    /// Bits of the text itself.
    #[must_use]
    pub const fn text_bits(&self) -> usize {
        self.units * self.encoding.unit_bits()
    }

    /// Bits of everything that is sent, headers included.
    #[must_use]
    pub const fn sent_bits(&self) -> usize {
        self.text_bits() + if self.count > 1 { self.count * HEADER_BITS } else { 0 }
    }
}

/// Septets of a character in the default alphabet; none: it is not in it.
fn septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || DEFAULT.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// The characters that make a text UCS-2, in order, with repeats.
pub fn unencodable(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|&c| septets(c).is_none())
}

/// Counts the segments of a text. Neither an escape and its septet nor the two halves of a character beyond the basic plane are
/// ever parted, so a segment may stay one unit short.
#[must_use]
pub fn segments(text: &str) -> Segments {
    let encoding = if unencodable(text).next().is_none() { SmsEncoding::Gsm7 } else { SmsEncoding::Ucs2 };
    let units_of = |c: char| match encoding {
        SmsEncoding::Gsm7 => septets(c).unwrap_or(1),
        SmsEncoding::Ucs2 => c.len_utf16(),
    };
    let (single, each) = encoding.capacity();
    let units = text.chars().map(units_of).sum();
    let count = match units {
        0 => 0,
        units if units <= single => 1,
        _ => {
            let (mut count, mut filled) = (1, 0);
            for width in text.chars().map(units_of) {
                if filled + width > each {
                    count += 1;
                    filled = 0;
                }
                filled += width;
            }
            count
        }
    };
    Segments { encoding, count, units }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> (SmsEncoding, usize, usize) {
        let found = segments(text);
        (found.encoding, found.count, found.units)
    }

    #[test]
    fn the_alphabet_has_127_characters_and_ten_in_its_extension() {
        assert_eq!((DEFAULT.chars().count(), EXTENSION.chars().count()), (127, 10));
        assert!(DEFAULT.chars().all(|c| septets(c) == Some(1)) && EXTENSION.chars().all(|c| septets(c) == Some(2)));
    }

    #[test]
    fn segments_end_where_the_standard_says() {
        for (text, encoding, count) in [
            (String::new(), SmsEncoding::Gsm7, 0),
            ("a".repeat(160), SmsEncoding::Gsm7, 1),
            ("a".repeat(161), SmsEncoding::Gsm7, 2),
            ("a".repeat(306), SmsEncoding::Gsm7, 2),
            ("a".repeat(307), SmsEncoding::Gsm7, 3),
            ("€".repeat(80), SmsEncoding::Gsm7, 1),
            ("я".repeat(70), SmsEncoding::Ucs2, 1),
            ("я".repeat(71), SmsEncoding::Ucs2, 2),
            ("я".repeat(134), SmsEncoding::Ucs2, 2),
            ("я".repeat(135), SmsEncoding::Ucs2, 3),
        ] {
            let found = counted(&text);
            assert_eq!((found.0, found.1), (encoding, count), "{} characters", text.chars().count());
        }
    }

    #[test]
    fn what_belongs_together_is_not_parted_at_the_end_of_a_segment() {
        // 153 = 152 + one septet that the escape does not take: the second segment begins with the escape
        let text = format!("{}€{}", "a".repeat(152), "b".repeat(152));
        assert_eq!(counted(&text), (SmsEncoding::Gsm7, 3, 306));
        let text = format!("{}😀{}", "я".repeat(66), "я".repeat(66));
        assert_eq!(counted(&text), (SmsEncoding::Ucs2, 3, 134));
    }

    #[test]
    fn one_character_outside_the_alphabet_makes_all_of_it_ucs_2() {
        assert_eq!(counted("más €"), (SmsEncoding::Ucs2, 1, 5));
        assert_eq!(unencodable("más ñ é").collect::<String>(), "á");
    }
}
