//! Bytes become text when their charset is missing, unknown, or a lie.
//!
//! Most mails never come here: what their own label decodes without loss stands. Everything is linear in the bytes, with a fixed
//! number of tries, and never fails: the last guess takes any byte.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Stands where a byte could not be read.
pub(super) const LOST: char = '\u{fffd}';

/// Most labels of other parts that are tried: a mail in one language names one or two.
const MAX_HINTS: usize = 4;

/// Labels that decode every byte: no proof that they are right.
const TAKES_ALL: [&str; 8] =
    ["us-ascii", "ascii", "utf-8", "utf8", "iso-8859-1", "latin1", "windows-1252", "iso-8859-15"];

/// The bytes as text: by their own label, by those of the mail's other parts, or by what they look like.
pub(super) fn decode(bytes: &[u8], label: Option<&str>, hints: &[String]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let kin = label.map(relatives).unwrap_or_default();
    let labels = label.into_iter().chain(kin.iter().copied()).chain(hints.iter().take(MAX_HINTS).map(String::as_str));
    let proven = labels.filter(|label| !TAKES_ALL.contains(label)).find_map(|label| without_loss(bytes, label));
    proven.or_else(|| mostly_utf8(bytes)).unwrap_or_else(|| guess(bytes))
}

/// Labels that mailers write for one another: a mail in ISO-2022-JP is often Shift_JIS in truth.
fn relatives(label: &str) -> &'static [&'static str] {
    let label = label.to_ascii_lowercase();
    let has = |part: &str| label.contains(part);
    if has("2022-jp") || has("jis") || has("euc-jp") {
        &["shift_jis", "euc-jp", "iso-2022-jp"]
    } else if has("gb") || has("936") {
        &["gb18030", "big5"]
    } else if has("big5") || has("950") {
        &["big5", "gb18030"]
    } else if has("ks_c") || has("euc-kr") || has("949") {
        &["euc-kr"]
    } else if has("koi8") || has("1251") || has("8859-5") {
        &["windows-1251", "koi8-r"]
    } else {
        &[]
    }
}

fn without_loss(bytes: &[u8], label: &str) -> Option<String> {
    let text = charset_decoder(label.as_bytes())?(bytes);
    (!text.chars().any(|c| c == LOST || ('\u{80}'..'\u{a0}').contains(&c))).then_some(text)
}

/// UTF-8 with a few bytes of another charset in it: those are read as Windows-1252.
fn mostly_utf8(bytes: &[u8]) -> Option<String> {
    let high = |bytes: &[u8]| bytes.iter().filter(|b| !b.is_ascii()).count();
    // The good bytes and the bad ones, in turns.
    let turns = || {
        let mut rest = bytes;
        std::iter::from_fn(move || {
            let (good, bad) = match std::str::from_utf8(rest) {
                Ok(_) => (rest.len(), 0),
                Err(error) => {
                    let good = error.valid_up_to();
                    (good, error.error_len().unwrap_or(rest.len() - good))
                }
            };
            let (turn, behind) = rest.split_at_checked(good + bad).filter(|(turn, _)| !turn.is_empty())?;
            rest = behind;
            Some(turn.split_at(good))
        })
    };
    let (good, bad) = turns().fold((0, 0), |(good, bad), turn| (good + high(turn.0), bad + turn.1.len()));
    if good <= bad {
        return None;
    }
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for (good, bad) in turns() {
        text.push_str(std::str::from_utf8(good).unwrap_or_default());
        text.push_str(&western(bad));
    }
    Some(text)
}

fn western(bytes: &[u8]) -> String {
    match charset_decoder(b"windows-1252") {
        Some(decode) => decode(bytes),
        None => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

/// What the bytes look like: East Asian pairs, Cyrillic runs, or else Western letters among ASCII.
fn guess(bytes: &[u8]) -> String {
    let shape = Shape::of(bytes);
    let label = if shape.runs * 2 < shape.high || shape.high < 4 {
        "windows-1252"
    } else if shape.upper_half * 20 > shape.high * 19 && shape.high >= 6 {
        // Letters only, which second bytes of East Asian pairs are not. Lower case is the upper quarter in Windows-1251, and the
        // lower one in KOI8-R.
        if shape.top_quarter * 2 > shape.upper_half { "windows-1251" } else { "koi8-r" }
    } else if shape.kana * 4 > shape.pairs {
        "euc-jp"
    } else if shape.sjis * 3 > shape.high {
        "shift_jis"
    } else if shape.common * 2 > shape.pairs {
        "gb18030"
    } else {
        "windows-1252"
    };
    without_loss(bytes, label).unwrap_or_else(|| western(bytes))
}

#[derive(Default)]
struct Shape {
    /// Bytes over 0x7F.
    high: usize,
    /// Of these, those that stand beside another one.
    runs: usize,
    /// Pairs of such bytes, in the order of reading.
    pairs: usize,
    /// Pairs whose first byte is that of common Chinese or Korean characters.
    common: usize,
    /// Pairs whose first byte is that of Japanese kana in EUC.
    kana: usize,
    /// Bytes that begin kana and common characters in Shift_JIS and are nothing in EUC.
    sjis: usize,
    upper_half: usize,
    top_quarter: usize,
}

impl Shape {
    fn of(bytes: &[u8]) -> Self {
        let mut shape = Self::default();
        let mut first = None;
        for (at, &byte) in bytes.iter().enumerate() {
            if byte.is_ascii() {
                first = None;
                continue;
            }
            let beside = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|b| !b.is_ascii());
            shape.high += 1;
            shape.runs += usize::from(beside(at.checked_sub(1)) || beside(Some(at + 1)));
            shape.sjis += usize::from((0x81..=0x9f).contains(&byte));
            shape.upper_half += usize::from(byte >= 0xc0);
            shape.top_quarter += usize::from(byte >= 0xe0);
            match first.take() {
                Some(lead) => {
                    shape.pairs += 1;
                    shape.common += usize::from((0xb0..=0xd7).contains(&lead) && byte >= 0xa1);
                    shape.kana += usize::from(matches!(lead, 0xa4 | 0xa5) && byte >= 0xa1);
                }
                None => first = Some(byte),
            }
        }
        shape
    }
}

/// Every other charset label in the mail's own bytes, lower case.
pub(super) fn hints(mail: &[u8]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for at in memchr::memmem::find_iter(mail, b"harset=") {
        let rest = &mail[at + b"harset=".len()..];
        let rest = rest.strip_prefix(b"3D").or(Some(rest)).map(|rest| rest.strip_prefix(b"\"").unwrap_or(rest));
        let name = rest.unwrap_or_default().iter().take_while(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(b));
        let name: String = name.take(40).map(|b| char::from(b.to_ascii_lowercase())).collect();
        if !name.is_empty() && !TAKES_ALL.contains(&name.as_str()) && !found.contains(&name) {
            found.push(name);
            if found.len() == MAX_HINTS {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_hints(bytes: &[u8], label: Option<&str>) -> String {
        decode(bytes, label, &[])
    }

    #[test]
    fn japanese_that_lies_about_its_charset_is_read() {
        // "テスト" in Shift_JIS, said to be ISO-2022-JP.
        assert_eq!(no_hints(&[0x83, 0x65, 0x83, 0x58, 0x83, 0x67], Some("iso-2022-jp")), "テスト");
    }

    #[test]
    fn bytes_without_a_label_are_read_by_their_looks() {
        assert_eq!(no_hints(b"Gr\xfc\xdfe aus K\xf6ln", None), "Grüße aus Köln");
        assert_eq!(no_hints(&[0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2], None), "Привет");
        assert_eq!(no_hints(&[0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4], Some("us-ascii")), "Привет");
        assert_eq!(no_hints(&[0xc4, 0xe3, 0xba, 0xc3, 0xca, 0xc0, 0xbd, 0xe7], None), "你好世界");
        assert_eq!(no_hints(&[0xa4, 0xb3, 0xa4, 0xf3, 0xa4, 0xcb, 0xa4, 0xc1], None), "こんにち");
    }

    #[test]
    fn a_charset_of_another_part_is_believed_when_it_fits() {
        assert_eq!(decode(&[0xbe, 0xc8, 0xb3, 0xe7], None, &["euc-kr".to_owned()]), "안녕");
        assert_eq!(hints(b"Content-Type: text/plain; charset=\"GB2312\"\r\n<meta charset=utf-8>"), ["gb2312"]);
    }

    #[test]
    fn stray_bytes_in_utf_8_cost_only_themselves() {
        assert_eq!(no_hints(b"\xc3\xa4\xc3\xb6 \xfc", Some("utf-8")), "äö ü");
    }

    #[test]
    fn any_bytes_become_some_text() {
        let all: Vec<u8> = (0..=255).collect();
        assert!(no_hints(&all, Some("no such charset")).starts_with('\0'));
    }
}
