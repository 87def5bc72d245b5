//! The table of sessions on this node: quotas, what each has acknowledged, and who is superseded.
//!
//! The shard decides which session of an agent is the current one; the table only makes sure that an older one on this node is
//! closed at once. A slot is taken before the first frame, so that peers that say nothing count too, and freed on drop.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use tokio_util::sync::CancellationToken;

use super::caller::Caller;
use super::limits::MAX_READ_ONLY_SESSIONS;
use super::metrics::EdgeMetrics;
use super::status::Refusal;
use crate::domain::id::{Name, Position};

/// One session or watch.
#[derive(Debug)]
struct Entry {
    id: u64,
    /// 0 during the handshake.
    epoch: AtomicU64,
    acknowledged: Mutex<Position>,
    taken: CancellationToken,
    /// It only looks on: nothing is superseded by it, or it by anything.
    looks_on: AtomicBool,
}

/// Workspace and agent.
type Who = (Name, Name);

fn who(caller: &Caller) -> Who {
    (caller.workspace.clone(), caller.agent.clone())
}

/// Sessions by agent. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Registry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    max_sessions: usize,
    max_sessions_per_agent: usize,
    total: AtomicUsize,
    ever: AtomicU64,
    by_agent: DashMap<Who, Vec<Arc<Entry>>>,
    metrics: EdgeMetrics,
}

impl Registry {
    pub(super) fn new(max_sessions: usize, max_sessions_per_agent: usize, metrics: EdgeMetrics) -> Self {
        Self {
            inner: Arc::new(Inner {
                max_sessions,
                max_sessions_per_agent,
                total: AtomicUsize::new(0),
                ever: AtomicU64::new(0),
                by_agent: DashMap::new(),
                metrics,
            }),
        }
    }

    /// Takes a slot for a session that begins.
    pub(super) fn enter(&self, caller: &Caller) -> Result<Slot, Refusal> {
        let inner = &self.inner;
        let counted = inner.total.fetch_update(Ordering::AcqRel, Ordering::Acquire, |total| {
            (total < inner.max_sessions).then_some(total + 1)
        });
        if counted.is_err() {
            return Err(Refusal::limit("max_sessions", inner.max_sessions));
        }
        let entry = Arc::new(Entry {
            id: inner.ever.fetch_add(1, Ordering::Relaxed),
            epoch: AtomicU64::new(0),
            acknowledged: Mutex::default(),
            taken: CancellationToken::new(),
            looks_on: AtomicBool::new(false),
        });
        {
            let mut entries = inner.by_agent.entry(who(caller)).or_default();
            if entries.iter().filter(|entry| !entry.looks_on()).count() >= inner.max_sessions_per_agent {
                inner.total.fetch_sub(1, Ordering::AcqRel);
                let max = inner.max_sessions_per_agent;
                return Err(Refusal::limit("max_sessions_per_agent", max));
            }
            entries.push(Arc::clone(&entry));
        }
        inner.metrics.sessions.inc();
        Ok(Slot { inner: Arc::clone(inner), who: who(caller), entry })
    }

    /// Notes what a session has handled. False: there is no such session on this node.
    pub(super) fn acknowledge(&self, caller: &Caller, epoch: u64, position: Position) -> bool {
        let entry = self
            .inner
            .by_agent
            .get(&who(caller))
            .and_then(|entries| entries.iter().find(|entry| entry.epoch.load(Ordering::Acquire) == epoch).cloned());
        entry.is_some_and(|entry| {
            entry.acknowledge(position);
            true
        })
    }
}

impl Entry {
    fn looks_on(&self) -> bool {
        self.looks_on.load(Ordering::Acquire)
    }

    fn acknowledge(&self, position: Position) {
        let mut acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        *acknowledged = position.max(*acknowledged);
    }
}

/// The place of one session in the table.
#[derive(Debug)]
pub(super) struct Slot {
    inner: Arc<Inner>,
    who: Who,
    entry: Arc<Entry>,
}

impl Slot {
    /// The session is open: older ones of the agent on this node are superseded.
    pub(super) fn opened(&self, epoch: u64) {
        self.entry.epoch.store(epoch, Ordering::Release);
        if let Some(entries) = self.inner.by_agent.get(&self.who) {
            for other in entries.iter() {
                let other_epoch = other.epoch.load(Ordering::Acquire);
                if other_epoch != 0 && other_epoch < epoch {
                    other.taken.cancel();
                }
            }
        }
    }

    /// The session only looks on.
    ///
    /// # Errors
    /// As many do already.
    pub(super) fn look_on(&self) -> Result<(), Refusal> {
        // Exclusive: nobody counts meanwhile.
        let entries = self.inner.by_agent.get_mut(&self.who);
        let others = entries.iter().flat_map(|entries| entries.iter()).filter(|entry| entry.looks_on()).count();
        if others >= MAX_READ_ONLY_SESSIONS {
            return Err(Refusal::limit("max_read_only_sessions", MAX_READ_ONLY_SESSIONS));
        }
        self.entry.looks_on.store(true, Ordering::Release);
        Ok(())
    }

    /// Resolves when a newer session of the agent is open. Cancel safe.
    pub(super) async fn taken(&self) {
        self.entry.taken.cancelled().await;
    }

    /// Notes what the session has handled.
    pub(super) fn acknowledge(&self, position: Position) {
        self.entry.acknowledge(position);
    }

    /// The last position that the session has handled.
    pub(super) fn acknowledged(&self) -> Position {
        *self.entry.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(mut entries) = self.inner.by_agent.get_mut(&self.who) {
            entries.retain(|entry| entry.id != self.entry.id);
        }
        self.inner.by_agent.remove_if(&self.who, |_, entries| entries.is_empty());
        self.inner.total.fetch_sub(1, Ordering::AcqRel);
        self.inner.metrics.sessions.dec();
    }
}
