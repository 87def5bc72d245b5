//! `[[queue]]`: where Work waits.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::enrich::enrich_wait;
use super::overflow::Overflow;
use super::period::Period;
use super::shape::{SkillTable, Token};
use super::silence::Silence;
use super::skill::SkillLevels;
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::workspace::{
    Accept, GracePolicy, MAX_OFFERS_AT_ONCE, MAX_OVERFLOWS, QueueConfig, Selection, Targets, Visibility,
};

/// Where Work waits, and for how long.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Queue {
    /// What endpoints, rules and agents call it; each name once.
    #[schemars(with = "Token")]
    pub(super) name: Spanned<String>,
    /// How its Work gets an owner.
    #[serde(default)]
    accept: Accept,
    /// Who of those that could take a Work now is asked first; of equals the one that was given nothing for the longest time.
    #[serde(default)]
    selection: Selection,
    /// To how many agents a Work is offered at once: whoever accepts first has it. 1 where left out; more is for `accept = "manual"`.
    #[serde(default)]
    #[schemars(range(min = 1, max = MAX_OFFERS_AT_ONCE), extend("default" = 1))]
    parallel_offers: Option<Spanned<usize>>,
    /// So long an agent has to accept an offer.
    #[serde(default = "offer_timeout")]
    offer_timeout: Period,
    /// Goal of the first reply, from the customer's word on: the earliest due is served first.
    #[serde(default = "first_reply")]
    first_reply: Period,
    /// Goal of later replies, from the customer's word on.
    #[serde(default = "next_reply")]
    next_reply: Period,
    /// An owner who lets the customer wait so long loses the Work to another; "0s": never.
    #[serde(default = "recall_after")]
    recall_after: Period,
    /// Time for notes after the end of a Work; "0s": none.
    #[serde(default)]
    wrapup_max: Period,
    /// What that takes of the capacity meanwhile.
    #[serde(default)]
    wrapup_cost: u32,
    /// What becomes of an owner's Work when its session is gone longer than its grace.
    #[serde(default)]
    grace: GracePolicy,
    /// Skills that whoever takes Work of the queue has at that level at least, 0 to 10, whatever rules say.
    #[serde(default)]
    #[schemars(with = "SkillTable")]
    pub(super) requires: SkillLevels,
    /// The `[[hours]]` it is served in; where left out those of `work.hours`, or always.
    #[serde(default)]
    #[schemars(with = "Token")]
    hours: Option<Spanned<String>>,
    /// Served always: its Work is given to whoever is READY, whatever the hour. Such a queue has no hours.
    #[serde(default)]
    emergency: bool,
    /// To whom Work of the queue is shown; others see that it is there, and not a word. Supervisors and quality see all.
    #[serde(default)]
    visibility: Visibility,
    /// Goals of single channels, where they are others: who writes a mail does not sit and wait for the answer.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Token, ChannelTargets>")]
    channel: BTreeMap<Spanned<String>, ChannelTargets>,
    /// The `[[plan]]` by which the circle of those who may take its Work widens; where left out, none. A rule may give another one.
    #[serde(default)]
    #[schemars(with = "Token")]
    pub(super) plan: Option<Spanned<String>>,
    /// Never more than so many in it that nobody has taken; where left out, any number. Nobody is turned away: it needs an overflow by that
    /// length, or a lower one, that moves what comes.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(super) max_length: Option<Spanned<u32>>,
    /// What it costs a customer to explain everything again: so long at most a Work that others could take is held for the agent who knows
    /// its matter and is likely to be free by then; "0s": never.
    #[serde(default = "reexplain_cost")]
    reexplain_cost: Period,
    /// What follows when a customer does not answer.
    #[serde(default)]
    idle: Option<Spanned<Silence>>,
    /// What becomes of Work when the queue is full, slow or without anybody.
    #[serde(default)]
    #[schemars(length(max = MAX_OVERFLOWS))]
    pub(super) overflow: Vec<Overflow>,
    /// So long new Work waits for what the company's own systems know of its customer (SetFacts, UpsertCustomer), 2s at most; where left out,
    /// not at all.
    #[serde(default)]
    enrich_wait: Option<Spanned<Period>>,
}

/// `[queue.channel.NAME]`: goals of a channel, where they are others.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChannelTargets {
    /// Goal of the first reply; that of the queue where left out.
    #[serde(default)]
    first_reply: Option<Period>,
    /// Goal of later replies; that of the queue where left out.
    #[serde(default)]
    next_reply: Option<Period>,
}

fn offer_timeout() -> Period {
    Period::seconds(30)
}

fn first_reply() -> Period {
    Period::minutes(2)
}

fn next_reply() -> Period {
    Period::minutes(5)
}

fn reexplain_cost() -> Period {
    Period::minutes(2)
}

fn recall_after() -> Period {
    Period::minutes(30)
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
            first_reply_ms: own.first_reply.unwrap_or(first_reply).millis(),
            next_reply_ms: own.next_reply.unwrap_or(next_reply).millis(),
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
            offer_timeout_ms: self.offer_timeout.millis(),
            first_reply_target_ms: self.first_reply.millis(),
            next_reply_target_ms: self.next_reply.millis(),
            recall_after_ms: self.recall_after.millis(),
            wrapup_max_ms: self.wrapup_max.millis(),
            wrapup_cost: self.wrapup_cost,
            grace: self.grace,
            requires: self.requires.into_config(),
            plan: self.plan.map(|plan| Name::new(plan.as_ref())),
            max_length: self.max_length.map(Spanned::into_inner),
            reexplain_cost_ms: self.reexplain_cost.millis(),
            idle: self.idle.map(|idle| Box::new(idle.into_inner().into_config())),
            overflow: self.overflow.into_iter().map(Overflow::into_config).collect(),
            enrich_wait_ms: self.enrich_wait.map(|wait| wait.into_inner().millis()),
        }
    }
}
