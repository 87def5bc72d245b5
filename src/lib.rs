//! skein: an omnichannel message router.
//!
//! Adapters publish customers' events over NATS; skein threads them into one conversation per customer and offers the work to
//! agents over gRPC. The way of a message is `ingest -> normalize -> shard (domain, log) -> agents and outbound`.

pub mod access;
pub mod admin;
pub mod agents;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dead;
pub mod dev;
pub mod domain;
pub mod erasure;
pub mod ingest;
pub mod keys;
pub mod log;
pub mod nats;
pub mod normalize;
pub mod outbound;
pub mod proto;
pub mod rehearse;
pub mod relay;
pub mod reload;
pub mod shard;
pub mod shutdown;
pub mod telemetry;
pub mod verify;
