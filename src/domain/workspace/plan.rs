//! Plans and overflow as an operator decides them: how the circle of those who may take a waiting Work widens, and where it goes when
//! its queue is full, slow or without anybody.

use serde::{Deserialize, Serialize};

use super::skill::Levels;
use crate::domain::id::Name;

/// Plans of a workspace at most: more than people tell apart.
pub const MAX_PLANS: usize = 1_000;
/// Steps of a plan at most: whoever waits through more of them is helped by none.
pub const MAX_STEPS: usize = 32;
/// Overflows of a queue at most: each Work that arrives asks them all.
pub const MAX_OVERFLOWS: usize = 32;
/// Queues that a step or an overflow adds at most: a waiting Work stands in the line of each.
pub const MAX_ADDED: usize = 16;

/// What is wanted less of whoever takes a Work. It never wants more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relax {
    /// Levels that will do from now on.
    #[serde(default, skip_serializing_if = "Levels::is_empty")]
    pub lower: Levels,
    /// Skills that are not wanted any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<Name>,
}

impl Relax {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lower.is_empty() && self.drop.is_empty()
    }

    /// Wants less.
    pub fn apply(&self, levels: &mut Levels) {
        levels.lower(&self.lower);
        levels.drop(&self.drop);
    }

    /// What both want less.
    pub(crate) fn join(&mut self, other: &Self) {
        // Of two levels of a skill the lower one will do.
        let mut lower = other.lower.clone();
        lower.lower(&self.lower);
        self.lower.demand(&other.lower);
        self.lower.lower(&lower);
        self.drop.extend(other.drop.iter().filter(|skill| !self.drop.contains(skill)).cloned().collect::<Vec<_>>());
    }
}

/// One step of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepConfig {
    /// How long the Work is QUEUED at the step before, milliseconds.
    pub after_ms: u64,
    /// What is wanted less from then on.
    #[serde(default, skip_serializing_if = "Relax::is_empty")]
    pub relax: Relax,
    /// Queues whose agents may take it, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_queues: Vec<Name>,
}

/// How the circle of those who may take a Work widens while it waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanConfig {
    /// Name, unique in its workspace.
    pub name: Name,
    /// Its steps, one after the other. Before the first, the Work wants what queue and rule want.
    pub steps: Vec<StepConfig>,
}

impl PlanConfig {
    /// The steps that have been taken when so many have.
    pub(crate) fn taken(&self, step: u32) -> &[StepConfig] {
        let taken = usize::try_from(step).unwrap_or(usize::MAX).min(self.steps.len());
        &self.steps[..taken]
    }

    /// The step behind the one that a Work stands at; none: there is none.
    pub(crate) fn next(&self, step: u32) -> Option<&StepConfig> {
        self.steps.get(usize::try_from(step).ok()?)
    }

    /// Its last step; 0: it has none.
    pub(crate) fn last(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }
}

/// When a Work overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverflowWhen {
    /// It comes to a queue in which so many others have nobody.
    Length(u32),
    /// It has been QUEUED there for so long, milliseconds.
    Wait(u64),
    /// Whoever comes has to expect to wait for so long, milliseconds.
    Estimate(u64),
    /// Nobody who is logged in could take it, at any step of its plan.
    NoAgent,
}

/// What becomes of a Work that overflows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverflowConfig {
    /// When.
    pub when: OverflowWhen,
    /// The queue that it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub move_to: Option<Name>,
    /// Queues whose agents may take it, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_queues: Vec<Name>,
    /// What is wanted less.
    #[serde(default, skip_serializing_if = "Relax::is_empty")]
    pub relax: Relax,
    /// Operators are told.
    #[serde(default)]
    pub notify: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(list: &[(&'static str, u8)]) -> Levels {
        list.iter().map(|(skill, level)| (Name::const_new(skill), *level)).collect()
    }

    fn relax(lower: &[(&'static str, u8)], drop: &[&'static str]) -> Relax {
        Relax { lower: levels(lower), drop: drop.iter().map(|skill| Name::const_new(skill)).collect() }
    }

    #[test]
    fn levels_are_lowered_never_raised_and_what_is_dropped_is_wanted_no_more() {
        let mut wanted = levels(&[("german", 5), ("law", 2), ("tax", 7)]);
        relax(&[("german", 3), ("law", 9), ("art", 1)], &["tax", "music"]).apply(&mut wanted);
        assert_eq!(wanted, levels(&[("german", 3), ("law", 2)]));
    }

    #[test]
    fn of_two_reliefs_the_greater_one_counts() {
        let mut both = relax(&[("german", 3), ("law", 2)], &["tax"]);
        both.join(&relax(&[("german", 1), ("art", 4), ("law", 6)], &["tax", "music"]));
        assert_eq!(both, relax(&[("german", 1), ("law", 2), ("art", 4)], &["tax", "music"]));
    }
}
