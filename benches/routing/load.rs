//! Works come up and end, agents come and go; each decision is timed.

use std::time::{Duration, Instant};

use crate::company::Company;

/// Changes of presence for so many decisions.
const PRESENCE_EVERY: usize = 667;

/// Times of decisions.
pub(crate) struct Measured(Vec<Duration>);

impl Measured {
    pub(crate) fn mean(&self) -> Duration {
        let sum: Duration = self.0.iter().sum();
        sum / u32::try_from(self.0.len()).expect("few decisions")
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut times = self.0.clone();
        times.sort_unstable();
        let at = (times.len() * percent).div_ceil(100);
        times[at.clamp(1, times.len()) - 1]
    }
}

/// As many Works end as come up: so many wait all the time.
pub(crate) fn run(company: &mut Company, decisions: usize) -> Measured {
    let mut times = Vec::with_capacity(decisions);
    for number in 0..decisions {
        if number.is_multiple_of(PRESENCE_EVERY) {
            company.somebody_comes_or_goes();
        }
        let command = if number.is_multiple_of(2) { company.somebody_writes() } else { company.somebody_closes() };
        let begun = Instant::now();
        company.apply(command);
        times.push(begun.elapsed());
    }
    Measured(times)
}

/// New Works only.
pub(crate) fn arrivals(company: &mut Company, works: usize) -> Measured {
    let times = (0..works).map(|_| {
        let command = company.somebody_new_writes();
        let begun = Instant::now();
        company.apply(command);
        begun.elapsed()
    });
    Measured(times.collect())
}
