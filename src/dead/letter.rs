//! A dead letter: where it came from and why it is one, by its headers; and the message that it once was.

use async_nats::HeaderMap;
use async_nats::jetstream::Message;
use serde::Serialize;

use crate::nats::Stored;
use crate::normalize::Format;
use crate::outbound::{BYTES_HEADER, CHANNEL_HEADER, ENDPOINT_HEADER, SEQUENCE_HEADER, STREAM_HEADER, is_of_original};

/// Header with the size of a message that comes without its bytes.
const SIZE_HEADER: &str = "Nats-Msg-Size";

/// What is known of a letter without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// Its sequence in the stream of dead letters: what names it.
    pub sequence: u64,
    /// When it was set aside, nanoseconds since the Unix epoch.
    #[serde(skip)]
    pub stored_ns: i64,
    /// The same time, RFC 3339.
    pub time: String,
    /// Token of its subject.
    pub reason: String,
    /// Channel of the original's subject; `_` when that was no subject of the contract.
    pub channel: String,
    /// Endpoint of the original's subject.
    pub endpoint: String,
    /// `Skein-Format` of the original.
    pub format: String,
    /// IN stream of the original.
    pub stream: String,
    /// Sequence of the original there.
    pub stream_sequence: Option<u64>,
    /// Size of the original, bytes.
    pub bytes: usize,
    /// The original was no longer in its stream: there is nothing to replay.
    pub gone: bool,
}

impl Letter {
    /// None for a message that is not from the stream of dead letters.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let info = message.info().ok()?;
        let stored_ns = i64::try_from(info.published.unix_timestamp_nanos()).ok()?;
        let headers = message.headers.as_ref();
        Self::new(info.stream_sequence, stored_ns, &message.subject, headers, message.payload.len())
    }

    /// None for a message that the server does not know the time of.
    pub(super) fn of_stored(stored: &Stored) -> Option<Self> {
        let headers = stored.headers.as_ref();
        Self::new(stored.sequence, stored.stored_ns?, &stored.subject, headers, stored.payload.len())
    }

    fn new(sequence: u64, stored_ns: i64, subject: &str, headers: Option<&HeaderMap>, bytes: usize) -> Option<Self> {
        let time = jiff::Timestamp::from_nanosecond(stored_ns.into()).ok()?;
        let text = |name: &str| headers?.get(name).map(|value| value.as_str());
        let size = text(SIZE_HEADER).and_then(|size| size.parse().ok());
        Some(Self {
            sequence,
            stored_ns,
            time: time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            reason: shown(subject.rsplit('.').next().unwrap_or_default()),
            channel: shown(text(CHANNEL_HEADER).unwrap_or_default()),
            endpoint: shown(text(ENDPOINT_HEADER).unwrap_or_default()),
            format: shown(text("Skein-Format").unwrap_or(Format::default().name())),
            stream: shown(text(STREAM_HEADER).unwrap_or_default()),
            stream_sequence: text(SEQUENCE_HEADER).and_then(|sequence| sequence.parse().ok()),
            bytes: size.unwrap_or(bytes),
            gone: text(BYTES_HEADER).is_some(),
        })
    }

    /// One line of the list.
    #[must_use]
    pub fn line(&self) -> String {
        let place = self.stream_sequence.map_or_else(|| "-".to_owned(), |sequence| sequence.to_string());
        let gone = if self.gone { " gone" } else { "" };
        format!(
            "{:>8}  {}  {:<18} {}/{}  {}  {} {place}  {} bytes{gone}",
            self.sequence, self.time, self.reason, self.channel, self.endpoint, self.format, self.stream, self.bytes
        )
    }

    /// Subject, headers of the original; or why it cannot be published again.
    pub(super) fn original(
        &self,
        workspace: &str,
        of_letter: Option<&HeaderMap>,
    ) -> Result<(String, HeaderMap), &'static str> {
        if self.gone {
            return Err("its bytes were no longer in their stream");
        }
        let is_token = |text: &str| !text.is_empty() && !text.contains(['.', '*', '>', ' ']);
        if self.channel == "_" || !is_token(&self.channel) || !is_token(&self.endpoint) {
            return Err("it was not published for an endpoint");
        }
        let mut headers = HeaderMap::new();
        for (name, values) in of_letter.into_iter().flat_map(HeaderMap::iter) {
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
