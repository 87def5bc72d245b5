//! A private nats-server under the daemon's own supervision, for `skein dev`, tests and benches. Production runs its own servers.
//!
//! Invariants: the server listens on loopback only; it ends with this process, also when that is killed; one data folder has one
//! server; a server older than [`WANTED`] is refused with a message that says what to install.

mod binary;
mod data_dir;
mod exec;
mod keeper;
mod nats_server;

pub use binary::{BinaryError, SERVER_VARIABLE, Version, WANTED, find_server};
pub use data_dir::{DataDir, DataDirError};
pub use exec::{ExecError, exec_nats};
pub use nats_server::{NatsError, NatsOptions, NatsServer};
