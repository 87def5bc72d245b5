//! Reads the stream of dead letters in order, by an ordered consumer: all there are, and if wanted those to come.

use async_nats::Client;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::{Context, Message};
use futures::StreamExt as _;

use super::letter::Letter;
use crate::nats::streams::dead_name;
use crate::nats::{NatsError, Stored, leader_get};

const OPERATION: &str = "read dead letters";

/// Which letters are meant.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only letters of this endpoint: its channel and its name.
    pub endpoint: Option<(String, String)>,
    /// Only letters with this reason, such as `unknown_endpoint`.
    pub reason: Option<String>,
}

impl Selection {
    /// Whether a letter is among them.
    #[must_use]
    pub fn takes(&self, letter: &Letter) -> bool {
        let of_endpoint = |(channel, name): &(String, String)| letter.channel == *channel && letter.endpoint == *name;
        self.endpoint.as_ref().is_none_or(of_endpoint)
            && self.reason.as_ref().is_none_or(|reason| letter.reason == *reason)
    }
}

/// How far is read, and what of each letter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Letters behind this sequence.
    pub after: u64,
    /// Goes on with the letters to come, without end.
    pub follow: bool,
    /// With its bytes; without, they do not leave the server.
    pub bytes: bool,
}

/// Letters of a workspace, oldest first.
pub struct Letters {
    messages: pull::Ordered,
    /// What was there when the reading began, and was not read yet; the stream may grow meanwhile.
    left: u64,
    follow: bool,
}

impl std::fmt::Debug for Letters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letters").field("left", &self.left).field("follow", &self.follow).finish_non_exhaustive()
    }
}

impl Letters {
    /// Begins to read.
    ///
    /// # Errors
    /// [`NatsError`] where the stream cannot be read: the daemon makes it when it starts.
    ///
    /// # Cancel safety
    /// Reads only; a consumer that is left alone goes by itself.
    pub async fn open(context: &Context, workspace: &str, wanted: Wanted) -> Result<Self, NatsError> {
        let stream = context.get_stream_no_info(dead_name(workspace)).await.map_err(failed)?;
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: wanted.after + 1 },
            headers_only: !wanted.bytes,
            ..pull::OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(failed)?;
        let left = consumer.cached_info().num_pending;
        let messages = consumer.messages().await.map_err(failed)?;
        Ok(Self { messages, left, follow: wanted.follow })
    }

    /// The next letter; none: that was all, which never comes where those to come are followed.
    ///
    /// # Errors
    /// [`NatsError`].
    ///
    /// # Cancel safety
    /// A letter that was not returned comes with the next call.
    pub async fn next(&mut self) -> Result<Option<(Letter, Message)>, NatsError> {
        while self.follow || self.left > 0 {
            let Some(message) = self.messages.next().await else { break };
            self.left = self.left.saturating_sub(1);
            let message = message.map_err(failed)?;
            if let Some(letter) = Letter::of(&message) {
                return Ok(Some((letter, message)));
            }
        }
        Ok(None)
    }
}

/// One letter, by its sequence, as it is stored. None: there is none.
///
/// # Errors
/// [`NatsError`].
///
/// # Cancel safety
/// Reads only.
pub async fn get(client: &Client, workspace: &str, sequence: u64) -> Result<Option<(Letter, Stored)>, NatsError> {
    let stored = leader_get(client, &dead_name(workspace), sequence).await?;
    Ok(stored.and_then(|stored| Some((Letter::of_stored(&stored)?, stored))))
}

fn failed(error: impl std::fmt::Display) -> NatsError {
    NatsError::Request { operation: OPERATION, reason: error.to_string() }
}
