//! What is compared: how long customers waited for somebody, who never got anybody, how answers went, what was passed on. Counted from
//! records alone, by the same function of what was recorded and of what is rehearsed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::id::{Name, WorkId};
use crate::domain::record::{AnswerOutcome, Change, QueueCause, Record, UnassignReason};
use crate::domain::time::Timestamp;

/// Figures of a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// By queue, by name.
    pub queues: BTreeMap<Name, QueueFigures>,
    /// All queues together.
    pub all: QueueFigures,
}

/// Figures of a queue. Work counts in the queue where its wait ended, or in its last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueFigures {
    /// Works that came new or were reopened.
    pub works: u64,
    /// Of those, how many nobody had until they ended, or until the end of the time.
    pub unmatched: u64,
    /// How long the others waited for somebody, from when they came.
    pub wait: Waits,
    /// Customers who were first answered within the goal.
    pub answered_in_time: u64,
    /// Customers who were first answered later.
    pub answered_late: u64,
    /// Customers whose Work ended without an answer.
    pub abandoned: u64,
    /// Works that went from one owner to another, or lapsed on the way.
    pub transfers: u64,
    #[serde(skip)]
    waits_ms: Vec<u64>,
}

/// Percentiles by nearest rank, milliseconds; 0 where nobody waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// Half of them waited no longer.
    pub p50_ms: u64,
    /// Nine in ten.
    pub p90_ms: u64,
    /// Ninety-nine in a hundred.
    pub p99_ms: u64,
    /// None.
    pub max_ms: u64,
}

impl Waits {
    fn of(sorted: &[u64]) -> Self {
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or_default()
        };
        Self { p50_ms: at(50), p90_ms: at(90), p99_ms: at(99), max_ms: at(100) }
    }
}

/// A Work that nobody has had since it came.
#[derive(Debug)]
struct Waiting {
    since: Timestamp,
    queue: Name,
}

/// Counts records as they come.
#[derive(Debug, Default)]
pub(super) struct Counter {
    figures: Figures,
    waiting: BTreeMap<WorkId, Waiting>,
    /// Where each Work is.
    queues: BTreeMap<WorkId, Name>,
}

impl Counter {
    /// A Work is in a queue when counting begins.
    pub(super) fn stands(&mut self, work: WorkId, queue: Name) {
        self.queues.insert(work, queue);
    }

    pub(super) fn note(&mut self, record: &Record) {
        for change in &record.changes {
            match change {
                Change::WorkQueued { work, queue, cause, .. } => {
                    self.queues.insert(*work, queue.clone());
                    match (self.waiting.get_mut(work), cause) {
                        (Some(waiting), _) => waiting.queue = queue.clone(),
                        (None, QueueCause::New | QueueCause::Reopened) => {
                            let waiting = Waiting { since: record.time, queue: queue.clone() };
                            self.waiting.insert(*work, waiting);
                        }
                        (None, _) => {}
                    }
                }
                Change::Assigned(assigned) => {
                    if let Some(waiting) = self.waiting.remove(&assigned.work) {
                        let waited_ms = record.time.millis_since(waiting.since).unsigned_abs();
                        self.count(&waiting.queue, |queue| {
                            queue.works += 1;
                            queue.waits_ms.push(waited_ms);
                        });
                    }
                }
                Change::WorkClosed { work, .. } | Change::WorksMerged { from: work, .. } => self.is_over(*work),
                Change::AnswerCounted(counted) => self.count(&counted.queue, |queue| match counted.outcome {
                    AnswerOutcome::InTime => queue.answered_in_time += 1,
                    AnswerOutcome::Late => queue.answered_late += 1,
                    AnswerOutcome::Never => queue.abandoned += 1,
                }),
                Change::Unassigned {
                    work,
                    reason: UnassignReason::Transferred | UnassignReason::TransferLapsed,
                    ..
                } => {
                    let queue = self.queues.get(work).cloned().unwrap_or_default();
                    self.count(&queue, |queue| queue.transfers += 1);
                }
                _ => {}
            }
        }
    }

    fn is_over(&mut self, work: WorkId) {
        if let Some(waiting) = self.waiting.remove(&work) {
            self.count(&waiting.queue, |queue| {
                queue.works += 1;
                queue.unmatched += 1;
            });
        }
    }

    fn count(&mut self, queue: &Name, count: impl Fn(&mut QueueFigures)) {
        count(&mut self.figures.all);
        count(self.figures.queues.entry(queue.clone()).or_default());
    }

    /// The time is over.
    pub(super) fn finish(mut self) -> Figures {
        let left: Vec<WorkId> = self.waiting.keys().copied().collect();
        left.into_iter().for_each(|work| self.is_over(work));
        for queue in self.figures.queues.values_mut().chain([&mut self.figures.all]) {
            queue.waits_ms.sort_unstable();
            queue.wait = Waits::of(&queue.waits_ms);
        }
        self.figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_that_of_the_nearest_rank() {
        assert_eq!(Waits::of(&[]), Waits::default());
        assert_eq!(Waits::of(&[7]), Waits { p50_ms: 7, p90_ms: 7, p99_ms: 7, max_ms: 7 });
        let ten: Vec<u64> = (1..=10).collect();
        assert_eq!(Waits::of(&ten), Waits { p50_ms: 5, p90_ms: 9, p99_ms: 10, max_ms: 10 });
    }
}
