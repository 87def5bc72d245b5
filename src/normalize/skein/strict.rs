//! Finds what a lenient JSON reader passes over: unknown fields and fields given twice, with their path.
//!
//! Both spellings of a field (`messageRef`, `message_ref`) are one field here, as they are for the reader behind it.

use std::cell::RefCell;
use std::fmt;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::json;
use super::super::refusal::{Refusal, bounded};

/// Checks the text against the message.
pub(super) fn check(text: &str, message: &MessageDescriptor) -> Result<(), Refusal> {
    let found = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let walk = Walk { message: Some(message.clone()), path: &Path::Root, found: &found };
    match walk.deserialize(&mut deserializer).and_then(|()| deserializer.end()) {
        Ok(()) => Ok(()),
        Err(error) => Err(found.into_inner().unwrap_or_else(|| json::refusal("skein.v1+json", &error))),
    }
}

/// Where a value stands. Spelled out only when something is wrong there.
enum Path<'a> {
    Root,
    Field(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
}

/// One value: of the message type, or of a scalar type whose inside is the reader's affair.
struct Walk<'a> {
    message: Option<MessageDescriptor>,
    path: &'a Path<'a>,
    found: &'a RefCell<Option<Refusal>>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Walk<'_> {
    fn fail<E: serde::de::Error>(&self, refusal: Refusal) -> E {
        *self.found.borrow_mut() = Some(refusal);
        E::custom("refused")
    }

    fn below(&self, name: &str) -> String {
        bounded(&Path::Field(self.path, name).to_string())
    }

    fn field(&self, name: &str) -> Option<FieldDescriptor> {
        let message = self.message.as_ref()?;
        message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name))
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen: Vec<u32> = Vec::new();
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let Some(field) = self.field(&name) else {
                return Err(self.fail(Refusal::UnknownField { path: self.below(&name) }));
            };
            if seen.contains(&field.number()) {
                return Err(self.fail(Refusal::DuplicateKey { path: self.below(&name) }));
            }
            seen.push(field.number());
            let message = match field.kind() {
                Kind::Message(message) => Some(message),
                _ => None,
            };
            let path = Path::Field(self.path, field.name());
            map.next_value_seed(Walk { message, path: &path, found: self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut at = 0_usize;
        loop {
            let path = Path::Item(self.path, at);
            let walk = Walk { message: self.message.clone(), path: &path, found: self.found };
            if seq.next_element_seed(walk)?.is_none() {
                return Ok(());
            }
            at += 1;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
