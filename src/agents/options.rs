//! What an operator decides about the agents' edge.

use std::time::Duration;

use super::limits::{
    DRAIN, HANDSHAKE, KEEPALIVE_INTERVAL, KEEPALIVE_TIMEOUT, MAX_REQUEST_BYTES, MAX_SESSIONS, MAX_SESSIONS_PER_AGENT,
    MAX_STREAMS_PER_CONNECTION, MAX_WATCHERS, UPLOAD_PIECE_WAIT, UPLOAD_WAIT,
};

/// Options of [`super::serve`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Agents with sessions on this node at most.
    pub max_sessions: usize,
    /// Sessions of one agent at most.
    pub max_sessions_per_agent: usize,
    /// Watchers of conversations at most.
    pub max_watchers: usize,
    /// Bytes of one request or frame, decoded, at most.
    pub max_request_bytes: usize,
    /// Streams of one HTTP/2 connection at most.
    pub max_streams_per_connection: u32,
    /// A silent connection is probed after this.
    pub keepalive_interval: Duration,
    /// A probe without an answer for so long ends the connection.
    pub keepalive_timeout: Duration,
    /// Time for the first frame of a session.
    pub handshake: Duration,
    /// Time for commands in flight when a session ends, and for all sessions at shutdown.
    pub drain: Duration,
    /// Time for the next piece of an attachment.
    pub upload_piece_wait: Duration,
    /// Time for an attachment beside that of its bytes.
    pub upload_wait: Duration,
    /// Pages from this machine (`http://localhost:*` and the like) may call from a browser.
    pub loopback_origins: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            max_sessions: MAX_SESSIONS,
            max_sessions_per_agent: MAX_SESSIONS_PER_AGENT,
            max_watchers: MAX_WATCHERS,
            max_request_bytes: MAX_REQUEST_BYTES,
            max_streams_per_connection: MAX_STREAMS_PER_CONNECTION,
            keepalive_interval: KEEPALIVE_INTERVAL,
            keepalive_timeout: KEEPALIVE_TIMEOUT,
            handshake: HANDSHAKE,
            drain: DRAIN,
            upload_piece_wait: UPLOAD_PIECE_WAIT,
            upload_wait: UPLOAD_WAIT,
            loopback_origins: false,
        }
    }
}
