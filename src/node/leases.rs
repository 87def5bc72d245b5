//! The bucket of leases.

use async_nats::Client;
use async_nats::jetstream;
use async_nats::jetstream::kv::{self, Operation, UpdateErrorKind};

use super::lease::Lease;
use crate::domain::id::Name;
use crate::nats::{NatsError, streams};

/// A lease as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What names this state of it; 0: there is none.
    pub revision: u64,
    /// What it says; none: there is none, or it is not understood.
    pub lease: Option<Lease>,
}

/// What became of a lease that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It stands, as this revision.
    Stands(u64),
    /// Somebody wrote before.
    Lost,
    /// The servers did not say: it may stand.
    Unknown,
}

/// The lease of one shard. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Leases {
    bucket: kv::Store,
    key: String,
}

impl Leases {
    /// Makes the bucket if it is missing.
    ///
    /// # Errors
    /// It cannot be made or used, or it exists with other settings.
    pub async fn open(client: &Client, shard: &Name, replicas: usize) -> Result<Self, NatsError> {
        streams::ensure(client, &streams::leases(replicas)).await?;
        let bucket = jetstream::new(client.clone())
            .get_key_value(streams::LEASES_BUCKET)
            .await
            .map_err(|error| NatsError::Request { operation: "open the leases", reason: error.to_string() })?;
        Ok(Self { bucket, key: shard.to_string() })
    }

    /// Looks it up. Cancel safe.
    ///
    /// # Errors
    /// The bucket does not answer.
    pub async fn look(&self) -> Result<Seen, NatsError> {
        let found = self.bucket.entry(&self.key).await;
        let found =
            found.map_err(|error| NatsError::Request { operation: "look up the lease", reason: error.to_string() })?;
        Ok(match found {
            Some(entry) if entry.operation == Operation::Put => {
                Seen { revision: entry.revision, lease: Lease::decode(&entry.value) }
            }
            Some(entry) => Seen { revision: entry.revision, lease: None },
            None => Seen { revision: 0, lease: None },
        })
    }

    /// Writes it, if it still stands as `revision`. Dropped: it may have been written.
    pub async fn write(&self, lease: &Lease, revision: u64) -> Written {
        match self.bucket.update(&self.key, lease.encode().into(), revision).await {
            Ok(revision) => Written::Stands(revision),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Written::Lost,
            Err(_) => Written::Unknown,
        }
    }
}
