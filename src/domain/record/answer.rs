//! How long customers wait until they are first answered, in records: what service levels are counted of.

use crate::domain::id::{Name, WorkId};

/// A customer who waited was answered for the first time since the Work was opened or reopened, or never is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerCounted {
    /// The Work.
    pub work: WorkId,
    /// Its queue then.
    pub queue: Name,
    /// How it went.
    pub outcome: AnswerOutcome,
    /// Milliseconds the customer had waited in it.
    pub waited_ms: u64,
}

/// How a wait for the first answer went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AnswerOutcome {
    /// Answered within the first-reply goal of queue and channel, in hours of the queue.
    #[default]
    InTime,
    /// Answered later.
    Late,
    /// The Work ended without an answer.
    Never,
}
