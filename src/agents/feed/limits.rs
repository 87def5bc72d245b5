//! How much is kept for readers, and how long a full backlog is borne.

use std::time::Duration;

/// Limits of one agent's ring and of each of its readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedLimits {
    /// Positions kept for a resume: what a busy agent is told in some minutes.
    pub ring_positions: usize,
    /// Age up to which positions are kept for a resume: longer than any reconnect, shorter than a break.
    pub ring_age: Duration,
    /// Bytes of records that a resume can ask for: large mails shorten the ring rather than keep the log busy.
    pub ring_bytes: u64,
    /// Records held for an agent whose reader has gone: what comes while a connection is made anew. Others are read from the log again.
    pub absent_records: u64,
    /// A reader this far behind counts as full: some seconds of the largest rate at which one agent is ever told something.
    pub backlog_positions: u64,
    /// A reader this many bytes behind counts as full.
    pub backlog_bytes: u64,
    /// How long a reader may stay full: a stalled machine recovers in less, a peer that does not read never does.
    pub full_for: Duration,
    /// So many times the backlog ends a reader at once: the memory that one reader can ever hold.
    pub ceiling: u64,
    /// Records waiting for one watcher of a conversation: a conversation is slow, a watcher this far behind is not reading.
    pub watch_records: usize,
    /// Bytes waiting for one watcher of a conversation.
    pub watch_bytes: u64,
}

impl Default for FeedLimits {
    fn default() -> Self {
        Self {
            ring_positions: 1_024,
            ring_age: Duration::from_secs(600),
            ring_bytes: 8 << 20,
            absent_records: 16,
            backlog_positions: 16_384,
            backlog_bytes: 16 << 20,
            full_for: Duration::from_secs(5),
            ceiling: 4,
            watch_records: 1_024,
            watch_bytes: 8 << 20,
        }
    }
}
