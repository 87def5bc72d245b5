//! A dead letter: where it came from and why it is one, by its headers; and the message that it once was.

use async_nats::HeaderMap;
use async_nats::jetstream::Message;
use serde::Serialize;

use crate::normalize::Format;
use crate::outbound::{BYTES_HEADER, CHANNEL_HEADER, ENDPOINT_HEADER, SEQUENCE_HEADER, STREAM_HEADER, is_of_original};

/// Header with the size of a message that comes without its bytes.
const SIZE_HEADER: &str = "Nats-Msg-Size";

/// What is known of a letter without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Letter {
    /// Its sequence in the stream of dead letters: what `dead replay` takes.
    pub(super) sequence: u64,
    /// When it was set aside, RFC 3339.
    pub(super) time: String,
    /// Token of its subject.
    pub(super) reason: String,
    /// Channel of the original's subject; `_` when that was no subject of the contract.
    pub(super) channel: String,
    /// Endpoint of the original's subject.
    pub(super) endpoint: String,
    /// `Skein-Format` of the original.
    pub(super) format: String,
    /// IN stream of the original.
    pub(super) stream: String,
    /// Sequence of the original there.
    pub(super) stream_sequence: Option<u64>,
    /// Size of the original, bytes.
    pub(super) bytes: usize,
    /// The original was no longer in its stream: there is nothing to replay.
    pub(super) gone: bool,
}

impl Letter {
    /// None for a message that is not from the stream of dead letters.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let info = message.info().ok()?;
        let time = jiff::Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).ok()?;
        let empty = HeaderMap::new();
        let headers = message.headers.as_ref().unwrap_or(&empty);
        let text = |name: &str| headers.get(name).map(|value| value.as_str());
        let size = text(SIZE_HEADER).and_then(|size| size.parse().ok());
        Some(Self {
            sequence: info.stream_sequence,
            time: time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            reason: shown(message.subject.rsplit('.').next().unwrap_or_default()),
            channel: shown(text(CHANNEL_HEADER).unwrap_or_default()),
            endpoint: shown(text(ENDPOINT_HEADER).unwrap_or_default()),
            format: shown(text("Skein-Format").unwrap_or(Format::default().name())),
            stream: shown(text(STREAM_HEADER).unwrap_or_default()),
            stream_sequence: text(SEQUENCE_HEADER).and_then(|sequence| sequence.parse().ok()),
            bytes: size.unwrap_or(message.payload.len()),
            gone: text(BYTES_HEADER).is_some(),
        })
    }

    /// One line of the list.
    pub(super) fn line(&self) -> String {
        let place = self.stream_sequence.map_or_else(|| "-".to_owned(), |sequence| sequence.to_string());
        let gone = if self.gone { " gone" } else { "" };
        format!(
            "{:>8}  {}  {:<18} {}/{}  {}  {} {place}  {} bytes{gone}",
            self.sequence, self.time, self.reason, self.channel, self.endpoint, self.format, self.stream, self.bytes
        )
    }

    /// Subject, headers of the original; or why it cannot be published again.
    pub(super) fn original(&self, workspace: &str, message: &Message) -> Result<(String, HeaderMap), &'static str> {
        if self.gone {
            return Err("its bytes were no longer in their stream");
        }
        let is_token = |text: &str| !text.is_empty() && !text.contains(['.', '*', '>', ' ']);
        if self.channel == "_" || !is_token(&self.channel) || !is_token(&self.endpoint) {
            return Err("it was not published for an endpoint");
        }
        let mut headers = HeaderMap::new();
        for (name, values) in message.headers.iter().flat_map(HeaderMap::iter) {
            if is_of_original(name.as_ref()) {
                values.iter().for_each(|value| headers.append(name.clone(), value.clone()));
            }
        }
        Ok((format!("skein.in.{workspace}.{}.{}", self.channel, self.endpoint), headers))
    }
}

/// Strangers' tokens as a terminal may see them.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
