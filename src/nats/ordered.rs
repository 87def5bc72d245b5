//! The ordered reader: every message of a stream from a sequence on, in order, each once, or an error.
//!
//! It keeps a short-lived pull consumer without acks. Whenever deliveries are not contiguous, a heartbeat is missed, or the consumer
//! is gone, it makes a new one at the next sequence; the caller notices nothing. A sequence that the *stream* lacks is another
//! matter: that is lost data, and becomes [`OrderedError::Gap`]. Only for streams without a subject filter: there sequences are
//! contiguous.

use std::time::Duration;

use async_nats::{Client, HeaderMap, Subject};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use thiserror::Error;
use tokio::time::timeout;
use tracing::debug;

use super::api::leader_get;
use super::messages::next_message;
use super::pull::{Pull, PullEnded};

/// Consumers in a row that give nothing before the next message is fetched by itself.
const FRUITLESS_MAX: u32 = 3;
/// First and longest wait before the next attempt to make a consumer.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// After so long without a message it is asked whether the stream still has one: longer than a consumer takes to begin anew.
const SILENCE: Duration = Duration::from_secs(3);

/// A message as stored in a stream.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// Its subject.
    pub subject: Subject,
    /// Its headers; without those that are none, see `bad_headers`.
    pub headers: Option<HeaderMap>,
    /// The server stored bytes in the place of headers that the client library cannot read.
    pub bad_headers: bool,
    /// Its bytes.
    pub payload: Bytes,
    /// When the server stored it, nanoseconds since 1970; none: the server did not say so.
    pub stored_ns: Option<i64>,
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
    /// On the way to a consumer, or to the next message; kept, so that a caller who stops waiting does not begin it anew.
    starting: Option<BoxFuture<'static, Result<Started, PullEnded>>>,
    /// Consumers in a row that gave nothing.
    fruitless: u32,
    back_off: Duration,
    replaced: u64,
}

enum Started {
    Consumer(Pull),
    Message(Stored),
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
            starting: None,
            fruitless: 0,
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
            let Some(live) = &mut self.live else {
                if let Some(message) = self.start().await {
                    self.next_sequence += 1;
                    return Ok(message);
                }
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
            self.fruitless = 0;
            return Ok(Stored {
                sequence,
                subject: message.subject,
                headers: message.headers,
                bad_headers: false,
                payload: message.payload,
                stored_ns: place.stored_ns,
            });
        }
    }

    /// The first message that the stream still holds from here to `last`, whatever is missing before it; none: there is nothing more up
    /// to there, and the reader stands behind it. Waits while the server is away.
    ///
    /// Cancel-safe, as [`Self::next`].
    ///
    /// # Errors
    /// [`OrderedError::Malformed`]; never a gap.
    pub async fn first_up_to(&mut self, last: u64) -> Result<Option<Stored>, OrderedError> {
        while self.next_sequence <= last {
            match timeout(SILENCE, self.next()).await {
                Ok(Err(OrderedError::Gap { found, .. })) => self.next_sequence = found,
                Ok(other) => return other.map(Some),
                // Where everything to the end was deleted nothing would ever come.
                Err(_) => match next_message(&self.client, &self.stream, self.next_sequence, ">").await {
                    Ok(None) => self.next_sequence = last + 1,
                    Ok(Some(found)) if found.sequence > last => self.next_sequence = found.sequence,
                    // It is on its way, or the server is away.
                    Ok(Some(_)) | Err(_) => {}
                },
            }
        }
        Ok(None)
    }

    fn restart(&mut self) {
        let gave_something = self.live.take().is_some_and(|live| live.next_delivery > 1);
        self.fruitless = if gave_something { 1 } else { self.fruitless + 1 };
        self.replaced += 1;
    }

    /// Makes a consumer at the next sequence, after a wait if the last one gave nothing. When several gave nothing it may be for the
    /// very next message, which the client library cannot read: then that is fetched by itself.
    async fn start(&mut self) -> Option<Stored> {
        let (client, stream, from) = (self.client.clone(), self.stream.clone(), self.next_sequence);
        let (fruitless, back_off, batch) = (self.fruitless, self.back_off, self.options.prefetch);
        let starting = self.starting.get_or_insert_with(|| {
            async move {
                if fruitless > 0 {
                    tokio::time::sleep(back_off).await;
                }
                if fruitless >= FRUITLESS_MAX
                    && let Ok(Some(message)) = leader_get(&client, &stream, from).await
                {
                    return Ok(Started::Message(message));
                }
                Pull::start(client, stream, from, batch).await.map(Started::Consumer)
            }
            .boxed()
        });
        let started = starting.as_mut().await;
        self.starting = None;
        if self.fruitless > 0 {
            self.back_off = (self.back_off * 2).min(BACK_OFF.1);
        }
        match started {
            Ok(Started::Consumer(pull)) => self.live = Some(Live { pull, next_delivery: 1 }),
            Ok(Started::Message(message)) => {
                // What was fetched by itself says nothing of those behind it: a consumer is tried for them.
                self.fruitless = FRUITLESS_MAX - 1;
                self.back_off = BACK_OFF.0;
                return Some(message);
            }
            Err(error) => {
                debug!(stream = self.stream, %error, "ordered reader cannot start");
                self.fruitless = self.fruitless.max(1);
            }
        }
        None
    }
}
