//! `[[queue]]`: where Work waits.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::file::millis;
use super::skill::SkillLevels;
use crate::config::units::duration;
use crate::domain::id::Name;
use crate::domain::workspace::{Accept, GracePolicy, QueueConfig};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Queue {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    accept: Accept,
    #[serde(default = "offer_timeout", with = "duration")]
    offer_timeout: Duration,
    #[serde(default = "first_reply", with = "duration")]
    first_reply: Duration,
    #[serde(default = "next_reply", with = "duration")]
    next_reply: Duration,
    #[serde(default = "recall_after", with = "duration")]
    recall_after: Duration,
    #[serde(default, with = "duration")]
    wrapup_max: Duration,
    #[serde(default)]
    wrapup_cost: u32,
    #[serde(default)]
    grace: GracePolicy,
    #[serde(default)]
    requires: SkillLevels,
}

fn offer_timeout() -> Duration {
    Duration::from_secs(30)
}

fn first_reply() -> Duration {
    Duration::from_secs(2 * 60)
}

fn next_reply() -> Duration {
    Duration::from_secs(5 * 60)
}

fn recall_after() -> Duration {
    Duration::from_secs(30 * 60)
}

impl Queue {
    pub(super) fn check(&self, key: &str, skills: &[&str], check: &mut Check<'_>) {
        self.requires.check(&format!("{key}.requires"), skills, check);
    }

    pub(super) fn into_config(self) -> QueueConfig {
        QueueConfig {
            name: Name::new(self.name.as_ref()),
            accept: self.accept,
            offer_timeout_ms: millis(self.offer_timeout),
            first_reply_target_ms: millis(self.first_reply),
            next_reply_target_ms: millis(self.next_reply),
            recall_after_ms: millis(self.recall_after),
            wrapup_max_ms: millis(self.wrapup_max),
            wrapup_cost: self.wrapup_cost,
            grace: self.grace,
            requires: self.requires.into_config(),
        }
    }
}
