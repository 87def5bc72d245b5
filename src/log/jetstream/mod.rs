//! The log as a JetStream stream.
//!
//! [`JetStreamLog`] reads and takes over; the `pipeline` task appends through a `lane`, and looks up what became of appends without
//! an answer (`reconcile`). Appends have a connection of their own; reads, and the questions of reconciling, use another.

mod lane;
mod pipeline;
mod reconcile;
mod stream;

pub use stream::JetStreamLog;
