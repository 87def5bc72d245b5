//! How long things take.

use std::time::Instant;

use hdrhistogram::Histogram;

/// Nanoseconds.
pub(crate) struct Times(pub(crate) Histogram<u64>);

impl Times {
    pub(crate) fn new() -> Self {
        Self(Histogram::new(3).expect("three digits are fine"))
    }

    pub(crate) fn note(&mut self, since: Instant) {
        self.0 += u64::try_from(since.elapsed().as_nanos()).expect("no step takes centuries");
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mean, p99, max) = (self.0.mean(), self.0.value_at_quantile(0.99), self.0.max());
        write!(f, "mean {mean:.0} ns, p99 {p99}, max {max}")
    }
}
