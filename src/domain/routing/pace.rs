//! How fast a queue is served, and how long whoever waits in it will wait.
//!
//! While somebody waits, every agent who is READY for the queue is busy, so the time from one Work given to the next says how fast the
//! queue is served, with all that agents do beside: other queues, several Works at once, notes. That time is counted in time of READY
//! agents, so that the estimate follows at once when some come or go. Not counted is what is given to an agent who has just come, for
//! that says nothing of how long matters take, and what never waited.
//!
//! The estimate: with `a` agent-milliseconds from one to the next, the mean of the last [`KEPT`], the Work at place `p` is given to
//! somebody after `p * a / agents`. How far off that may be follows from the spread of sums of such times: as if each of them came from a
//! gamma distribution with the mean and spread that were seen (never less than that of matters that end at random, and the greatest of
//! those of single ones and of runs), both the `p` to come
//! and the `n` that were seen; the logarithm of their quotient is taken for normal. So a range tightens with place and history, and
//! wherever matters take more alike than at random it is wider than it need be.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::domain::id::WorkId;
use crate::domain::time::Timestamp;

/// Works given that are remembered: so many that matters which take long, and come seldom, are among them. With 64 a range at 80 % held
/// 75 % of waits behind twelve agents whose every tenth matter took ten times as long.
pub(crate) const KEPT: usize = 256;
/// And no longer than this, milliseconds: another day is another matter.
const KEPT_MS: i64 = 24 * 60 * 60_000;
/// Fewer say nothing.
pub(crate) const WANTED: usize = 8;
/// How often the wait is within the range.
pub(crate) const CONFIDENCE: f64 = 0.8;
/// Standard deviations that hold so much of a normal distribution.
const DEVIATIONS: f64 = 1.2816;
/// Spread (variance by mean squared) that is reckoned with at most: a few that took for ever must not make the rest meaningless.
const MOST_SPREAD: f64 = 6.0;
/// Spreads are looked for in sums of so many: an agent who is held up long holds up several behind each other.
const RUNS: [usize; 3] = [1, 8, 32];

/// How fast a queue is served.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// Until when time is counted.
    at: Timestamp,
    /// Agent-milliseconds since the last was given, while somebody waited.
    spent: u64,
    /// When each was given, and what was spent until then.
    given: VecDeque<(Timestamp, WorkId, u64)>,
}

/// How long a wait will be, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) low_ms: u64,
    pub(crate) likely_ms: u64,
    pub(crate) high_ms: u64,
}

impl Pace {
    /// Time passes with so many READY agents; `runs`: somebody waits, and the queue is open.
    pub(crate) fn pass(&mut self, now: Timestamp, ready: usize, runs: bool) {
        self.spent = self.spent_by(now, ready, runs);
        self.at = now;
    }

    fn spent_by(&self, now: Timestamp, ready: usize, runs: bool) -> u64 {
        let passed = if runs { now.millis_since(self.at).unsigned_abs() } else { 0 };
        self.spent.saturating_add(passed.saturating_mul(ready as u64))
    }

    /// A Work that waited is given to somebody.
    pub(crate) fn give(&mut self, work: WorkId, now: Timestamp) {
        self.given.push_back((now, work, std::mem::take(&mut self.spent)));
        while self.given.len() > KEPT || self.given.front().is_some_and(|(at, ..)| now.millis_since(*at) > KEPT_MS) {
            self.given.pop_front();
        }
    }

    /// It comes back: nobody took it.
    pub(crate) fn back(&mut self, work: WorkId) {
        if let Some(place) = self.given.iter().rposition(|(_, given, _)| *given == work)
            && let Some((_, _, spent)) = self.given.remove(place)
        {
            self.spent = self.spent.saturating_add(spent);
        }
    }

    /// Nobody waits, or nobody has to.
    pub(crate) fn rest(&mut self) {
        self.spent = 0;
    }

    /// How long it takes until the one at that place, from 1, is given to one of so many agents; none: too little is known. `pass` has
    /// come to `now`, or `runs` says what has been since.
    #[expect(clippy::cast_precision_loss, reason = "exact below 285,000 years of agents' time")]
    pub(crate) fn estimate(
        &self,
        place: usize,
        ready: usize,
        (now, passed_with, runs): (Timestamp, usize, bool),
    ) -> Option<Range> {
        let lately = self.given.iter().filter(|(at, ..)| now.millis_since(*at) <= KEPT_MS);
        let spent: Vec<f64> = lately.map(|(_, _, spent)| *spent as f64).collect();
        if spent.len() < WANTED || ready == 0 {
            return None;
        }
        let (count, sum) = (spent.len() as f64, spent.iter().sum::<f64>());
        // What has been spent on the next counts as far as it is more than was to be expected.
        let open = self.spent_by(now, passed_with, runs) as f64;
        let mean = (sum / count).max((sum + open) / (count + 1.0));
        if mean <= 0.0 {
            return Some(Range { low_ms: 0, likely_ms: 0, high_ms: 0 });
        }
        let spread = RUNS.into_iter().map(|run| spread(&spent, run)).fold(1.0, f64::max).min(MOST_SPREAD);
        let (to_come, seen) = (place as f64 / spread, count / spread);
        let off = bias(to_come) - bias(seen);
        let width = DEVIATIONS * (trigamma(to_come) + trigamma(seen)).sqrt();
        let likely = place as f64 * mean / ready as f64;
        let whole = |ms: f64| -> u64 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and a cast saturates"
            )]
            let whole = ms.round() as u64;
            whole
        };
        Some(Range {
            low_ms: whole(likely * (off - width).exp()),
            likely_ms: whole(likely),
            high_ms: whole(likely * (off + width).exp()),
        })
    }
}

/// Variance by mean squared of sums of so many, for each of them; 0: there are too few.
#[expect(clippy::cast_precision_loss, reason = "few are kept")]
fn spread(spent: &[f64], run: usize) -> f64 {
    let sums: Vec<f64> = spent.rchunks_exact(run).map(|sum| sum.iter().sum()).collect();
    let mean = sums.iter().sum::<f64>() / sums.len() as f64;
    if sums.len() < 2 || mean <= 0.0 {
        return 0.0;
    }
    let variance = sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / (sums.len() - 1) as f64;
    run as f64 * variance / mean.powi(2)
}

/// Mean of the logarithm of a gamma distribution with mean 1: digamma(shape) - ln(shape).
fn bias(shape: f64) -> f64 {
    let (mut k, mut sum) = (shape, 0.0);
    while k < 6.0 {
        sum -= 1.0 / k;
        k += 1.0;
    }
    let square = 1.0 / (k * k);
    sum + k.ln() - 0.5 / k - square * (1.0 / 12.0 - square / 120.0) - shape.ln()
}

/// Variance of that logarithm.
fn trigamma(shape: f64) -> f64 {
    let (mut k, mut sum) = (shape, 0.0);
    while k < 6.0 {
        sum += 1.0 / (k * k);
        k += 1.0;
    }
    let square = 1.0 / (k * k);
    sum + 1.0 / k + square / 2.0 + square / k * (1.0 / 6.0 - square / 30.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;

    /// Numbers between 0 and 1, the same for the same seed.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            #[expect(clippy::cast_precision_loss, reason = "53 bits")]
            let part = (self.0 >> 11) as f64 / (1u64 << 53) as f64;
            part.max(1e-12)
        }
    }

    /// A minute.
    const MEAN_MS: f64 = 60_000.0;

    type Service = fn(&mut Dice) -> f64;

    const SERVICES: [(&str, Service); 4] = [
        ("at random", |dice| -dice.roll().ln() * MEAN_MS),
        ("always alike", |_| MEAN_MS),
        ("more or less alike", |dice| (0.5 + dice.roll()) * MEAN_MS),
        // One in ten takes five times as long as the mean of all: spread 3.4.
        ("most short, some long", |dice| if dice.roll() < 0.1 { 5.5 * MEAN_MS } else { 0.5 * MEAN_MS }),
    ];

    fn whole(ms: f64) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "short stories")]
        let ms = ms.round() as i64;
        ms
    }

    /// A queue that is never empty for long, `agents` busy with one at a time: what was estimated for each that came, and how long it
    /// waited then.
    fn waits(agents: usize, service: Service, seed: u64) -> Vec<(Range, u64)> {
        let (mut dice, mut pace, mut line) = (Dice(seed), Pace::default(), VecDeque::new());
        let mut ends: Vec<i64> = vec![0; agents];
        let (mut came, mut number, mut told) = (0_i64, 0_u64, Vec::new());
        #[expect(clippy::cast_precision_loss, reason = "few agents")]
        let between = MEAN_MS / agents as f64 / 0.97;
        while number < 4_000 {
            let (first, end) = ends.iter().copied().enumerate().min_by_key(|(_, end)| *end).expect("an agent");
            if end <= came {
                match line.pop_front() {
                    Some((id, at, range)) => {
                        let now = Timestamp(end);
                        pace.pass(now, agents, true);
                        pace.give(id, now);
                        if line.is_empty() {
                            pace.rest();
                        }
                        told.extend(Option::<Range>::zip(range, Some((end - at) as u64)));
                        ends[first] = end + whole(service(&mut dice)).max(1);
                        continue;
                    }
                    None => ends[first] = i64::MAX / 2,
                }
                continue;
            }
            number += 1;
            let id = WorkId::new(Index(number), 0);
            if let Some(free) = ends.iter().position(|end| *end == i64::MAX / 2) {
                ends[free] = came + whole(service(&mut dice)).max(1);
            } else {
                let now = Timestamp(came);
                pace.pass(now, agents, !line.is_empty());
                let range = pace.estimate(line.len() + 1, agents, (now, agents, !line.is_empty()));
                line.push_back((id, came, range));
            }
            came += whole(-dice.roll().ln() * between).max(1);
        }
        told
    }

    #[test]
    fn a_wait_is_within_its_range_as_often_as_that_says() {
        for (name, service) in SERVICES {
            for agents in [1, 3, 12] {
                let (mut within, mut all) = (0_u32, 0_u32);
                for seed in 1..=20 {
                    for (range, waited) in waits(agents, service, seed * 7_919) {
                        all += 1;
                        within += u32::from((range.low_ms..=range.high_ms).contains(&waited));
                    }
                }
                assert!(all > 10_000, "{name}, {agents} agents: {all} waited");
                let share = f64::from(within) / f64::from(all);
                // Twenty shifts, each of which is one story: a percent or two is chance.
                assert!(share >= CONFIDENCE - 0.02, "{name}, {agents} agents: {share:.3} of {all}");
            }
        }
    }

    #[test]
    fn a_range_that_is_too_narrow_is_noticed() {
        let told = waits(3, SERVICES[0].1, 7_919);
        let half = |range: &Range| (range.likely_ms + range.low_ms) / 2..=(range.likely_ms + range.high_ms) / 2;
        let within = told.iter().filter(|(range, waited)| half(range).contains(waited)).count();
        assert!(within * 10 < told.len() * 8, "{within} of {}", told.len());
    }

    #[test]
    fn a_range_tightens_with_place_and_history() {
        let pace = |given: u64| {
            let mut pace = Pace::default();
            for number in 1..=given {
                let now = Timestamp(i64::try_from(number).unwrap() * 60_000);
                pace.pass(now, 1, true);
                pace.give(WorkId::new(Index(number), 0), now);
            }
            pace
        };
        let wide = |given: u64, place: usize| {
            let now = Timestamp(i64::try_from(given).unwrap() * 60_000);
            let range = pace(given).estimate(place, 1, (now, 1, false)).expect("known");
            assert_eq!(range.likely_ms, place as u64 * 60_000);
            range.high_ms as f64 / range.low_ms as f64
        };
        assert!(wide(64, 20) < wide(64, 1));
        assert!(wide(64, 20) < wide(8, 20));
        assert!(pace(7).estimate(1, 1, (Timestamp(0), 1, false)).is_none(), "seven say nothing");
        assert!(pace(64).estimate(1, 0, (Timestamp(0), 0, false)).is_none(), "and nobody serves nobody");
    }

    #[test]
    fn more_agents_shorten_it_at_once_and_a_standstill_lengthens_it() {
        let mut pace = Pace::default();
        for number in 1..=10 {
            let now = Timestamp(number * 60_000);
            pace.pass(now, 1, true);
            pace.give(WorkId::new(Index(number.unsigned_abs()), 0), now);
        }
        let likely =
            |ready: usize, at: i64| pace.estimate(4, ready, (Timestamp(at), ready, true)).expect("known").likely_ms;
        assert_eq!((likely(1, 600_000), likely(4, 600_000)), (240_000, 60_000));
        assert!(likely(1, 600_000 + 3_600_000) > 240_000, "for an hour nobody was given anything");
    }

    #[test]
    fn what_comes_back_counts_once() {
        let mut pace = Pace::default();
        let work = |number: u64| WorkId::new(Index(number), 0);
        pace.pass(Timestamp(0), 1, false);
        pace.pass(Timestamp(1_000), 1, true);
        pace.give(work(1), Timestamp(1_000));
        pace.back(work(1));
        pace.pass(Timestamp(3_000), 1, true);
        pace.give(work(1), Timestamp(3_000));
        assert_eq!(pace.given, [(Timestamp(3_000), work(1), 3_000)]);
    }

    #[test]
    fn the_two_functions_are_those_of_the_tables() {
        // digamma(1) = -0.577216, digamma(10) - ln 10 = -0.050833; trigamma(1) = pi^2 / 6, trigamma(0.5) = pi^2 / 2.
        let close = |one: f64, other: f64| (one - other).abs() < 1e-5;
        assert!(close(bias(1.0), -0.577_216) && close(bias(10.0), -0.050_833));
        assert!(close(trigamma(1.0), 1.644_934) && close(trigamma(0.5), 4.934_802));
    }
}
