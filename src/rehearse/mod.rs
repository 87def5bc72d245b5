//! What would have been different: the recorded log run again under another configuration.
//!
//! The state is folded up to a moment, twice; from there on both run as a shard does, on the core itself (`decide`, `evolve`, its timers),
//! one under the configuration that was in force and one under the other. What customers wrote and who was there is taken from the records;
//! what agents would have done is a model, which [`MODEL`] states. Deterministic: no clock, no randomness, the records decide everything.
//!
//! Nothing is written anywhere, and nothing of what is rehearsed leaves the process.

mod actors;
mod figures;
mod fork;
mod recording;
mod report;
mod script;
mod story;

pub use figures::{Figures, QueueFigures, Waits};
pub use recording::{MAX_RECORDS, Recording, Rehearsal, RehearseError};
pub use report::{MODEL, json, table};
