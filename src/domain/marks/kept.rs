//! What is kept of notes: of a customer beside its leaves, of a Work with what few Works have.
//!
//! Each leaf's by itself, so that whatever was joined can be parted and erased. Of several summaries the newest is shown.

use serde::{Deserialize, Serialize};

use crate::domain::growing::SortedMap;
use crate::domain::id::{AgentId, LeafId, Name};
use crate::domain::record::{Marked, Tags};
use crate::domain::time::Timestamp;

/// What is noted under one leaf.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Marks {
    pub(crate) summary: Option<Summary>,
    /// In order, each once.
    pub(crate) tags: Vec<Name>,
}

/// A summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) text: String,
    pub(crate) at: Timestamp,
    pub(crate) by: Option<AgentId>,
}

/// That a Work is urgent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Priority {
    /// By how much sooner it is due, milliseconds.
    pub(crate) ms: u64,
    pub(crate) by: Option<AgentId>,
    /// Leaf that the reason is filed under.
    pub(crate) leaf: LeafId,
    /// None: its words are gone.
    pub(crate) reason: Option<String>,
}

/// What is noted, by the leaf that it is filed under.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Filed(SortedMap<LeafId, Marks>);

impl Filed {
    /// All of it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (LeafId, Marks)> {
        self.0.rows()
    }

    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<(LeafId, Marks)>) {
        self.0.restore(rows);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is filed under a leaf.
    pub(crate) fn of(&self, leaf: LeafId) -> Option<&Marks> {
        self.0.get(&leaf)
    }

    /// What is filed under these leaves.
    pub(crate) fn among(&self, leaves: &[LeafId]) -> Self {
        let known = leaves.iter().filter_map(|leaf| Some((*leaf, self.of(*leaf)?.clone())));
        Self(known.collect::<Vec<_>>().into())
    }

    /// What is filed under leaves that fit, by leaf. Goes through all: those of a workspace are a customer's first.
    pub(crate) fn iter(&self, fits: impl Fn(LeafId) -> bool) -> impl Iterator<Item = (LeafId, &Marks)> {
        self.0.iter().map(|(leaf, marks)| (*leaf, marks)).filter(move |(leaf, _)| fits(*leaf))
    }

    /// Notes a summary; an empty one removes.
    pub(crate) fn summarise(&mut self, leaf: LeafId, text: &str, at: Timestamp, by: Option<AgentId>) {
        let summary = (!text.is_empty()).then(|| Summary { text: text.to_owned(), at, by });
        self.change(leaf, |marks| marks.summary = summary);
    }

    /// Notes tags.
    pub(crate) fn tag(&mut self, leaf: LeafId, tags: &Tags) {
        self.change(leaf, |marks| {
            marks.tags.retain(|tag| !tags.removed.contains(tag));
            marks.tags.extend(tags.added.iter().cloned());
            marks.tags.sort_unstable();
            marks.tags.dedup();
        });
    }

    /// Nothing is noted under a leaf any longer. Whether something was.
    pub(crate) fn forget(&mut self, leaf: LeafId) -> bool {
        self.0.remove(&leaf).is_some()
    }

    /// Takes out what is filed under leaves that fit.
    pub(crate) fn take(&mut self, fits: impl Fn(LeafId) -> bool) -> Self {
        let leaves: Vec<LeafId> = self.0.iter().map(|(leaf, _)| *leaf).filter(|leaf| fits(*leaf)).collect();
        let taken = leaves.into_iter().filter_map(|leaf| Some((leaf, self.0.remove(&leaf)?)));
        Self(taken.collect::<Vec<_>>().into())
    }

    /// Takes in what was noted elsewhere. Of one leaf the newer summary stays, and the tags of both.
    pub(crate) fn join(&mut self, other: Self) {
        for (leaf, theirs) in other.rows() {
            self.change(leaf, |marks| {
                let newest = |known: &Option<Summary>| known.as_ref().map(|summary| summary.at);
                if newest(&theirs.summary) > newest(&marks.summary) {
                    marks.summary = theirs.summary;
                }
                marks.tags.extend(theirs.tags);
                marks.tags.sort_unstable();
                marks.tags.dedup();
            });
        }
    }

    /// The newest summary of leaves that fit.
    pub(crate) fn summary(&self, fits: impl Fn(LeafId) -> bool) -> Option<&Summary> {
        self.iter(fits).filter_map(|(_, marks)| marks.summary.as_ref()).max_by_key(|summary| summary.at)
    }

    /// All tags of leaves that fit, in order.
    pub(crate) fn tags(&self, fits: impl Fn(LeafId) -> bool) -> Vec<Name> {
        let mut tags: Vec<Name> = self.iter(fits).flat_map(|(_, marks)| &marks.tags).cloned().collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// What whoever is given a Work is shown; none: nothing is noted.
    pub(crate) fn marked(&self, fits: impl Fn(LeafId) -> bool + Copy) -> Option<Marked> {
        let summary = self.summary(fits).map(|summary| summary.text.clone()).unwrap_or_default();
        let marked = Marked { summary, tags: self.tags(fits) };
        (marked != Marked::default()).then_some(marked)
    }

    fn change(&mut self, leaf: LeafId, change: impl FnOnce(&mut Marks)) {
        let marks = self.0.or_default(leaf);
        change(marks);
        if *marks == Marks::default() {
            self.0.remove(&leaf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(added: &[&str], removed: &[&str]) -> Tags {
        let names = |list: &[&str]| list.iter().map(|name| Name::from(*name)).collect();
        Tags { added: names(added), removed: names(removed) }
    }

    #[test]
    fn what_is_joined_is_taken_apart_by_its_leaf() {
        let (own, theirs) = (LeafId(1), LeafId(2));
        let (mut filed, mut other) = (Filed::default(), Filed::default());
        filed.tag(own, &tags(&["vip", "angry"], &[]));
        filed.summarise(own, "wants a refund", Timestamp(5), None);
        other.tag(theirs, &tags(&["vip"], &[]));
        other.summarise(theirs, "wants it sent again", Timestamp(9), None);
        filed.join(other.clone());
        assert_eq!(filed.tags(|_| true), ["angry", "vip"]);
        assert_eq!(filed.summary(|_| true).map(|summary| summary.text.as_str()), Some("wants it sent again"));
        assert_eq!(filed.summary(|leaf| leaf == own).map(|summary| summary.text.as_str()), Some("wants a refund"));
        assert_eq!(filed.take(|leaf| leaf == theirs), other);
        assert_eq!(filed.tags(|_| true), ["angry", "vip"]);
    }

    #[test]
    fn of_one_leaf_the_newer_summary_stays() {
        let leaf = LeafId(1);
        for (ours, theirs, stays) in [(5, 9, "theirs"), (9, 5, "ours")] {
            let (mut filed, mut other) = (Filed::default(), Filed::default());
            filed.summarise(leaf, "ours", Timestamp(ours), None);
            other.summarise(leaf, "theirs", Timestamp(theirs), None);
            filed.join(other);
            assert_eq!(filed.summary(|_| true).map(|summary| summary.text.as_str()), Some(stays));
        }
    }

    #[test]
    fn nothing_is_kept_of_what_is_gone() {
        let mut filed = Filed::default();
        filed.tag(LeafId(1), &tags(&["vip"], &[]));
        filed.summarise(LeafId(1), "so", Timestamp(1), None);
        filed.summarise(LeafId(1), "", Timestamp(2), None);
        filed.tag(LeafId(1), &tags(&[], &["vip", "other"]));
        assert!(filed.is_empty());
    }
}
