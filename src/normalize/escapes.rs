//! Escapes in JSON text that are no characters, looked at before a parser is.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Whether an escaped NUL stands in it.
pub(super) fn has_escaped_nul(bytes: &[u8]) -> bool {
    static NUL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u0000"));
    NUL.find_iter(bytes).any(|at| is_escape(bytes, at))
}

/// Whether the backslash at `at` begins an escape: an even number of others before it.
fn is_escape(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 0
}

/// Half of a pair alone, which programs leave when they cut a text within an emoji, is no character: one such message would cost
/// all others of its body. It becomes U+FFFD, as long as it was.
pub(super) fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u"));
    let bytes = text.as_bytes();
    let (mut out, mut kept, mut paired) = (String::new(), 0, 0);
    for at in ESCAPE.find_iter(bytes) {
        let Some(high) = surrogate(bytes, at) else { continue };
        if at < paired || !is_escape(bytes, at) {
            continue;
        }
        if high && surrogate(bytes, at + 6) == Some(false) {
            paired = at + 12;
            continue;
        }
        out.push_str(&text[kept..at]);
        out.push_str("\\ufffd");
        kept = at + 6;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// Of an escape of a surrogate at `at`: whether it is the first of a pair.
fn surrogate(bytes: &[u8], at: usize) -> Option<bool> {
    let [b'\\', b'u', b'd' | b'D', which, rest @ ..] = bytes.get(at..at + 6)? else { return None };
    let which = char::from(*which).to_digit(16).filter(|which| *which >= 8)?;
    rest.iter().all(u8::is_ascii_hexdigit).then_some(which < 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_halves_without_their_other_half_are_replaced() {
        for (sent, read) in [
            (r"\\ud83d", r"\\ud83d"),
            (r"\\\ud83d", r"\\\ufffd"),
            (r"\uD83D\uDE00\ude00", r"\uD83D\uDE00\ufffd"),
            (r"\ud83d \ude00", r"\ufffd \ufffd"),
            (r"\ud83", r"\ud83"),
            (r"\u0441\ud83d\u0441", r"\u0441\ufffd\u0441"),
        ] {
            assert_eq!(without_lone_surrogates(sent), read);
            assert_eq!(sent.len(), read.len(), "places stay as they were");
        }
    }
}
