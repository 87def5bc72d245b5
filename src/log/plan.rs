//! The adaptive group commit: what to append next, and how.
//!
//! What waits decides, never a timer: every append and every ack asks again. One by one while little waits or the store makes that
//! fastest (one replica, default sync: a batch costs about 4 ms there whatever its size); else in batches of what waits, because
//! then a batch costs one sync or one round of the replicas.

use super::options::LogOptions;

/// What the pipeline holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Entries that were not sent yet.
    pub(crate) waiting: usize,
    /// Entries sent one by one, without an ack.
    pub(crate) singles: usize,
    /// Batches without an ack.
    pub(crate) batches: usize,
}

/// What to do with what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send this many one by one.
    Singles(usize),
    /// Send up to this many as one batch.
    Batch(usize),
    /// Let more gather: an ack will ask again.
    Wait,
}

pub(crate) fn next_step(options: &LogOptions, load: Load) -> Step {
    let idle = load.singles == 0 && load.batches == 0;
    let singles_are_fastest = options.replicas == 1 && !options.sync_always;
    let little = load.batches == 0 && load.waiting + load.singles <= options.singles_below;
    if load.waiting == 0 {
        Step::Wait
    } else if singles_are_fastest || little {
        Step::Singles(load.waiting)
    } else if load.batches < options.batches_max && (idle || load.waiting >= options.batch_min) {
        Step::Batch(load.waiting.min(options.batch_max))
    } else {
        Step::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn load(waiting: usize, singles: usize, batches: usize) -> Load {
        Load { waiting, singles, batches }
    }

    #[rstest]
    #[case::nothing(load(0, 0, 0), Step::Wait)]
    #[case::little_goes_at_once(load(3, 20, 0), Step::Singles(3))]
    #[case::little_behind_a_full_pipe_gathers(load(20, 20, 0), Step::Wait)]
    #[case::much_makes_a_batch(load(64, 32, 0), Step::Batch(64))]
    #[case::little_behind_a_batch_gathers(load(3, 0, 1), Step::Wait)]
    #[case::batches_overlap(load(500, 0, 3), Step::Batch(500))]
    #[case::but_only_so_many(load(500, 0, 4), Step::Wait)]
    #[case::a_batch_has_a_largest_size(load(4_000, 0, 0), Step::Batch(1_000))]
    #[case::between_the_limits_nothing_waits_for_ever(load(40, 0, 0), Step::Batch(40))]
    fn on_a_slow_store_what_waits_decides(#[case] load: Load, #[case] expected: Step) {
        let options = LogOptions { sync_always: true, ..LogOptions::new("t") };
        assert_eq!(next_step(&options, load), expected);
    }

    #[test]
    fn on_one_replica_with_default_sync_everything_goes_one_by_one() {
        let step = next_step(&LogOptions::new("t"), load(4_000, 90, 0));
        assert_eq!(step, Step::Singles(4_000));
    }

    #[test]
    fn whatever_waits_in_an_idle_pipe_is_sent() {
        for (replicas, sync_always) in [(1, false), (1, true), (3, false), (3, true)] {
            let options = LogOptions { replicas, sync_always, ..LogOptions::new("t") };
            for waiting in 1..=options.in_flight_max {
                assert_ne!(next_step(&options, load(waiting, 0, 0)), Step::Wait);
            }
        }
    }
}
