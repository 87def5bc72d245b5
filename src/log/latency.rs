//! How long appends take, to tell a slow store from a lost answer.

use std::time::{Duration, Instant};

/// Buckets: quarter octaves of microseconds up to over a minute.
const BUCKETS: usize = 108;
/// The current and the previous half minute count.
const WINDOW: Duration = Duration::from_secs(30);

/// p99 of about the last minute, in constant memory.
#[derive(Debug)]
pub(crate) struct Latencies {
    halves: [[u32; BUCKETS]; 2],
    since: Option<Instant>,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        Self { halves: [[0; BUCKETS]; 2], since: None }
    }

    pub(crate) fn record(&mut self, now: Instant, took: Duration) {
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= WINDOW {
            self.halves.swap(0, 1);
            self.halves[0] = [0; BUCKETS];
            self.since = Some(now);
        }
        self.halves[0][bucket(took)] += 1;
    }

    /// Upper edge of the bucket in which the 99th of 100 lies; zero without any.
    pub(crate) fn p99(&self) -> Duration {
        let counts = |at: usize| u64::from(self.halves[0][at]) + u64::from(self.halves[1][at]);
        let total: u64 = (0..BUCKETS).map(counts).sum();
        let mut above = total / 100;
        for at in (0..BUCKETS).rev() {
            let here = counts(at);
            if here > above {
                return upper_edge(at);
            }
            above -= here;
        }
        Duration::ZERO
    }

    /// After which time without progress appends are unknown.
    pub(crate) fn patience(&self, min: Duration, max: Duration) -> Duration {
        (self.p99() * 8).clamp(min, max)
    }
}

fn bucket(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).clamp(4, 1 << 28);
    let octave = micros.ilog2() as usize;
    let quarter = usize::try_from((micros >> (octave - 2)) & 3).unwrap_or(0);
    ((octave - 2) * 4 + quarter).min(BUCKETS - 1)
}

fn upper_edge(bucket: usize) -> Duration {
    let (octave, quarter) = (bucket / 4 + 2, (bucket % 4) as u64);
    Duration::from_micros((5 + quarter) << (octave - 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_p99_is_met_within_a_quarter_octave() {
        let mut seen = Latencies::new();
        let now = Instant::now();
        for ms in 1..=1_000 {
            seen.record(now, Duration::from_millis(ms));
        }
        let p99 = seen.p99();
        assert!(p99 >= Duration::from_millis(990) && p99 <= Duration::from_millis(1_250), "{p99:?}");
    }

    #[test]
    fn patience_stays_between_its_limits_and_forgets_old_trouble() {
        let mut seen = Latencies::new();
        let mut now = Instant::now();
        assert_eq!(seen.patience(SECOND, 10 * SECOND), SECOND);
        seen.record(now, 5 * SECOND);
        assert_eq!(seen.patience(SECOND, 10 * SECOND), 10 * SECOND);
        for _ in 0..3 {
            now += WINDOW;
            seen.record(now, Duration::from_millis(1));
        }
        assert_eq!(seen.patience(SECOND, 10 * SECOND), SECOND);
    }
}
