//! A body that may be asked for its members a second time: for what is rare, such as the name of a kind that nobody knows.
//!
//! Nothing is kept of it: each question walks the text again and borrows from it. So that a body full of unknown things does not cost
//! the square of its size, the bytes walked are limited; after that a question has no answer.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::json::MAX_ITEMS;

/// Bytes walked for all questions about one body: every question that a body of real size can raise, and four about the largest.
const WALK_BYTES: usize = 4 << 20;

/// The text of a body, already checked.
pub(super) struct Whole<'a> {
    text: &'a str,
    walked: Cell<usize>,
}

/// A member of an object: its name, and its value as text.
pub(super) type Member<'a> = (String, &'a str);

impl<'a> Whole<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, walked: Cell::new(0) }
    }

    /// The members of the object at a JSON pointer of plain names and numbers, at most [`MAX_ITEMS`].
    pub(super) fn members(&self, pointer: &str) -> Option<Vec<Member<'a>>> {
        let walked = self.walked.get() + self.text.len();
        if walked > WALK_BYTES {
            return None;
        }
        self.walked.set(walked);
        let mut text = self.text;
        for step in pointer.split('/').skip(1) {
            text = walk(text, Find { step, at: step.parse().ok() })??;
        }
        walk(text, All)
    }

    /// The first member, by name, of the object at a JSON pointer that is none of `known`: what a kind that nobody knows is
    /// called. Null is nothing.
    pub(super) fn unknown_member(&self, pointer: &str, known: &[&str]) -> Option<String> {
        let there = self.members(pointer)?.into_iter().filter(|(_, value)| *value != "null");
        there.map(|(name, _)| name).filter(|name| !known.contains(&name.as_str())).min()
    }

    /// Whether the object at a JSON pointer has a member of that name which is not null.
    pub(super) fn has(&self, pointer: &str, name: &str) -> bool {
        self.members(pointer).into_iter().flatten().any(|(other, value)| other == name && value != "null")
    }
}

fn walk<'a, S: DeserializeSeed<'a>>(text: &'a str, seed: S) -> Option<S::Value> {
    seed.deserialize(&mut serde_json::Deserializer::from_str(text)).ok()
}

/// Finds the text of one member or item; none: it is not there.
struct Find<'p> {
    step: &'p str,
    at: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = Option<&'de str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if name == self.step && found.is_none() {
                found = Some(map.next_value::<&RawValue>()?.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let at = self.at.ok_or_else(|| A::Error::custom("a name in a list"))?;
        for _ in 0..at {
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = seq.next_element::<&RawValue>()?.map(RawValue::get);
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// All members of an object.
struct All;

impl<'de> DeserializeSeed<'de> for All {
    type Value = Vec<Member<'de>>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for All {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while members.len() < MAX_ITEMS
            && let Some((name, value)) = map.next_entry::<String, &RawValue>()?
        {
            members.push((name, value.get()));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"events":[{"type":"x"},{"b":[1,2],"\u0061":{"c":null}}],"n":1}"#;

    #[test]
    fn members_are_found_by_names_and_numbers() {
        let whole = Whole::new(BODY);
        let found = |pointer| whole.members(pointer);
        assert_eq!(found("/events/1"), Some(vec![("b".to_owned(), "[1,2]"), ("a".to_owned(), r#"{"c":null}"#)]));
        assert_eq!(found("/events/1/a"), Some(vec![("c".to_owned(), "null")]));
        assert_eq!((found("/events/2"), found("/events"), found("/n"), found("/x/y")), (None, None, None, None));
        assert_eq!(whole.unknown_member("/events/1", &["a"]).as_deref(), Some("b"));
        assert_eq!(whole.unknown_member("", &["events", "n"]), None);
    }

    #[test]
    fn a_body_is_not_walked_for_ever() {
        let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(WALK_BYTES / 4));
        let whole = Whole::new(&large);
        let answers: Vec<bool> = (0..5).map(|_| whole.members("").is_some()).collect();
        assert_eq!(answers, [true, true, true, false, false]);
    }
}
