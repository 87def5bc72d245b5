//! How far back each leaf was followed. Synchronous: records are handed in, wanted indexes are handed out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::id::{Index, LeafId, Name};
use crate::domain::record::Record;

/// A record that is not what a link said: another workspace, or it does not touch the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Astray;

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    /// The newest record not handed out yet.
    Record(Arc<Record>),
    /// These have to be read first.
    Read(Vec<Index>),
    /// There is nothing older.
    End,
}

/// Records of several leaves, merged by index, newest first.
#[derive(Debug)]
pub(super) struct Frontier {
    workspace: Name,
    /// Whose records are followed.
    leaves: BTreeSet<LeafId>,
    /// Per leaf the indexes known and not handed out, newest last.
    pending: BTreeMap<LeafId, Vec<u64>>,
    fetched: BTreeMap<u64, Arc<Record>>,
    /// Indexes that the log no longer has.
    gone: BTreeSet<u64>,
}

impl Frontier {
    /// Begins with the newest record of each leaf.
    pub(super) fn new(workspace: Name, heads: impl IntoIterator<Item = (LeafId, Index)>) -> Self {
        let pending: BTreeMap<_, _> =
            heads.into_iter().filter(|(_, index)| index.0 > 0).map(|(leaf, index)| (leaf, vec![index.0])).collect();
        let leaves = pending.keys().copied().collect();
        Self { workspace, leaves, pending, fetched: BTreeMap::new(), gone: BTreeSet::new() }
    }

    /// The newest index of each leaf that was not handed out.
    pub(super) fn heads(&self) -> impl Iterator<Item = (LeafId, Index)> + '_ {
        self.pending.iter().filter_map(|(leaf, list)| list.last().map(|index| (*leaf, Index(*index))))
    }

    pub(super) fn next(&mut self) -> Next {
        loop {
            let Some(newest) = self.pending.values().filter_map(|list| list.last()).max().copied() else {
                return Next::End;
            };
            if self.gone.contains(&newest) {
                // What is older was trimmed from the log before it.
                self.pending.retain(|_, list| list.last() != Some(&newest));
                continue;
            }
            let Some(record) = self.fetched.remove(&newest) else {
                return Next::Read(self.wanted());
            };
            for list in self.pending.values_mut() {
                if list.last() == Some(&newest) {
                    list.pop();
                }
            }
            self.pending.retain(|_, list| !list.is_empty());
            return Next::Record(record);
        }
    }

    /// Puts a record back that was handed out last.
    pub(super) fn put_back(&mut self, record: Arc<Record>) {
        for touch in record.touches.iter().filter(|touch| self.leaves.contains(&touch.leaf)) {
            self.pending.entry(touch.leaf).or_default().push(record.index.0);
        }
        self.fetched.insert(record.index.0, record);
    }

    /// Follows all leaves that a record touches from it on back.
    pub(super) fn follow(&mut self, record: &Record) {
        for touch in &record.touches {
            if self.leaves.insert(touch.leaf) {
                let older: Vec<u64> = touch.previous.iter().rev().copied().filter(|at| *at < record.index.0).collect();
                if !older.is_empty() {
                    self.pending.insert(touch.leaf, older);
                }
            }
        }
    }

    /// Everything known and not read: all leaves in one round.
    fn wanted(&self) -> Vec<Index> {
        let all: BTreeSet<u64> = self
            .pending
            .values()
            .flatten()
            .filter(|index| !self.fetched.contains_key(index) && !self.gone.contains(index))
            .copied()
            .collect();
        all.into_iter().rev().map(Index).collect()
    }

    /// Takes what was read and follows its links.
    pub(super) fn take(&mut self, read: impl IntoIterator<Item = (Index, Option<Arc<Record>>)>) -> Result<(), Astray> {
        for (index, record) in read {
            match record {
                Some(record) => {
                    self.fetched.insert(index.0, record);
                }
                None => {
                    self.gone.insert(index.0);
                }
            }
        }
        for (leaf, list) in &mut self.pending {
            // Oldest first: only the oldest one known leads further back, and what it leads to may have been read for another leaf.
            while let Some(oldest) = list.first().and_then(|index| self.fetched.get(index)) {
                let touch = oldest.touches.iter().find(|touch| touch.leaf == *leaf);
                let (Some(touch), true) = (touch, oldest.workspace == self.workspace) else {
                    return Err(Astray);
                };
                let older = touch.previous.iter().rev().copied();
                let older: Vec<u64> = older.filter(|index| *index < oldest.index.0).collect();
                if older.is_empty() {
                    break;
                }
                list.splice(0..0, older);
            }
        }
        Ok(())
    }
}
