//! What all JSON formats have in common: checks before parsing, and scalars read leniently without copying.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::escapes::{has_escaped_nul, without_lone_surrogates};
use super::fields::leads_to;
use super::refusal::{Refusal, bounded};

/// Deepest nesting of objects and arrays. The deepest real payload seen has 12.
pub const MAX_JSON_DEPTH: usize = 64;

/// Most objects and lists: what a body of the greatest size holds that is full of real messages. Empty ones would cost a
/// hundred times their bytes.
pub const MAX_JSON_CONTAINERS: usize = 16_384;

/// Most items of one list. Providers send up to 1,000 changes at once.
pub(super) const MAX_ITEMS: usize = 4_096;

/// The bytes as text that a parser may be let loose on: UTF-8, no NUL (escaped or not), not too deep or too full, and every
/// escape a character. It is as long as the bytes, and what stands in it stands where it stood there.
pub(super) fn checked(bytes: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|error| Refusal::NotUtf8 { at: error.valid_up_to() })?;
    if memchr::memchr(0, bytes).is_some() || has_escaped_nul(bytes) {
        return Err(Refusal::Nul);
    }
    check_shape(bytes)?;
    Ok(without_lone_surrogates(text))
}

fn check_shape(bytes: &[u8]) -> Result<(), Refusal> {
    // Most payloads open less than that in all, and counting is far cheaper than following.
    if bytes.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= MAX_JSON_DEPTH {
        return Ok(());
    }
    let (mut depth, mut containers, mut at) = (0_usize, 0_usize, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1),
            b'{' | b'[' => {
                depth += 1;
                containers += 1;
                if depth > MAX_JSON_DEPTH {
                    return Err(Refusal::TooDeep { limit: MAX_JSON_DEPTH });
                }
                if containers > MAX_JSON_CONTAINERS {
                    return Err(Refusal::TooMany { what: "objects and lists", limit: MAX_JSON_CONTAINERS });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Where the string that begins at `at` has its closing quote, or the end of the bytes.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// What a parser's error says to a stranger: the place, and nothing of the content.
pub(super) fn refusal(format: &'static str, error: &serde_json::Error) -> Refusal {
    let text = error.to_string();
    // Derived code reports a repeated field by its name in our own source.
    if let Some(name) = text.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next()) {
        return Refusal::DuplicateKey { path: name.to_owned() };
    }
    if text.starts_with(TOO_MANY_ITEMS) {
        return Refusal::TooMany { what: "items", limit: MAX_ITEMS };
    }
    Refusal::Malformed { format, line: error.line(), column: error.column() }
}

/// The refusal of a value that was read by itself, with the place in the whole text.
fn place_within(text: &str, raw: &RawValue, found: Refusal) -> Refusal {
    let Refusal::Malformed { format, line, column } = found else { return found };
    let before =
        raw.get().as_ptr().addr().checked_sub(text.as_ptr().addr()).and_then(|at| text.get(..at)).unwrap_or("");
    let lines = memchr::memchr_iter(b'\n', before.as_bytes()).count();
    let indent = if line > 1 { 0 } else { before.len() - before.rfind('\n').map_or(0, |at| at + 1) };
    Refusal::Malformed { format, line: line + lines, column: column + indent }
}

/// Members by which the bodies of the formats here are known, our own among them, and the lists of a change that lost its
/// frame. Where one stands, somebody may have said something.
const MARKS: [&str; 21] = [
    "object",
    "entry",
    "update_id",
    "events",
    "event",
    "eventId",
    "event_id",
    "message_token",
    "message_uuid",
    "msisdn",
    "messageId",
    "messageRef",
    "message_ref",
    "specversion",
    "senders",
    "message",
    "messages",
    "message_echoes",
    "statuses",
    "history",
    "contacts",
];

/// What a body is that no format here reads: the name of its first list, else of its first object, else `body`. Bounded. A body
/// of another format than the endpoint's is refused: what it says is nobody's there, and too good to be dropped.
pub(super) fn kind_of_body(text: &str) -> Result<String, Refusal> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = (Option<String>, Option<String>, bool);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let (mut list, mut object, mut marked) = (None, None, false);
            while let Some((name, value)) = map.next_entry::<Cow<'de, str>, &RawValue>()? {
                marked |= MARKS.contains(&&*name);
                match value.get().as_bytes().first() {
                    Some(b'[') => list = list.or_else(|| Some(bounded(&name))),
                    Some(b'{') => object = object.or_else(|| Some(bounded(&name))),
                    _ => {}
                }
            }
            Ok((list, object, marked))
        }
    }

    let (list, object, marked) = serde_json::Deserializer::from_str(text).deserialize_map(Members).unwrap_or_default();
    if marked {
        return Err(Refusal::Contract { what: "body of another format than the endpoint's" });
    }
    Ok(list.or(object).unwrap_or_else(|| "body".to_owned()))
}

/// Addresses of the provider's files let their bearer in, and are never kept: each becomes `(url)`. For a provider's own words
/// and JSON text, not for what a customer wrote.
pub(super) fn without_urls(text: &str) -> Cow<'_, str> {
    hide_urls(text, |_| true)
}

/// The addresses that `hidden` is told of and says yes to become `(url)`.
fn hide_urls(text: &str, hidden: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let (mut out, mut kept, mut end) = (String::new(), 0, 0);
    for at in memchr::memchr2_iter(b'h', b'H', bytes) {
        if at < kept || !is_url(&bytes[at..]) {
            continue;
        }
        // One within another ends where that ends: a text that is full of them is walked once.
        if at >= end {
            end = url_end(bytes, at);
        }
        if hidden(&text[at..end]) {
            out.push_str(&text[kept..at]);
            out.push_str("(url)");
            kept = end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// Where the address that begins at `at` ends.
fn url_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = bytes.get(end) {
        // In JSON text a slash may be escaped; any other escape ends the address, as its quote does.
        let escaped_slash = byte == b'\\' && bytes.get(end + 1) == Some(&b'/');
        if byte.is_ascii_whitespace() || matches!(byte, b'"' | b'<' | b'>') || (byte == b'\\' && !escaped_slash) {
            break;
        }
        end += 1;
    }
    end
}

fn is_url(bytes: &[u8]) -> bool {
    let Some((scheme, rest)) = bytes.split_at_checked(4) else { return false };
    let rest = rest.strip_prefix(b"s").or_else(|| rest.strip_prefix(b"S")).unwrap_or(rest);
    scheme.eq_ignore_ascii_case(b"http") && [&b"://"[..], br":\/\/"].iter().any(|slashes| rest.starts_with(slashes))
}

const TOO_MANY_ITEMS: &str = "too many items";

/// A list of at most [`MAX_ITEMS`]; anything else where a list belongs is an empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(|| PhantomData))
    }
}

/// A [`List`] of objects, for `deserialize_with`. An item that is none counts as an object without members, so that those
/// behind it keep their places.
pub(super) fn objects<'de, D, T>(deserializer: D) -> Result<List<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    deserializer.deserialize_any(ListVisitor(|| OrDefault(PhantomData)))
}

/// An object, for `deserialize_with`: anything else where an object belongs is read as absent, so that one odd member does not
/// cost the messages of others beside it.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

/// [`object`], or the default of one.
struct OrDefault<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> DeserializeSeed<'de> for OrDefault<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        object(deserializer).map(Option::unwrap_or_default)
    }
}

/// [`object`] as a type, for an item of a list within a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(|found| Self(found.unwrap_or_default()))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

/// Makes a seed for each item.
struct ListVisitor<F>(F);

impl<'de, S: DeserializeSeed<'de>, F: Fn() -> S> Visitor<'de> for ListVisitor<F> {
    type Value = List<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(List::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(List::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(List::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(List::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(List::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(List::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed((self.0)())? {
            if items.len() == MAX_ITEMS {
                return Err(A::Error::custom(TOO_MANY_ITEMS));
            }
            items.push(item);
        }
        Ok(List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(List::default())
    }
}

/// A scalar as text, borrowed where the bytes allow it. Numbers and booleans become their text; an object or array where a
/// scalar belongs becomes empty, so that one odd field does not cost the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_string(self) -> String {
        self.0.into_owned()
    }

    /// A true boolean, or its name.
    pub(super) fn is_true(&self) -> bool {
        self.0 == "true"
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(text)
    }
}

/// The text, empty when the member is absent.
pub(super) fn text(text: Option<Text<'_>>) -> String {
    text.map(Text::into_string).unwrap_or_default()
}

/// A file's name or title. Some providers repeat the file's address there, which leads to one of `media_hosts`; any other link
/// is somebody's word.
pub(super) fn name(text: Option<Text<'_>>, media_hosts: &[&str]) -> Option<String> {
    let text = filled(text)?;
    let plain = match hide_urls(&text, |url| leads_to(url, media_hosts)) {
        Cow::Borrowed(_) => None,
        Cow::Owned(plain) => Some(plain),
    };
    Some(plain.unwrap_or(text))
}

/// The text, if there is one and it is not empty.
pub(super) fn filled(text: Option<Text<'_>>) -> Option<String> {
    text.map(Text::into_string).filter(|text| !text.is_empty())
}

/// [`coordinates`](super::place::coordinates) of a place.
pub(super) fn coordinates(latitude: Option<&Text<'_>>, longitude: Option<&Text<'_>>) -> (f64, f64) {
    super::place::coordinates(latitude.map(Text::as_str), longitude.map(Text::as_str))
}

/// Reads the object of `format` that [`checked`] bytes hold.
pub(super) fn parse<'a, T: Deserialize<'a>>(format: &'static str, text: &'a str) -> Result<T, Refusal> {
    // Derived code would take a list for an object's members in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Refusal::Malformed { format, line: 1, column: 1 });
    }
    serde_json::from_str(text).map_err(|error| refusal(format, &error))
}

/// [`parse`] of a value that was read by itself, with the place in the whole text.
pub(super) fn parse_within<'a, T: Deserialize<'a>>(
    format: &'static str,
    text: &str,
    raw: &'a RawValue,
) -> Result<T, Refusal> {
    // As in `parse`.
    if raw.get().starts_with('[') {
        return Err(place_within(text, raw, Refusal::Malformed { format, line: 1, column: 1 }));
    }
    serde_json::from_str(raw.get()).map_err(|error| place_within(text, raw, refusal(format, &error)))
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_string()))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_string()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_string()))
    }

    fn visit_bool<E>(self, v: bool) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(if v { "true" } else { "false" }))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cow::Borrowed(""))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cow::Borrowed(""))
    }
}
