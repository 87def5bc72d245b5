//! The life of a session and how it ends.

use tokio::time::Instant;

use crate::agents::status::Refusal;

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// The first frame is awaited.
    Handshake {
        /// Until then.
        deadline: Instant,
    },
    /// Commands and events flow.
    Active,
    /// Nothing new is taken; commands in flight get their results.
    Draining {
        /// Until then.
        deadline: Instant,
    },
    /// Over.
    Closed,
}

/// How an open session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer is gone, has closed its half, or this node shuts down: the session can be gone on with.
    Lost,
    /// The shard knows already: logged out, taken, or its grace was over.
    Known,
    /// The peer does not read.
    Slow,
    /// The peer broke the rules of the stream.
    Refused(Refusal),
}
