//! What is counted of snapshots.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// What is counted of snapshots.
#[derive(Clone, Debug, Default)]
pub struct SnapshotMetrics {
    written: Counter,
    failed: Counter,
    time: Gauge,
    bytes: Gauge,
}

impl SnapshotMetrics {
    pub(super) fn register(&self, all: &mut Registry) {
        all.register("snapshots", "Snapshots written", self.written.clone());
        all.register("snapshot_failures", "Snapshots that could not be written", self.failed.clone());
        let time = self.time.clone();
        all.register_with_unit(
            "last_snapshot_time",
            "Time of the last record in the last snapshot, since 1970",
            Unit::Seconds,
            time,
        );
        all.register_with_unit("last_snapshot_size", "Size of the last snapshot", Unit::Bytes, self.bytes.clone());
    }

    /// One was written: up to a record of this time (milliseconds since 1970), of so many bytes.
    pub fn written(&self, time_ms: i64, bytes: u64) {
        self.written.inc();
        self.time.set(time_ms / 1_000);
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// One could not be written.
    pub fn failed(&self) {
        self.failed.inc();
    }
}
