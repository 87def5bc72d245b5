//! The ordered reader: every message of a stream from a sequence on, in order, each once, or an error.
//!
//! It keeps a short-lived pull consumer without acks. Whenever deliveries are not contiguous, a heartbeat is missed, or the consumer
//! is gone, it makes a new one at the next sequence; the caller notices nothing. A sequence that the *stream* lacks is another
//! matter: that is lost data, and becomes [`OrderedError::Gap`]. Only for streams without a subject filter: there sequences are
//! contiguous.

use std::time::Duration;

use async_nats::{
    Client, HeaderMap, Subject,
    jetstream::{
        self,
        consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, pull},
    },
};
use bytes::Bytes;
use futures::StreamExt;
use thiserror::Error;
use tracing::debug;

/// Life of one pull request. Longer ones stall after a lost connection.
const EXPIRES: Duration = Duration::from_millis(2_500);
/// The server shows life this often; two missed ones replace the consumer.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// After this time without requests the server drops an abandoned consumer.
const INACTIVE: Duration = Duration::from_secs(20);
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
    /// When the server took it, nanoseconds since 1970; 0 if read in a way that does not tell.
    pub published_ns: i64,
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
    pub prefetch: usize,
}

impl Default for OrderedOptions {
    /// 2,000: enough to keep a replay over loopback busy, 2 MiB with records of 1 KiB.
    fn default() -> Self {
        Self { prefetch: 2_000 }
    }
}

/// Reads a stream in order. See the module for what it promises.
pub struct Ordered {
    context: jetstream::Context,
    stream: String,
    options: OrderedOptions,
    next_sequence: u64,
    live: Option<Live>,
    back_off: Duration,
    replaced: u64,
}

struct Live {
    messages: pull::Stream,
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
            context: jetstream::new(client),
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
            let message = match live.messages.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => {
                    debug!(stream = self.stream, error = %error, "ordered reader starts again");
                    self.restart();
                    continue;
                }
                None => {
                    self.restart();
                    continue;
                }
            };
            let info = message.info().map_err(|_| OrderedError::Malformed { stream: self.stream.clone() })?;
            let (delivery, sequence) = (info.consumer_sequence, info.stream_sequence);
            let published_ns = i64::try_from(info.published.unix_timestamp_nanos()).unwrap_or(0);
            if delivery != live.next_delivery || sequence < self.next_sequence {
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
            let message = message.message;
            return Ok(Stored {
                sequence,
                subject: message.subject,
                headers: message.headers,
                payload: message.payload,
                published_ns,
            });
        }
    }

    fn restart(&mut self) {
        self.live = None;
        self.replaced += 1;
    }

    /// Makes a consumer at the next sequence; on failure the caller waits and tries again.
    async fn start(&mut self) {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.next_sequence },
            ack_policy: AckPolicy::None,
            replay_policy: ReplayPolicy::Instant,
            inactive_threshold: INACTIVE,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let made = async {
            let consumer = self
                .context
                .create_consumer_on_stream(config, &self.stream)
                .await
                .map_err(|error| error.to_string())?;
            consumer
                .stream()
                .max_messages_per_batch(self.options.prefetch)
                .expires(EXPIRES)
                .heartbeat(HEARTBEAT)
                .messages()
                .await
                .map_err(|error| error.to_string())
        };
        match made.await {
            Ok(messages) => {
                self.live = Some(Live { messages, next_delivery: 1 });
            }
            Err(error) => {
                debug!(stream = self.stream, error, "ordered reader cannot start");
            }
        }
    }
}
