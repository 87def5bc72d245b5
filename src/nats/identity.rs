//! Which stream a position was taken in.
//!
//! A sequence alone means nothing after the stream was deleted and made again, or rolled back to an older copy. So a position keeps
//! when its stream was created and a digest of the message there, and both are compared before the position is used.

use async_nats::Client;
use sha2::{Digest, Sha256};

use super::{api, errors::NatsError, ordered::Stored};

/// What makes a position in a stream recognisable later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamIdentity {
    /// When the stream was created, nanoseconds since 1970.
    pub created_ns: i64,
    /// Digest of the message at the position; `None` if it is not stored (not yet, or no longer).
    pub digest: Option<[u8; 16]>,
}

/// Reads the identity of `stream` at `sequence` from its leader.
///
/// # Errors
/// [`NatsError`]; a missing stream is `Refused` with `STREAM_NOT_FOUND`.
pub async fn stream_identity(client: &Client, stream: &str, sequence: u64) -> Result<StreamIdentity, NatsError> {
    let state = api::stream_state(client, stream).await?;
    let stored = sequence >= state.first_sequence && sequence <= state.last_sequence;
    let message = if stored && sequence > 0 { api::leader_get(client, stream, sequence).await? } else { None };
    Ok(StreamIdentity { created_ns: state.created_ns, digest: message.as_ref().map(Stored::digest) })
}

impl Stored {
    /// Digest of sequence, subject and payload: the first 16 bytes of their SHA-256.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update(self.sequence.to_le_bytes());
        hash.update((self.subject.len() as u64).to_le_bytes());
        hash.update(self.subject.as_bytes());
        hash.update(&self.payload);
        let full = hash.finalize();
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        digest
    }
}
