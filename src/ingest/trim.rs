//! Trims IN streams: only what is applied, handed over and older than is kept (design, "Streams").

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::domain::id::Name;
use crate::nats::{NatsError, stream_state};
use crate::outbound::Outbox;
use crate::shard::ShardHandle;
use crate::telemetry::ErrorChain;

/// How often.
const INTERVAL: Duration = Duration::from_secs(60);
/// How long the server keeps a consumer that was made for its answer only.
const CONSUMER_LIFE: Duration = Duration::from_secs(5);

/// Trims one IN stream.
#[derive(Debug)]
pub struct Trim {
    /// For the requests.
    pub client: Client,
    /// Name of the stream.
    pub stream: Name,
    /// The shard: knows what is applied.
    pub handle: ShardHandle,
    /// Dead letters of the workspace: their bytes are read from the stream.
    pub dead: Arc<Outbox>,
    /// How long applied messages are kept.
    pub keep: Duration,
    /// Size of the stream.
    pub max_bytes: u64,
    /// Filled to this share (percent), applied messages are trimmed earlier.
    pub trim_at_percent: u8,
}

impl Trim {
    /// Trims once a minute until `stop`. A failure is logged and made good by the next round.
    pub async fn run(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(INTERVAL);
        tick.tick().await;
        loop {
            tokio::select! {
                // Cancel-safe: a missed tick comes late.
                _ = tick.tick() => {}
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => return,
            }
            match self.once().await {
                Ok(Some(before)) => info!(stream = %self.stream, before, "stream trimmed"),
                Ok(None) => debug!(stream = %self.stream, "nothing to trim"),
                Err(error) => {
                    warn!(stream = %self.stream, error = %ErrorChain(&error), "stream not trimmed");
                }
            }
        }
    }

    /// Trims once; returns the first sequence that is kept, if anything was to go.
    ///
    /// # Errors
    /// The stream does not answer.
    pub async fn once(&self) -> Result<Option<u64>, NatsError> {
        let stream = self.stream.clone();
        let applied = self.handle.query(move |state| state.stream(&stream).map(|bound| bound.position.sequence)).await;
        let Ok(Some(applied)) = applied else {
            return Ok(None);
        };
        // Asked after the position: dead letters up to it are in the outbox or through it by now.
        if !self.dead.is_settled() {
            return Ok(None);
        }
        let state = stream_state(&self.client, &self.stream).await?;
        let full = self.max_bytes > 0
            && u128::from(state.bytes) * 100 >= u128::from(self.max_bytes) * u128::from(self.trim_at_percent);
        let young = if full { applied } else { self.first_younger().await? };
        // The message at the position stays: by it the stream is recognised.
        let keep_from = applied.min(young);
        if keep_from <= state.first_sequence {
            return Ok(None);
        }
        let failed = |error: &dyn std::fmt::Display| NatsError::Request {
            operation: "trim a stream",
            reason: error.to_string(),
        };
        let handle = jetstream::new(self.client.clone())
            .get_stream_no_info(self.stream.as_str())
            .await
            .map_err(|error| failed(&error))?;
        handle.purge().sequence(keep_from).await.map_err(|error| failed(&error))?;
        Ok(Some(keep_from))
    }

    /// Sequence of the first message younger than `keep`: a consumer that would begin there says so.
    async fn first_younger(&self) -> Result<u64, NatsError> {
        let failed = |error: &dyn std::fmt::Display| NatsError::Request {
            operation: "find the age of messages",
            reason: error.to_string(),
        };
        let keep = jiff::SignedDuration::try_from(self.keep).unwrap_or(jiff::SignedDuration::MAX);
        let since = jiff::Timestamp::now().checked_sub(keep).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let request = serde_json::json!({
            "stream_name": self.stream.as_str(),
            "config": {
                "deliver_policy": "by_start_time",
                "opt_start_time": since.to_string(),
                "ack_policy": "none",
                "replay_policy": "instant",
                "inactive_threshold": CONSUMER_LIFE.as_nanos(),
                "mem_storage": true,
                "num_replicas": 1,
            },
        });
        let answer = self
            .client
            .request(format!("$JS.API.CONSUMER.CREATE.{}", self.stream), request.to_string().into())
            .await
            .map_err(|error| failed(&error))?;
        let answer: Created = serde_json::from_slice(&answer.payload).map_err(|error| failed(&error))?;
        Ok(answer.delivered.stream_seq + 1)
    }
}

/// The answer to the making of a consumer: what it counts as delivered lies before its first message.
#[derive(Deserialize)]
struct Created {
    delivered: Delivered,
}

#[derive(Deserialize)]
struct Delivered {
    stream_seq: u64,
}
