//! What is set otherwise than declared, field by field, in the server's own JSON: so a setting that this build does not know of is
//! noticed too.

use std::fmt;

use serde_json::{Map, Value};

/// Fields that count nanoseconds.
const DURATIONS: [&str; 7] = [
    "ack_wait",
    "duplicate_window",
    "idle_heartbeat",
    "inactive_threshold",
    "max_age",
    "max_expires",
    "subject_delete_marker_ttl",
];
/// Lengths of the units in which they are shown, in nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("ns", 1),
];

/// Settings that nobody declares, because they change nothing of what a stream or consumer does: what servers and people note, where the
/// copies lie, and how much the server tells of acknowledgements. They are whoever runs the servers' to set.
const UNDECLARED: [&str; 4] = ["metadata", "description", "placement", "sample_freq"];

/// A setting that is not as declared.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Its name in the server's JSON.
    pub field: String,
    /// What the server has; `Null`: not set.
    pub found: Value,
    /// What is declared; `Null`: not set.
    pub declared: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |value| shown(&self.field, value);
        write!(f, "{}: found {}, declared {}", self.field, of(&self.found), of(&self.declared))
    }
}

fn shown(field: &str, value: &Value) -> String {
    if is_unset(value) {
        return "none".to_owned();
    }
    let nanos = value.as_u64().filter(|_| DURATIONS.contains(&field));
    let unit = |nanos: u64| UNITS.iter().find(|(_, length)| nanos.is_multiple_of(*length)).map(|unit| (nanos, unit));
    match nanos.and_then(unit) {
        Some((nanos, (name, length))) => format!("{}{name}", nanos / length),
        None => value.to_string(),
    }
}

/// Every setting that is not as declared, by name.
pub(super) fn differences(found: &Value, declared: &Value) -> Vec<Difference> {
    let empty = Map::new();
    let (found, declared) = (found.as_object().unwrap_or(&empty), declared.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = found.keys().chain(declared.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| !UNDECLARED.contains(&name.as_str()))
        .filter_map(|name| {
            let (is, wanted) = (found.get(name).unwrap_or(&Value::Null), declared.get(name).unwrap_or(&Value::Null));
            let same = is == wanted || (is_unset(is) && is_unset(wanted));
            (!same).then(|| Difference { field: name.clone(), found: is.clone(), declared: wanted.clone() })
        })
        .collect()
}

/// The many spellings of "not set" in the server's JSON.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => matches!(value.as_i64(), Some(0 | -1)),
        Value::String(value) => matches!(value.as_str(), "" | "none" | "default"),
        Value::Array(value) => value.is_empty(),
        Value::Object(value) => value.values().all(is_unset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(found: &Value, declared: &Value) -> Vec<String> {
        differences(found, declared).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_settings_that_matter_count_as_a_difference() {
        let found = json!({"name": "A", "max_age": 0, "max_msgs": -1, "compression": "none", "deny_delete": true,
            "consumer_limits": {}, "metadata": {"_nats.req.level": "1"}, "description": "the log of the north",
            "placement": {"cluster": "north", "tags": ["ssd"]}, "sample_freq": "100%"});
        assert!(differences(&found, &json!({"name": "A", "deny_delete": true})).is_empty());
    }

    #[test]
    fn every_difference_is_named_with_both_values_and_durations_in_units() {
        let found = json!({"name": "A", "max_age": 691_200_000_000_000_u64, "ack_wait": 1_500_000_000,
            "deny_delete": true, "unknown_to_us": 5});
        assert_eq!(
            shown(&found, &json!({"name": "A", "max_age": 0, "ack_wait": 60_000_000_000_u64})),
            [
                "ack_wait: found 1500ms, declared 1m",
                "deny_delete: found true, declared none",
                "max_age: found 8d, declared none",
                "unknown_to_us: found 5, declared none",
            ]
        );
    }
}
