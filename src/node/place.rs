//! Which shard should be where: every node works it out for itself, from what it hears of the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::Name;

/// What one node owns, and what it could own at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shards {
    /// Shards that it owns.
    pub owned: BTreeSet<Name>,
    /// Shards that it has folded and follows.
    pub warm: BTreeSet<Name>,
    /// It is about to end: nothing is given to it.
    pub leaves: bool,
}

/// A shard that `me` has too many of, and who is to have it: nobody owns more than its even share, rounded up, while another owns fewer
/// and follows one of them. One at a time, and as few as will do. `nodes`: all that are there, `me` among them.
#[must_use]
pub fn surplus(nodes: &BTreeMap<Name, Shards>, me: &Name) -> Option<(Name, Name)> {
    let mine = &nodes.get(me)?.owned;
    let staying: Vec<(&Name, &Shards)> = nodes.iter().filter(|(_, shards)| !shards.leaves).collect();
    let all: usize = nodes.values().map(|shards| shards.owned.len()).sum();
    let share = all.div_ceil(staying.len().max(1));
    let too_many = mine.len() > share || nodes.get(me).is_some_and(|shards| shards.leaves);
    // With an even share for everybody a node may still have two more than another: 2, 2, 0.
    let few = |shards: &Shards| shards.owned.len() + 1 < mine.len() || (too_many && shards.owned.len() < share);
    let (to, shards) = staying
        .into_iter()
        .filter(|(name, shards)| *name != me && few(shards) && shards.warm.intersection(mine).next().is_some())
        .min_by_key(|(_, shards)| shards.owned.len())?;
    let shard = shards.warm.intersection(mine).next()?;
    Some((shard.clone(), to.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes that own so many shards each and follow all others.
    fn nodes(owned: &[usize]) -> BTreeMap<Name, Shards> {
        let all: BTreeSet<Name> = (0..owned.iter().sum()).map(|n: usize| Name::new(format!("s{n:02}"))).collect();
        let mut rest = all.iter().cloned();
        let mut nodes = BTreeMap::new();
        for (at, count) in owned.iter().enumerate() {
            let owned: BTreeSet<Name> = rest.by_ref().take(*count).collect();
            let warm = all.difference(&owned).cloned().collect();
            nodes.insert(Name::new(format!("n{at}")), Shards { owned, warm, leaves: false });
        }
        nodes
    }

    /// Everybody gives what it has too much until nobody does; how many moves that took, and what each has then.
    fn settled(nodes: &mut BTreeMap<Name, Shards>) -> (usize, Vec<usize>) {
        let names: Vec<Name> = nodes.keys().cloned().collect();
        let mut moves = 0;
        loop {
            let before = moves;
            for me in &names {
                let Some((shard, to)) = surplus(nodes, me) else { continue };
                moves += 1;
                assert!(moves < 1_000, "it never settles");
                let from = nodes.get_mut(me).expect("it is there");
                assert!(from.owned.remove(&shard));
                from.warm.insert(shard.clone());
                let to = nodes.get_mut(&to).expect("it is there");
                assert!(to.warm.remove(&shard) && !to.leaves);
                to.owned.insert(shard);
            }
            if moves == before {
                return (moves, nodes.values().map(|shards| shards.owned.len()).collect());
            }
        }
    }

    #[test]
    fn shards_spread_evenly_with_as_few_moves_as_will_do_and_stay_where_they_are_then() {
        for (owned, moves, then) in [
            (vec![1, 0, 0], 0, vec![1, 0, 0]),
            (vec![2, 0], 1, vec![1, 1]),
            (vec![3, 3, 0], 2, vec![2, 2, 2]),
            (vec![2, 2, 0], 1, vec![1, 2, 1]),
            (vec![6, 0, 0], 4, vec![2, 2, 2]),
            (vec![2, 1, 2], 0, vec![2, 1, 2]),
        ] {
            assert_eq!(settled(&mut nodes(&owned)), (moves, then), "{owned:?}");
        }
    }

    #[test]
    fn who_leaves_gives_everything_away_and_gets_nothing() {
        let mut all = nodes(&[2, 2, 0]);
        all.get_mut("n0").expect("it is there").leaves = true;
        let (_, then) = settled(&mut all);
        assert_eq!((then[0], then[1] + then[2]), (0, 4));
        assert!(then[1] == 2 && then[2] == 2, "{then:?}");
    }

    #[test]
    fn nothing_is_given_to_whoever_does_not_follow_it() {
        let mut all = nodes(&[4, 0]);
        all.get_mut("n1").expect("it is there").warm.clear();
        assert_eq!(surplus(&all, &Name::new("n0")), None);
        assert_eq!(surplus(&all, &Name::new("elsewhere")), None);
    }
}
