//! Limits and timings of a log, each with its reason. Plain values: where they come from is the configuration's matter.

use std::time::Duration;

use crate::telemetry::LogMetrics;

/// How one shard's log is kept.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Name of the shard; part of the stream's name and of every subject.
    pub shard: String,
    /// Replicas of the stream. More than one makes batches pay.
    pub replicas: usize,
    /// The server syncs each append to disk (`sync_interval: always`). Its API does not tell, so the operator must.
    pub sync_always: bool,
    /// Entries without an ack at most, waiting ones included. 4,096 fill the connection for 40 ms at 100,000 entries/s; more only adds
    /// latency.
    pub in_flight_max: usize,
    /// Bytes of those at most. 16 MiB: above 4,096 entries of usual size, below what hurts.
    pub in_flight_bytes_max: u64,
    /// Fewer waiting entries than this go out one by one.
    pub singles_below: usize,
    /// Smallest batch while the pipeline is busy: below it a batch costs more than it saves.
    pub batch_min: usize,
    /// Largest batch. The server's limit is 1,000.
    pub batch_max: usize,
    /// Bytes of a batch at most. 900 KiB: below the server's usual message limit, which a batch of one entry could reach anyway.
    pub batch_bytes_max: usize,
    /// Batches without an ack at most. The server keeps 50 for all streams and writers together.
    pub batches_max: usize,
    /// Without progress for this long, and for eight times the p99 of the last minute, appends are unknown.
    pub stall_min: Duration,
    /// Without progress for this long they are unknown in any case.
    pub stall_max: Duration,
    /// A server's clock further away than this refuses a take-over.
    pub clock_offset_max: Duration,
    /// Messages asked for ahead in a replay.
    pub prefetch: u64,
    /// Where appends are counted.
    pub metrics: LogMetrics,
}

impl LogOptions {
    /// The defaults for a shard on one replica with default sync.
    #[must_use]
    pub fn new(shard: &str) -> Self {
        Self {
            shard: shard.to_owned(),
            replicas: 1,
            sync_always: false,
            in_flight_max: 4_096,
            in_flight_bytes_max: 16 << 20,
            singles_below: 32,
            batch_min: 64,
            batch_max: 1_000,
            batch_bytes_max: 900 << 10,
            batches_max: 4,
            stall_min: Duration::from_secs(1),
            stall_max: Duration::from_secs(10),
            clock_offset_max: Duration::from_secs(2),
            prefetch: 2_000,
            metrics: LogMetrics::default(),
        }
    }

    /// Subject of what gives lost entries up.
    pub(crate) fn loss_subject(&self) -> String {
        format!("skein.log.{}._.l", self.shard)
    }

    /// Subject of the log's `Epoch` entries.
    pub(crate) fn epoch_subject(&self) -> String {
        format!("skein.log.{}._.e", self.shard)
    }
}
