//! Sequences that are mostly without a hole, in the memory of their holes.

use std::collections::BTreeMap;

/// Sequences, as ranges without a hole: first to last.
#[derive(Debug, Default)]
pub(super) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// One more; that it is there already is no matter.
    pub(super) fn insert(&mut self, sequence: u64) {
        let before = self.0.range(..=sequence).next_back().map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| sequence <= last) {
            return;
        }
        let first =
            before.filter(|(_, last)| last.checked_add(1) == Some(sequence)).map_or(sequence, |(first, _)| first);
        let behind = sequence.checked_add(1).and_then(|next| self.0.remove(&next));
        self.0.insert(first, behind.unwrap_or(sequence));
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// How many lie within, and the first of them.
    pub(super) fn within(&self, from: u64, to: u64) -> (u64, u64) {
        let parts = self.0.iter().filter_map(|(first, last)| {
            let (first, last) = ((*first).max(from), (*last).min(to));
            (first <= last).then(|| (last - first + 1, first))
        });
        parts.fold((0, 0), |(count, at), (more, first)| (count + more, if count == 0 { first } else { at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_in_any_order_are_few_ranges() {
        let mut ranges = Ranges::default();
        [5, 1, 2, 9, 3, 10, 4, 2].into_iter().for_each(|sequence| ranges.insert(sequence));
        assert_eq!(ranges.0.iter().map(|(first, last)| (*first, *last)).collect::<Vec<_>>(), [(1, 5), (9, 10)]);
        assert_eq!((ranges.len(), ranges.within(4, 9), ranges.within(6, 8)), (7, (3, 4), (0, 0)));
        ranges.insert(u64::MAX);
        assert_eq!(ranges.within(11, u64::MAX), (1, u64::MAX));
    }
}
