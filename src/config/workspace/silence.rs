//! `[queue.idle]`: what follows when a customer does not answer.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::period::Period;
use super::spanned::Spanned;
use crate::domain::workspace::IdleConfig;

/// Longest words, bytes: what every channel carries in one message.
const MAX_NUDGE_BYTES: usize = 1_000;
/// What is left of the cost, percent, where nothing is said.
const LOWER_PERCENT: u8 = 50;

/// What follows when a customer does not answer, where it is the customer's turn. What is left out does not happen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Silence {
    /// So long after our last word the Work costs its owner less, until the customer's next word.
    #[serde(default)]
    lower_after: Option<Period>,
    /// How much of its cost is left then, in percent, rounded down; 50 where left out.
    #[serde(default)]
    #[schemars(range(max = 100), extend("default" = LOWER_PERCENT))]
    lower_percent: Option<Spanned<u8>>,
    /// So long after our last word the customer is asked once, unless programs are silent in the Work, the reply window is closed or the
    /// customer refuses.
    #[serde(default)]
    nudge_after: Option<Period>,
    /// The words of that question, 1,000 bytes at most.
    #[serde(default)]
    #[schemars(length(min = 1, max = MAX_NUDGE_BYTES))]
    nudge: Option<Spanned<String>>,
    /// So long after our last word it is closed as NO_ANSWER; the next word reopens it. Longer than `nudge_after`.
    #[serde(default)]
    close_after: Option<Period>,
}

impl Silence {
    pub(super) fn check(&self, key: &str, section: std::ops::Range<usize>, check: &mut Check<'_>) {
        if let Some(percent) = self.lower_percent.as_ref().filter(|percent| *percent.as_ref() > 100) {
            let rule = "must be 100 at most: a fraction of what the Work costs";
            check.problem(percent.span(), format!("{key}.lower_percent"), rule, None);
        }
        if self.lower_percent.is_some() && self.lower_after.is_none() {
            check.problem(section.clone(), format!("{key}.lower_percent"), "wants a `lower_after`", None);
        }
        match (&self.nudge, self.nudge_after) {
            (Some(words), _) if words.as_ref().trim().is_empty() || words.as_ref().len() > MAX_NUDGE_BYTES => {
                let rule = "must be words, 1,000 bytes at most";
                check.problem(words.span(), format!("{key}.nudge"), rule, None);
            }
            (Some(words), _) if words.as_ref().chars().any(char::is_control) => {
                check.problem(words.span(), format!("{key}.nudge"), "must be without control characters", None);
            }
            (Some(words), None) => {
                check.problem(words.span(), format!("{key}.nudge"), "wants a `nudge_after`", None);
            }
            (None, Some(_)) => {
                check.problem(section.clone(), format!("{key}.nudge_after"), "wants the words: `nudge`", None);
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        let (asks, closes) = (self.nudge_after, self.close_after);
        if asks.zip(closes).is_some_and(|(asks, closes)| asks >= closes) {
            let rule = "must be longer than `nudge_after`: whoever is asked wants time to answer";
            check.problem(section, format!("{key}.close_after"), rule, None);
        }
    }

    pub(super) fn into_config(self) -> IdleConfig {
        IdleConfig {
            lower_after_ms: self.lower_after.map(Period::millis),
            lower_percent: self.lower_percent.map_or(LOWER_PERCENT, Spanned::into_inner),
            nudge_after_ms: self.nudge_after.map(Period::millis),
            nudge: self.nudge.map(Spanned::into_inner).unwrap_or_default(),
            close_after_ms: self.close_after.map(Period::millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::workspace::agree::parse_workspace;
    use crate::domain::workspace::{IdleConfig, Selection, WorkspaceConfig};

    fn parse(queue: &str) -> Result<WorkspaceConfig, Vec<String>> {
        let text = format!(
            "name = \"w\"\n[[queue]]\nname = \"a\"\n{queue}\n[[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"a\"\n"
        );
        parse_workspace(Path::new("w.toml"), &text)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_a_queue_does_with_its_work_becomes_what_it_says() {
        let config = parse(
            "selection = \"best_skill\"\nparallel_offers = 3\nreexplain_cost = \"45s\"\n\
             [queue.idle]\nlower_after = \"1m\"\nnudge_after = \"2m\"\nnudge = \"there?\"\nclose_after = \"1h\"",
        )
        .unwrap();
        let queue = &config.queues[0];
        assert_eq!(queue.selection, Selection::BestSkill);
        assert_eq!((queue.offers_at_once(), queue.reexplain_cost_ms), (3, 45_000));
        let idle = IdleConfig {
            lower_after_ms: Some(60_000),
            lower_percent: 50,
            nudge_after_ms: Some(120_000),
            nudge: "there?".to_owned(),
            close_after_ms: Some(3_600_000),
        };
        assert_eq!(queue.idle.as_deref(), Some(&idle));
        assert_eq!(WorkspaceConfig::from_canonical(&config.canonical()).unwrap(), config);
    }

    #[test]
    fn a_queue_that_says_nothing_does_what_it_did() {
        let config = parse("").unwrap();
        let queue = &config.queues[0];
        assert_eq!((queue.selection, queue.offers_at_once()), (Selection::LeastLoaded, 1));
        assert_eq!((queue.reexplain_cost_ms, config.relieve_after_ms, &queue.idle), (120_000, 60_000, &None));
        let stored = config.canonical();
        assert!(!["selection", "parallel", "reexplain", "relieve", "idle"].iter().any(|key| stored.contains(key)));
    }

    #[test]
    fn what_it_gets_wrong_is_told_at_its_place() {
        for (queue, said) in [
            ("selection = \"fastest\"", "selection"),
            ("parallel_offers = 6", "queue[0].parallel_offers = 6: must be from 1 to 5"),
            ("parallel_offers = 0", "queue[0].parallel_offers = 0: must be from 1 to 5"),
            ("parallel_offers = 2\naccept = \"auto\"", "queue[0].parallel_offers = 2: is for `accept = \"manual\"`"),
            (
                "[queue.idle]\nlower_after = \"1m\"\nlower_percent = 101",
                "queue[0].idle.lower_percent = 101: must be 100",
            ),
            ("[queue.idle]\nlower_percent = 10", "wants a `lower_after`"),
            ("[queue.idle]\nnudge = \"there?\"", "wants a `nudge_after`"),
            ("[queue.idle]\nnudge_after = \"1m\"", "wants the words"),
            ("[queue.idle]\nnudge_after = \"1m\"\nnudge = \" \"", "must be words"),
            ("[queue.idle]\nnudge_after = \"1m\"\nnudge = \"a\\u0007\"", "without control characters"),
            ("[queue.idle]\nnudge_after = \"1m\"\nnudge = \"a\"\nclose_after = \"1m\"", "longer than `nudge_after`"),
        ] {
            let problems = parse(queue).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(said), "{queue}: {problems:#?}");
        }
    }
}
