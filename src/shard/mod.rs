//! A shard: one log, one writer, one deterministic state machine (design, section 2).
//!
//! Responsible for: deciding in one order, appending, holding everything back until it is durable, timers, the first records of an
//! owner. Not for: what is decided (`domain`), how records are stored (`log`), reading IN (`ingest`), publishing (`outbound`).
//!
//! # Invariants
//! 1. Law 3: nothing leaves before durable has reached the head it was made at ([`Engine`], the one place).
//! 2. One task decides; everybody else holds a [`ShardHandle`] or an [`Inlet`].
//! 3. Every queue into it is bounded, and it takes nothing while the log or an outbox is at its limit.

mod append;
mod archive;
mod assurance;
mod effects;
mod engine;
mod fold;
mod handle;
mod inlets;
mod labels;
mod passed;
mod recovery;
mod run;
mod sample;
mod snapshots;
mod start;
mod tally;

pub(crate) use archive::Archive;
pub use engine::{AppendError, Appender, Engine, LogEnded, Released, Step};
pub use fold::WorkspaceBacklog;
pub use handle::{CommandError, ShardHandle, Unavailable};
pub use inlets::{BATCH_MAX, Inlet};
pub use recovery::{Before, Now, RecoveryError, Standby, WorkspaceSetup, witnesses};
pub use run::{Ended, TIMERS_PER_TURN};
pub use sample::sample;
pub use snapshots::{Beside, Draft, HAND_OVER_WAIT, SnapshotPlan, Snapshots, Untaken};
pub use start::{ShardEnds, start};
