//! `[queue.idle]`: what follows when a customer does not answer.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::file::millis;
use crate::config::units::duration;
use crate::domain::workspace::IdleConfig;

/// Longest words, bytes: what every channel carries in one message.
const MAX_NUDGE_BYTES: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Silence {
    #[serde(default, with = "duration::option")]
    lower_after: Option<Duration>,
    #[serde(default)]
    lower_percent: Option<Spanned<u8>>,
    #[serde(default, with = "duration::option")]
    nudge_after: Option<Duration>,
    #[serde(default)]
    nudge: Option<Spanned<String>>,
    #[serde(default, with = "duration::option")]
    close_after: Option<Duration>,
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
            lower_after_ms: self.lower_after.map(millis),
            lower_percent: self.lower_percent.map_or(50, Spanned::into_inner),
            nudge_after_ms: self.nudge_after.map(millis),
            nudge: self.nudge.map(Spanned::into_inner).unwrap_or_default(),
            close_after_ms: self.close_after.map(millis),
        }
    }
}
