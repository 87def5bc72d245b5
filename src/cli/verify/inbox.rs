//! One stream, read by sequence: mostly the next one.

use anyhow::Context as _;
use async_nats::Client;

use crate::nats::{Ordered, OrderedOptions, Stored, stream_state};

/// Messages asked for ahead: their bytes are bounded by the reader itself.
const PREFETCH: u64 = 500;

/// A stream.
#[derive(Debug)]
pub(super) struct Inbox {
    client: Client,
    stream: String,
    ordered: Ordered,
    /// Behind the last message that was given: from here to where the reader stands the stream holds nothing.
    behind: u64,
}

impl Inbox {
    pub(super) fn new(client: &Client, stream: &str) -> Self {
        let ordered = ordered(client, stream, 1);
        Self { client: client.clone(), stream: stream.to_owned(), ordered, behind: 1 }
    }

    /// The first message from a sequence on, up to another, which the stream has given; none: it holds none there.
    ///
    /// # Errors
    /// A delivery is not understood.
    pub(super) async fn from(&mut self, sequence: u64, last: u64) -> anyhow::Result<Option<Stored>> {
        if !(self.behind..=self.ordered.next_sequence()).contains(&sequence) {
            self.ordered = ordered(&self.client, &self.stream, sequence);
            self.behind = sequence;
        }
        let found = self.ordered.first_up_to(last).await.with_context(|| format!("read {}", self.stream))?;
        if let Some(found) = &found {
            self.behind = found.sequence + 1;
        }
        Ok(found)
    }

    /// The first sequence that the stream holds now; one more than the last if it holds none.
    ///
    /// # Errors
    /// The stream does not answer.
    pub(super) async fn first(&self) -> anyhow::Result<u64> {
        Ok(stream_state(&self.client, &self.stream).await?.first_sequence)
    }
}

fn ordered(client: &Client, stream: &str, from: u64) -> Ordered {
    Ordered::new(client.clone(), stream, from, OrderedOptions { prefetch: PREFETCH })
}
