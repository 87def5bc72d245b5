//! What leaves over NATS: outputs of durable records into `SKEIN_OUT_*` and `SKEIN_DEAD_*`, by fenced replication (design, law 7).
//!
//! Responsible for: each output in its stream exactly once and in log order, whoever owns the shard and however often it starts
//! again. Not for: what an output says (`convert`) and what adapters do with it. Exactly once ends at the stream.

mod adapters;
mod anchor;
mod backlog;
mod convert;
mod error;
mod handover;
mod hint;
mod message;
mod outbox;
mod window;

pub use adapters::{AdapterHealth, AdapterWatch, Listening};
pub(crate) use anchor::position_of;
pub use anchor::{Anchor, LOG_HEADER, anchor, parse_log_header};
pub use backlog::Backlog;
pub use convert::outbound_message;
pub use error::OutboundError;
pub use handover::{HandOver, Of, Report};
pub use hint::typing_hint;
pub use message::{
    BYTES_HEADER, CHANNEL_HEADER, ENDPOINT_HEADER, Kind, SEQUENCE_HEADER, STREAM_HEADER, is_of_original,
};
pub use outbox::{OUTBOX_MAX, Outbox, Outgoing, WorkspaceOutboxes};
