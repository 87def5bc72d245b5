//! `application/x-www-form-urlencoded` (WHATWG URL, section 5), held to UTF-8 and to one value per name: what Twilio and
//! Vonage send.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::refusal::{Refusal, bounded};

/// Most pairs of a form: real requests have about 40.
const MAX_PAIRS: usize = 512;

/// Names and values in the order sent.
#[derive(Clone, Default)]
pub(super) struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    /// `format` is whose form it is, for the refusal.
    pub(super) fn parse(format: &'static str, bytes: &'a [u8]) -> Result<Self, Refusal> {
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
                return Err(Refusal::Malformed { format, line: 0, column: 0 });
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

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds or replaces a value.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        self.0.retain(|(other, _)| other != name);
        self.0.push((Cow::Borrowed(name), Cow::Owned(value)));
    }

    /// The value itself, if there is one and it is not empty.
    pub(super) fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let (_, value) = self.0.iter_mut().find(|(other, value)| other == name && !value.is_empty())?;
        Some(std::mem::take(value))
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

/// The data of an event that says in JSON what a request says in a form: the same names, but for their first letter. A list or
/// an object becomes its JSON text.
impl<'de: 'a, 'a> Deserialize<'de> for Form<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Form<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Form<'de>, A::Error> {
        let mut pairs: Vec<(Cow<'de, str>, Cow<'de, str>)> = Vec::with_capacity(32);
        // Names that came with a capital, which such an event has none of: they give way to those without.
        let mut capital: Vec<bool> = Vec::with_capacity(32);
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            let mut name = name;
            let written = name.starts_with(|first: char| first.is_ascii_uppercase());
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            if pairs.len() == MAX_PAIRS {
                return Err(A::Error::custom("too many members"));
            }
            let known = pairs.iter().position(|(other, _)| *other == name);
            if known.is_some_and(|at| capital[at] == written) {
                return Err(A::Error::custom(format_args!("duplicate field `{}`", bounded(&name))));
            }
            let value = match value.get() {
                "null" => continue,
                text if text.starts_with('"') => Cow::Owned(serde_json::from_str(text).map_err(A::Error::custom)?),
                text => Cow::Borrowed(text),
            };
            match known {
                Some(_) if written => {}
                Some(at) => (pairs[at].1, capital[at]) = (value, false),
                None => {
                    pairs.push((Cow::Owned(name), value));
                    capital.push(written);
                }
            }
        }
        Ok(Form(pairs))
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
