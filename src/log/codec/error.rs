//! Why bytes are no record. Every one of them stops the shard: what the log holds must be read or not touched at all.

use crate::domain::id::Index;
use crate::keys::OpenError;

/// Why bytes are no record that this build can read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Written by a newer build: this one must not run on this log.
    #[error("record format {found} is not known, this build reads up to {latest}", latest = super::FORMAT)]
    Format {
        /// The format of the record.
        found: u32,
    },
    /// The content is sealed in a way this build does not know.
    #[error("content sealed by version {0}, which is not known")]
    Sealing(u32),
    /// Content that is not sealed.
    #[error("content that is not sealed: an older development build wrote it, begin with an empty log")]
    Plain,
    /// The log and the keys do not belong together, or one of them is damaged.
    #[error("open the content")]
    Open(#[from] OpenError),
    /// No protocol buffer message, or one that was cut off.
    #[error("bytes are no record")]
    Malformed(#[from] prost::DecodeError),
    /// Another record than the place in the log promises.
    #[error("record {found} where {expected} should be")]
    Index {
        /// By its place.
        expected: Index,
        /// By its own word.
        found: Index,
    },
    /// A record that was cut off between two changes.
    #[error("{found} changes where the record announces {announced}")]
    ChangeCount {
        /// In the envelope.
        announced: u32,
        /// That follow.
        found: usize,
    },
    /// Something that every record has is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value that no writer of this format writes.
    #[error("{0} has a value that is not known")]
    Value(&'static str),
    /// Fields that this build does not know.
    #[error("fields that are not known in {0}")]
    UnknownFields(&'static str),
}
