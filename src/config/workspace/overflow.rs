//! `[[queue.overflow]]`: what becomes of Work when its queue is full, slow or without anybody; and `max_length`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::period::Period;
use super::plan::{Wider, added, names};
use super::queue::Queue;
use super::shape::{SkillTable, Token};
use super::skill::SkillLevels;
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::workspace::{MAX_ADDED, MAX_OVERFLOWS, OverflowConfig, OverflowWhen, Relax};

/// What becomes of Work when its queue is full, slow or without anybody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Overflow {
    /// One of `{ length = N }`, `{ estimate = "15m" }`, `{ wait = "10m" }` and `{ no_agent = true }`.
    pub(super) when: Spanned<When>,
    /// The queue that it goes to, with its place; once for a Work until it is closed.
    #[serde(default, rename = "move")]
    #[schemars(with = "Token")]
    pub(super) move_to: Option<Spanned<String>>,
    /// Queues whose agents may take it, too; all overflows of a queue add 16 at most.
    #[serde(default)]
    #[schemars(with = "Vec<Token>", length(max = MAX_ADDED))]
    add_queues: Vec<Spanned<String>>,
    /// Levels of skills that will do from then on, 0 to 10; never more than before.
    #[serde(default)]
    #[schemars(with = "SkillTable")]
    lower: SkillLevels,
    /// Skills that are not wanted any more.
    #[serde(default)]
    #[schemars(with = "Vec<Token>")]
    drop: Vec<Spanned<String>>,
    /// A line of the log, at most one a minute, and `skein_overflows_total`.
    #[serde(default)]
    notify: bool,
}

/// `when = { length = 40 }`, `{ estimate = "15m" }`, `{ wait = "5m" }` or `{ no_agent = true }`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct When {
    /// It comes while so many others are in the queue whom nobody has taken; those before it stay as they are.
    length: Option<u32>,
    /// It comes while whoever comes is likely to wait for so long, as `GetEstimate` says of the queue; longer than 0s. Where that is not
    /// known, and while the queue is closed, nothing overflows by it.
    estimate: Option<Period>,
    /// It has been QUEUED there for so long, closed hours apart; longer than 0s.
    wait: Option<Period>,
    /// Nobody who is logged in could take it, at any step of its plan: `true`.
    #[schemars(extend("const" = true))]
    no_agent: Option<bool>,
}

impl When {
    /// What it says; none: not one thing.
    pub(super) fn into_config(self) -> Option<OverflowWhen> {
        match (self.length, self.estimate, self.wait, self.no_agent) {
            (Some(length), None, None, None) => Some(OverflowWhen::Length(length)),
            (None, Some(likely), None, None) if !likely.is_zero() => Some(OverflowWhen::Estimate(likely.millis())),
            (None, None, Some(wait), None) if !wait.is_zero() => Some(OverflowWhen::Wait(wait.millis())),
            (None, None, None, Some(true)) => Some(OverflowWhen::NoAgent),
            _ => None,
        }
    }
}

impl Overflow {
    pub(super) fn wider(&self) -> Wider<'_> {
        Wider { lower: &self.lower, drop: &self.drop, add_queues: &self.add_queues }
    }

    /// Where it moves Work to when the queue is so long.
    pub(super) fn moves_at(&self, length: u32) -> Option<&Spanned<String>> {
        let full = |when| matches!(when, OverflowWhen::Length(from) if from <= length);
        self.move_to.as_ref().filter(|_| self.when.as_ref().into_config().is_some_and(full))
    }

    fn check(&self, key: &str, queue: &str, queues: &[&str], skills: &[&str], check: &mut Check<'_>) {
        if self.when.as_ref().into_config().is_none() {
            let rule = "must be one of { length = NUMBER }, { estimate = \"DURATION\" }, { wait = \"DURATION\" } (longer than 0s) \
                        and { no_agent = true }";
            check.problem(self.when.span(), format!("{key}.when"), rule, None);
        }
        if self.wider().is_empty() && self.move_to.is_none() && !self.notify {
            let rule = "does nothing: it needs `move`, `add_queues`, `lower`, `drop` or `notify`";
            check.problem(self.when.span(), key.to_owned(), rule, None);
        }
        if let Some(to) = &self.move_to {
            check.listed(format!("{key}.move"), to, "queue", queues);
            if to.as_ref() == queue {
                check.problem(to.span(), format!("{key}.move"), "is the queue itself: the Work would stay", None);
            }
        }
        self.wider().check(key, queues, skills, check);
    }

    pub(super) fn into_config(self) -> OverflowConfig {
        OverflowConfig {
            // What is not one thing is a problem before it comes here.
            when: self.when.into_inner().into_config().unwrap_or(OverflowWhen::NoAgent),
            move_to: self.move_to.map(|queue| Name::new(queue.as_ref())),
            add_queues: names(&self.add_queues),
            relax: Relax { lower: self.lower.into_config(), drop: names(&self.drop) },
            notify: self.notify,
        }
    }
}

/// Checks the overflows of all queues, and that whatever comes to a full queue has somewhere to go.
pub(super) fn check(all: &[Queue], queues: &[&str], skills: &[&str], check: &mut Check<'_>) {
    for (at, queue) in all.iter().enumerate() {
        let key = format!("queue[{at}]");
        for (number, overflow) in queue.overflow.iter().enumerate() {
            overflow.check(&format!("{key}.overflow[{number}]"), queue.name.as_ref(), queues, skills, check);
        }
        added(queue.overflow.iter().map(Overflow::wider), &format!("{key}.overflow"), check);
        if let Some(overflow) = queue.overflow.get(MAX_OVERFLOWS) {
            let rule = format!("at most {MAX_OVERFLOWS} are possible");
            check.problem(overflow.when.span(), format!("{key}.overflow"), rule, None);
        }
        let Some(max) = &queue.max_length else { continue };
        let key = format!("{key}.max_length");
        if *max.as_ref() == 0 {
            check.problem(max.span(), key, "must be 1 at least", None);
        } else if way(queue).is_none() {
            let rule = format!(
                "has no way out: no customer is turned away, so it needs a [[queue.overflow]] with `move` and \
                 `when = {{ length = {} }}` or less",
                max.as_ref()
            );
            check.problem(max.span(), key, rule, None);
        } else if !ends(all, queue) {
            let rule = "has no way out: the queues that it overflows to by length are limited, too, and lead back here";
            check.problem(max.span(), key, rule, None);
        }
    }
}

/// Where Work goes that comes to the queue when it is full.
fn way(queue: &Queue) -> Option<&str> {
    let max = *queue.max_length.as_ref()?.as_ref();
    queue.overflow.iter().find_map(|overflow| overflow.moves_at(max)).map(|to| to.as_ref().as_str())
}

/// Whether the way out of a full queue ends in one that takes any number. What is listed nowhere is another problem.
fn ends(all: &[Queue], from: &Queue) -> bool {
    let mut at = from;
    for _ in 0..=all.len() {
        let Some(to) = way(at) else { return true };
        let Some(next) = all.iter().find(|queue| queue.name.as_ref() == to) else { return true };
        at = next;
    }
    false
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::workspace::agree::parse_workspace;
    use crate::domain::workspace::{OverflowWhen, WorkspaceConfig};

    fn parse(text: &str) -> Result<WorkspaceConfig, Vec<String>> {
        parse_workspace(Path::new("w.toml"), text)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn plans_and_overflows_become_what_they_say() {
        let config = parse(
            "name = \"w\"\n[[skill]]\nname = \"german\"\n\
             [[plan]]\nname = \"wider\"\n[[plan.step]]\nafter = \"90s\"\nlower = { german = 2 }\nadd_queues = [\"b\"]\n\
             [[queue]]\nname = \"a\"\nplan = \"wider\"\nmax_length = 9\n\
             [[queue.overflow]]\nwhen = { length = 9 }\nmove = \"b\"\n\
             [[queue.overflow]]\nwhen = { wait = \"5m\" }\ndrop = [\"german\"]\n\
             [[queue.overflow]]\nwhen = { estimate = \"10m\" }\nmove = \"b\"\n\
             [[queue.overflow]]\nwhen = { no_agent = true }\nnotify = true\n\
             [[queue]]\nname = \"b\"\n\
             [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"a\"\n\
             [[rule]]\nname = \"r\"\nplan = \"wider\"\n",
        )
        .unwrap();
        let step = &config.plans[0].steps[0];
        assert_eq!((step.after_ms, step.relax.lower.get("german"), step.add_queues.len()), (90_000, Some(2), 1));
        let queue = &config.queues[0];
        assert_eq!((queue.plan.as_deref(), queue.max_length), (Some("wider"), Some(9)));
        let whens: Vec<OverflowWhen> = queue.overflow.iter().map(|overflow| overflow.when).collect();
        let (length, wait, estimate) =
            (OverflowWhen::Length(9), OverflowWhen::Wait(300_000), OverflowWhen::Estimate(600_000));
        assert_eq!(whens, [length, wait, estimate, OverflowWhen::NoAgent]);
        assert_eq!(config.rules[0].plan.as_deref(), Some("wider"));
        assert_eq!(WorkspaceConfig::from_canonical(&config.canonical()).unwrap(), config);
    }

    #[test]
    fn what_they_get_wrong_is_told_at_its_place() {
        let problems = parse(
            "name = \"w\"\n[[skill]]\nname = \"german\"\n\
             [[plan]]\nname = \"none\"\n\
             [[plan]]\nname = \"wider\"\n[[plan.step]]\nafter = \"0s\"\ndrop = [\"germann\"]\n\
             [[plan.step]]\nafter = \"1s\"\n\
             [[plan.step]]\nafter = \"1s\"\nlower = { german = 11 }\nadd_queues = [\"bb\"]\n\
             [[queue]]\nname = \"a\"\nplan = \"widr\"\nmax_length = 5\n\
             [[queue.overflow]]\nwhen = { length = 6 }\nmove = \"b\"\n\
             [[queue.overflow]]\nwhen = { wait = \"1s\", no_agent = true }\n\
             [[queue.overflow]]\nwhen = { no_agent = false }\nmove = \"a\"\n\
             [[queue]]\nname = \"b\"\nmax_length = 0\n\
             [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"a\"\n\
             [[rule]]\nname = \"r\"\nplan = \"wide\"\n",
        )
        .unwrap_err();
        for said in [
            "plan[0] = \"none\": does nothing",
            "plan[1].step[0].after = \"0s\": must be longer than 0s",
            "plan[1].step[0].drop = \"germann\": names no [[skill]] of this file (did you mean \"german\"?)",
            "plan[1].step[1] = \"1s\": does nothing",
            "plan[1].step[2].lower.german = 11: must be a level from 0 to 10",
            "plan[1].step[2].add_queues = \"bb\": names no [[queue]] of this file",
            "queue[0].plan = \"widr\": names no [[plan]] of this file (did you mean \"wider\"?)",
            "queue[0].max_length = 5: has no way out",
            "queue[0].overflow[1].when",
            "queue[0].overflow[1] = ",
            "queue[0].overflow[2].when",
            "queue[0].overflow[2].move = \"a\": is the queue itself",
            "queue[1].max_length = 0: must be 1 at least",
            "rule[0].plan = \"wide\": names no [[plan]] of this file (did you mean \"wider\"?)",
        ] {
            assert!(problems.iter().any(|problem| problem.contains(said)), "{said} is not among {problems:#?}");
        }
        assert_eq!(problems.len(), 14, "{problems:#?}");
    }

    #[test]
    fn all_steps_of_a_plan_and_all_overflows_of_a_queue_add_no_more_queues_than_a_work_has() {
        let names = |from: usize| (from..from + 9).map(|n| format!("\"q{n}\"")).collect::<Vec<_>>().join(", ");
        let queues: String = (0..18).map(|n| format!("[[queue]]\nname = \"q{n}\"\n")).collect();
        let text = |second: usize| {
            let (one, two) = (names(0), names(second));
            format!(
                "name = \"w\"\n[[plan]]\nname = \"wider\"\n[[plan.step]]\nafter = \"1m\"\nadd_queues = [{one}]\n\
                 [[plan.step]]\nafter = \"1m\"\nadd_queues = [{two}]\n{queues}\
                 [[queue]]\nname = \"a\"\nplan = \"wider\"\n\
                 [[queue.overflow]]\nwhen = {{ wait = \"1m\" }}\nadd_queues = [{one}]\n\
                 [[queue.overflow]]\nwhen = {{ wait = \"2m\" }}\nadd_queues = [{two}]\n\
                 [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"a\"\n"
            )
        };
        assert!(parse(&text(7)).is_ok(), "sixteen: {:#?}", parse(&text(7)));
        let problems = parse(&text(8)).unwrap_err();
        let found =
            |key: &str| problems.iter().any(|problem| problem.contains(key) && problem.contains("more than 16"));
        assert!(problems.len() == 2 && found("plan[0].step") && found("overflow"), "{problems:#?}");
    }

    #[test]
    fn the_way_out_of_a_full_queue_ends_somewhere() {
        let text = |of_b: &str| {
            format!(
                "name = \"w\"\n[[queue]]\nname = \"a\"\nmax_length = 5\n\
                 [[queue.overflow]]\nwhen = {{ length = 5 }}\nmove = \"b\"\n\
                 [[queue]]\nname = \"b\"\n{of_b}\
                 [[queue]]\nname = \"c\"\n\
                 [[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"a\"\n"
            )
        };
        let limited =
            |to: &str| format!("max_length = 3\n[[queue.overflow]]\nwhen = {{ length = 3 }}\nmove = \"{to}\"\n");
        assert!(parse(&text("")).is_ok());
        assert!(parse(&text(&limited("c"))).is_ok());
        let problems = parse(&text(&limited("a"))).unwrap_err();
        assert!(problems.len() == 2 && problems[0].contains("lead back here"), "{problems:#?}");
    }
}
