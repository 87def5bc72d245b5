//! Watchers of conversations: whoever looks at one sees the records that touch it.
//!
//! A watcher follows the conversation's leaves, also those that join it by a merge or a new address, and no longer those that an
//! unmerge parts from it. There are few watchers and
//! mostly none, so one lock over all of them is enough; the shard does not even take it while nobody watches.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::feeds::{forget, weight};
use super::limits::FeedLimits;
use crate::domain::id::{LeafId, Name, RootId};
use crate::domain::record::{Change, Record};

/// The watcher did not keep up: it begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the watcher did not keep up")]
pub struct Fallen;

/// What waits for one watcher.
#[derive(Debug, Default)]
struct Queue {
    state: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    records: VecDeque<Arc<Record>>,
    bytes: u64,
    fallen: bool,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, record: &Arc<Record>, limits: &FeedLimits) {
        {
            let mut waiting = self.waiting();
            let bytes = weight(record);
            if waiting.records.len() >= limits.watch_records
                || waiting.bytes + bytes > limits.watch_bytes && !waiting.records.is_empty()
            {
                waiting.fallen = true;
            }
            if waiting.fallen {
                waiting.records.clear();
            } else {
                waiting.bytes += bytes;
                waiting.records.push_back(Arc::clone(record));
            }
        }
        self.bell.notify_one();
    }

    fn forget(&self, leaves: &[LeafId]) {
        let mut waiting = self.waiting();
        waiting.records.iter_mut().for_each(|record| forget(record, leaves));
        waiting.bytes = waiting.records.iter().map(|record| weight(record)).sum();
    }
}

#[derive(Debug)]
struct Watcher {
    id: u64,
    /// The leaf that the id asked for is named by: after an unmerge its customer is watched.
    named: LeafId,
    root: RootId,
    leaves: BTreeSet<LeafId>,
    queue: Arc<Queue>,
}

impl Watcher {
    /// Whether the record touches what is watched; leaves that join are watched from then on.
    fn sees(&mut self, record: &Record) -> bool {
        let mut sees = record.touches.iter().any(|touch| self.leaves.contains(&touch.leaf));
        for change in &record.changes {
            match change {
                Change::IdentityOpened(opened) if opened.root == self.root => {
                    self.leaves.insert(opened.leaf);
                    sees = true;
                }
                Change::Merged { winner, loser, leaves, .. } if *winner == self.root || *loser == self.root => {
                    self.leaves.extend(leaves);
                    self.root = *winner;
                    sees = true;
                }
                Change::Unmerged { customer, rest, parted, leaves } if *customer == self.root => {
                    let went = leaves.contains(&self.named);
                    self.leaves.retain(|leaf| leaves.contains(leaf) == went);
                    self.root = if went { *parted } else { *rest };
                    sees = true;
                }
                _ => {}
            }
        }
        sees
    }
}

/// All watchers of one shard.
#[derive(Debug)]
pub(super) struct Watchers {
    limits: FeedLimits,
    count: AtomicUsize,
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    by_workspace: HashMap<Name, Vec<Watcher>>,
    ever: u64,
}

impl Watchers {
    pub(super) fn new(limits: FeedLimits) -> Self {
        Self { limits, count: AtomicUsize::new(0), table: Arc::default() }
    }

    pub(super) fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    pub(super) fn publish(&self, record: &Arc<Record>) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(watchers) = table.by_workspace.get_mut(&record.workspace) else {
            return;
        };
        for watcher in watchers.iter_mut() {
            if watcher.sees(record) {
                watcher.queue.push(record, &self.limits);
            }
        }
        if watchers.is_empty() {
            table.by_workspace.remove(&record.workspace);
        }
        self.recount(&table);
    }

    /// Drops the words of these leaves from what still waits for a watcher.
    pub(super) fn forget(&self, workspace: &Name, leaves: &[LeafId]) {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let watchers = table.by_workspace.get(workspace).into_iter().flatten();
        watchers.for_each(|watcher| watcher.queue.forget(leaves));
    }

    pub(super) fn watch(&self, workspace: &Name, asked: RootId, root: RootId, leaves: &[LeafId]) -> ConversationFeed {
        let queue = Arc::new(Queue::default());
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.ever += 1;
        let id = table.ever;
        let (named, leaves) = (LeafId(asked.0), leaves.iter().copied().collect());
        let watcher = Watcher { id, named, root, leaves, queue: Arc::clone(&queue) };
        table.by_workspace.entry(workspace.clone()).or_default().push(watcher);
        self.recount(&table);
        ConversationFeed { queue, table: Arc::clone(&self.table), workspace: workspace.clone(), id }
    }

    fn recount(&self, table: &Table) {
        self.count.store(table.by_workspace.values().map(Vec::len).sum(), Ordering::Release);
    }
}

/// Records of one watched conversation. Dropping it ends the watch.
#[derive(Debug)]
pub struct ConversationFeed {
    queue: Arc<Queue>,
    table: Arc<Mutex<Table>>,
    workspace: Name,
    id: u64,
}

impl ConversationFeed {
    /// Waits for the next record. Cancel safe: a record is taken in the same step that returns it.
    ///
    /// # Errors
    /// When more waited than is kept.
    pub async fn next(&mut self) -> Result<Arc<Record>, Fallen> {
        loop {
            {
                let mut waiting = self.queue.waiting();
                if waiting.fallen {
                    return Err(Fallen);
                }
                if let Some(record) = waiting.records.pop_front() {
                    waiting.bytes -= weight(&record);
                    return Ok(record);
                }
            }
            // `notify_one` keeps one permit, so a record pushed just now is not missed.
            self.queue.bell.notified().await;
        }
    }

    /// The leaves of the conversation now, by what was published so far.
    #[must_use]
    pub fn leaves(&self) -> BTreeSet<LeafId> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table
            .by_workspace
            .get(&self.workspace)
            .and_then(|watchers| watchers.iter().find(|watcher| watcher.id == self.id))
            .map(|watcher| watcher.leaves.clone())
            .unwrap_or_default()
    }
}

impl Drop for ConversationFeed {
    fn drop(&mut self) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watchers) = table.by_workspace.get_mut(&self.workspace) {
            watchers.retain(|watcher| watcher.id != self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::feed::Feeds;
    use crate::domain::id::Index;
    use crate::domain::record::{Cause, Personal, PersonalValue};
    use crate::domain::time::Timestamp;

    /// A record that names somebody.
    fn named(index: u64, leaf: LeafId) -> Arc<Record> {
        let change = Change::Named { leaf, assurance: crate::domain::event::Assurance::Platform };
        let touch = crate::domain::record::Touch { leaf, ..Default::default() };
        Arc::new(Record {
            index: Index(index),
            time: Timestamp(0),
            workspace: Name::new("acme"),
            cause: Cause::System,
            touches: [touch].into_iter().collect(),
            changes: [change].into_iter().collect(),
            content: vec![Personal { place: 0, value: PersonalValue::Shown(Name::new("Anna")) }],
            content_leaf: Some(leaf),
        })
    }

    #[tokio::test]
    async fn what_still_waits_for_a_watcher_has_no_words_of_whoever_is_erased() {
        let (feeds, acme) = (Feeds::default(), Name::new("acme"));
        let mut feed = feeds.watch(&acme, RootId(0), RootId(0), &[LeafId(0), LeafId(1)]);
        feeds.publish_conversation(&named(1, LeafId(0)));
        feeds.publish_conversation(&named(2, LeafId(1)));
        feeds.forget(&acme, &[LeafId(0)]);
        let first = feed.next().await.expect("it kept up");
        assert_eq!((first.content.len(), first.changes.len()), (0, 1), "structure stays");
        assert_eq!(feed.next().await.expect("it kept up").content.len(), 1, "another's words stay");
        assert_eq!(feed.queue.waiting().bytes, 0);
    }
}
