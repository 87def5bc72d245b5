//! The port for operators: probes, metrics, version. Not for the public, and without any content of conversations.
//!
//! Beside it, on the agents' port, the `AdminService` by which operators decide what no program may decide.
//!
//! Liveness says that the process serves; readiness names every registered check that does not pass, with its reason.

mod convert;
mod readiness;
mod server;
mod service;
mod service_letters;
mod service_sessions;

pub use readiness::{Check, Readiness};
pub use server::{AdminError, AdminServer, bind};
pub use service::{Operators, Owned};
