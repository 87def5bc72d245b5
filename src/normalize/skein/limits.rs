//! How much an event may hold. Two bytes on the wire can become a structure of hundreds: what is large is counted before it is
//! decoded.

use prost::bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint};

use super::super::refusal::Refusal;
use super::schema::{MessageId, Schema, Value};

/// Smaller events cannot become large in memory.
const SMALL_BYTES: usize = 16 * 1024;

/// Most messages inside of an event: parts, items, participants.
const MAX_MESSAGES: usize = 8_192;

/// Most fields of an event and of everything in it.
const MAX_FIELDS: usize = 65_536;

/// Checks wire bytes of the schema's outermost message. Bytes that are no message at all pass: the decoder refuses them.
pub(super) fn check(bytes: &[u8], schema: &Schema) -> Result<(), Refusal> {
    if bytes.len() <= SMALL_BYTES {
        return Ok(());
    }
    let mut count = Count { messages: 0, fields: 0 };
    match count.message(bytes, schema, 0) {
        Some(Over::Messages) => Err(Refusal::TooMany { what: "messages in an event", limit: MAX_MESSAGES }),
        Some(Over::Fields) => Err(Refusal::TooMany { what: "fields in an event", limit: MAX_FIELDS }),
        None => Ok(()),
    }
}

struct Count {
    messages: usize,
    fields: usize,
}

enum Over {
    Messages,
    Fields,
}

impl Count {
    fn message(&mut self, mut bytes: &[u8], schema: &Schema, id: MessageId) -> Option<Over> {
        self.messages += 1;
        if self.messages > MAX_MESSAGES {
            return Some(Over::Messages);
        }
        while bytes.has_remaining() {
            self.fields += 1;
            if self.fields > MAX_FIELDS {
                return Some(Over::Fields);
            }
            let (number, wire_type) = decode_key(&mut bytes).ok()?;
            match wire_type {
                WireType::Varint => drop(decode_varint(&mut bytes).ok()?),
                WireType::ThirtyTwoBit => bytes = bytes.get(4..)?,
                WireType::SixtyFourBit => bytes = bytes.get(8..)?,
                WireType::LengthDelimited => {
                    let length = usize::try_from(decode_varint(&mut bytes).ok()?).ok()?;
                    let (inside, rest) = bytes.split_at_checked(length)?;
                    let value = schema.get(id).numbered(number).map(|field| field.value);
                    if let Some(Value::Message(id)) = value
                        && let over @ Some(_) = self.message(inside, schema, id)
                    {
                        return over;
                    }
                    bytes = rest;
                }
                // Groups are of an older protobuf: each of their tags counts as a field.
                WireType::StartGroup | WireType::EndGroup => {}
            }
        }
        None
    }
}
