//! The open Works of a workspace: found through a table, for every step of a decision asks for one, and gone through by id.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::Work;
use crate::domain::growing::SplitMap;
use crate::domain::id::WorkId;

/// Open Works by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Works {
    by_id: SplitMap<WorkId, Box<Work>>,
    /// For those who go through all: a table has no order that every fold agrees on.
    ids: BTreeSet<WorkId>,
}

impl Works {
    /// The same, to be gone through elsewhere: it has no order.
    pub(crate) fn cut(&self) -> Self {
        Self { by_id: self.by_id.clone(), ids: BTreeSet::new() }
    }

    /// All of them, in an order that depends on the ids alone.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Work> {
        self.by_id.sorted().map(|(_, work)| Work::clone(work))
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(crate) fn contains(&self, id: WorkId) -> bool {
        self.get(id).is_some()
    }

    pub(crate) fn get(&self, id: WorkId) -> Option<&Work> {
        self.by_id.get(&id).map(|work| &**work)
    }

    pub(crate) fn get_mut(&mut self, id: WorkId) -> Option<&mut Work> {
        self.by_id.get_mut(&id).map(|work| &mut **work)
    }

    /// Adds one that is not there.
    pub(crate) fn insert(&mut self, work: Work) {
        let id = work.id;
        if self.by_id.get_or_insert_with(id, || Box::new(work)).1 {
            self.ids.insert(id);
        }
    }

    pub(crate) fn remove(&mut self, id: WorkId) -> Option<Box<Work>> {
        self.ids.remove(&id);
        self.by_id.remove(&id)
    }

    /// Changes those that are meant, each by itself.
    pub(crate) fn each(&mut self, is_meant: impl Fn(&Work) -> bool, change: impl Fn(&mut Work)) {
        let meant: Vec<WorkId> = self.iter().filter(|work| is_meant(work)).map(|work| work.id).collect();
        for id in meant {
            if let Some(work) = self.get_mut(id) {
                change(work);
            }
        }
    }

    /// All ids, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = WorkId> {
        self.ids.iter().copied()
    }

    /// All, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Work> {
        self.ids().filter_map(|id| self.get(id))
    }

    /// Those behind an id, or all, by id.
    pub(crate) fn after(&self, id: Option<WorkId>) -> impl Iterator<Item = &Work> {
        let behind = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.ids.range((behind, Bound::Unbounded)).filter_map(|id| self.get(*id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;
    use crate::domain::record::WorkOpened;
    use crate::domain::time::Timestamp;

    fn opened(index: u64) -> Work {
        Work::opened(WorkId::new(Index(index), 0), &WorkOpened::default(), Timestamp(0))
    }

    #[test]
    fn they_are_gone_through_by_id_however_they_came() {
        let mut works = Works::default();
        for index in [70_000, 3, 500, 12] {
            works.insert(opened(index));
        }
        let of = |index| WorkId::new(Index(index), 0);
        let ids = |works: &Works| works.iter().map(|work| work.id).collect::<Vec<_>>();
        assert_eq!(ids(&works), [of(3), of(12), of(500), of(70_000)]);
        assert_eq!(works.after(Some(of(12))).map(|work| work.id).collect::<Vec<_>>(), [of(500), of(70_000)]);
        assert_eq!(works.remove(of(500)).map(|work| work.id), Some(of(500)));
        assert!(works.remove(of(500)).is_none() && !works.contains(of(500)));
        assert_eq!((ids(&works), works.len()), (vec![of(3), of(12), of(70_000)], 3));
    }
}
