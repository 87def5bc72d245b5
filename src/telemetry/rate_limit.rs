//! At most one log line per cause and interval, for lines in loops.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::metrics::Metrics;

/// One cause of log lines. Keep one beside the loop that may repeat it.
///
/// ```
/// use std::time::Duration;
/// use skein::telemetry::{Metrics, RateLimit, fields};
///
/// let line = RateLimit::new(Duration::from_secs(10), Metrics::new());
/// for _ in 0..1_000 {
///     if let Some(left_out) = line.pass() {
///         tracing::warn!({ fields::LEFT_OUT } = left_out, "session closed for a full queue");
///     }
/// }
/// ```
#[derive(Debug)]
pub struct RateLimit {
    interval: Duration,
    last: Mutex<Option<Instant>>,
    left_out: AtomicU64,
    metrics: Metrics,
}

impl RateLimit {
    /// At most one line per `interval`; what is left out is counted in the metrics too.
    #[must_use]
    pub fn new(interval: Duration, metrics: Metrics) -> Self {
        Self { interval, last: Mutex::new(None), left_out: AtomicU64::new(0), metrics }
    }

    /// `Some(lines left out since the last)` when the line may be written now, `None` when it is left out.
    #[must_use]
    pub fn pass(&self) -> Option<u64> {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_some_and(|last| now.saturating_duration_since(last) < self.interval) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            self.metrics.log_lines_left_out.inc();
            return None;
        }
        *last = Some(now);
        Some(self.left_out.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_per_interval_passes_and_says_how_many_did_not() {
        let metrics = Metrics::new();
        let limit = RateLimit::new(Duration::from_secs(10), metrics.clone());
        let start = Instant::now();
        assert_eq!(limit.pass_at(start), Some(0));
        for seconds in 1..=3 {
            assert_eq!(limit.pass_at(start + Duration::from_secs(seconds)), None);
        }
        assert_eq!(limit.pass_at(start + Duration::from_secs(10)), Some(3));
        assert_eq!(limit.pass_at(start + Duration::from_secs(20)), Some(0));
        assert_eq!(metrics.log_lines_left_out.get(), 3);
    }
}
