//! The ordered reader: every message of a stream from a sequence on, in order, each once, or an error.
//!
//! It keeps a short-lived pull consumer without acks. Whenever deliveries are not contiguous, a heartbeat is missed, or the consumer
//! is gone, it makes a new one at the next sequence; the caller notices nothing. A sequence that the *stream* lacks is another
//! matter: that is lost data, and becomes [`OrderedError::Gap`]. Only for streams without a subject filter: there sequences are
//! contiguous.

use std::time::Duration;

use async_nats::{Client, HeaderMap, Subject};
use bytes::Bytes;
use thiserror::Error;
use tracing::debug;

use super::pull::Pull;

/// First and longest wait before the next attempt to make a consumer.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// A message as stored in a stream.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// Its subject.
    pub subject: Subject,
    /// Its headers.
    pub headers: Option<HeaderMap>,
    /// Its bytes.
    pub payload: Bytes,
}

/// Why the reader ended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrderedError {
    /// The stream lacks messages between: lost, deleted or trimmed.
    #[error("read stream {stream}: sequence {expected} is missing, the next one is {found}")]
    Gap {
        /// Name of the stream.
        stream: String,
        /// The sequence that should have come.
        expected: u64,
        /// The sequence that came.
        found: u64,
    },
    /// A delivery carries no position.
    #[error("read stream {stream}: a delivery carries no position")]
    Malformed {
        /// Name of the stream.
        stream: String,
    },
}

/// Limits of a reader.
#[derive(Debug, Clone)]
pub struct OrderedOptions {
    /// Messages asked for ahead of the caller. Bounds memory together with the largest message.
    pub prefetch: u64,
}

impl Default for OrderedOptions {
    /// 2,000: enough to keep a replay over loopback busy, 2 MiB with records of 1 KiB.
    fn default() -> Self {
        Self { prefetch: 2_000 }
    }
}

/// Reads a stream in order. See the module for what it promises.
pub struct Ordered {
    client: Client,
    stream: String,
    options: OrderedOptions,
    next_sequence: u64,
    live: Option<Live>,
    back_off: Duration,
    replaced: u64,
}

struct Live {
    pull: Pull,
    next_delivery: u64,
}

impl std::fmt::Debug for Ordered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ordered")
            .field("stream", &self.stream)
            .field("next_sequence", &self.next_sequence)
            .field("replaced", &self.replaced)
            .finish_non_exhaustive()
    }
}

impl Ordered {
    /// A reader of `stream` whose first message is `from_sequence` (at least 1). Connects lazily, at the first [`Self::next`].
    #[must_use]
    pub fn new(client: Client, stream: &str, from_sequence: u64, options: OrderedOptions) -> Self {
        Self {
            client,
            stream: stream.to_owned(),
            options,
            next_sequence: from_sequence.max(1),
            live: None,
            back_off: BACK_OFF.0,
            replaced: 0,
        }
    }

    /// The sequence the next message will have.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// How often the consumer was replaced: a metric, not an error.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// The next message; waits for it as long as it takes, also while the server is away.
    ///
    /// Cancel-safe: a message is either returned or will be returned by the next call.
    ///
    /// # Errors
    /// [`OrderedError`]: the stream itself has a hole. The reader stays at the missing sequence.
    pub async fn next(&mut self) -> Result<Stored, OrderedError> {
        loop {
            if self.live.is_none() {
                self.start().await;
            }
            let Some(live) = &mut self.live else {
                tokio::time::sleep(self.back_off).await;
                self.back_off = (self.back_off * 2).min(BACK_OFF.1);
                continue;
            };
            let (message, place) = match live.pull.next().await {
                Ok(delivered) => delivered,
                Err(ended) => {
                    debug!(stream = self.stream, error = %ended, "ordered reader starts again");
                    self.restart();
                    continue;
                }
            };
            let place = place.ok_or_else(|| OrderedError::Malformed { stream: self.stream.clone() })?;
            let sequence = place.sequence;
            if place.delivery != live.next_delivery || sequence < self.next_sequence {
                self.restart();
                continue;
            }
            if sequence > self.next_sequence {
                self.restart();
                return Err(OrderedError::Gap {
                    stream: self.stream.clone(),
                    expected: self.next_sequence,
                    found: sequence,
                });
            }
            live.next_delivery += 1;
            self.next_sequence += 1;
            self.back_off = BACK_OFF.0;
            return Ok(Stored {
                sequence,
                subject: message.subject,
                headers: message.headers,
                payload: message.payload,
            });
        }
    }

    fn restart(&mut self) {
        self.live = None;
        self.replaced += 1;
    }

    /// Makes a consumer at the next sequence; on failure the caller waits and tries again.
    async fn start(&mut self) {
        match Pull::start(&self.client, &self.stream, self.next_sequence, self.options.prefetch).await {
            Ok(pull) => self.live = Some(Live { pull, next_delivery: 1 }),
            Err(error) => debug!(stream = self.stream, %error, "ordered reader cannot start"),
        }
    }
}
