//! `[[plan]]`: how the circle of those who may take a waiting Work widens, step by step.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::file::millis;
use super::skill::SkillLevels;
use crate::config::units::duration;
use crate::domain::id::Name;
use crate::domain::workspace::{MAX_ADDED, MAX_PLANS, MAX_STEPS, PlanConfig, Relax, StepConfig};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) step: Vec<Step>,
}

/// `[[plan.step]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    after: Spanned<After>,
    #[serde(default)]
    lower: SkillLevels,
    #[serde(default)]
    drop: Vec<Spanned<String>>,
    #[serde(default)]
    add_queues: Vec<Spanned<String>>,
}

/// A duration that stands at its place.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct After(#[serde(with = "duration")] pub(super) Duration);

/// What wants less of whoever takes a Work, and whom it is shown to besides: of a step, or of an overflow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wider<'f> {
    pub(super) lower: &'f SkillLevels,
    pub(super) drop: &'f [Spanned<String>],
    pub(super) add_queues: &'f [Spanned<String>],
}

impl Wider<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.lower.is_empty() && self.drop.is_empty() && self.add_queues.is_empty()
    }

    pub(super) fn check(&self, key: &str, queues: &[&str], skills: &[&str], check: &mut Check<'_>) {
        self.lower.check(&format!("{key}.lower"), skills, check);
        for skill in self.drop {
            check.listed(format!("{key}.drop"), skill, "skill", skills);
        }
        for queue in self.add_queues {
            check.listed(format!("{key}.add_queues"), queue, "queue", queues);
        }
        if let Some(queue) = self.add_queues.get(MAX_ADDED) {
            check.problem(queue.span(), format!("{key}.add_queues"), format!("at most {MAX_ADDED} are possible"), None);
        }
    }
}

/// The core's form of lists.
pub(super) fn names(list: &[Spanned<String>]) -> Vec<Name> {
    list.iter().map(|name| Name::new(name.as_ref())).collect()
}

/// Checks all plans.
pub(super) fn check(plans: &[Plan], queues: &[&str], skills: &[&str], check: &mut Check<'_>) {
    check.unique("plan", plans.iter().map(|plan| &plan.name));
    if let Some(plan) = plans.get(MAX_PLANS) {
        check.problem(plan.name.span(), "plan".into(), format!("at most {MAX_PLANS} are possible"), None);
    }
    for (at, plan) in plans.iter().enumerate() {
        let key = format!("plan[{at}]");
        if plan.step.is_empty() {
            check.problem(plan.name.span(), key.clone(), "does nothing: it has no [[plan.step]]", None);
        }
        if let Some(step) = plan.step.get(MAX_STEPS) {
            let rule = format!("at most {MAX_STEPS} are possible");
            check.problem(step.after.span(), format!("{key}.step"), rule, None);
        }
        added(plan.step.iter().map(Step::wider), &format!("{key}.step"), check);
        for (number, step) in plan.step.iter().enumerate() {
            step.check(&format!("{key}.step[{number}]"), queues, skills, check);
        }
    }
}

/// Checks that all of them together add no more queues than a Work has beside its own.
pub(super) fn added<'f>(all: impl Iterator<Item = Wider<'f>>, key: &str, check: &mut Check<'_>) {
    let mut queues: Vec<&str> = Vec::new();
    for queue in all.filter(|wider| wider.add_queues.len() <= MAX_ADDED).flat_map(|wider| wider.add_queues) {
        if queues.contains(&queue.as_ref().as_str()) {
            continue;
        }
        queues.push(queue.as_ref());
        if queues.len() == MAX_ADDED + 1 {
            let rule = format!("with those before it these are more than {MAX_ADDED} queues, as many as are possible");
            check.problem(queue.span(), format!("{key}.add_queues"), rule, None);
        }
    }
}

impl Step {
    pub(super) fn wider(&self) -> Wider<'_> {
        Wider { lower: &self.lower, drop: &self.drop, add_queues: &self.add_queues }
    }

    fn check(&self, key: &str, queues: &[&str], skills: &[&str], check: &mut Check<'_>) {
        if self.after.as_ref().0.is_zero() {
            let rule = "must be longer than 0s: what holds from the beginning belongs into the queue";
            check.problem(self.after.span(), format!("{key}.after"), rule, None);
        }
        if self.wider().is_empty() {
            let rule = "does nothing: it needs `lower`, `drop` or `add_queues`";
            check.problem(self.after.span(), key.to_owned(), rule, None);
        }
        self.wider().check(key, queues, skills, check);
    }

    fn into_config(self) -> StepConfig {
        StepConfig {
            after_ms: millis(self.after.into_inner().0),
            relax: Relax { lower: self.lower.into_config(), drop: names(&self.drop) },
            add_queues: names(&self.add_queues),
        }
    }
}

impl Plan {
    pub(super) fn into_config(self) -> PlanConfig {
        PlanConfig {
            name: Name::new(self.name.as_ref()),
            steps: self.step.into_iter().map(Step::into_config).collect(),
        }
    }
}
