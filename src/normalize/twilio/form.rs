//! `application/x-www-form-urlencoded` (WHATWG URL, section 5), held to UTF-8 and to one value per name.

use std::borrow::Cow;

use super::super::refusal::{Refusal, bounded};

/// Most pairs of a form: real requests have about 40.
const MAX_PAIRS: usize = 512;

/// Names and values in the order sent.
#[derive(Clone)]
pub(super) struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(32);
        for pair in bytes.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match memchr::memchr(b'=', pair) {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &b""[..]),
            };
            let (name, value) = (decode(name)?, decode(value)?);
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(Refusal::DuplicateKey { path: bounded(&name) });
            }
            if pairs.len() == MAX_PAIRS {
                return Err(Refusal::Malformed { format: "twilio", line: 0, column: 0 });
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The value, if there is one and it is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(other, _)| other == name)?;
        Some(value.as_ref()).filter(|value| !value.is_empty())
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    let decoded =
        if memchr::memchr2(b'%', b'+', bytes).is_none() { Cow::Borrowed(bytes) } else { Cow::Owned(unescape(bytes)) };
    if memchr::memchr(0, &decoded).is_some() {
        return Err(Refusal::Nul);
    }
    let not_utf8 = |at| Refusal::NotUtf8 { at };
    match decoded {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|e| not_utf8(e.valid_up_to())),
        Cow::Owned(bytes) => {
            String::from_utf8(bytes).map(Cow::Owned).map_err(|e| not_utf8(e.utf8_error().valid_up_to()))
        }
    }
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            // A percent sign that escapes nothing stands for itself.
            (b'+', ..) => {
                out.push(b' ');
                at += 1;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}
