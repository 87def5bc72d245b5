//! A message as JSON Schema (draft 7, the one that AsyncAPI documents build on), in canonical proto JSON.
//!
//! Stricter than a reader of that JSON in one thing: fields are named in lower camel case only, as skein writes them. What skein
//! refuses (unknown fields, several kinds of an event) the schema refuses too.

use std::collections::BTreeSet;

use anyhow::Context as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto};
use serde_json::{Map, Value, json};

use super::contract::{Commented, Contract};

/// The schema of `root` with everything that it is made of.
pub(super) fn schema(contract: &Contract, root: &str) -> anyhow::Result<Value> {
    let mut definitions = Map::new();
    let mut wanted = vec![root.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let definition = match (contract.messages.get(&name), contract.enums.get(&name)) {
            (Some(message), _) => of_message(message, &mut wanted)?,
            (None, Some(listed)) => of_enum(listed),
            (None, None) => anyhow::bail!("the contract has no {name}"),
        };
        definitions.insert(name, definition);
    }
    Ok(json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("urn:skein:channel:v1:{root}"),
        "title": format!("skein.channel.v1.{root}"),
        "allOf": [{"$ref": format!("#/definitions/{root}")}],
        "definitions": definitions,
    }))
}

fn of_message(message: &Commented<DescriptorProto>, wanted: &mut Vec<String>) -> anyhow::Result<Value> {
    let mut properties = Map::new();
    let mut choices = Vec::new();
    for (field, comment) in message.of.field.iter().zip(&message.parts) {
        let mut value = of_field(field, wanted).with_context(|| format!("field {}", field.name()))?;
        if let Some(object) = value.as_object_mut() {
            object.insert("description".to_owned(), json!(comment));
        }
        properties.insert(field.json_name().to_owned(), value);
        if field.oneof_index.is_some() && !field.proto3_optional() {
            choices.push(json!({"required": [field.json_name()]}));
        }
    }
    let mut schema = json!({
        "type": "object",
        "description": message.comment,
        "properties": properties,
        "additionalProperties": false,
    });
    if let (Some(object), false) = (schema.as_object_mut(), choices.is_empty()) {
        object.insert("oneOf".to_owned(), Value::Array(choices));
    }
    Ok(schema)
}

fn of_field(field: &FieldDescriptorProto, wanted: &mut Vec<String>) -> anyhow::Result<Value> {
    let one = match field.r#type() {
        Type::Message | Type::Enum => {
            let name = field.type_name().rsplit('.').next().unwrap_or_default().to_owned();
            let reference = format!("#/definitions/{name}");
            wanted.push(name);
            json!({"allOf": [{"$ref": reference}]})
        }
        Type::String => json!({"type": "string"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Double => json!({"type": "number"}),
        Type::Uint32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        // 64 bits are text in canonical proto JSON, because not every reader of JSON keeps them; numbers are read too.
        Type::Int64 => json!({"type": ["string", "integer"], "pattern": "^-?[0-9]+$"}),
        Type::Uint64 => json!({"type": ["string", "integer"], "pattern": "^[0-9]+$", "minimum": 0}),
        other => anyhow::bail!("a type without a rule: {other:?}"),
    };
    Ok(if field.label() == Label::Repeated { json!({"type": "array", "items": one}) } else { one })
}

fn of_enum(listed: &Commented<EnumDescriptorProto>) -> Value {
    let values = listed.of.value.iter().zip(&listed.parts);
    let values: Vec<Value> =
        values.map(|(value, comment)| json!({"const": value.name(), "description": comment})).collect();
    json!({"description": listed.comment, "oneOf": values})
}
