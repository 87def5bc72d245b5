//! With a real nats-server: hand-over by fence, resuming by position, and the daemon as a whole.

#[path = "spine/archived.rs"]
mod archived;
#[path = "spine/copies.rs"]
mod copies;
#[path = "spine/daemon.rs"]
mod daemon;
#[path = "spine/erasure.rs"]
mod erasure;
#[path = "spine/handover.rs"]
mod handover;
#[path = "spine/ingest.rs"]
mod ingest;
#[path = "spine/metrics.rs"]
mod metrics;
#[expect(dead_code, reason = "other suites also reach the server by a proxy")]
mod support;
#[path = "spine/world.rs"]
mod world;
