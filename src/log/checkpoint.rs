//! The witness of a log's end: what is durable, written each second to a bucket beside the log.
//!
//! If the log's stream is ever restored from an older copy, the checkpoint still knows that more was there, and the take-over is
//! refused. It proves nothing by its absence. The bucket has no `max_age`.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{self, kv},
};
use tokio::sync::watch;
use tracing::warn;

use super::{
    entry::{Tip, Witness},
    writer::Progress,
};
use crate::nats::{NatsError, streams};

/// How often what is durable is written, if it moved.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// The checkpoints of one shard.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    bucket: kv::Store,
    shard: String,
}

impl Checkpoints {
    /// Makes the bucket if it is missing.
    ///
    /// # Errors
    /// It cannot be made or used, or it exists with other settings.
    pub async fn open(client: &Client, shard: &str, replicas: usize) -> Result<Self, NatsError> {
        streams::ensure(client, &streams::checkpoints(replicas)).await?;
        let bucket = jetstream::new(client.clone())
            .get_key_value(streams::CHECKPOINTS_BUCKET)
            .await
            .map_err(|error| failed("open the checkpoints", &error))?;
        Ok(Self { bucket, shard: shard.to_owned() })
    }

    /// What the last checkpoint saw.
    ///
    /// # Errors
    /// The bucket does not answer, or the value is not ours.
    pub async fn witness(&self) -> Result<Option<Witness>, NatsError> {
        const OPERATION: &str = "read the checkpoint";
        let value = self.bucket.get(&self.shard).await.map_err(|error| failed(OPERATION, &error))?;
        value
            .map(|value| {
                decode(&value).ok_or_else(|| NatsError::Malformed {
                    operation: OPERATION,
                    reason: "it is not of version 1".to_owned(),
                })
            })
            .transpose()
    }

    /// Writes one checkpoint.
    ///
    /// # Errors
    /// The bucket does not answer.
    pub async fn write(&self, durable: Tip) -> Result<(), NatsError> {
        self.bucket
            .put(&self.shard, encode(durable).into())
            .await
            .map(|_| ())
            .map_err(|error| failed("write the checkpoint", &error))
    }

    /// Writes what is durable each [`INTERVAL`], and once more at the end. Runs until the writer is gone or ended; a failed write is
    /// logged and made good by the next. Meant for a task beside the writer's.
    pub async fn keep(self, mut progress: watch::Receiver<Progress>) {
        let mut written = 0;
        loop {
            let gone = progress.changed().await.is_err();
            let (durable, ended) = {
                let seen = progress.borrow_and_update();
                (seen.durable, seen.condition.is_final())
            };
            // A deposed writer's view is older than its successor's: it must not overwrite that.
            if ended {
                return;
            }
            if durable.index > written {
                match self.write(durable).await {
                    Ok(()) => written = durable.index,
                    Err(error) => {
                        warn!(skein.shard = self.shard, error = %error, "checkpoint not written");
                    }
                }
            }
            if gone {
                return;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

fn failed(operation: &'static str, error: &dyn std::fmt::Display) -> NatsError {
    NatsError::Request { operation, reason: error.to_string() }
}

/// Version, index, chain; little endian.
fn encode(durable: Tip) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(durable.index.to_le_bytes());
    bytes.extend(durable.chain.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Witness> {
    let (version, rest) = bytes.split_first()?;
    let (index, chain) = rest.split_at_checked(8)?;
    (*version == 1).then_some(())?;
    Some(Witness {
        source: "checkpoint",
        index: u64::from_le_bytes(index.try_into().ok()?),
        chain: Some(u64::from_le_bytes(chain.try_into().ok()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_keeps_index_and_chain() {
        let tip = Tip { index: 7, chain: 9, ..Tip::ORIGIN };
        let witness = decode(&encode(tip)).expect("it was just encoded");
        assert_eq!((witness.index, witness.chain), (7, Some(9)));
        assert_eq!(decode(b"\x02abcdefghijklmnop"), None);
        assert_eq!(decode(b"\x01abc"), None);
    }
}
