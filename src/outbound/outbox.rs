//! Outputs of durable records on their way from the shard to the task that hands them over: one outbox for each OUT or DEAD stream.
//!
//! The shard puts a turn's outputs in at once and never waits; it stops deciding while an outbox is over its limit. The limit is
//! overrun by no more than what was already decided.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::id::{Name, Position};
use crate::domain::record::Record;

/// Outputs that wait in one outbox before the shard stops deciding: some hundred milliseconds of the fastest stream.
pub const OUTBOX_MAX: usize = 4_096;

/// An output of a durable record.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its id.
    pub position: Position,
    /// The record it follows from.
    pub record: Arc<Record>,
    /// The change it is about.
    pub place: u16,
}

/// The outputs of one stream.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<VecDeque<Outgoing>>,
    length: AtomicUsize,
    /// Outputs ever put in.
    put: AtomicU64,
    /// Those of them that are in their stream.
    settled: AtomicU64,
    /// How far its stream is known to be filled; none: not yet.
    end: Mutex<Option<(u64, Option<Position>)>>,
    filled: Notify,
    freed: Arc<Notify>,
}

impl Outbox {
    /// An empty outbox that tells `freed` whenever it was emptied.
    #[must_use]
    pub fn new(freed: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            length: AtomicUsize::new(0),
            put: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            end: Mutex::default(),
            filled: Notify::new(),
            freed,
        })
    }

    /// False: the shard should decide nothing more for now.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.len() < OUTBOX_MAX
    }

    /// Outputs that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length.load(Ordering::Relaxed)
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Outputs that were put in and are not in their stream, as far as is known.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        // Read first: what is settled was put in before.
        let settled = self.settled.load(Ordering::Acquire);
        usize::try_from(self.mark().saturating_sub(settled)).unwrap_or(usize::MAX)
    }

    /// How many outputs were ever put in: for [`Outbox::has_settled`].
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.put.load(Ordering::Acquire)
    }

    /// Whether all that were put in up to the mark are in their stream: it takes them in order.
    #[must_use]
    pub fn has_settled(&self, mark: u64) -> bool {
        self.settled.load(Ordering::Acquire) >= mark
    }

    /// Whether everything ever put in is in its stream.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.unsettled() == 0
    }

    /// So many of the outputs taken are in their stream.
    pub fn settled(&self, count: usize) {
        self.settled.fetch_add(count as u64, Ordering::AcqRel);
    }

    /// Where its stream ends, as far as is known: sequence of the last message, and which output it is; none: whoever hands over has not
    /// looked yet.
    #[must_use]
    pub fn end(&self) -> Option<(u64, Option<Position>)> {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its stream ends there.
    pub fn set_end(&self, sequence: u64, position: Option<Position>) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some((sequence, position));
    }

    /// Puts outputs in, in log order; `outgoing` is empty afterwards.
    pub fn put(&self, outgoing: &mut Vec<Outgoing>) {
        if outgoing.is_empty() {
            return;
        }
        self.put.fetch_add(outgoing.len() as u64, Ordering::AcqRel);
        let mut queue = self.queue();
        queue.extend(outgoing.drain(..));
        self.length.store(queue.len(), Ordering::Relaxed);
        drop(queue);
        self.filled.notify_one();
    }

    /// Takes up to `max` outputs; waits while there are none. Cancel-safe.
    pub async fn take(&self, max: usize) -> Vec<Outgoing> {
        loop {
            let taken = self.take_now(max);
            if !taken.is_empty() {
                return taken;
            }
            self.filled.notified().await;
        }
    }

    /// Takes up to `max` outputs that are there.
    pub fn take_now(&self, max: usize) -> Vec<Outgoing> {
        let mut queue = self.queue();
        let count = queue.len().min(max);
        let taken: Vec<Outgoing> = queue.drain(..count).collect();
        self.length.store(queue.len(), Ordering::Relaxed);
        drop(queue);
        if !taken.is_empty() {
            self.freed.notify_one();
        }
        taken
    }

    /// A panic elsewhere cannot leave the queue half changed.
    fn queue(&self) -> MutexGuard<'_, VecDeque<Outgoing>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outboxes of one workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceOutboxes {
    /// Whose.
    pub workspace: Name,
    /// To adapters.
    pub out: Arc<Outbox>,
    /// To people who look after dead letters.
    pub dead: Arc<Outbox>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;
    use crate::domain::record::Cause;
    use crate::domain::time::Timestamp;

    fn outgoing(index: u64) -> Outgoing {
        Outgoing {
            position: Position { index: Index(index), output: 0 },
            record: Arc::new(Record {
                index: Index(index),
                time: Timestamp(0),
                workspace: Name::new("acme"),
                cause: Cause::System,
                touches: Default::default(),
                changes: Default::default(),
                content: Vec::new(),
                content_leaf: None,
            }),
            place: 0,
        }
    }

    #[tokio::test]
    async fn it_is_full_at_its_limit_and_tells_when_there_is_room_again() {
        let freed = Arc::new(Notify::new());
        let outbox = Outbox::new(Arc::clone(&freed));
        let mut many: Vec<_> = (1..=OUTBOX_MAX as u64).map(outgoing).collect();
        outbox.put(&mut many);
        assert!(!outbox.has_room());
        let taken = outbox.take(10).await;
        assert_eq!(taken.last().map(|it| it.position.index), Some(Index(10)));
        assert!(outbox.has_room());
        // The permit is kept although nobody waited.
        tokio::time::timeout(std::time::Duration::from_secs(1), freed.notified()).await.expect("told");
    }
}
