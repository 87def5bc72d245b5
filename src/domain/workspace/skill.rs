//! Skills: what agents can, how well, and what is wanted of whoever takes a Work.

use std::fmt;
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::domain::id::Name;

/// The best that one can be at a skill; 0 is a beginner, who has it all the same.
pub const MAX_LEVEL: u8 = 10;
/// Skills of a workspace at most: more than people tell apart.
pub const MAX_SKILLS: usize = 1_000;

/// Skills with a level each, by name, each once: those that an agent has, or the lowest that will do.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<(Name, u8)>", into = "Vec<(Name, u8)>")]
pub struct Levels {
    list: Vec<(Name, u8)>,
    /// A bit for each skill, which others may share: who lacks one of them lacks a skill. An agent with room is held against all that
    /// waits in its queues, and nearly all of that asks for something that it has not.
    marks: u64,
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Levels").field(&self.list).finish()
    }
}

/// The bit of a skill.
fn mark(skill: &str) -> u64 {
    1 << (FixedState::default().hash_one(skill) >> 58)
}

impl Levels {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new(), marks: 0 }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Skills and levels, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, u8)> {
        self.list.iter().map(|(name, level)| (name, *level))
    }

    /// The level of a skill, if it is among them.
    #[must_use]
    pub fn get(&self, skill: &str) -> Option<u8> {
        let at = self.list.binary_search_by(|(name, _)| name.as_str().cmp(skill)).ok()?;
        Some(self.list[at].1)
    }

    /// Whether whoever has these has all that is wanted.
    #[must_use]
    pub fn meet(&self, wanted: &Self) -> bool {
        wanted.marks & !self.marks == 0
            && wanted.iter().all(|(skill, lowest)| self.get(skill).is_some_and(|level| level >= lowest))
    }

    /// Asks for what the others ask for, too: of each skill the higher level.
    pub fn demand(&mut self, others: &Self) {
        for (skill, level) in others.iter() {
            match self.list.binary_search_by(|(name, _)| name.cmp(skill)) {
                Ok(at) => self.list[at].1 = self.list[at].1.max(level),
                Err(at) => {
                    self.list.insert(at, (skill.clone(), level));
                    self.marks |= mark(skill);
                }
            }
        }
    }
}

impl Levels {
    /// Is content with these levels of the skills that are among its own. It asks for no more than before.
    pub fn lower(&mut self, to: &Self) {
        for (skill, level) in &mut self.list {
            *level = to.get(skill).map_or(*level, |to| to.min(*level));
        }
    }

    /// Is content without these skills.
    pub fn drop(&mut self, skills: &[Name]) {
        self.list.retain(|(skill, _)| !skills.contains(skill));
        self.marks = marks(&self.list);
    }
}

fn marks(list: &[(Name, u8)]) -> u64 {
    list.iter().fold(0, |marks, (skill, _)| marks | mark(skill))
}

impl From<Vec<(Name, u8)>> for Levels {
    /// A list that is by name already, each once.
    fn from(list: Vec<(Name, u8)>) -> Self {
        Self { marks: marks(&list), list }
    }
}

impl From<Levels> for Vec<(Name, u8)> {
    fn from(levels: Levels) -> Self {
        levels.list
    }
}

impl FromIterator<(Name, u8)> for Levels {
    /// Of a skill that is named twice, the higher level.
    fn from_iter<I: IntoIterator<Item = (Name, u8)>>(levels: I) -> Self {
        let mut all = Self::new();
        for level in levels {
            all.demand(&Self::from(vec![level]));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(list: &[(&'static str, u8)]) -> Levels {
        list.iter().map(|(name, level)| (Name::const_new(name), *level)).collect()
    }

    #[test]
    fn whoever_lacks_a_skill_or_is_below_a_level_does_not_do() {
        let has = levels(&[("german", 7), ("billing", 0)]);
        assert!(has.meet(&levels(&[])));
        assert!(has.meet(&levels(&[("billing", 0), ("german", 7)])));
        assert!(!has.meet(&levels(&[("german", 8)])));
        assert!(!has.meet(&levels(&[("french", 0)])));
    }

    #[test]
    fn two_demands_are_one_with_the_higher_level_of_each() {
        let mut wanted = levels(&[("german", 3), ("billing", 5)]);
        wanted.demand(&levels(&[("german", 6), ("billing", 1), ("law", 2)]));
        assert_eq!(wanted, levels(&[("billing", 5), ("german", 6), ("law", 2)]));
    }

    #[test]
    fn marks_are_those_of_the_skills_that_are_there() {
        let mut wanted = levels(&[("billing", 5), ("german", 6), ("law", 2)]);
        wanted.drop(&[Name::const_new("german"), Name::const_new("law")]);
        assert_eq!(wanted, levels(&[("billing", 5)]));
        assert!(levels(&[("billing", 5)]).meet(&wanted));
        assert_eq!(Levels::from(vec![(Name::const_new("billing"), 5)]), wanted);
    }
}
