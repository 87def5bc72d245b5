//! The port for operators: probes, metrics, version. Not for the public, and without any content of conversations.
//!
//! Liveness says that the process serves; readiness names every registered check that does not pass, with its reason.

mod readiness;
mod server;

pub use readiness::{Check, Readiness};
pub use server::{AdminError, AdminServer, bind};
