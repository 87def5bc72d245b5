//! Where wrapped blocks are kept.

use std::fmt;

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::nats::NatsError;

/// A message of the stream of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlock {
    /// Its place in the stream.
    pub sequence: u64,
    /// Which block.
    pub number: u32,
    /// The block, wrapped.
    pub bytes: Bytes,
}

/// The stream of one workspace's keys. All methods are cancel-safe; a `put` that was cancelled or failed may have taken effect.
pub trait KeyStore: Send + Sync + fmt::Debug {
    /// The last sequence ever given, 0 for none.
    fn last(&self) -> BoxFuture<'_, Result<u64, NatsError>>;

    /// The first message behind sequence `after`.
    fn next(&self, after: u64) -> BoxFuture<'_, Result<Option<StoredBlock>, NatsError>>;

    /// Stores a block if `after` is the last sequence. None: it is not.
    fn put(&self, number: u32, bytes: Vec<u8>, after: u64) -> BoxFuture<'_, Result<Option<u64>, NatsError>>;

    /// Deletes a message and overwrites its bytes. One that is gone already is fine.
    fn erase(&self, sequence: u64) -> BoxFuture<'_, Result<(), NatsError>>;
}
