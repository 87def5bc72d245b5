//! Outputs as messages: subject, headers, bytes.

use async_nats::{Client, HeaderMap};
use bytes::Bytes;

use super::anchor::{LOG_HEADER, log_header};
use super::convert::outbound_message;
use super::error::OutboundError;
use super::outbox::Outgoing;
use crate::domain::id::{Name, Position};
use crate::domain::record::{Change, DeadLettered};
use crate::nats::leader_get;
use crate::nats::streams::{dead_subject, out_subject};
use crate::normalize::{Format, outbound_to_json};

/// IN stream that a dead letter came by.
pub const STREAM_HEADER: &str = "Skein-Stream";
/// Its sequence there.
pub const SEQUENCE_HEADER: &str = "Skein-Sequence";
/// Channel token of its subject.
pub const CHANNEL_HEADER: &str = "Skein-Channel";
/// Endpoint token of its subject.
pub const ENDPOINT_HEADER: &str = "Skein-Endpoint";
/// `gone`: the original bytes were no longer in the IN stream.
pub const BYTES_HEADER: &str = "Skein-Bytes";
/// What the bytes are.
const FORMAT_HEADER: &str = "Skein-Format";

/// Whether a header of an original goes with its bytes: all that its adapter set go, so that the letter can be replayed as it was.
/// The bus's own would act here a second time, and those of a letter say where it came from.
#[must_use]
pub fn is_of_original(name: &str) -> bool {
    let of_letter = [LOG_HEADER, STREAM_HEADER, SEQUENCE_HEADER, CHANNEL_HEADER, ENDPOINT_HEADER, BYTES_HEADER];
    let of_bus = name.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("Nats-"));
    !of_bus && !of_letter.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// A message that can be published.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) position: Position,
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

/// Which stream is filled, and so how its messages are made.
#[derive(Debug)]
pub enum Kind {
    /// For adapters.
    Out,
    /// Dead letters; the original bytes are read by this connection.
    Dead(Client),
}

/// Makes the message of an output. Cancel-safe: it only reads.
///
/// # Errors
/// The original bytes cannot be asked for now, or the output is not what the stream takes.
pub(super) async fn make(kind: &Kind, shard: &str, stream: &Name, outgoing: &Outgoing) -> Result<Ready, OutboundError> {
    let mut ready = match kind {
        Kind::Out => out(outgoing),
        Kind::Dead(client) => dead(client, outgoing).await?,
    }
    .ok_or_else(|| OutboundError::Encode {
        stream: stream.clone(),
        index: outgoing.position.index.0,
        output: outgoing.position.output,
    })?;
    ready.headers.insert(LOG_HEADER, log_header(shard, outgoing.position));
    Ok(ready)
}

fn out(outgoing: &Outgoing) -> Option<Ready> {
    let record = &outgoing.record;
    let Change::MessageStored(message) = record.changes.get(usize::from(outgoing.place))? else {
        return None;
    };
    let payload = outbound_to_json(&outbound_message(record, outgoing.place)?);
    let mut headers = HeaderMap::new();
    headers.insert(FORMAT_HEADER, Format::SkeinJson.name());
    Some(Ready {
        position: outgoing.position,
        subject: out_subject(&record.workspace, &message.channel, &message.endpoint),
        headers,
        payload: payload.into(),
    })
}

async fn dead(client: &Client, outgoing: &Outgoing) -> Result<Option<Ready>, OutboundError> {
    let record = &outgoing.record;
    let Some(Change::DeadLettered(DeadLettered { input, stream, channel, endpoint, reason })) =
        record.changes.get(usize::from(outgoing.place))
    else {
        return Ok(None);
    };
    let original = leader_get(client, stream, input.sequence).await?;
    let mut headers = HeaderMap::new();
    headers.insert(STREAM_HEADER, stream.as_str());
    headers.insert(SEQUENCE_HEADER, input.sequence.to_string());
    // Subjects hold tokens only, so these cannot carry a line end.
    headers.insert(CHANNEL_HEADER, channel.as_str());
    headers.insert(ENDPOINT_HEADER, endpoint.as_str());
    let payload = match original {
        Some(original) => {
            let given = original.headers.unwrap_or_default();
            for (name, values) in given.iter().filter(|(name, _)| is_of_original(name.as_ref())) {
                for value in values {
                    headers.append(name.clone(), value.clone());
                }
            }
            original.payload
        }
        None => {
            headers.insert(BYTES_HEADER, "gone");
            Bytes::new()
        }
    };
    Ok(Some(Ready { position: outgoing.position, subject: dead_subject(&record.workspace, reason), headers, payload }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_takes_its_adapters_headers_along_and_none_that_would_act_again_or_lie() {
        for kept in [
            "Skein-Format",
            "Skein-Query",
            "Skein-Body",
            "Content-Type",
            "traceparent",
            "Nat",
            "\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert!(is_of_original(kept), "{kept}");
        }
        for left in ["Nats-Expected-Last-Sequence", "nats-msg-id", "skein-log", "Skein-Endpoint", "Skein-Bytes"] {
            assert!(!is_of_original(left), "{left}");
        }
    }
}
