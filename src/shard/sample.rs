//! What has to be asked for to be known: counted again and again for the metrics, off the path of any message.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::handle::ShardHandle;
use super::labels;
use super::tally::gauge;
use crate::clock::{SystemTimeSource, TimeSource as _};
use crate::domain::view::WorkState;
use crate::domain::{State, Workspace};
use crate::outbound::WorkspaceOutboxes;
use crate::telemetry::{Metrics, QueueKind, QueueLabels, WorkLabels, WorkStatus};

/// How often: well inside the usual scrape interval. A count walks over all open Work, some milliseconds at 100,000 of them.
const INTERVAL: Duration = Duration::from_secs(5);

/// Open Work of a shard.
#[derive(Debug, Default)]
struct Counted {
    works: [i64; WorkStatus::ALL.len()],
    /// Since when the unowned Work waits that waits longest, milliseconds since 1970.
    waiting_since: Option<i64>,
    /// Works that no agent of the configuration could ever take.
    unserved: usize,
}

impl Counted {
    fn of(state: &State) -> Self {
        let unserved = state.workspaces().map(Workspace::unserved).sum();
        let mut counted = Self { unserved, ..Self::default() };
        for (state, waiting_since) in state.workspaces().flat_map(|workspace| workspace.open_states()) {
            if let Some(status) = labels::work(state) {
                counted.works[status as usize] += 1;
            }
            if matches!(state, WorkState::Queued | WorkState::Offered) {
                let since = waiting_since.map(|since| since.0);
                counted.waiting_since = counted.waiting_since.into_iter().chain(since).min();
            }
        }
        counted
    }
}

/// Samples until `stop` or until the shard ends.
pub async fn sample(handle: ShardHandle, outboxes: Vec<WorkspaceOutboxes>, metrics: Metrics, stop: CancellationToken) {
    let clock = SystemTimeSource::new();
    let mut tick = tokio::time::interval(INTERVAL);
    loop {
        tokio::select! {
            // Cancel-safe: a missed tick comes late.
            _ = tick.tick() => {}
            // Cancel-safe: a token keeps what it was told.
            () = stop.cancelled() => return,
        }
        let counted = tokio::select! {
            // Cancel-safe: a read changes nothing.
            counted = handle.query(Counted::of) => counted,
            () = stop.cancelled() => return,
        };
        let Ok(counted) = counted else { return };
        for (&status, count) in WorkStatus::ALL.iter().zip(counted.works) {
            metrics.works.get_or_create(&WorkLabels { status }).set(count);
        }
        metrics.widening.unserved(gauge(counted.unserved as u64));
        let waited_ms = counted.waiting_since.map_or(0, |since| clock.wall_ms() - since);
        metrics.longest_wait_seconds.set(waited_ms.max(0) / 1_000);
        let unsettled: usize = outboxes.iter().map(|ways| ways.out.unsettled() + ways.dead.unsettled()).sum();
        metrics.queue_length.get_or_create(&QueueLabels { queue: QueueKind::Outbound }).set(gauge(unsettled as u64));
    }
}
