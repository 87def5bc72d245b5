//! Calls of agents' tools, carried between nodes over NATS: whole, to the node that owns the shard, whichever node they came to.
//!
//! A call travels as it is: the head of the request with all metadata, bytes of the body both ways, the head of the response, trailers. So
//! nothing here knows a service, a token is proven where the call is served, and a session lives there. The protocol is
//! `proto/skein/node/v1/relay.proto`; `link` is one end of a call without I/O, the rest moves its frames. Not here: who owns what.
//!
//! Invariants: what a call carries comes once and in order or the call ends with a status; what is held for a call is bounded both ways by
//! its window; calls are bounded on each node; whoever is gone is noticed in about 3 s.

mod body;
mod call;
mod caller;
mod callers;
mod frame;
mod head;
mod host;
pub mod limits;
mod link;
mod options;
mod outbox;
mod peers;
mod receiving;
mod sending;
mod serve;
mod status;
mod subject;
mod wire;

pub use caller::Relay;
pub use host::host;
pub use options::{RelayError, RelayOptions};
use status::refused;
