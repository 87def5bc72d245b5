//! What can be wrong with handing over. Everything but a silent server and a stream that lost its end needs an operator.

use crate::domain::id::Name;
use crate::nats::NatsError;

/// Why outputs cannot be handed over.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OutboundError {
    /// Somebody else publishes to the stream.
    #[error("hand over to {stream}: the message at sequence {sequence} is not this shard's")]
    Foreign {
        /// The stream.
        stream: Name,
        /// Where.
        sequence: u64,
    },
    /// The stream ends before what is known to have been handed over: it was made anew or rolled back.
    #[error("hand over to {stream}: it ends at sequence {found}, but {known} was handed over")]
    Replaced {
        /// The stream.
        stream: Name,
        /// Its last sequence.
        found: u64,
        /// The last sequence that is known.
        known: u64,
    },
    /// The stream ends before where it did when the fold began: what it lost is not kept, and follows from the log when that is folded anew.
    #[error("hand over to {stream}: it ends at sequence {found}, and ended at {known} when the fold began")]
    Shortened {
        /// The stream.
        stream: Name,
        /// Its last sequence.
        found: u64,
        /// The one before.
        known: u64,
    },
    /// What the stream's last messages were cannot be found out: they expired after the last hand-over that was recorded.
    #[error(
        "hand over to {stream}: messages up to sequence {sequence} have expired, only those up to {known} are known"
    )]
    Unknown {
        /// The stream.
        stream: Name,
        /// Its last sequence.
        sequence: u64,
        /// The last sequence that is known.
        known: u64,
    },
    /// An output cannot be made into a message: the record and this build disagree.
    #[error("hand over to {stream}: output {index}/{output} cannot be encoded")]
    Encode {
        /// The stream.
        stream: Name,
        /// The record.
        index: u64,
        /// The output.
        output: u32,
    },
    /// The server did not do what was asked.
    #[error("hand over")]
    Nats(#[from] NatsError),
}
