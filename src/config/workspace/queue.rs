//! `[[queue]]`: where Work waits.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::enrich::{EnrichWait, enrich_wait, enrich_wait_ms};
use super::file::millis;
use super::overflow::Overflow;
use super::silence::Silence;
use super::skill::SkillLevels;
use crate::config::units::duration;
use crate::domain::id::Name;
use crate::domain::workspace::{Accept, GracePolicy, MAX_OFFERS_AT_ONCE, QueueConfig, Selection, Targets, Visibility};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Queue {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    accept: Accept,
    #[serde(default)]
    selection: Selection,
    #[serde(default)]
    parallel_offers: Option<Spanned<usize>>,
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
    pub(super) requires: SkillLevels,
    #[serde(default)]
    hours: Option<Spanned<String>>,
    #[serde(default)]
    emergency: bool,
    #[serde(default)]
    visibility: Visibility,
    #[serde(default)]
    channel: BTreeMap<Spanned<String>, ChannelTargets>,
    #[serde(default)]
    pub(super) plan: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) max_length: Option<Spanned<u32>>,
    #[serde(default = "reexplain_cost", with = "duration")]
    reexplain_cost: Duration,
    #[serde(default)]
    idle: Option<Spanned<Silence>>,
    #[serde(default)]
    pub(super) overflow: Vec<Overflow>,
    #[serde(default)]
    enrich_wait: Option<Spanned<EnrichWait>>,
}

/// `[queue.channel.NAME]`: goals of a channel, where they are others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelTargets {
    #[serde(default, with = "duration::option")]
    first_reply: Option<Duration>,
    #[serde(default, with = "duration::option")]
    next_reply: Option<Duration>,
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

fn reexplain_cost() -> Duration {
    Duration::from_secs(120)
}

fn recall_after() -> Duration {
    Duration::from_secs(30 * 60)
}

impl Queue {
    pub(super) fn check(&self, key: &str, skills: &[&str], channels: &[&str], hours: &[&str], check: &mut Check<'_>) {
        enrich_wait(&format!("{key}.enrich_wait"), self.enrich_wait.as_ref(), check);
        if let Some(own) = &self.hours {
            check.listed(format!("{key}.hours"), own, "hours", hours);
            if self.emergency {
                let rule = "is served always: an `emergency` queue has no hours";
                check.problem(own.span(), format!("{key}.hours"), rule, None);
            }
        }
        for channel in self.channel.keys() {
            check.one_of(format!("{key}.channel"), channel, "channel", channels);
        }
        if let Some(many) = &self.parallel_offers {
            if !(1..=MAX_OFFERS_AT_ONCE).contains(many.as_ref()) {
                let rule = "must be from 1 to 5: each of them is kept from other Work meanwhile";
                check.problem(many.span(), format!("{key}.parallel_offers"), rule, None);
            } else if self.accept == Accept::Auto && *many.as_ref() > 1 {
                let rule = "is for `accept = \"manual\"`: what is assigned at once goes to one";
                check.problem(many.span(), format!("{key}.parallel_offers"), rule, None);
            }
        }
        if let Some(idle) = &self.idle {
            idle.as_ref().check(&format!("{key}.idle"), idle.span(), check);
        }
        self.requires.check(&format!("{key}.requires"), skills, check);
    }

    /// `served`: the hours of queues that say nothing.
    pub(super) fn into_config(self, served: Option<&Name>) -> QueueConfig {
        let own = self.hours.map(|hours| Name::new(hours.as_ref()));
        let hours = own.or_else(|| served.cloned()).filter(|_| !self.emergency);
        let (first_reply, next_reply) = (self.first_reply, self.next_reply);
        let targets = |own: ChannelTargets| Targets {
            first_reply_ms: millis(own.first_reply.unwrap_or(first_reply)),
            next_reply_ms: millis(own.next_reply.unwrap_or(next_reply)),
        };
        let own = self.channel.into_iter().map(|(channel, own)| (Name::new(channel.as_ref()), targets(own)));
        QueueConfig {
            visibility: self.visibility,
            hours,
            channel_targets: own.collect(),
            name: Name::new(self.name.as_ref()),
            accept: self.accept,
            selection: self.selection,
            parallel_offers: self.parallel_offers.map(Spanned::into_inner),
            offer_timeout_ms: millis(self.offer_timeout),
            first_reply_target_ms: millis(self.first_reply),
            next_reply_target_ms: millis(self.next_reply),
            recall_after_ms: millis(self.recall_after),
            wrapup_max_ms: millis(self.wrapup_max),
            wrapup_cost: self.wrapup_cost,
            grace: self.grace,
            requires: self.requires.into_config(),
            plan: self.plan.map(|plan| Name::new(plan.as_ref())),
            max_length: self.max_length.map(Spanned::into_inner),
            reexplain_cost_ms: millis(self.reexplain_cost),
            idle: self.idle.map(|idle| Box::new(idle.into_inner().into_config())),
            overflow: self.overflow.into_iter().map(Overflow::into_config).collect(),
            enrich_wait_ms: self.enrich_wait.map(enrich_wait_ms),
        }
    }
}
