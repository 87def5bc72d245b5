//! Where an OUT or DEAD stream stands, by the last message in it (design, law 7).

use async_nats::{Client, HeaderMap};

use super::error::OutboundError;
use crate::domain::id::{Name, Position};
use crate::nats::{leader_get, stream_state};

/// Header of every message handed over: `<shard>/<index>/<output>`.
pub const LOG_HEADER: &str = "Skein-Log";

/// The end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Nothing was ever published to it.
    Start,
    /// Its last message.
    At {
        /// Sequence of that message.
        sequence: u64,
        /// Which output it is.
        position: Position,
    },
    /// Its last message is gone by age.
    Expired {
        /// Sequence of that message.
        sequence: u64,
    },
}

impl Anchor {
    /// Sequence of the last message, 0 for none.
    #[must_use]
    pub fn sequence(self) -> u64 {
        match self {
            Self::Start => 0,
            Self::At { sequence, .. } | Self::Expired { sequence } => sequence,
        }
    }
}

/// Reads the end of `stream` from its leader.
///
/// # Errors
/// The stream does not answer, or its last message was not put there by this shard.
pub async fn anchor(client: &Client, stream: &str, shard: &str) -> Result<Anchor, OutboundError> {
    // The end may move between the two questions: then the answer to the first says what to ask next.
    let state = stream_state(client, stream).await?;
    if state.last_sequence == 0 {
        return Ok(Anchor::Start);
    }
    let sequence = state.last_sequence;
    let Some(message) = leader_get(client, stream, sequence).await? else {
        return Ok(Anchor::Expired { sequence });
    };
    let position = message
        .headers
        .as_ref()
        .and_then(|headers| position_of(headers, shard))
        .ok_or_else(|| OutboundError::Foreign { stream: Name::new(stream), sequence })?;
    Ok(Anchor::At { sequence, position })
}

/// The value of [`LOG_HEADER`].
#[must_use]
pub(super) fn log_header(shard: &str, position: Position) -> String {
    format!("{shard}/{position}")
}

/// The output that a value of [`LOG_HEADER`] names; none: it is of another shard, or names none.
#[must_use]
pub fn parse_log_header(value: &str, shard: &str) -> Option<Position> {
    value.strip_prefix(shard)?.strip_prefix('/')?.parse().ok()
}

/// The output that a message handed over is, by its headers; none: as [`parse_log_header`], or it has no such header.
pub(crate) fn position_of(headers: &HeaderMap, shard: &str) -> Option<Position> {
    parse_log_header(headers.get(LOG_HEADER)?.as_str(), shard)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;

    #[test]
    fn only_headers_of_the_own_shard_name_a_position() {
        let position = Position { index: Index(41), output: 2 };
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(LOG_HEADER, value);
            position_of(&headers, "main")
        };
        assert_eq!(read(&log_header("main", position)), Some(position));
        for foreign in ["other/41/2", "main2/41/2", "main/41", "main/x/2", ""] {
            assert_eq!(read(foreign), None, "{foreign}");
        }
    }
}
