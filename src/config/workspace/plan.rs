//! `[[plan]]`: how the circle of those who may take a waiting Work widens, step by step.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::period::Period;
use super::shape::{SkillTable, Token};
use super::skill::SkillLevels;
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::workspace::{MAX_ADDED, MAX_PLANS, MAX_STEPS, PlanConfig, Relax, StepConfig};

/// How the circle of those who may take a Work widens while it waits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// What queues and rules call it; each name once.
    #[schemars(with = "Token")]
    pub(super) name: Spanned<String>,
    /// Its steps, in their order; a step that nobody who is logged in could take the Work at is not waited for.
    #[serde(default)]
    #[schemars(length(min = 1, max = MAX_STEPS))]
    pub(super) step: Vec<Step>,
}

/// What is wanted less of whoever takes the Work, or whom it is shown to besides, from then on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// So long after the step before (the first: after the Work came to the queue), while it is QUEUED and its queue is open; longer than 0s.
    after: Spanned<Period>,
    /// Levels of skills that will do from then on, 0 to 10; never more than before.
    #[serde(default)]
    #[schemars(with = "SkillTable")]
    lower: SkillLevels,
    /// Skills that are not wanted any more.
    #[serde(default)]
    #[schemars(with = "Vec<Token>")]
    drop: Vec<Spanned<String>>,
    /// Queues whose agents may take it, too; all steps of a plan add 16 at most.
    #[serde(default)]
    #[schemars(with = "Vec<Token>", length(max = MAX_ADDED))]
    add_queues: Vec<Spanned<String>>,
}

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
        if self.after.as_ref().is_zero() {
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
            after_ms: self.after.into_inner().millis(),
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
