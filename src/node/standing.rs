//! For how long a node may take itself for the owner of a shard without asking the log.
//!
//! What changes the shard needs none of this: the log is the lock. It is for what only looks: a process that stood still for longer than
//! its lease would otherwise answer from a state that another has gone on from.

use tokio::time::Instant;

/// How sure an owner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Until then nobody else tries to own the shard: its lease, as this process wrote it last, has not been silent for long enough.
    pub sure_until: Instant,
    /// How often there was a reason to doubt the lease: another process had written it. After each the log has to be asked.
    pub contests: u64,
}

impl Standing {
    /// Of an owner that shares its shard with nobody.
    #[must_use]
    pub fn alone() -> Self {
        /// Longer than any process lives, and no overflow of the clock.
        const FOR_EVER: std::time::Duration = std::time::Duration::from_secs(100 * 365 * 86_400);
        Self { sure_until: Instant::now() + FOR_EVER, contests: 0 }
    }

    /// Whether the owner is sure at this moment, if the log was asked since the last contest.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        Instant::now() < self.sure_until
    }
}
