//! How often something is tried that may have to wait: at its own pace while it goes well, and less and less often while it does not.

use std::time::Duration;

use tokio::time::Instant;

/// When something is tried again.
#[derive(Debug)]
pub(super) struct Pace {
    /// From one success to the next try.
    every: Duration,
    /// From the first failure to the next try; doubled with each.
    first: Duration,
    /// At most.
    longest: Duration,
    due: Instant,
    failures: u32,
}

impl Pace {
    /// Due at once.
    pub(super) fn new(every: Duration, first: Duration, longest: Duration) -> Self {
        Self { every, first, longest, due: Instant::now(), failures: 0 }
    }

    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// It is done.
    pub(super) fn done(&mut self) {
        (self.failures, self.due) = (0, Instant::now() + self.every);
    }

    /// It could not be done.
    pub(super) fn failed(&mut self) {
        let wait = self.first.saturating_mul(2_u32.saturating_pow(self.failures)).min(self.longest);
        (self.failures, self.due) = (self.failures.saturating_add(1), Instant::now() + wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds from now until it is due.
    async fn wait(pace: &Pace) -> u64 {
        let from = Instant::now();
        while !pace.is_due() {
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        from.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_is_tried_less_and_less_often_until_it_is_done() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::new(seconds(100), seconds(2), seconds(15));
        assert!(pace.is_due(), "at once");
        let mut waits = Vec::new();
        for _ in 0..5 {
            pace.failed();
            waits.push(wait(&pace).await);
        }
        assert_eq!(waits, [2, 4, 8, 15, 15]);
        pace.done();
        assert_eq!(wait(&pace).await, 100);
        pace.failed();
        assert_eq!(wait(&pace).await, 2, "it begins anew");
    }
}
