//! A sorted map in blocks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Entries of a block, and blocks of a group, at most: what one change copies of what a clone shares. Ten million entries are in at most
/// three thousand groups.
const MOST: usize = 128;

/// Entries in the order of their keys.
type Block<K, V> = Vec<(K, V)>;
/// Each block with its label: what is below the label of the next, and not below its own, is in it; what is below the first, in the first.
type Group<K, V> = Vec<(K, Arc<Block<K, V>>)>;

/// A map in the order of its keys. An entry that comes or goes moves some hundred at most; a clone shares the groups until either is
/// changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<(K, V)>", into = "Vec<(K, V)>")]
#[serde(bound(serialize = "K: Ord + Clone + Serialize, V: Clone + Serialize"))]
#[serde(bound(deserialize = "K: Ord + Clone + Deserialize<'de>, V: Clone + Deserialize<'de>"))]
pub(crate) struct SortedMap<K, V> {
    groups: Vec<(K, Arc<Group<K, V>>)>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { groups: Vec::new() }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}

impl<K: Ord + Clone, V: Clone> From<Vec<(K, V)>> for SortedMap<K, V> {
    fn from(rows: Vec<(K, V)>) -> Self {
        let mut map = Self::default();
        map.restore(rows);
        map
    }
}

impl<K: Clone, V: Clone> From<SortedMap<K, V>> for Vec<(K, V)> {
    fn from(map: SortedMap<K, V>) -> Self {
        map.rows().collect()
    }
}

impl<K, V> SortedMap<K, V> {
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// All, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.blocks().flat_map(|(_, block)| block.iter().map(|(key, value)| (key, value)))
    }

    fn blocks(&self) -> impl Iterator<Item = &(K, Arc<Block<K, V>>)> {
        self.groups.iter().flat_map(|(_, group)| group.iter())
    }
}

impl<K: Clone, V: Clone> SortedMap<K, V> {
    /// All, by key, to be written.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (K, V)> {
        self.blocks().flat_map(|(_, block)| block.iter().cloned())
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let (_, group) = self.groups.get(seek(&self.groups, key))?;
        let (_, block) = group.get(seek(group, key))?;
        let at = find(block, key).ok()?;
        block.get(at).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Those from a key on.
    pub(crate) fn at_or_after(&self, key: &K) -> impl Iterator<Item = (&K, &V)> + use<'_, K, V> {
        let from = seek(&self.groups, key);
        let skipped = self.groups.get(from).map_or(0, |(_, group)| seek(group, key));
        let mut blocks = self.groups[from..].iter().flat_map(|(_, group)| group.iter()).skip(skipped);
        let first = blocks.next().map(|(_, block)| &block[find(block, key).unwrap_or_else(|at| at)..]);
        let others = blocks.flat_map(|(_, block)| block.iter());
        first.unwrap_or_default().iter().chain(others).map(|(key, value)| (key, value))
    }
}

impl<K: Ord + Clone, V: Clone> SortedMap<K, V> {
    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<(K, V)>) {
        for (key, value) in rows {
            self.insert(key, value);
        }
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        // A block that is shared is not copied for what is not in it.
        self.get(key)?;
        let at = seek(&self.groups, key);
        let group = Arc::make_mut(&mut self.groups.get_mut(at)?.1);
        let at = seek(group, key);
        let block = Arc::make_mut(&mut group.get_mut(at)?.1);
        let at = find(block, key).ok()?;
        block.get_mut(at).map(|(_, value)| value)
    }

    /// The value of a key, which has one now.
    pub(crate) fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        if !self.contains_key(&key) {
            self.insert(key.clone(), V::default());
        }
        self.get_mut(&key).expect("it was put there if it was not")
    }

    /// Puts a value in the place of the one that was, which is given back.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let at = seek(&self.groups, &key);
        let Some((_, group)) = self.groups.get_mut(at) else {
            let block = Arc::new(vec![(key.clone(), value)]);
            self.groups.push((key.clone(), Arc::new(vec![(key, block)])));
            return None;
        };
        let group = Arc::make_mut(group);
        let within = seek(group, &key);
        let block = Arc::make_mut(&mut group.get_mut(within).expect("a group has a block").1);
        match find(block, &key) {
            Ok(place) => return Some(std::mem::replace(&mut block[place].1, value)),
            Err(place) => block.insert(place, (key, value)),
        }
        if let Some(more) = split(block) {
            let label = more[0].0.clone();
            group.insert(within + 1, (label, Arc::new(more)));
            if let Some(more) = split(group) {
                let label = more[0].0.clone();
                self.groups.insert(at + 1, (label, Arc::new(more)));
            }
        }
        None
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.get(key)?;
        let at = seek(&self.groups, key);
        let group = Arc::make_mut(&mut self.groups.get_mut(at)?.1);
        let within = seek(group, key);
        let block = Arc::make_mut(&mut group.get_mut(within)?.1);
        let (_, value) = block.remove(find(block, key).ok()?);
        let left = block.len();
        let is_little = |at: usize| group.get(at).is_some_and(|(_, beside)| left + beside.len() <= MOST / 2);
        let before = within.checked_sub(1).filter(|before| is_little(*before));
        if left == 0 {
            group.remove(within);
        } else if let Some(at) = before.or_else(|| is_little(within + 1).then_some(within)) {
            let (_, next) = group.remove(at + 1);
            Arc::make_mut(&mut group[at].1).extend(Arc::unwrap_or_clone(next));
        }
        if group.is_empty() {
            self.groups.remove(at);
        }
        Some(value)
    }
}

/// Where a key is, by labels.
fn seek<K: Ord, T>(list: &[(K, T)], key: &K) -> usize {
    list.partition_point(|(label, _)| label <= key).saturating_sub(1)
}

fn find<K: Ord, V>(block: &[(K, V)], key: &K) -> Result<usize, usize> {
    block.binary_search_by(|(other, _)| other.cmp(key))
}

/// The second half of a list that is too long.
fn split<T>(list: &mut Vec<T>) -> Option<Vec<T>> {
    (list.len() > MOST).then(|| {
        let more = list.split_off(MOST / 2);
        list.shrink_to_fit();
        more
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// In any order, some while a clone stands by, until it has several groups and again few entries.
        #[test]
        fn it_does_what_a_sorted_map_does(
            edits in vec((0..3_000_u32, any::<bool>(), 0..600_u32), 0..120),
            asked in vec(0..3_000_u32, 0..20),
        ) {
            let (mut map, mut plain) = (SortedMap::default(), BTreeMap::new());
            for (first, more, many) in edits {
                let (stands, stood) = (map.clone(), plain.clone());
                for key in (first..first + many * 7).step_by(7) {
                    if more {
                        prop_assert_eq!(map.insert(key, many), plain.insert(key, many));
                    } else {
                        prop_assert_eq!(map.remove(&key), plain.remove(&key));
                    }
                }
                if let Some(value) = map.get_mut(&first) {
                    *value += 1;
                    *plain.get_mut(&first).expect("it is in both") += 1;
                }
                *map.or_default(first + 1) += 2;
                *plain.entry(first + 1).or_default() += 2;
                prop_assert!(map.iter().eq(plain.iter()));
                prop_assert!(stands.iter().eq(stood.iter()), "a clone is what it was");
            }
            for key in asked {
                prop_assert_eq!(map.get(&key), plain.get(&key));
                prop_assert!(map.at_or_after(&key).eq(plain.range(key..)));
            }
            let back = SortedMap::from(map.rows().collect::<Vec<_>>());
            prop_assert!(back == map && map.is_empty() == plain.is_empty());
        }
    }

    #[test]
    fn what_a_clone_shares_is_copied_a_little_at_a_time() {
        const MANY: usize = 100_000;
        let mut map = SortedMap::default();
        map.restore((0..MANY).map(|key| (key * 2, ())).collect());
        let blocks = |map: &SortedMap<usize, ()>| map.blocks().map(|(_, block)| Arc::as_ptr(block)).collect::<Vec<_>>();
        let (stands, before) = (map.clone(), blocks(&map));
        map.insert(MANY + 1, ());
        assert_eq!(map.remove(&(MANY + 3)), None);
        let own = blocks(&map).iter().filter(|block| !before.contains(block)).count();
        assert!(own <= 2 && before.len() < MANY / (MOST / 4), "{own} of {}", before.len());
        assert!(map.groups.len() <= before.len() / (MOST / 4), "{} groups", map.groups.len());
        assert_eq!(blocks(&stands), before);
    }

    #[test]
    fn after_a_flood_blocks_are_given_back() {
        let mut map = SortedMap::default();
        map.restore((0..100_000).map(|key| (key, key)).collect());
        for key in (0..100_000).filter(|key| key % 1_000 != 0) {
            map.remove(&key);
        }
        assert!(map.blocks().count() <= 50 && map.iter().count() == 100, "{}", map.blocks().count());
        assert!((0..100_000).step_by(1_000).all(|key| map.remove(&key).is_some()));
        assert!(map.is_empty() && map.groups.is_empty());
    }
}
