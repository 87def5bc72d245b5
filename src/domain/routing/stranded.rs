//! Work that waits and would go a step further, or overflow, if nobody who is logged in could take it: by what it requires, so that
//! whoever logs in or out is held against each requirement once, whether one Work has it or a hundred thousand.

use std::collections::{BTreeMap, BTreeSet};

use super::Requirement;
use crate::domain::id::{Name, WorkId};

/// Work that asks who is logged in.
#[derive(Debug, Default)]
pub(crate) struct Stranded {
    groups: BTreeMap<Requirement, Group>,
    /// Requirements by each of their queues.
    queues: BTreeMap<Name, BTreeSet<Requirement>>,
    /// Those that nobody who is logged in meets, by their own queue.
    nobodys: BTreeMap<Name, BTreeSet<Requirement>>,
}

#[derive(Debug, Default)]
struct Group {
    works: BTreeSet<WorkId>,
    /// Nobody who is logged in could take them.
    nobodys: bool,
}

impl Stranded {
    /// A Work asks. `met`: whether somebody who is logged in meets the requirement.
    pub(crate) fn insert(&mut self, requirement: &Requirement, work: WorkId, met: impl FnOnce() -> bool) {
        if let Some(group) = self.groups.get_mut(requirement) {
            group.works.insert(work);
            return;
        }
        let group = Group { works: BTreeSet::from([work]), nobodys: false };
        self.groups.insert(requirement.clone(), group);
        for queue in &requirement.queues {
            self.queues.entry(queue.clone()).or_default().insert(requirement.clone());
        }
        self.set(requirement, !met());
    }

    /// A Work asks no longer.
    pub(crate) fn remove(&mut self, requirement: &Requirement, work: WorkId) {
        let Some(group) = self.groups.get_mut(requirement) else { return };
        group.works.remove(&work);
        if !group.works.is_empty() {
            return;
        }
        self.set(requirement, false);
        self.groups.remove(requirement);
        for queue in &requirement.queues {
            leave(&mut self.queues, queue, requirement);
        }
    }

    /// Requirements of a queue.
    pub(crate) fn of(&self, queue: &str) -> impl Iterator<Item = &Requirement> {
        self.queues.get(queue).into_iter().flatten()
    }

    /// All requirements.
    pub(crate) fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        self.groups.keys()
    }

    /// Whether nobody meets a requirement from now on.
    pub(crate) fn set(&mut self, requirement: &Requirement, nobodys: bool) {
        let Some(group) = self.groups.get_mut(requirement) else { return };
        let Some(home) = requirement.queues.first() else { return };
        if std::mem::replace(&mut group.nobodys, nobodys) == nobodys {
            return;
        }
        if nobodys {
            self.nobodys.entry(home.clone()).or_default().insert(requirement.clone());
        } else {
            leave(&mut self.nobodys, home, requirement);
        }
    }

    /// Queues of Work that nobody who is logged in could take.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &Name> {
        self.nobodys.keys()
    }

    /// Work of a queue that nobody who is logged in could take, by requirement.
    pub(crate) fn nobodys(&self, queue: &str) -> impl Iterator<Item = (&Requirement, &BTreeSet<WorkId>)> {
        let requirements = self.nobodys.get(queue).into_iter().flatten();
        requirements.filter_map(|requirement| Some((requirement, &self.groups.get(requirement)?.works)))
    }

    /// Whether the Work asks under that requirement, and whether nobody meets it.
    pub(crate) fn holds(&self, requirement: &Requirement, work: WorkId) -> Option<bool> {
        let group = self.groups.get(requirement)?;
        group.works.contains(&work).then_some(group.nobodys)
    }
}

fn leave(of: &mut BTreeMap<Name, BTreeSet<Requirement>>, queue: &Name, requirement: &Requirement) {
    if let Some(requirements) = of.get_mut(queue) {
        requirements.remove(requirement);
        if requirements.is_empty() {
            of.remove(queue);
        }
    }
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;
    use crate::domain::id::Index;

    fn wanted(queues: &[&'static str]) -> Requirement {
        Requirement {
            queues: queues.iter().map(|queue| Name::const_new(queue)).collect(),
            channels: smallvec![Name::const_new("chat")],
            ..Requirement::default()
        }
    }

    fn work(number: u64) -> WorkId {
        WorkId::new(Index(number), 0)
    }

    #[test]
    fn a_requirement_is_asked_for_once_and_known_by_each_of_its_queues() {
        let mut stranded = Stranded::default();
        let both = wanted(&["a", "b"]);
        stranded.insert(&both, work(1), || false);
        stranded.insert(&both, work(2), || panic!("it is known"));
        assert_eq!((stranded.of("a").count(), stranded.of("b").count()), (1, 1));
        assert_eq!(stranded.queues().collect::<Vec<_>>(), ["a"], "of its own queue");
        assert_eq!(stranded.nobodys("a").map(|(_, works)| works.len()).sum::<usize>(), 2);
        stranded.set(&both, false);
        assert_eq!((stranded.queues().count(), stranded.holds(&both, work(1))), (0, Some(false)));
    }

    #[test]
    fn with_the_last_work_its_requirement_is_gone() {
        let mut stranded = Stranded::default();
        let one = wanted(&["a"]);
        stranded.insert(&one, work(1), || false);
        stranded.remove(&one, work(7));
        assert_eq!(stranded.holds(&one, work(1)), Some(true));
        stranded.remove(&one, work(1));
        assert_eq!((stranded.queues().count(), stranded.of("a").count(), stranded.requirements().count()), (0, 0, 0));
    }
}
