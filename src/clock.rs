//! The two clocks: the wall clock in milliseconds, and the time of a shard (law 14).
//!
//! A shard's time is an anchor plus monotonic time. It never goes back and never stands still. After a take-over it may be ahead of
//! the wall clock (the previous owner's clock was): then it runs at half speed until the wall clock has caught up. Both sources are
//! injected, so that tests own the time. Nothing here checks the server's clock: the take-over does.

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMs = i64;

/// Where time comes from.
pub trait TimeSource: Send + Sync + fmt::Debug {
    /// The wall clock; it may jump in both directions.
    fn wall_ms(&self) -> UnixMs;
    /// Milliseconds since some fixed moment; never goes back, does not follow the wall clock.
    fn monotonic_ms(&self) -> i64;
}

/// The clocks of this machine.
#[derive(Debug, Clone)]
pub struct SystemTimeSource {
    started: Instant,
}

impl SystemTimeSource {
    /// Monotonic time counts from this call.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemTimeSource {
    fn default() -> Self {
        Self::new()
    }
}

impl TimeSource for SystemTimeSource {
    fn wall_ms(&self) -> UnixMs {
        wall_ms()
    }

    fn monotonic_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// The wall clock of this machine; a clock before 1970 reads as 0.
#[must_use]
pub fn wall_ms() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(UnixMs::MAX)
}

/// The time of one shard while this process owns it.
#[derive(Debug)]
pub struct ShardClock {
    source: Arc<dyn TimeSource>,
    /// Monotonic time of the last reading.
    read_at: i64,
    /// Shard time of the last reading, in half milliseconds: half speed loses nothing to rounding.
    halves: i64,
}

impl ShardClock {
    /// The clock at take-over: it starts at the later of the last record's time and the wall clock.
    #[must_use]
    pub fn take_over(source: Arc<dyn TimeSource>, last_record_ms: UnixMs) -> Self {
        let anchor = last_record_ms.max(source.wall_ms());
        Self { read_at: source.monotonic_ms(), halves: anchor.saturating_mul(2), source }
    }

    /// The shard's time now. Never less than at the previous call.
    pub fn now_ms(&mut self) -> UnixMs {
        let monotonic = self.source.monotonic_ms();
        let passed = monotonic.saturating_sub(self.read_at).max(0);
        self.read_at = monotonic.max(self.read_at);
        // The wall clock's lead or lag is that at the end of the time passed. Ahead of it by `ahead` half milliseconds with the
        // wall clock as slow as ours, half speed for t ms makes up t halves: so at most the part that is still ahead runs slowly.
        let full_speed = self.halves.saturating_add(passed.saturating_mul(2));
        let ahead = full_speed.saturating_sub(self.source.wall_ms().saturating_mul(2)).max(0);
        self.halves = full_speed.saturating_sub(ahead.min(passed));
        self.halves.div_euclid(2)
    }

    /// How far the shard's time is ahead of the wall clock, in ms; 0 or less means not ahead.
    #[must_use]
    pub fn ahead_ms(&self) -> i64 {
        self.halves.div_euclid(2).saturating_sub(self.source.wall_ms())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default)]
    struct Fake {
        wall: AtomicI64,
        monotonic: AtomicI64,
    }

    impl Fake {
        fn at(wall: i64) -> Arc<Self> {
            Arc::new(Self { wall: AtomicI64::new(wall), monotonic: AtomicI64::new(7) })
        }

        fn pass(&self, ms: i64) {
            self.wall.fetch_add(ms, Ordering::SeqCst);
            self.monotonic.fetch_add(ms, Ordering::SeqCst);
        }

        fn jump(&self, ms: i64) {
            self.wall.fetch_add(ms, Ordering::SeqCst);
        }
    }

    impl TimeSource for Fake {
        fn wall_ms(&self) -> UnixMs {
            self.wall.load(Ordering::SeqCst)
        }

        fn monotonic_ms(&self) -> i64 {
            self.monotonic.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn it_follows_the_wall_clock_when_the_log_is_behind() {
        let source = Fake::at(10_000);
        let mut clock = ShardClock::take_over(source.clone(), 4_000);
        assert_eq!(clock.now_ms(), 10_000);
        source.pass(250);
        assert_eq!(clock.now_ms(), 10_250);
    }

    #[test]
    fn ahead_of_the_wall_clock_it_runs_at_half_speed_until_they_meet() {
        let source = Fake::at(10_000);
        let mut clock = ShardClock::take_over(source.clone(), 11_000);
        assert_eq!(clock.now_ms(), 11_000);
        for _ in 0..1_000 {
            source.pass(1);
            clock.now_ms();
        }
        assert_eq!(clock.now_ms(), 11_500, "1 ms readings lose nothing to rounding");
        source.pass(1_000);
        assert_eq!((clock.now_ms(), clock.ahead_ms()), (12_000, 0));
        source.pass(300);
        assert_eq!(clock.now_ms(), 12_300);
    }

    #[test]
    fn a_long_pause_slows_only_the_part_that_is_ahead() {
        let source = Fake::at(10_000);
        let mut clock = ShardClock::take_over(source.clone(), 10_100);
        source.pass(60_000);
        assert_eq!(clock.now_ms(), 70_000);
    }

    #[test]
    fn a_wall_clock_set_back_slows_it_and_set_forward_does_not_move_it() {
        let source = Fake::at(10_000);
        let mut clock = ShardClock::take_over(source.clone(), 0);
        source.jump(-5_000);
        source.pass(1_000);
        assert_eq!(clock.now_ms(), 10_500);
        source.jump(500_000);
        source.pass(1_000);
        assert_eq!(clock.now_ms(), 11_500);
    }

    proptest! {
        #[test]
        fn it_never_goes_back_and_never_stands_still(
            last in -1_000_i64..100_000,
            moves in proptest::collection::vec((0_i64..5_000, -50_000_i64..50_000), 1..60),
        ) {
            let source = Fake::at(20_000);
            let mut clock = ShardClock::take_over(source.clone(), last);
            let mut before = clock.now_ms();
            prop_assert!(before >= last);
            for (passed, jumped) in moves {
                source.jump(jumped);
                source.pass(passed);
                let now = clock.now_ms();
                prop_assert!(now >= before + passed / 2 && now <= before + passed + 1, "{before} {passed} {now}");
                before = now;
            }
        }
    }
}
