//! Mutations of protobuf's wire bytes that leave every length right: a changed byte seldom does, and is refused by the first parser.

use skein::normalize::MAX_BODY_BYTES;

use crate::engine::{LONG_EVERY, Random};

/// Longer bodies are left to the mutations of bytes.
const MAX_BYTES: usize = 32 * 1024;

/// A length-delimited value with a larger field number in it is taken for text.
const MAX_NUMBER: u64 = 64;

/// Messages inside messages that are taken apart.
const MAX_DEPTH: usize = 12;

struct Field {
    number: u64,
    value: Value,
}

enum Value {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(Vec<u8>),
    Message(Vec<Field>),
}

/// The body with a few fields changed. None: it is no message.
pub(crate) fn mutated(body: &[u8], other: &[u8], words: &[Vec<u8>], random: &mut Random) -> Option<Vec<u8>> {
    if body.len() > MAX_BYTES || other.len() > MAX_BYTES {
        return None;
    }
    let mut fields = parsed(body, MAX_DEPTH)?;
    for _ in 0..=random.below(3) {
        let mut given = parsed(other, MAX_DEPTH).unwrap_or_default();
        change(&mut fields, &mut given, words, random);
    }
    if random.below(LONG_EVERY) == 0 {
        lengthen(&mut fields, random);
    }
    let mut bytes = Vec::with_capacity(body.len());
    write(&fields, &mut bytes);
    Some(bytes)
}

/// The body taken apart and put together again: the same bytes when nothing was lost. None: it is no message.
pub(crate) fn again(body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(body.len());
    write(&parsed(body, MAX_DEPTH)?, &mut bytes);
    Some(bytes)
}

fn parsed(mut bytes: &[u8], depth: usize) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let number = key >> 3;
        if number == 0 || number > MAX_NUMBER {
            return None;
        }
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut bytes)?),
            1 => Value::Fixed64(*bytes.split_off(..8)?.as_array()?),
            5 => Value::Fixed32(*bytes.split_off(..4)?.as_array()?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let inner = bytes.split_off(..length)?;
                let message = (depth > 0 && !inner.is_empty()).then(|| parsed(inner, depth - 1)).flatten();
                message.map_or_else(|| Value::Bytes(inner.to_vec()), Value::Message)
            }
            _ => return None,
        };
        fields.push(Field { number, value });
    }
    Some(fields)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn write(fields: &[Field], bytes: &mut Vec<u8>) {
    for Field { number, value } in fields {
        let mut key = |kind| write_varint(number << 3 | kind, bytes);
        match value {
            Value::Varint(value) => {
                key(0);
                write_varint(*value, bytes);
            }
            Value::Fixed64(value) => {
                key(1);
                bytes.extend_from_slice(value);
            }
            Value::Fixed32(value) => {
                key(5);
                bytes.extend_from_slice(value);
            }
            Value::Bytes(value) => {
                key(2);
                write_varint(value.len() as u64, bytes);
                bytes.extend_from_slice(value);
            }
            Value::Message(fields) => {
                key(2);
                let mut inner = Vec::new();
                write(fields, &mut inner);
                write_varint(inner.len() as u64, bytes);
                bytes.append(&mut inner);
            }
        }
    }
}

fn write_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

/// Repeats one field, from any depth, until the message is long.
fn lengthen(fields: &mut Vec<Field>, random: &mut Random) {
    if fields.is_empty() {
        return;
    }
    let at = random.below(fields.len());
    if let Value::Message(inner) = &mut fields[at].value
        && random.below(3) != 0
    {
        lengthen(inner, random);
        return;
    }
    let mut one = Vec::new();
    write(&fields[at..=at], &mut one);
    let room = (MAX_BODY_BYTES - 2 * MAX_BYTES) >> random.below(4);
    let copies = room / one.len();
    let again: Vec<Field> = (0..copies).filter_map(|_| parsed(&one, MAX_DEPTH)).flatten().collect();
    fields.extend(again);
}

/// Goes down by chance and changes what it comes to.
fn change(fields: &mut Vec<Field>, other: &mut Vec<Field>, words: &[Vec<u8>], random: &mut Random) {
    if fields.is_empty() {
        fields.extend(taken(other, random));
        return;
    }
    let at = random.below(fields.len());
    if let Value::Message(inner) = &mut fields[at].value
        && random.below(5) != 0
    {
        change(inner, other, words, random);
        return;
    }
    match random.below(10) {
        0 => drop(fields.remove(at)),
        1 => fields[at].number = 1 + random.below(24) as u64,
        2 => {
            let last = fields.len() - 1;
            fields.swap(at, last);
        }
        3 | 4 => fields.extend(taken(other, random)),
        5 => {
            if let Some(taken) = taken(other, random) {
                fields[at].value = taken.value;
            }
        }
        _ => fields[at].value = plain(&fields[at].value, words, random),
    }
}

/// A field of another input, from any depth.
fn taken(other: &mut Vec<Field>, random: &mut Random) -> Option<Field> {
    if other.is_empty() {
        return None;
    }
    let at = random.below(other.len());
    if let Value::Message(inner) = &mut other[at].value
        && random.below(3) != 0
    {
        return taken(inner, random);
    }
    Some(other.swap_remove(at))
}

/// A value in the place of another, most often one of its kind.
fn plain(value: &Value, words: &[Vec<u8>], random: &mut Random) -> Value {
    let number = [0, 1, 2, random.below(40) as u64, random.below(1 << 40) as u64, u64::MAX][random.below(6)];
    match value {
        Value::Varint(_) => Value::Varint(number),
        Value::Fixed64(_) => Value::Fixed64(number.to_le_bytes()),
        Value::Fixed32(_) if random.below(4) != 0 => {
            let mut half = [0; 4];
            half.copy_from_slice(&number.to_le_bytes()[..4]);
            Value::Fixed32(half)
        }
        Value::Bytes(_) if random.below(4) == 0 => Value::Bytes(Vec::new()),
        Value::Bytes(_) if random.below(8) != 0 => Value::Bytes(words[random.below(words.len())].clone()),
        _ => [Value::Varint(number), Value::Message(Vec::new())].into_iter().nth(random.below(2)).expect("one of two"),
    }
}
