//! Canonical proto JSON (protobuf documentation, "JSON mapping") onto the wire, in one pass and without a tree of values: what a
//! reader behind descriptors costs most is its values.
//!
//! Held to the contract word by word: a field that it does not have, or has twice under either of its spellings, is refused with
//! its path. Null is a field that is not there. The wire form is then decoded by the generated code.

use std::fmt;

use prost::encoding::{WireType, encode_key, encode_varint};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::super::json;
use super::super::refusal::{Refusal, bounded};
use super::schema::{Message, MessageId, Schema, Value};

pub(super) const FORMAT: &str = "skein.v1+json";

/// The outermost message of the schema, read from the text, as wire bytes.
pub(super) fn wire(text: &str, schema: &Schema) -> Result<Vec<u8>, Refusal> {
    let mut out = Out { schema, bytes: Vec::with_capacity(text.len()), refusal: None };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let walk = Walk { value: Value::Message(0), place: Place::Whole, path: &Path::Root, out: &mut out };
    match walk.deserialize(&mut deserializer).and_then(|there| deserializer.end().map(|()| there)) {
        Ok(true) => Ok(out.bytes),
        Ok(false) => Err(Refusal::Malformed { format: FORMAT, line: 1, column: 0 }),
        Err(error) => Err(out.refusal.take().unwrap_or_else(|| json::refusal(FORMAT, &error))),
    }
}

struct Out<'s> {
    schema: &'s Schema,
    bytes: Vec<u8>,
    /// Why the walk was stopped, when it was not for the JSON itself.
    refusal: Option<Refusal>,
}

impl Out<'_> {
    fn refuse<E: Error>(&mut self, refusal: Refusal) -> E {
        self.refusal = Some(refusal);
        E::custom("refused")
    }

    /// Puts the length before what was written since `start`, where one byte was left for it.
    fn close(&mut self, start: usize) {
        let length = self.bytes.len() - start;
        let mut varint = Vec::with_capacity(10);
        encode_varint(length as u64, &mut varint);
        if let [short] = varint[..] {
            self.bytes[start - 1] = short;
        } else {
            self.bytes.splice(start - 1..start, varint);
        }
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

/// What a value is part of.
#[derive(Clone, Copy)]
enum Place {
    /// Nothing: it is the event.
    Whole,
    /// The field of this number.
    Field(u32),
    /// A field that holds a list.
    List(u32),
    /// The list of the field of this number.
    Item(u32),
}

/// Reads one value and writes it. Gives whether there was one: null is none.
struct Walk<'w, 's> {
    value: Value,
    place: Place,
    path: &'w Path<'w>,
    out: &'w mut Out<'s>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Walk<'_, '_> {
    fn key(&mut self, wire_type: WireType) {
        if let Place::Field(number) | Place::Item(number) = self.place {
            encode_key(number, wire_type, &mut self.out.bytes);
        }
    }

    fn unexpected<T, E: Error>(&self, what: &str) -> Result<T, E> {
        Err(E::custom(format_args!("unexpected {what}")))
    }

    fn varint<E>(mut self, number: u64) -> Result<bool, E> {
        self.key(WireType::Varint);
        encode_varint(number, &mut self.out.bytes);
        Ok(true)
    }

    fn four<E>(mut self, bytes: [u8; 4]) -> Result<bool, E> {
        self.key(WireType::ThirtyTwoBit);
        self.out.bytes.extend_from_slice(&bytes);
        Ok(true)
    }

    fn eight<E>(mut self, bytes: [u8; 8]) -> Result<bool, E> {
        self.key(WireType::SixtyFourBit);
        self.out.bytes.extend_from_slice(&bytes);
        Ok(true)
    }

    /// A whole number into whatever number the field holds.
    fn integer<E: Error>(self, number: i128) -> Result<bool, E> {
        if matches!(self.place, Place::List(_)) {
            return self.unexpected("number");
        }
        let range = |_| E::custom("number out of range");
        match self.value {
            // The wire form of a negative number is that of 64 bits.
            Value::Int32 | Value::Enum(_) => {
                self.varint(i64::from(i32::try_from(number).map_err(range)?).cast_unsigned())
            }
            Value::Int64 => self.varint(i64::try_from(number).map_err(range)?.cast_unsigned()),
            Value::Uint32 => self.varint(u32::try_from(number).map_err(range)?.into()),
            Value::Uint64 => self.varint(u64::try_from(number).map_err(range)?),
            Value::Fixed32 => self.four(u32::try_from(number).map_err(range)?.to_le_bytes()),
            Value::Fixed64 => self.eight(u64::try_from(number).map_err(range)?.to_le_bytes()),
            Value::Double | Value::Float => self.float(number as f64),
            Value::Bool | Value::String | Value::Message(_) => self.unexpected("number"),
        }
    }

    fn float<E: Error>(self, number: f64) -> Result<bool, E> {
        if matches!(self.place, Place::List(_)) {
            return self.unexpected("number");
        }
        match self.value {
            Value::Double => self.eight(number.to_le_bytes()),
            Value::Float => {
                if number.is_finite() && number.abs() > f64::from(f32::MAX) {
                    return Err(E::custom("number out of range"));
                }
                #[expect(clippy::cast_possible_truncation, reason = "the range was checked; the rest is rounding")]
                self.four((number as f32).to_le_bytes())
            }
            // 1e3 and 2.0 are whole numbers in JSON.
            _ if number.fract() == 0.0 && number.abs() <= 2f64.powi(64) =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 65 bits")]
                self.integer(number as i128)
            }
            _ => self.unexpected("fraction"),
        }
    }

    /// The members of a message.
    fn members<'de, A: MapAccess<'de>>(&mut self, id: MessageId, mut map: A) -> Result<(), A::Error> {
        let schema = self.out.schema;
        let message = schema.get(id);
        let (mut seen, mut oneofs) = (0_u64, 0_u64);
        while let Some(at) = map.next_key_seed(Name { message, path: self.path, out: self.out })? {
            let field = &message.fields[at];
            if seen & (1 << at) != 0 {
                let path = bounded(&Path::Field(self.path, &field.name).to_string());
                return Err(self.out.refuse(Refusal::DuplicateKey { path }));
            }
            seen |= 1 << at;
            let place = if field.list { Place::List(field.number) } else { Place::Field(field.number) };
            let path = Path::Field(self.path, &field.name);
            let there = map.next_value_seed(Walk { value: field.value, place, path: &path, out: self.out })?;
            if let Some(oneof) = field.oneof.filter(|_| there) {
                if oneofs & (1 << oneof) != 0 {
                    return Err(A::Error::custom("two members of a oneof"));
                }
                oneofs |= 1 << oneof;
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the contract")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<bool, A::Error> {
        let Value::Message(id) = self.value else { return self.unexpected("object") };
        match self.place {
            Place::Whole => self.members(id, map)?,
            Place::List(_) => return self.unexpected("object"),
            Place::Field(_) | Place::Item(_) => {
                self.key(WireType::LengthDelimited);
                self.out.bytes.push(0);
                let start = self.out.bytes.len();
                self.members(id, map)?;
                self.out.close(start);
            }
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let Place::List(number) = self.place else { return self.unexpected("list") };
        let mut at = 0;
        loop {
            let path = Path::Item(self.path, at);
            let item = Walk { value: self.value, place: Place::Item(number), path: &path, out: self.out };
            match seq.next_element_seed(item)? {
                None => return Ok(true),
                Some(true) => at += 1,
                Some(false) => return Err(A::Error::custom("null in a list")),
            }
        }
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<bool, E> {
        if matches!(self.place, Place::List(_)) {
            return self.unexpected("text");
        }
        match self.value {
            Value::String => {
                self.key(WireType::LengthDelimited);
                encode_varint(text.len() as u64, &mut self.out.bytes);
                self.out.bytes.extend_from_slice(text.as_bytes());
                Ok(true)
            }
            Value::Enum(id) => match self.out.schema.enum_number(id, text) {
                Some(number) => self.integer(number.into()),
                None => self.unexpected("name of an enum's value"),
            },
            // "NaN", "Infinity" and "-Infinity" are read by their names.
            Value::Double | Value::Float => {
                let number = text.parse().map_err(|_| E::custom("text that is no number"))?;
                self.float(number)
            }
            Value::Bool | Value::Message(_) => self.unexpected("text"),
            _ => {
                let number = text.parse().map_err(|_| E::custom("text that is no whole number"))?;
                self.integer(number)
            }
        }
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<bool, E> {
        match (self.value, self.place) {
            (Value::Bool, Place::Field(_) | Place::Item(_)) => self.varint(truth.into()),
            _ => self.unexpected("boolean"),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        self.integer(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        self.integer(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        self.float(number)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }
}

/// A member's name, as the index of its field.
struct Name<'w, 's> {
    message: &'w Message,
    path: &'w Path<'w>,
    out: &'w mut Out<'s>,
}

impl<'de> DeserializeSeed<'de> for Name<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        match self.message.field(name) {
            Some(at) => Ok(at),
            None => {
                let path = bounded(&Path::Field(self.path, name).to_string());
                Err(self.out.refuse(Refusal::UnknownField { path }))
            }
        }
    }
}
