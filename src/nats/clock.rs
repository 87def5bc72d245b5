//! A server's clock beside ours.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One reading of a server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The server's clock minus ours in nanoseconds, as of the middle of the exchange.
    pub offset_ns: i64,
    /// How long the exchange took: the offset is right within half of it.
    pub round_trip: Duration,
}

impl ClockReading {
    /// By how much the clocks differ at least, wherever in the exchange the server looked at its own.
    #[must_use]
    pub fn least(self) -> Duration {
        Duration::from_nanos(self.offset_ns.unsigned_abs()).saturating_sub(self.round_trip / 2)
    }
}

/// An exchange that is under way.
pub(super) struct Exchange {
    sent_ns: i64,
    begun: Instant,
}

impl Exchange {
    pub(super) fn begin() -> Self {
        Self { sent_ns: now_ns(), begun: Instant::now() }
    }

    /// What the answer says, which has just come.
    pub(super) fn end(self, server_ns: i64) -> ClockReading {
        let round_trip = self.begun.elapsed();
        let half = i64::try_from(round_trip.as_nanos() / 2).unwrap_or(i64::MAX);
        ClockReading { offset_ns: server_ns.saturating_sub(self.sent_ns.saturating_add(half)), round_trip }
    }
}

/// Our wall clock, nanoseconds since 1970 (0 before it).
pub(super) fn now_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_nanos()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_is_no_proof_of_a_wrong_clock() {
        let read = |offset_ms: i64, round_trip_ms| ClockReading {
            offset_ns: offset_ms * 1_000_000,
            round_trip: Duration::from_millis(round_trip_ms),
        };
        assert_eq!(read(-900, 2_000).least(), Duration::ZERO);
        assert_eq!(read(-900, 200).least(), Duration::from_millis(800));
        assert_eq!(read(900, 0).least(), Duration::from_millis(900));
    }
}
