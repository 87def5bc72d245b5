//! The stream `SKEIN_KEYS_<workspace>`: one message for each block, on `skein.keys.<workspace>.<block>`.

use async_nats::Client;
use futures::future::BoxFuture;

use super::store::{KeyStore, StoredBlock};
use crate::domain::id::Name;
use crate::nats::{NatsError, erase_message, next_message, publish_fenced, stream_state, streams};

/// The keys of one workspace in their stream, which exists.
pub struct JetStreamKeys {
    client: Client,
    workspace: Name,
    stream: String,
}

impl std::fmt::Debug for JetStreamKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JetStreamKeys").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl JetStreamKeys {
    /// Of a workspace.
    #[must_use]
    pub fn new(client: Client, workspace: Name) -> Self {
        let stream = streams::keys_name(&workspace);
        Self { client, workspace, stream }
    }
}

impl KeyStore for JetStreamKeys {
    fn last(&self) -> BoxFuture<'_, Result<u64, NatsError>> {
        Box::pin(async { Ok(stream_state(&self.client, &self.stream).await?.last_sequence) })
    }

    fn next(&self, after: u64) -> BoxFuture<'_, Result<Option<StoredBlock>, NatsError>> {
        Box::pin(async move {
            let Some(stored) = next_message(&self.client, &self.stream, after + 1, ">").await? else {
                return Ok(None);
            };
            let number = stored.subject.rsplit('.').next().and_then(|token| token.parse().ok()).ok_or_else(|| {
                NatsError::Malformed {
                    operation: "read a block of keys",
                    reason: "its subject ends with no number".to_owned(),
                }
            })?;
            Ok(Some(StoredBlock { sequence: stored.sequence, number, bytes: stored.payload }))
        })
    }

    fn put(&self, number: u32, bytes: Vec<u8>, after: u64) -> BoxFuture<'_, Result<Option<u64>, NatsError>> {
        let subject = format!("skein.keys.{}.{number}", self.workspace);
        Box::pin(
            async move { publish_fenced(&self.client, "store a block of keys", subject, bytes.into(), after).await },
        )
    }

    fn erase(&self, sequence: u64) -> BoxFuture<'_, Result<(), NatsError>> {
        Box::pin(async move { erase_message(&self.client, &self.stream, sequence).await })
    }
}
