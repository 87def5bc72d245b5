//! What becomes of IN streams and of inputs that cannot be used.

use super::Input;
use crate::domain::id::Name;

/// An input could not be used; its bytes go to DEAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLettered {
    /// Its position.
    pub input: Input,
    /// Name of the IN stream.
    pub stream: Name,
    /// Channel of the subject.
    pub channel: Name,
    /// Endpoint of the subject.
    pub endpoint: Name,
    /// Bounded reason, a token of a subject.
    pub reason: Name,
}

/// An operator takes a broken IN stream into use again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputResumed {
    /// Its number.
    pub stream: u16,
    /// When the stream that is there now was created, nanoseconds since the Unix epoch.
    pub created_ns: i64,
    /// Counts as applied from now on; 0 before the first.
    pub sequence: u64,
    /// Digest of the message there; 0: it is not stored.
    pub digest: u64,
}
