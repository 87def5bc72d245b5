//! NATS at our edge: connections, errors by code, the declared streams, raw JetStream requests, the ordered reader.
//!
//! Not here: what is written to or read from the streams (`log`, `ingest`, `outbound`). Invariants: no error of the client library
//! leaves this module (they print their source inside `Display`); an existing stream is never altered silently; a hole in a stream
//! is an error value of the ordered reader, never skipped.

mod account;
mod api;
mod clock;
mod connect;
mod differences;
mod errors;
mod identity;
mod listed;
mod live;
mod login;
mod messages;
mod objects;
mod ordered;
mod pull;
pub mod streams;
mod version;

pub use account::{Account, Limits, Tier, account, server_clock};
pub use api::{Placement, StreamCopy, StreamState, consumer_settings, stream_state, streams_that_take};
pub(crate) use api::{direct_get, last_of, leader_get, oldest_unacknowledged};
pub use async_nats::Subject;
pub use clock::ClockReading;
pub use connect::{LIVE_CAPACITY, Nats, NatsOptions};
pub use differences::Difference;
pub use errors::{ApiCode, NatsError};
pub use identity::{StreamIdentity, stream_identity};
pub(crate) use live::subscribe;
pub use login::with_login;
pub(crate) use messages::{erase_message, next_message, publish_fenced};
pub use objects::Objects;
pub use ordered::{Ordered, OrderedError, OrderedOptions, Stored};
pub use version::{MINIMUM_SERVER, check_server, is_good_enough};
