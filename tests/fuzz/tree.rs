//! Mutations of JSON that leave it JSON: most changes of single bytes are caught by the first parser and reach no further.

use serde_json::Value;

use crate::engine::Random;

/// Longer bodies are left to the mutations of bytes.
const MAX_BYTES: usize = 32 * 1024;

/// The body with a few values changed. None: it is no JSON.
pub(crate) fn mutated(body: &[u8], other: &[u8], words: &[Vec<u8>], random: &mut Random) -> Option<Vec<u8>> {
    if body.len() > MAX_BYTES || other.len() > MAX_BYTES || !matches!(body.first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut tree: Value = serde_json::from_slice(body).ok()?;
    let other: Value = serde_json::from_slice(other).unwrap_or_default();
    for _ in 0..=random.below(3) {
        change(&mut tree, &other, words, random);
    }
    serde_json::to_vec(&tree).ok()
}

/// Goes down by chance and changes what it comes to.
fn change(value: &mut Value, other: &Value, words: &[Vec<u8>], random: &mut Random) {
    let stop = random.below(5) == 0;
    match value {
        Value::Object(members) if !members.is_empty() && !stop => {
            let at = random.below(members.len());
            let name = members.keys().nth(at).cloned().unwrap_or_default();
            match random.below(10) {
                0 => drop(members.remove(&name)),
                1 => {
                    // The same value under another name.
                    let value = members.remove(&name).unwrap_or_default();
                    members.insert(word(words, random), value);
                }
                2 => drop(members.insert(word(words, random), some(other, words, random))),
                _ => change(&mut members[&name], other, words, random),
            }
        }
        Value::Array(items) if !items.is_empty() && !stop => {
            let at = random.below(items.len());
            match random.below(8) {
                0 => drop(items.remove(at)),
                1 => {
                    let copy = items[at].clone();
                    items.push(copy);
                }
                2 => items.push(some(other, words, random)),
                _ => change(&mut items[at], other, words, random),
            }
        }
        _ => *value = some(other, words, random),
    }
}

fn word(words: &[Vec<u8>], random: &mut Random) -> String {
    String::from_utf8_lossy(&words[random.below(words.len())]).into_owned()
}

/// A value: of another input, or a plain one.
fn some(other: &Value, words: &[Vec<u8>], random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 => (random.below(3)).into(),
        3 => u64::MAX.into(),
        4 => Value::String(random.below(1 << 40).to_string()),
        5 => Value::Array(Vec::new()),
        6 => Value::Object(serde_json::Map::new()),
        7 | 8 => Value::String(word(words, random)),
        _ => {
            let mut found = other;
            while random.below(4) != 0 {
                found = match found {
                    Value::Object(members) if !members.is_empty() => {
                        members.values().nth(random.below(members.len())).unwrap_or(found)
                    }
                    Value::Array(items) if !items.is_empty() => &items[random.below(items.len())],
                    _ => break,
                };
            }
            found.clone()
        }
    }
}
