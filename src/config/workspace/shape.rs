//! What single values of a workspace file look like to an editor, where their type does not say it: named in
//! `#[schemars(with = "...")]`.
//!
//! A shape refuses nothing that is read, with one exception: days are wanted as they are documented. Lengths count characters there and
//! bytes here, so that a text within the limit of an editor can still be too long for skein.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::agent::MAX_CAPACITY;
use super::check::MAX_NAME_BYTES;
use super::endpoint::{CLAIMS_NOTHING, MAX_HOST_BYTES};
use super::hours::{MAX_DAYS, MAX_OPENINGS};
use super::notice::MAX_TEXT_BYTES;
use crate::domain::event::AddressKind;
use crate::domain::workspace::MAX_LEVEL;

/// Types of which there are no values, each with its schema.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident: |$generator:pat_param| $schema:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) enum $name {}

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )* };
}

shapes! {
    /// A name: a token of subjects.
    Token: |_| json_schema!({"type": "string", "pattern": format!("^[A-Za-z0-9_-]{{1,{MAX_NAME_BYTES}}}$")});
    /// The first part of a language tag.
    Language: |_| json_schema!({"type": "string", "pattern": "^[a-z]{2,8}$"});
    /// The same, or that it is not known.
    LanguageIfAny: |_| json_schema!({"type": "string", "pattern": "^([a-z]{2,8})?$"});
    /// A country by its code.
    Country: |_| json_schema!({"type": "string", "pattern": "^[A-Z]{2}$"});
    /// A host by its name.
    Host: |_| json_schema!({"type": "string", "pattern": format!("^[A-Za-z0-9_.-]{{1,{MAX_HOST_BYTES}}}$")});
    /// How well somebody can something.
    Level: |_| json_schema!({
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_LEVEL,
        "description": "A level, from 0 (a beginner) to 10.",
    });
    /// Levels by the names of skills.
    SkillTable: |generator| <BTreeMap<Token, Level>>::json_schema(generator);
    /// What a Work takes of a capacity.
    Cost: |_| json_schema!({
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_CAPACITY,
        "description": "What a Work of this channel takes of the capacity.",
    });
    /// Text that is shown or sent, in a language.
    Words: |_| json_schema!({"type": "string", "minLength": 1, "maxLength": MAX_TEXT_BYTES});
    /// A stretch of a day.
    DaySpan: |_| {
        let (hour, minute) = ("([01]?[0-9]|2[0-3])", "[0-5]?[0-9]");
        json_schema!({"type": "string", "pattern": format!(r"^\s*{hour}:{minute}\s*-\s*({hour}:{minute}|24:00?)\s*$")})
    };
    /// All stretches of one.
    DaySpans: |generator| {
        let span = DaySpan::json_schema(generator);
        json_schema!({"type": "array", "items": span, "maxItems": MAX_OPENINGS})
    };
    /// A day of a year.
    Day: |_| json_schema!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"});
    /// Stretches by the day.
    Days: |generator| {
        let mut days = <BTreeMap<Day, DaySpans>>::json_schema(generator);
        days.insert("maxProperties".to_owned(), MAX_DAYS.into());
        days
    };
    /// Addresses that somebody can be known by.
    Trusted: |generator| {
        let mut kinds = AddressKind::json_schema(generator);
        let none: Vec<Value> = CLAIMS_NOTHING.iter().filter_map(|kind| serde_json::to_value(kind).ok()).collect();
        if let Some(Value::Array(all)) = kinds.get_mut("oneOf") {
            all.retain(|one| one.get("const").is_some_and(|word| !none.contains(word)));
        }
        kinds
    };
}
