//! Works come up and end, agents come and go; each decision is timed.

use std::time::{Duration, Instant};

use crate::company::Company;

/// Changes of presence for so many decisions.
const PRESENCE_EVERY: usize = 667;

/// Times of commands, and how many decisions they asked for.
pub(crate) struct Measured {
    times: Vec<Duration>,
    decisions: usize,
}

impl Measured {
    /// Of a decision.
    pub(crate) fn mean(&self) -> Duration {
        let sum: Duration = self.times.iter().sum();
        sum / u32::try_from(self.decisions).expect("few decisions")
    }

    pub(crate) fn per_second(&self) -> f64 {
        1.0 / self.mean().as_secs_f64()
    }

    /// Of a command.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = (times.len() * percent).div_ceil(100);
        times[at.clamp(1, times.len()) - 1]
    }
}

/// Which commands ask for a decision. As many Works end as come up: so many wait all the time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Somebody writes, or somebody has done with a Work.
    WholeWay,
    /// An owner hands a Work to another queue, or has done with it: little but routing. Others write meanwhile, which is not timed.
    Routing,
}

/// So many commands.
pub(crate) fn run(company: &mut Company, asked: Asked, commands: usize) -> Measured {
    let mut times = Vec::with_capacity(commands);
    let mut decisions = 0;
    for number in 0..commands {
        if number.is_multiple_of(PRESENCE_EVERY) {
            company.somebody_comes_or_goes();
        }
        let command = match (asked, number.is_multiple_of(2)) {
            (Asked::WholeWay, true) => company.somebody_writes(),
            (Asked::Routing, true) => company.somebody_moves(),
            (_, false) => company.somebody_closes(),
        };
        let begun = Instant::now();
        company.apply(command);
        times.push(begun.elapsed());
        decisions += if asked == Asked::Routing && number.is_multiple_of(2) { 2 } else { 1 };
        if asked == Asked::Routing && !number.is_multiple_of(2) {
            let command = company.somebody_writes();
            company.apply(command);
        }
    }
    Measured { times, decisions }
}

/// New Works only.
pub(crate) fn arrivals(company: &mut Company, works: usize) -> Measured {
    let times = (0..works).map(|_| {
        let command = company.somebody_new_writes();
        let begun = Instant::now();
        company.apply(command);
        begun.elapsed()
    });
    Measured { times: times.collect(), decisions: works }
}
