//! Work that waits, grouped by what an agent must be able to take, each group in serving order.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{Name, WorkId};

/// Waiting Work of a workspace. Keys are static: nothing is ever sorted again.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Queue, then channel, then key.
    groups: BTreeMap<Name, BTreeMap<Name, BTreeSet<(i64, WorkId)>>>,
    /// Those that some agent is not matched with for a while.
    cooled: BTreeSet<WorkId>,
}

impl Waiting {
    pub(crate) fn insert(&mut self, queue: &Name, channel: &Name, key: i64, work: WorkId) {
        let channels = match self.groups.get_mut(queue) {
            Some(channels) => channels,
            None => self.groups.entry(queue.clone()).or_default(),
        };
        channels.entry(channel.clone()).or_default().insert((key, work));
    }

    pub(crate) fn remove(&mut self, queue: &Name, channel: &Name, key: i64, work: WorkId) {
        if let Some(group) = self.groups.get_mut(queue).and_then(|channels| channels.get_mut(channel)) {
            group.remove(&(key, work));
        }
    }

    pub(crate) fn set_cooled(&mut self, work: WorkId, cooled: bool) {
        if cooled {
            self.cooled.insert(work);
        } else {
            self.cooled.remove(&work);
        }
    }

    /// Waiting Work with cool-downs, by id.
    pub(crate) fn cooled(&self) -> impl Iterator<Item = WorkId> {
        self.cooled.iter().copied()
    }

    /// The groups of a queue: channel and Work in serving order.
    pub(crate) fn groups(&self, queue: &str) -> impl Iterator<Item = (&Name, &BTreeSet<(i64, WorkId)>)> {
        self.groups.get(queue).into_iter().flatten()
    }

    /// How many wait in a queue.
    pub(crate) fn len(&self, queue: &str) -> usize {
        self.groups(queue).map(|(_, group)| group.len()).sum()
    }
}
