//! Durations of a workspace file: read, shown and described to editors by one type.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use crate::config::units::{DURATION_UNITS, duration};

/// A duration with its unit, like `"30s"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Period(#[serde(with = "duration")] Duration);

impl Period {
    pub(super) const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub(super) const fn minutes(minutes: u64) -> Self {
        Self::seconds(60 * minutes)
    }

    pub(super) const fn hours(hours: u64) -> Self {
        Self::minutes(60 * hours)
    }

    pub(super) const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// In milliseconds.
    pub(super) fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }

    /// In whole seconds.
    pub(super) fn whole_seconds(self) -> u32 {
        u32::try_from(self.0.as_secs()).unwrap_or(u32::MAX)
    }
}

/// In its largest whole unit up to hours: what people call `72h` they do not call three days.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.millis();
        let whole = |length: &u64| ms > 0 && ms.is_multiple_of(*length);
        let units = DURATION_UNITS.iter().filter(|(unit, _)| *unit != "d");
        match units.into_iter().find(|(_, length)| whole(length)) {
            Some((unit, length)) => write!(f, "{}{unit}", ms / length),
            None => f.write_str("0s"),
        }
    }
}

/// Only to show what is the default.
impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Period {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let units: Vec<&str> = DURATION_UNITS.iter().map(|(unit, _)| *unit).collect();
        json_schema!({"type": "string", "pattern": format!(r"^\s*[0-9]+\s*({})\s*$", units.join("|"))})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::units::parse_duration;

    #[test]
    fn it_is_shown_as_it_is_read() {
        for text in ["0s", "250ms", "90s", "2m", "72h", "36h"] {
            assert_eq!(Period(parse_duration(text).unwrap()).to_string(), text);
        }
    }
}
