//! One stream, read by sequence: mostly the next one.

use std::cmp::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::Client;
use tokio::time::timeout;

use crate::nats::{Ordered, OrderedError, OrderedOptions, Stored, leader_get, stream_state};

/// Messages asked for ahead: their bytes are bounded by the reader itself.
const PREFETCH: u64 = 500;

/// After so long without a message it is asked whether the stream still has it.
const SILENCE: Duration = Duration::from_secs(3);

/// A stream.
#[derive(Debug)]
pub(super) struct Inbox {
    client: Client,
    stream: String,
    ordered: Ordered,
    /// What came in the place of those that are missing.
    ahead: Option<Stored>,
    /// The first of them.
    missing_from: u64,
}

impl Inbox {
    pub(super) fn new(client: &Client, stream: &str) -> Self {
        let ordered = ordered(client, stream, 1);
        Self { client: client.clone(), stream: stream.to_owned(), ordered, ahead: None, missing_from: 0 }
    }

    /// The message at a sequence, which the stream has given; none: it is gone.
    ///
    /// # Errors
    /// A delivery is not understood, or the stream does not answer.
    pub(super) async fn at(&mut self, sequence: u64) -> anyhow::Result<Option<Stored>> {
        if let Some(ahead) = &self.ahead {
            match ahead.sequence.cmp(&sequence) {
                Ordering::Equal => return Ok(self.ahead.take()),
                Ordering::Greater if self.missing_from <= sequence => return Ok(None),
                Ordering::Greater | Ordering::Less => self.ahead = None,
            }
        }
        if self.ordered.next_sequence() != sequence {
            self.ordered = ordered(&self.client, &self.stream, sequence);
        }
        loop {
            match timeout(SILENCE, self.ordered.next()).await {
                Ok(Ok(message)) => return Ok(Some(message)),
                Ok(Err(OrderedError::Gap { found, .. })) => {
                    self.missing_from = sequence;
                    self.ordered = ordered(&self.client, &self.stream, found);
                    self.ahead = Some(self.ordered.next().await.with_context(|| format!("read {}", self.stream))?);
                    return Ok(None);
                }
                Ok(Err(error)) => return Err(error).with_context(|| format!("read {}", self.stream)),
                // Where it and everything to the end is gone nothing would ever come.
                Err(_) => {
                    let there = leader_get(&self.client, &self.stream, sequence).await;
                    if there.with_context(|| format!("read {}", self.stream))?.is_none() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// The first message from a sequence on, up to another; none: there is none.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub(super) async fn from(&mut self, sequence: u64, last: u64) -> anyhow::Result<Option<Stored>> {
        if sequence > last {
            return Ok(None);
        }
        match self.at(sequence).await? {
            Some(found) => Ok(Some(found)),
            None => Ok(self.ahead.take().filter(|ahead| ahead.sequence <= last)),
        }
    }

    /// Whether the stream begins behind a sequence, as by age.
    ///
    /// # Errors
    /// The stream does not answer.
    pub(super) async fn begins_behind(&self, sequence: u64) -> anyhow::Result<bool> {
        Ok(stream_state(&self.client, &self.stream).await?.first_sequence > sequence)
    }
}

fn ordered(client: &Client, stream: &str, from: u64) -> Ordered {
    Ordered::new(client.clone(), stream, from, OrderedOptions { prefetch: PREFETCH })
}
