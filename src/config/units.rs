//! Values that carry their unit in the text: `"30s"`, `"8MiB"`, and addresses that may hold a password.
//!
//! A bare number is refused on purpose: whoever reads `timeout = 30` must not have to guess. Rendering gives the shortest text that
//! parses back to the same value.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};

/// Unit names of durations, each with its length in milliseconds, longest first.
pub(super) const DURATION_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Unit names of sizes, each with its length in bytes, largest first. Only powers of two: limits here are about memory.
const SIZE_UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Why a text is not a value with a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// No digits at the start.
    #[error("no number in {0:?}: write it like {1}")]
    NoNumber(String, &'static str),
    /// The unit is missing or not one of ours.
    #[error("no unit or an unknown one in {0:?}: write it like {1}")]
    NoUnit(String, &'static str),
    /// More than 64 bits.
    #[error("{0:?} is too large")]
    TooLarge(String),
}

/// Parses `"30s"`; units `ms s m h d`, a whole number, no sign.
///
/// # Errors
/// [`UnitError`] says what the text lacks.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    parse(text, &DURATION_UNITS, "\"250ms\", \"30s\", \"5m\", \"72h\" or \"8d\"").map(Duration::from_millis)
}

/// Parses `"8MiB"`; units `B KiB MiB GiB`, a whole number, no sign.
///
/// # Errors
/// [`UnitError`] says what the text lacks.
pub fn parse_size(text: &str) -> Result<ByteSize, UnitError> {
    parse(text, &SIZE_UNITS, "\"512B\", \"256KiB\", \"8MiB\" or \"1GiB\"").map(ByteSize)
}

fn parse(text: &str, units: &[(&str, u64)], example: &'static str) -> Result<u64, UnitError> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(UnitError::NoNumber(text.to_owned(), example));
    }
    let unit = unit.trim_start();
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(UnitError::NoUnit(text.to_owned(), example));
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*scale))
        .ok_or_else(|| UnitError::TooLarge(text.to_owned()))
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// The number of bytes for APIs that count in `usize`; saturates where that is smaller.
    #[must_use]
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, scale) =
            SIZE_UNITS.iter().find(|(_, scale)| self.0 >= *scale && self.0.is_multiple_of(*scale)).unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / scale)
    }
}

impl<'de> de::Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(WithUnit { expecting: "a size with its unit, like \"8MiB\"", parse: parse_size })
    }
}

/// A URL of a server that may carry a user and a password. `Debug` and `Display` hide them; [`ServerUrl::expose`] does not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl(String);

impl ServerUrl {
    /// The whole text, secrets included. For connecting only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for ServerUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_userinfo(&self.0))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

impl<'de> de::Deserialize<'de> for ServerUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::Deserialize::deserialize(deserializer).map(Self)
    }
}

/// A URL, or a comma-separated list of them, with the part before each host's `@` replaced by `***`.
///
/// What cannot be told apart for sure (an `@` in a part without a scheme: perhaps the rest of a password with a comma) is hidden
/// altogether.
#[must_use]
pub(crate) fn without_userinfo(urls: &str) -> String {
    let shown: Option<Vec<String>> = urls
        .split(',')
        .map(|url| match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => Some(format!("{scheme}://***@{host}")),
            (None, Some(_)) => None,
            (_, None) => Some(url.to_owned()),
        })
        .collect();
    shown.map_or_else(|| "***".to_owned(), |shown| shown.join(","))
}

/// For `#[serde(with = "units::duration")]` on a [`Duration`].
pub mod duration {
    use super::{Deserializer, Duration, WithUnit, parse_duration};

    /// Reads `"30s"`.
    ///
    /// # Errors
    /// The deserializer's error when the value is no text or has no unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        deserializer
            .deserialize_str(WithUnit { expecting: "a duration with its unit, like \"30s\"", parse: parse_duration })
    }

    /// The same, where there may be none.
    pub mod option {
        use super::{Deserializer, Duration};

        /// The text's duration.
        ///
        /// # Errors
        /// A text that is no duration.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
            super::deserialize(deserializer).map(Some)
        }
    }
}

struct WithUnit<T> {
    expecting: &'static str,
    parse: fn(&str) -> Result<T, UnitError>,
}

impl<T> Visitor<'_> for WithUnit<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_its_length() {
        for (text, ms) in [("7ms", 7), ("2s", 2_000), ("3m", 180_000), ("1h", 3_600_000), ("8 d", 691_200_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for (text, bytes) in [("9B", 9), ("900KiB", 921_600), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648)] {
            assert_eq!(parse_size(text), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn a_number_without_a_known_unit_is_refused() {
        for text in ["30", "30 sec", "1.5s", "-1s", "", "s", "1MB", "99999999999999999999s", "9999999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_is_shown_in_its_largest_whole_unit() {
        for text in ["0B", "1000B", "900KiB", "8MiB", "3GiB", "1025KiB"] {
            assert_eq!(parse_size(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_server_url_never_shows_its_password() {
        let url = ServerUrl::from("nats://ops:s3cr:et@bus-1:4222,tls://t@k3n@bus-2,plain:4222".to_owned());
        assert_eq!(url.to_string(), "nats://***@bus-1:4222,tls://***@bus-2,plain:4222");
        assert!(!format!("{url:?}").contains("s3cr"));
        assert_eq!(without_userinfo("nats://ops:half,half@bus"), "***");
    }
}
