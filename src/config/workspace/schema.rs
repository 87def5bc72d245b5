//! A workspace file as JSON Schema, by which editors complete, explain and check it while it is written.
//!
//! Made from the types that read the file. It is draft 7 without references, because that is what editors of TOML do best with; words of
//! lists are an `enum` with `x-taplo` beside it, so that each is explained and a wrong one is told with what there is. What it refuses
//! `skein check` refuses, too, but for what `shape` says; the other way round not: sections that name each other are beyond it.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::file::File;

/// The schema of workspace files.
#[must_use]
pub fn workspace_schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<File>();
    Tidy.transform(&mut schema);
    schema.insert("title".to_owned(), "A workspace of skein".into());
    schema.insert("$id".to_owned(), "urn:skein:workspace:v1".into());
    schema.to_value()
}

/// From what is true of Rust's types to what is true of TOML and good to read.
struct Tidy;

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(map) = schema.as_object_mut() {
            without_null(map);
            bounded(map);
            words(map);
            one_line(map);
        }
        transform_subschemas(self, schema);
    }
}

/// TOML has no null: what may be left out is not required. What is empty where it is left out needs no default.
fn without_null(map: &mut Map<String, Value>) {
    let null = json!({"type": "null"});
    if let Some(Value::Array(mut either)) = map.remove("anyOf") {
        either.retain(|one| *one != null);
        match either.as_mut_slice() {
            [Value::Object(only)] => {
                for (key, value) in std::mem::take(only) {
                    map.entry(key).or_insert(value);
                }
            }
            _ => {
                map.insert("anyOf".to_owned(), either.into());
            }
        }
    }
    if let Some(Value::Array(kinds)) = map.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_mut_slice() {
            let only = only.take();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let says_nothing = match map.get("default") {
        Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(entries)) => entries.is_empty(),
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) | None => false,
    };
    if says_nothing {
        map.remove("default");
    }
}

/// Formats of numbers are Rust's; what they mean is a largest number.
fn bounded(map: &mut Map<String, Value>) {
    let Some(format) = map.remove("format") else { return };
    match format.as_str() {
        Some("uint32") => _ = map.entry("maximum").or_insert(u32::MAX.into()),
        Some("uint8" | "uint") => {}
        _ => _ = map.insert("format".to_owned(), format),
    }
}

/// Constants to choose from become a list of words with a list of what each means.
fn words(map: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = map.get("oneOf") else { return };
    let part = |key: &str| -> Option<Vec<Value>> { choices.iter().map(|choice| choice.get(key).cloned()).collect() };
    let (Some(names), Some(mut meanings)) = (part("const"), part("description")) else { return };
    meanings.iter_mut().for_each(collapse);
    map.remove("oneOf");
    map.insert("type".to_owned(), "string".into());
    map.insert("enum".to_owned(), names.into());
    map.insert("x-taplo".to_owned(), json!({"docs": {"enumValues": meanings}}));
}

/// Comments are broken where lines of code are.
fn one_line(map: &mut Map<String, Value>) {
    if let Some(text) = map.get_mut("description") {
        collapse(text);
    }
}

fn collapse(text: &mut Value) {
    if let Value::String(text) = text {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}
