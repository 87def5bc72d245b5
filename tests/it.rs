//! Proofs with a real nats-server, the daemon as a real process, and real gRPC: what nobody may lose, see twice or wait for in vain.
//!
//! Every test has its own nats-server, daemon and folder on ports of their own, and ends them all.

#[path = "it/adapter.rs"]
mod adapter;
#[path = "it/agent.rs"]
mod agent;
#[path = "it/bed.rs"]
mod bed;
#[path = "it/daemon.rs"]
mod daemon;
#[path = "it/reads.rs"]
mod reads;

#[path = "it/bad_input.rs"]
mod bad_input;
#[path = "it/bodies.rs"]
mod bodies;
#[path = "it/broken.rs"]
mod broken;
#[path = "it/crashes.rs"]
mod crashes;
#[path = "it/dead.rs"]
mod dead;
#[path = "it/degraded.rs"]
mod degraded;
#[path = "it/desk.rs"]
mod desk;
#[path = "it/ends.rs"]
mod ends;
#[path = "it/firsts.rs"]
mod firsts;
#[path = "it/formats.rs"]
mod formats;
#[path = "it/guide.rs"]
mod guide;
#[path = "it/looks.rs"]
mod looks;
#[path = "it/nodes.rs"]
mod nodes;
#[path = "it/one_customer.rs"]
mod one_customer;
#[path = "it/operators.rs"]
mod operators;
#[path = "it/reloads.rs"]
mod reloads;
#[path = "it/rights.rs"]
mod rights;
#[path = "it/round_trips.rs"]
mod round_trips;
#[path = "it/secured.rs"]
mod secured;
#[path = "it/snapshots.rs"]
mod snapshots;
#[path = "it/synthetic.rs"]
mod synthetic;
#[path = "it/traffic.rs"]
mod traffic;
#[path = "it/truncated.rs"]
mod truncated;
#[path = "it/typing.rs"]
mod typing;
#[path = "it/verified.rs"]
mod verified;
#[path = "it/why.rs"]
mod why;
#[path = "it/worker.rs"]
mod worker;
