//! What can be wrong with a log, and why a take-over fails.

use thiserror::Error;

use crate::nats::{NatsError, OrderedError};

/// A log that cannot be read or trusted. All but [`LogError::Nats`] need an operator: data is lost or foreign.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LogError {
    /// Messages are missing from the stream.
    #[error("read the log: sequence {expected} is missing, the next one is {found}")]
    SequenceGap {
        /// Sequence that should have come.
        expected: u64,
        /// Sequence that came.
        found: u64,
    },
    /// Entries are missing although the stream has no hole.
    #[error("read the log at sequence {sequence}: index {expected} is missing, found {found}")]
    IndexGap {
        /// Where.
        sequence: u64,
        /// Index that should have come.
        expected: u64,
        /// Index that came.
        found: u64,
    },
    /// An entry or one before it is not the one that was appended.
    #[error("read the log at index {index}: the running hash differs, an entry was changed or moved")]
    ChainBroken {
        /// The first entry whose hash of what precedes it differs.
        index: u64,
    },
    /// Written by a newer version, or not by skein.
    #[error("read the log at sequence {sequence}: unknown format {tag:#04x}")]
    UnknownFormat {
        /// Where.
        sequence: u64,
        /// First byte of the message.
        tag: u8,
    },
    /// Written by a build from before the log's format was declared stable: its data is not carried over.
    #[error("read the log at sequence {sequence}: an older development build wrote it, begin with an empty log")]
    Development {
        /// Where.
        sequence: u64,
    },
    /// A message that no writer makes.
    #[error("read the log at sequence {sequence}: {reason}")]
    Malformed {
        /// Where.
        sequence: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The log ends before an entry that is known to be durable.
    #[error("read the log: it ends at sequence {end}, but sequence {durable} was durable")]
    Truncated {
        /// Last sequence there is.
        end: u64,
        /// Last sequence that was acknowledged.
        durable: u64,
    },
    /// Another entry stands where ours was appended, in our own epoch.
    #[error("append at index {index}: another entry stands there in our own epoch")]
    ForeignEntry {
        /// Index of both.
        index: u64,
    },
    /// The answer to an append contradicts the fence.
    #[error("append: acknowledged sequence {found} does not fit, {expected} was predicted")]
    UnexpectedAck {
        /// The first sequence that was awaited.
        expected: u64,
        /// The sequence in the answer.
        found: u64,
    },
    /// The server took an append for a repeated one.
    #[error("append at sequence {sequence}: the server calls it a duplicate")]
    DuplicateAck {
        /// The sequence in the answer.
        sequence: u64,
    },
    /// It is not known where in the stream this entry is.
    #[error("read index {index}: it lies before what was replayed")]
    Unmapped {
        /// The index asked for.
        index: u64,
    },
    /// The server did not do what was asked.
    #[error("use the log's stream")]
    Nats(#[from] NatsError),
}

impl From<OrderedError> for LogError {
    fn from(error: OrderedError) -> Self {
        match error {
            OrderedError::Gap { expected, found, .. } => Self::SequenceGap { expected, found },
            OrderedError::Malformed { .. } => Self::Malformed { sequence: 0, reason: "a delivery carries no position" },
        }
    }
}

/// Why the caller is not the writer now.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TakeOverError {
    /// Somebody appended since `tip`: replay on and try again.
    #[error("take the log over: it moved on to sequence {end}")]
    Moved {
        /// Last sequence as far as known.
        end: u64,
    },
    /// No answer in time; the `Epoch` may have been appended or not. Replay on and try again.
    #[error("take the log over: no answer in time")]
    Unanswered,
    /// Entries are missing at the end of the log. An operator decides.
    #[error("take the log over: it ends at index {end}, but {witness} knows index {index}: the log was truncated")]
    Truncated {
        /// Who knows more.
        witness: &'static str,
        /// Highest index known there.
        index: u64,
        /// Where the log ends.
        end: u64,
    },
    /// The log is not the one the witness saw. An operator decides.
    #[error("take the log over: at index {index} it is not the log that {witness} saw")]
    Forked {
        /// Who saw another log.
        witness: &'static str,
        /// Where they differ.
        index: u64,
    },
    /// Our clock is not the server's.
    #[error("take the log over: our clock is {} ms off the server's", offset_ns / 1_000_000)]
    Clock {
        /// The server's clock minus ours.
        offset_ns: i64,
    },
    /// The log or its stream cannot be used.
    #[error("take the log over")]
    Log(#[from] LogError),
}

impl From<NatsError> for TakeOverError {
    fn from(error: NatsError) -> Self {
        Self::Log(LogError::Nats(error))
    }
}
