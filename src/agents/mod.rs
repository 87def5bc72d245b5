//! The agents' edge: sessions, works and conversations over gRPC (`skein.agent.v1`), for people's tools, browsers and bots.
//!
//! It names the caller, validates, converts, and hands events out at each peer's pace; the shard decides. Every stream is a
//! session in a table with quotas, every queue is bounded, and a peer that says nothing or reads nothing costs a known amount.
//! Generated types stop at `convert` and the services.

mod audit;
mod caller;
mod carried;
pub(crate) mod codec;
mod convert;
mod drains;
mod edge;
pub mod feed;
mod front;
mod gate;
mod history;
pub mod limits;
mod listen;
mod local;
mod metrics;
mod names;
mod options;
mod port;
mod registry;
mod server;
mod service;
mod session;
mod sight;
mod status;
mod typing;
mod uploads;

pub(crate) use caller::Operator;
pub use caller::{AGENT_METADATA, ByNode, Caller, WORKSPACE_METADATA};
pub(crate) use convert::request;
pub use drains::Drains;
pub use front::{Carrier, Directory, Front, Owner};
pub use local::{Local, Parts, local};
pub use metrics::EdgeMetrics;
pub use options::ServeOptions;
pub use port::{Adapters, CommandFailure, Media, MediaError, MediaStream, Shard, Unavailable};
pub use server::{Port, ServeError, bind, serve};
pub use status::{ERROR_DOMAIN, Reason, Refusal};
