//! Configuration of a workspace as the core uses it: validated, complete, no defaults left to guess (design, law 13).

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::effort::EffortConfig;
use super::hours::HoursConfig;
use super::identity::IdentityConfig;
use super::lists::{DispositionConfig, PresenceReasonConfig};
use super::notice::NoticeConfig;
use super::opt_out::OptOutConfig;
use super::plan::{OverflowConfig, PlanConfig};
use super::selection::Selection;
use super::sight::Visibility;
use super::skill::Levels;
use super::template::TemplateConfig;
use crate::domain::event::AddressKind;
use crate::domain::id::Name;
use crate::domain::record::Credit;
use crate::domain::rules::Rule;

/// Everything an operator decides for one workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceConfig {
    /// Name: a token of subjects.
    pub name: Name,
    /// Our addresses.
    pub endpoints: Vec<EndpointConfig>,
    /// Where Work waits.
    pub queues: Vec<QueueConfig>,
    /// Skills that agents may have and Work may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<Name>,
    /// How the circle of those who may take a waiting Work widens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<PlanConfig>,
    /// Into which queue a new Work goes, asked in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Business hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<HoursConfig>,
    /// What rules make Work due earlier by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<CreditConfig>,
    /// All credits of a Work count for so much at most, milliseconds: none is overtaken by one that is due later than this after it.
    #[serde(default = "credit_cap_ms")]
    pub credit_cap_ms: u64,
    /// What weighs how much of what customers go through.
    #[serde(default, skip_serializing_if = "EffortConfig::is_none")]
    pub effort: EffortConfig,
    /// What customers are told by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<NoticeConfig>,
    /// Why Work ends; empty: agents say what they like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dispositions: Vec<DispositionConfig>,
    /// Why agents are away; empty: they say what they like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub presence_reasons: Vec<PresenceReasonConfig>,
    /// Agents known beforehand.
    pub agents: Vec<AgentConfig>,
    /// Profile of agents that are not listed; none: they are refused.
    pub guest: Option<AgentProfile>,
    /// Phrases that, alone after the end of a Work, open none; folded.
    pub thanks: Vec<String>,
    /// Messages that providers have approved beforehand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<TemplateConfig>,
    /// How customers refuse to be written to.
    pub opt_out: OptOutConfig,
    /// Rules about who is who.
    pub identity: IdentityConfig,
    /// How long after its end a Work is reopened by a message, milliseconds.
    pub continuation_window_ms: u64,
    /// Open Works of one Conversation and brand at most.
    pub max_open_works: u32,
    /// Messages of one identity by one endpoint and minute at most that go into a Work; more are stored and marked.
    pub max_messages_per_minute: u32,
    /// Customers who are new by one endpoint and minute at most; more are set aside until an agent lets them in.
    #[serde(default = "new_customers_per_minute")]
    pub max_new_customers_per_minute: u32,
    /// How long a declined pair is not matched, milliseconds.
    pub decline_cooldown_ms: u64,
    /// After this a cool-down may be lifted when nobody else is left, milliseconds.
    pub decline_cooldown_min_ms: u64,
    /// After having more than it can for so long, an agent is relieved of what waits longest, milliseconds.
    #[serde(default = "relieve_after_ms", skip_serializing_if = "is_relieve_after")]
    pub relieve_after_ms: u64,
    /// Country for phone numbers without a country code (ISO 3166-1 alpha-2).
    pub default_country: Option<Name>,
}

/// Of a configuration that was stored before there was such a limit.
fn new_customers_per_minute() -> u32 {
    600
}

/// The same.
fn relieve_after_ms() -> u64 {
    60_000
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_relieve_after(ms: &u64) -> bool {
    *ms == relieve_after_ms()
}

/// The same.
fn reexplain_cost_ms() -> u64 {
    120_000
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_reexplain_cost(ms: &u64) -> bool {
    *ms == reexplain_cost_ms()
}

/// The same.
fn credit_cap_ms() -> u64 {
    3_600_000
}

/// One of our addresses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// Name: a token of subjects; unique in its workspace.
    pub name: Name,
    /// Kind of medium: `whatsapp`, `sms`, `email`, `chat`, ...; a token of subjects.
    pub channel: Name,
    /// Brand; empty: the workspace.
    pub brand: Name,
    /// Queue of its Work.
    pub queue: Name,
    /// The provider's own names of this address (numbers, ids, mail addresses), compared with what a payload names. Empty: not compared.
    pub addresses: Vec<String>,
    /// Scope of its namespace: WhatsApp portfolio, Messenger page, Instagram account; empty for none.
    pub scope: Name,
    /// Name of the mailbox or sender shown to customers.
    pub shown_name: Option<String>,
    /// Kinds of addresses that its adapter may say are one person's, besides what the provider pairs; a claim of any other kind is weak.
    pub trusts: Vec<AddressKind>,
    /// Names of our hosts whose `Authentication-Results` on a mail are believed (RFC 8601); none: nobody vouches for a sender.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authserv_ids: Vec<String>,
    /// Whether what is said in groups asks for an answer. Otherwise it is kept in the group's own Conversation, without Work.
    pub groups: bool,
    /// The same of public threads: comments, reviews.
    pub public: bool,
    /// How long a new Work that came by it waits for facts before it is matched, milliseconds; none: as its queue says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrich_wait_ms: Option<u64>,
}

/// Agents that a Work is offered to at once at most: each is kept from other Work meanwhile, and all but one in vain.
pub const MAX_OFFERS_AT_ONCE: usize = 5;

/// How Work of a queue gets its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accept {
    /// By an offer that the agent accepts.
    #[default]
    Manual,
    /// At once.
    Auto,
}

/// What becomes of a lost owner's Work after the grace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GracePolicy {
    /// It stays.
    Keep,
    /// It goes back to the queue with its place.
    #[default]
    Requeue,
    /// It goes back to the queue and is offered to its owner first when it returns.
    OfferBack,
}

/// Goals of replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Of the first reply, milliseconds.
    pub first_reply_ms: u64,
    /// Of later replies, milliseconds.
    pub next_reply_ms: u64,
}

/// What makes a Work due earlier, and is shown by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditConfig {
    /// Name.
    pub name: Name,
    /// By how much, milliseconds.
    pub ms: u64,
}

/// Where Work waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// Name.
    pub name: Name,
    /// How its Work gets an owner.
    pub accept: Accept,
    /// Who of several is given its Work.
    #[serde(default, skip_serializing_if = "Selection::is_default")]
    pub selection: Selection,
    /// To how many agents a Work is offered at once; none: to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_offers: Option<usize>,
    /// How long an offer stays open, milliseconds.
    pub offer_timeout_ms: u64,
    /// Goal of the first reply, milliseconds.
    pub first_reply_target_ms: u64,
    /// Goal of later replies, milliseconds.
    pub next_reply_target_ms: u64,
    /// Goals of channels that have their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channel_targets: Vec<(Name, Targets)>,
    /// An owner who lets the customer wait so long is recalled, milliseconds; 0: never.
    pub recall_after_ms: u64,
    /// Longest wrap-up, milliseconds; 0: none.
    pub wrapup_max_ms: u64,
    /// What a Work in wrap-up costs.
    pub wrapup_cost: u32,
    /// What becomes of a lost owner's Work.
    pub grace: GracePolicy,
    /// What whoever takes its Work must be able to.
    #[serde(default, skip_serializing_if = "Levels::is_empty")]
    pub requires: Levels,
    /// When it is served; none: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Name>,
    /// To whom it shows its Work.
    #[serde(default, skip_serializing_if = "Visibility::is_open")]
    pub visibility: Visibility,
    /// How the circle of those who may take its Work widens, where no rule says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Name>,
    /// Works in it at most that nobody has; none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// Its Work is held for whoever knows the customer while the wait for that one is under this, milliseconds; 0: never.
    #[serde(default = "reexplain_cost_ms", skip_serializing_if = "is_reexplain_cost")]
    pub reexplain_cost_ms: u64,
    /// What follows when a customer does not answer; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Box<IdleConfig>>,
    /// How long new Work waits for facts before it is matched, milliseconds; none: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrich_wait_ms: Option<u64>,
    /// What becomes of Work when it is full, slow or without anybody, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overflow: Vec<OverflowConfig>,
}

/// What follows when a customer does not answer. Times count from our last word, by the clock on the wall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleConfig {
    /// After how long the Work costs a fraction, milliseconds; none: never.
    pub lower_after_ms: Option<u64>,
    /// Which, percent; what it costs is rounded down.
    pub lower_percent: u8,
    /// After how long the customer is asked once whether they are there, milliseconds; none: never.
    pub nudge_after_ms: Option<u64>,
    /// In which words.
    pub nudge: String,
    /// After how long it is closed as `NO_ANSWER`, milliseconds; none: never.
    pub close_after_ms: Option<u64>,
}

impl QueueConfig {
    /// To how many agents a Work is offered at once. Where it is assigned without being asked for, one that is offered was passed on to
    /// somebody.
    #[must_use]
    pub fn offers_at_once(&self) -> usize {
        match self.accept {
            Accept::Manual => self.parallel_offers.unwrap_or(1).clamp(1, MAX_OFFERS_AT_ONCE),
            Accept::Auto => 1,
        }
    }

    /// Its goals on a channel.
    #[must_use]
    pub fn targets(&self, channel: &str) -> Targets {
        let own = self.channel_targets.iter().find(|(name, _)| name == channel).map(|(_, targets)| *targets);
        own.unwrap_or(Targets { first_reply_ms: self.first_reply_target_ms, next_reply_ms: self.next_reply_target_ms })
    }
}

/// An agent known beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// Name.
    pub name: Name,
    /// What it can do.
    pub profile: AgentProfile,
}

/// People or machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentKind {
    /// A person.
    #[default]
    Human,
    /// A program.
    Bot,
}

/// What an agent can do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentProfile {
    /// Person or program.
    pub kind: AgentKind,
    /// Queues it serves.
    pub queues: Vec<Name>,
    /// Total of costs it can have at once.
    pub capacity: u32,
    /// Cost of a Work per channel; a channel that is not listed costs 1.
    pub costs: Vec<(Name, u32)>,
    /// Channels it can serve; empty: all.
    pub channels: Vec<Name>,
    /// What it can, and how well.
    #[serde(default, skip_serializing_if = "Levels::is_empty")]
    pub skills: Levels,
    /// Brands whose Work it may see; empty: those of the endpoints that lead to its queues.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brands: Vec<Name>,
}

impl AgentProfile {
    /// What a Work of `channel` takes of the capacity.
    #[must_use]
    pub fn cost(&self, channel: &str) -> u32 {
        self.costs.iter().find(|(name, _)| name == channel).map_or(1, |(_, cost)| *cost)
    }

    /// The least that a Work can take of the capacity.
    #[must_use]
    pub fn lowest_cost(&self) -> u32 {
        self.costs.iter().map(|(_, cost)| *cost).fold(1, u32::min)
    }
}

impl WorkspaceConfig {
    /// Whether a mail address is one of ours, with whatever is added to its local part behind a plus.
    #[must_use]
    pub fn is_own_mailbox(&self, address: &str) -> bool {
        let Some((local, domain)) = address.trim().rsplit_once('@') else { return false };
        let bare = local.split_once('+').map_or(local, |(bare, _)| bare);
        let is_same = |own: &String| {
            own.rsplit_once('@').is_some_and(|(own_local, own_domain)| {
                own_domain.eq_ignore_ascii_case(domain)
                    && (own_local.eq_ignore_ascii_case(bare) || own_local.eq_ignore_ascii_case(local))
            })
        };
        self.endpoints.iter().filter(|own| own.channel == "email").any(|own| own.addresses.iter().any(is_same))
    }

    /// Brand of an endpoint: its own, or the workspace.
    #[must_use]
    pub fn brand<'c>(&'c self, endpoint: &'c EndpointConfig) -> &'c Name {
        if endpoint.brand.is_empty() { &self.name } else { &endpoint.brand }
    }

    /// The credits of those names.
    pub(crate) fn credits(&self, names: &[Name]) -> Vec<Credit> {
        let listed = names.iter().filter_map(|name| self.credits.iter().find(|credit| credit.name == *name));
        listed.map(|credit| Credit { name: credit.name.clone(), ms: credit.ms }).collect()
    }

    /// Whether customers of the channel sit and wait for the answer.
    #[must_use]
    pub fn live(channel: &str) -> bool {
        matches!(channel, "chat" | "web" | "voice")
    }

    /// The continuation window.
    #[must_use]
    pub fn continuation_window(&self) -> Duration {
        Duration::from_millis(self.continuation_window_ms)
    }
}

impl WorkspaceConfig {
    /// A workspace before its first configuration: it has nothing.
    #[must_use]
    pub fn empty(name: Name) -> Self {
        Self {
            name,
            endpoints: Vec::new(),
            queues: Vec::new(),
            skills: Vec::new(),
            plans: Vec::new(),
            rules: Vec::new(),
            hours: Vec::new(),
            credits: Vec::new(),
            credit_cap_ms: credit_cap_ms(),
            effort: EffortConfig::none(),
            notices: Vec::new(),
            dispositions: Vec::new(),
            presence_reasons: Vec::new(),
            agents: Vec::new(),
            guest: None,
            thanks: Vec::new(),
            templates: Vec::new(),
            opt_out: OptOutConfig::none(),
            identity: IdentityConfig::none(),
            continuation_window_ms: 0,
            max_open_works: 1,
            max_messages_per_minute: u32::MAX,
            max_new_customers_per_minute: u32::MAX,
            decline_cooldown_ms: 0,
            decline_cooldown_min_ms: 0,
            relieve_after_ms: relieve_after_ms(),
            default_country: None,
        }
    }

    /// The text that goes into the record: one text per configuration.
    #[must_use]
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).expect("a configuration has no map keys or values that JSON cannot hold")
    }

    /// The configuration of a canonical text.
    ///
    /// # Errors
    /// A text that this version cannot read.
    pub fn from_canonical(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}
