//! Calls carried between nodes: a real nats-server, a real port that calls come to, a real gRPC service at the owner.

#[path = "relay/bed.rs"]
mod bed;
#[path = "relay/calls.rs"]
mod calls;
#[path = "relay/echo.rs"]
mod echo;
#[path = "relay/faults.rs"]
mod faults;
#[path = "relay/figures.rs"]
mod figures;
#[path = "relay/limits.rs"]
mod limits;
#[path = "support/nats.rs"]
#[expect(dead_code, reason = "other suites look at the server's files")]
mod nats;
