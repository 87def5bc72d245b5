//! What an operator decides about calls between nodes, and why they cannot be carried.

use std::time::Duration;

use super::limits::{DRAIN, MAX_CALLS};

/// Options of [`super::Relay`] and [`super::host()`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayOptions {
    /// Calls that the node has open at others at most; and that one shard here serves for others.
    pub max_calls: usize,
    /// Time for calls in flight once a host is to stop.
    pub drain: Duration,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self { max_calls: MAX_CALLS, drain: DRAIN }
    }
}

/// Why calls are not carried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// The name of a node or a shard is no token of a subject.
    #[error("carry calls for the shard {shard:?} of the node {node:?}: names are letters, digits, '-' and '_' (ASCII)")]
    Name {
        /// The node.
        node: String,
        /// The shard; empty where it is about the node alone.
        shard: String,
    },
    /// The connection takes no subscription. The caller may try again with another.
    #[error("subscribe to {subject}: {reason}")]
    Subscribe {
        /// What was to be subscribed to.
        subject: String,
        /// What the client library said.
        reason: String,
    },
    /// The connection was closed for good.
    #[error("listen to {subject}: the connection is closed")]
    Closed {
        /// What was subscribed to.
        subject: String,
    },
}
