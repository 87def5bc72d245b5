//! Work that waits: grouped by what it requires, each group in serving order, the groups of a queue in the order of their first Work.
//!
//! Keys are static, so nothing is ever sorted again. Whoever looks for the Work due first among what an agent can take asks each group
//! once, whether it has one Work or a hundred thousand, and may stop at the first group that begins later than what was found.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::Requirement;
use crate::domain::id::{AgentId, ByName, WorkId};

/// Place of a waiting Work: when it is due, and its id among equals.
pub(crate) type Due = (i64, WorkId);

/// Works of a group that are looked at for one that stands for all: nearly every one does, and whoever finds none asks the agents instead.
const LOOKED_AT: usize = 8;

/// Number of a group. Numbers of groups that are gone are given again.
type GroupId = u32;

/// Waiting Work of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    groups: Vec<Group>,
    free: Vec<GroupId>,
    numbers: HashMap<Requirement, GroupId, foldhash::fast::FixedState>,
    queues: ByName<Line>,
    /// Those with an agent who is matched with them again as soon as nobody else is left.
    liftable: BTreeSet<WorkId>,
    /// Those that are held for an agent.
    held: BTreeSet<(AgentId, WorkId)>,
}

/// Work that requires the same.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) requirement: Requirement,
    works: BTreeSet<Due>,
}

/// What waits in a queue.
#[derive(Debug, Default)]
struct Line {
    /// The first Work of each group.
    heads: BTreeSet<(Due, GroupId)>,
    length: usize,
}

impl Group {
    /// Its Work in serving order.
    pub(crate) fn works(&self) -> impl Iterator<Item = Due> {
        self.works.iter().copied()
    }
}

impl Waiting {
    pub(crate) fn insert(&mut self, requirement: Requirement, due: Due) {
        let number = match self.numbers.get(&requirement) {
            Some(number) => *number,
            None => self.open(requirement),
        };
        self.with_group(number, |works| works.insert(due));
    }

    pub(crate) fn remove(&mut self, requirement: &Requirement, due: Due) {
        let Some(&number) = self.numbers.get(requirement) else { return };
        self.with_group(number, |works| works.remove(&due));
        if self.groups[at(number)].works.is_empty() {
            self.numbers.remove(requirement);
            self.groups[at(number)].requirement = Requirement::default();
            self.free.push(number);
        }
    }

    fn open(&mut self, requirement: Requirement) -> GroupId {
        let number = match self.free.pop() {
            Some(number) => number,
            None => {
                self.groups.push(Group::default());
                GroupId::try_from(self.groups.len() - 1).expect("fewer groups than works, which are fewer than 2^32")
            }
        };
        self.numbers.insert(requirement.clone(), number);
        self.groups[at(number)].requirement = requirement;
        number
    }

    /// Changes a group, and its places in the lines. `change` says whether it did.
    fn with_group(&mut self, number: GroupId, change: impl FnOnce(&mut BTreeSet<Due>) -> bool) {
        let Group { requirement, works } = &mut self.groups[at(number)];
        let (before, many) = (works.first().copied(), works.len());
        if !change(works) {
            return;
        }
        let after = works.first().copied();
        for queue in &requirement.queues {
            let line = match self.queues.get_mut(queue) {
                Some(line) => line,
                None => self.queues.entry(queue.clone()).or_default(),
            };
            line.length = line.length + works.len() - many;
            if before != after {
                before.map(|due| line.heads.remove(&(due, number)));
                after.map(|due| line.heads.insert((due, number)));
            }
        }
    }

    pub(crate) fn set_liftable(&mut self, work: WorkId, liftable: bool) {
        if liftable {
            self.liftable.insert(work);
        } else {
            self.liftable.remove(&work);
        }
    }

    /// A Work is held for another agent, or for none any more.
    pub(crate) fn set_held(&mut self, work: WorkId, before: Option<AgentId>, after: Option<AgentId>) {
        if before != after {
            before.map(|agent| self.held.remove(&(agent, work)));
            after.map(|agent| self.held.insert((agent, work)));
        }
    }

    /// Works that are held for an agent, by id.
    pub(crate) fn held_for(&self, agent: AgentId) -> impl Iterator<Item = WorkId> {
        let none = WorkId::from_bits(0);
        self.held.range((agent, none)..).take_while(move |(of, _)| *of == agent).map(|(_, work)| *work)
    }

    /// Waiting Work that a cool-down keeps from somebody who may have it as soon as nobody else is left, by id.
    pub(crate) fn liftable(&self) -> impl Iterator<Item = WorkId> {
        self.liftable.iter().copied()
    }

    /// The first few that wait under that requirement.
    pub(crate) fn first_of(&self, requirement: &Requirement) -> impl Iterator<Item = WorkId> {
        let works = self.numbers.get(requirement).into_iter().flat_map(|number| self.groups[at(*number)].works());
        works.take(LOOKED_AT).map(|(_, id)| id)
    }

    /// The groups of a queue, each with the place of its first Work, in the order of those.
    pub(crate) fn groups(&self, queue: &str) -> impl Iterator<Item = (Due, &Group)> {
        let line = self.queues.get(queue);
        line.into_iter().flat_map(|line| &line.heads).map(|(due, number)| (*due, &self.groups[at(*number)]))
    }

    /// Whether the Work waits under that requirement.
    pub(crate) fn holds(&self, requirement: &Requirement, due: Due) -> bool {
        let number = self.numbers.get(requirement);
        number.is_some_and(|number| self.groups[at(*number)].works.contains(&due))
    }

    /// How many wait in a queue that are due before that one.
    pub(crate) fn before(&self, queue: &str, due: Due) -> usize {
        self.groups(queue).take_while(|(head, _)| *head < due).map(|(_, group)| group.works.range(..due).count()).sum()
    }

    /// How many wait in a queue.
    pub(crate) fn len(&self, queue: &str) -> usize {
        self.queues.get(queue).map_or(0, |line| line.length)
    }
}

fn at(number: GroupId) -> usize {
    usize::try_from(number).expect("a usize has 32 bits at least")
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;
    use crate::domain::id::{Index, Name};
    use crate::domain::workspace::Levels;

    fn requirement(queues: &[&'static str], skill: &'static str) -> Requirement {
        Requirement {
            queues: queues.iter().map(|queue| Name::const_new(queue)).collect(),
            channels: smallvec![Name::const_new("chat")],
            levels: [(Name::const_new(skill), 1)].into_iter().collect::<Levels>(),
            people_only: false,
        }
    }

    fn work(number: u64) -> WorkId {
        WorkId::new(Index(number), 0)
    }

    fn heads(waiting: &Waiting, queue: &str) -> Vec<i64> {
        waiting.groups(queue).map(|((key, _), _)| key).collect()
    }

    #[test]
    fn groups_stand_in_the_order_of_their_first_work() {
        let mut waiting = Waiting::default();
        waiting.insert(requirement(&["a"], "one"), (30, work(1)));
        waiting.insert(requirement(&["a"], "two"), (20, work(2)));
        waiting.insert(requirement(&["a"], "one"), (10, work(3)));
        assert_eq!((heads(&waiting, "a"), waiting.len("a")), (vec![10, 20], 3));
        waiting.remove(&requirement(&["a"], "one"), (10, work(3)));
        assert_eq!((heads(&waiting, "a"), waiting.len("a")), (vec![20, 30], 2));
    }

    #[test]
    fn work_of_two_queues_waits_in_both_and_leaves_both() {
        let mut waiting = Waiting::default();
        let both = requirement(&["a", "b"], "one");
        waiting.insert(both.clone(), (5, work(1)));
        assert_eq!((waiting.len("a"), waiting.len("b"), heads(&waiting, "b")), (1, 1, vec![5]));
        waiting.remove(&both, (5, work(1)));
        assert_eq!((waiting.len("a"), waiting.len("b"), heads(&waiting, "b")), (0, 0, vec![]));
        assert!(!waiting.holds(&both, (5, work(1))));
    }

    #[test]
    fn what_was_never_there_is_taken_out_without_harm() {
        let mut waiting = Waiting::default();
        waiting.insert(requirement(&["a"], "one"), (5, work(1)));
        waiting.remove(&requirement(&["a"], "one"), (6, work(1)));
        waiting.remove(&requirement(&["a"], "two"), (5, work(1)));
        assert_eq!((heads(&waiting, "a"), waiting.len("a")), (vec![5], 1));
    }
}
