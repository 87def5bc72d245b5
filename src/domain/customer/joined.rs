//! Which leaves are one customer, what was merged and can be taken apart, and by what evidence (domain rules, section 4).
//!
//! A customer's id is the number of its first leaf, that is the lowest: it follows from its leaves alone, whatever order they were
//! joined and parted in. An id stands for the customer that has the leaf of that number now. So a merged id stands for the winner
//! (the older of the two) until the unmerge, and when a customer's very first leaf is taken from it, that leaf keeps the id, and the
//! rest is known by the lowest number among its own.
//!
//! Invariants: every leaf belongs to one customer, whose id is the lowest of its leaves; a merge that can be taken apart names some
//! leaves of one customer, never all, and never the first.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::leaf::Leaves;
use crate::domain::growing::SortedMap;
use crate::domain::id::{AgentId, LeafId, RootId};
use crate::domain::record::{Evidence, IdentityOpened};
use crate::domain::time::Timestamp;

/// A customer that was merged into another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Merge {
    /// What it would have again, ascending: what it brought, and what was linked to that since.
    pub(crate) leaves: Vec<LeafId>,
    pub(crate) evidence: Evidence,
    pub(crate) at: Timestamp,
    /// The agent who said so.
    pub(crate) by: Option<AgentId>,
}

/// How a customer is taken apart: some of its leaves go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parting {
    /// The customer before.
    pub(crate) customer: RootId,
    /// Id of those who stay.
    pub(crate) rest: RootId,
    /// Id of those who go.
    pub(crate) parted: RootId,
    /// Those who go, ascending.
    pub(crate) leaves: Vec<LeafId>,
}

/// Customers with more than one leaf, and what is known of how they came to be.
///
/// A customer's list of leaves, in the order in which they came, goes from each leaf to the next (`row`), from the one that names it:
/// it costs the millions who have two a few bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joined {
    /// Lists that do not begin with that one: it came by a merge, and those before it are gone.
    odd: SortedMap<RootId, Vec<LeafId>>,
    /// By the id that stands for another customer since, the lowest of its leaves.
    merges: SortedMap<RootId, Merge>,
    /// Leaves that an agent linked: when, and who. What other evidence there is, the leaf says.
    linked: SortedMap<LeafId, (Timestamp, Option<AgentId>)>,
}

/// What few customers have of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum JoinedRow {
    Odd(RootId, Vec<LeafId>),
    Merge(RootId, Merge),
    Linked(LeafId, Timestamp, Option<AgentId>),
}

impl Joined {
    /// All of it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = JoinedRow> {
        let odd = self.odd.rows().map(|(root, list)| JoinedRow::Odd(root, list));
        let merges = self.merges.rows().map(|(root, merge)| JoinedRow::Merge(root, merge));
        let linked = self.linked.rows().map(|(leaf, (at, by))| JoinedRow::Linked(leaf, at, by));
        odd.chain(merges).chain(linked)
    }

    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<JoinedRow>) {
        for row in rows {
            match row {
                JoinedRow::Odd(root, list) => drop(self.odd.insert(root, list)),
                JoinedRow::Merge(root, merge) => drop(self.merges.insert(root, merge)),
                JoinedRow::Linked(leaf, at, by) => {
                    self.linked.insert(leaf, (at, by));
                }
            }
        }
    }

    /// Leaves of a customer.
    pub(crate) fn leaves_of(&self, leaves: &Leaves, root: RootId) -> SmallVec<[LeafId; 2]> {
        match self.odd.get(&root).filter(|_| !self.odd.is_empty()) {
            Some(list) => SmallVec::from_slice(list),
            None => std::iter::successors(Some(LeafId(root.0)), |&leaf| leaves.next(leaf)).collect(),
        }
    }

    /// When an agent linked a leaf to its customer, and who.
    pub(crate) fn linked(&self, leaf: LeafId) -> Option<(Timestamp, Option<AgentId>)> {
        self.linked.get(&leaf).copied()
    }

    /// What the id was before it came to stand for another customer.
    pub(crate) fn merge_of(&self, id: RootId) -> Option<&Merge> {
        self.merges.get(&id)
    }

    /// What was merged into a customer, by id.
    pub(crate) fn merges_into(&self, leaves: &Leaves, root: RootId) -> impl Iterator<Item = (RootId, &Merge)> {
        let mut list = if self.merges.is_empty() { SmallVec::new() } else { self.leaves_of(leaves, root) };
        list.sort_unstable();
        list.into_iter().filter_map(|leaf| Some((RootId(leaf.0), self.merges.get(&RootId(leaf.0))?)))
    }

    /// A leaf was opened for a customer that had others.
    pub(crate) fn opened(
        &mut self,
        leaves: &mut Leaves,
        opened: &IdentityOpened,
        (at, by): (Timestamp, Option<AgentId>),
    ) {
        if opened.root.0 == opened.leaf.0 {
            return;
        }
        if opened.evidence == Evidence::Agent {
            self.linked.insert(opened.leaf, (at, by));
        }
        self.join(leaves, opened.root, &[opened.leaf]);
        // It goes where the leaf goes that it was named with.
        let Some(beside) = opened.beside else { return };
        let keys: SmallVec<[RootId; 2]> = self.merges_into(leaves, opened.root).map(|(key, _)| key).collect();
        for key in keys {
            if let Some(merge) = self.merges.get_mut(&key).filter(|merge| merge.leaves.contains(&beside)) {
                merge.leaves.push(opened.leaf);
            }
        }
    }

    /// Two customers are one.
    pub(crate) fn merge(&mut self, leaves: &mut Leaves, (winner, loser): (RootId, RootId), mut merge: Merge) {
        self.odd.remove(&loser);
        self.join(leaves, winner, &merge.leaves);
        merge.leaves.sort_unstable();
        self.merges.insert(loser, merge);
    }

    /// One customer is two.
    pub(crate) fn part(&mut self, leaves: &mut Leaves, parting: &Parting) {
        let merges: Vec<Merge> = {
            let keys: Vec<RootId> = self.merges_into(leaves, parting.customer).map(|(key, _)| key).collect();
            keys.iter().filter_map(|key| self.merges.remove(key)).collect()
        };
        let all = self.leaves_of(leaves, parting.customer);
        self.odd.remove(&parting.customer);
        let (gone, stay): (Vec<LeafId>, Vec<LeafId>) = all.iter().partition(|leaf| parting.leaves.contains(leaf));
        for (root, side) in [(parting.rest, stay), (parting.parted, gone)] {
            for merge in &merges {
                self.keep(root, &side, merge);
            }
            self.list(leaves, root, &side);
        }
    }

    /// What is left of a merge among the leaves of one side, if it can still be taken apart.
    fn keep(&mut self, root: RootId, side: &[LeafId], merge: &Merge) {
        let inside = |leaf: &&LeafId| merge.leaves.contains(leaf);
        let named = side.iter().filter(inside).count();
        if named == 0 || named == side.len() {
            return;
        }
        // Those with the first leaf are the ones who stay: the merge is told by the others.
        let with_first = merge.leaves.contains(&LeafId(root.0));
        let mut leaves: Vec<LeafId> = side.iter().copied().filter(|leaf| inside(&leaf) != with_first).collect();
        leaves.sort_unstable();
        let Some(key) = leaves.first().map(|leaf| RootId(leaf.0)) else { return };
        // Two merges may have come to be told by one id: the one that takes fewer along is the id's own.
        let finer = self.merges.get(&key).is_none_or(|known| leaves.len() < known.leaves.len());
        if finer {
            self.merges.insert(key, Merge { leaves, ..*merge });
        }
    }

    /// Puts leaves behind those that a customer has.
    fn join(&mut self, leaves: &mut Leaves, root: RootId, more: &[LeafId]) {
        if let Some(list) = self.odd.get_mut(&root) {
            list.extend_from_slice(more);
            more.iter().for_each(|&leaf| leaves.set_next(leaf, None));
        } else if let Some(&last) = self.leaves_of(leaves, root).last() {
            let list: SmallVec<[LeafId; 4]> = std::iter::once(last).chain(more.iter().copied()).collect();
            chain(leaves, &list);
        }
    }

    /// The leaves of a customer are these.
    fn list(&mut self, leaves: &mut Leaves, root: RootId, list: &[LeafId]) {
        if list.first().is_none_or(|first| first.0 == root.0) {
            chain(leaves, list);
        } else {
            list.iter().for_each(|&leaf| leaves.set_next(leaf, None));
            self.odd.insert(root, list.to_vec());
        }
    }
}

/// From each leaf to the next.
fn chain(leaves: &mut Leaves, list: &[LeafId]) {
    let next = list.iter().skip(1).copied().map(Some).chain([None]);
    list.iter().zip(next).for_each(|(&leaf, next)| leaves.set_next(leaf, next));
}
