//! Workspace files are read again while the daemon runs: when they change, on SIGHUP, and on an operator's word.
//!
//! Responsible for: noticing a change, reading, telling what is wrong (log, metric, answer), making what a new endpoint needs on the
//! bus, and telling everybody who follows the configuration. Not for: what a file means (`config`), what follows from another
//! configuration (`domain`).
//!
//! # Invariants
//! 1. What is in force changes by a durable record only; whoever follows it hears of it after that.
//! 2. A file with a problem changes nothing. Files are accepted whole, one workspace at a time.
//! 3. A file that is still being written is not read by itself: it must look the same twice, [`POLL`] apart.

mod file;
mod handle;
mod onlooker;
mod served;
mod task;

pub(crate) use file::{Looks, looks};
pub use handle::{Daemon, Ended, Outcome, Reload, ReloadHandle, Reloaded};
pub use onlooker::Onlooker;
pub use served::{Served, ServedWorkspace};
pub use task::{POLL, ReloadError, Reloader};
