//! An hour of records' times.

use crate::domain::time::Timestamp;

/// Its length, milliseconds.
const LENGTH_MS: i64 = 3_600_000;
/// For so long keys are remembered after their hour: providers retry a webhook for up to 8 days (design, law 8).
const KEPT: i64 = 8 * 24;

/// Hours since 1970 began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub i64);

impl Hour {
    /// The one that a time is in.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(at.0.div_euclid(LENGTH_MS))
    }

    /// When it begins.
    #[must_use]
    pub fn begin(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(LENGTH_MS))
    }

    /// The next.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The first whose keys are remembered in this one.
    #[must_use]
    pub fn first_remembered(self) -> Self {
        Self(self.0 - KEPT)
    }
}
