//! What the daemon says about itself: logs, metrics, and the chain of an error.
//!
//! Names of log fields and of metrics are declared here once. No message text, name or address appears in either.

mod error_chain;
pub mod fields;
mod levels;
mod logs;
mod metrics;
mod rate_limit;
mod reloads;
mod snapshots;
mod widening;

pub use error_chain::ErrorChain;
pub use levels::{Levels, LogLevels};
pub use logs::{LogError, LogHandle, init};
pub use metrics::{
    AdapterLabels, ChannelKind, DeadLabels, DeadReason, InputLabels, InputOutcome, LiveLabels, LiveLoss, LogMetrics,
    Metrics, OPEN_METRICS, OfferLabels, OfferOutcome, QueueKind, QueueLabels, ReceiptLabels, ReceiptOutcome,
    RejectionLabels, RejectionReason, StreamAlarm, StreamAlarmLabels, WorkLabels, WorkStatus,
};
pub use rate_limit::RateLimit;
pub use reloads::{ReloadMetrics, ReloadOutcome};
pub use snapshots::SnapshotMetrics;
pub use widening::{WidenedBy, WideningMetrics};
