//! One suite for every implementation of the log, and what only a real server can show.

#[path = "log_suite/bed.rs"]
mod bed;
#[path = "log_suite/both.rs"]
mod both;
#[path = "log_suite/leases.rs"]
mod leases;
#[path = "log_suite/memory.rs"]
mod memory;
#[path = "log_suite/ordered.rs"]
mod ordered;
#[path = "log_suite/proxy.rs"]
mod proxy;
#[path = "log_suite/real.rs"]
mod real;
#[path = "log_suite/streams.rs"]
mod streams;
#[expect(dead_code, reason = "other suites look at the server's files")]
mod support;
