//! Why a Work is where it is, told from the state: what rules said, when it is due, and of each agent what stands against giving it the
//! Work now, by the definition that matching itself uses.

use std::collections::{BTreeMap, BTreeSet};

use super::Workspace;
use super::config::AgentProfile;
use crate::domain::explained::{
    AgentVerdict, Explanation, MAX_AGENTS_TOLD, MAX_RULES_TOLD, RuleAsked, RuleMissed, Ruling, ScoreView, Standing,
    WhyNot,
};
use crate::domain::id::{AgentId, Index, Name, WorkId};
use crate::domain::record::Inputs;
use crate::domain::routing::rules::{Hours, Missed, Situation};
use crate::domain::routing::{Hurdle, hurdle, lifted_now, terms, unable};
use crate::domain::session::Agent;
use crate::domain::time::Timestamp;
use crate::domain::work::{OpenOffer, Work};

impl From<Hurdle<'_>> for WhyNot {
    fn from(hurdle: Hurdle<'_>) -> Self {
        match hurdle {
            Hurdle::OtherQueue => Self::of(Standing::OtherQueue),
            Hurdle::Skill { skill, wanted, has } => Self {
                what: skill.clone(),
                wanted: wanted.into(),
                has: has.map(Into::into),
                ..Self::of(Standing::Skill)
            },
            Hurdle::Channel(channel) => Self { what: channel.clone(), ..Self::of(Standing::Channel) },
            Hurdle::Muted => Self::of(Standing::Muted),
            Hurdle::PassesOn => Self::of(Standing::PassesOn),
            Hurdle::Asked => Self::of(Standing::Asked),
            Hurdle::Offline => Self::of(Standing::Offline),
            Hurdle::Lost => Self::of(Standing::Lost),
            Hurdle::Draining => Self::of(Standing::Draining),
            Hurdle::Away => Self::of(Standing::Away),
            Hurdle::Closed => Self::of(Standing::Closed),
            Hurdle::Overcommitted(by) => Self { wanted: by, ..Self::of(Standing::Overcommitted) },
            Hurdle::NoRoom { cost, free } => Self { wanted: cost, has: Some(free), ..Self::of(Standing::NoRoom) },
            Hurdle::Cooled { until, .. } => Self { until: Some(until), ..Self::of(Standing::Cooled) },
            Hurdle::Held { agent, until } => {
                Self { what: agent.clone(), until: Some(until), ..Self::of(Standing::Held) }
            }
            Hurdle::AwaitsFacts(until) => Self { until: Some(until), ..Self::of(Standing::AwaitsFacts) },
        }
    }
}

/// Agents by how near they are to a Work: the nearest by name, the others by count.
#[derive(Debug, Default)]
struct Found {
    nearest: BTreeSet<(Standing, Name)>,
    why: BTreeMap<Name, WhyNot>,
    counts: BTreeMap<Standing, usize>,
    size: usize,
}

impl Found {
    /// Costs a comparison for most of many agents.
    fn note(&mut self, agent: &Name, why: WhyNot) {
        *self.counts.entry(why.standing).or_default() += 1;
        let far = self.nearest.last().is_some_and(|(standing, name)| (*standing, name) < (why.standing, agent));
        if self.nearest.len() == self.size && (far || self.size == 0) {
            return;
        }
        self.nearest.insert((why.standing, agent.clone()));
        self.why.insert(agent.clone(), why);
        if self.nearest.len() > self.size
            && let Some((_, gone)) = self.nearest.pop_last()
        {
            self.why.remove(&gone);
        }
    }

    fn told(mut self) -> (Vec<AgentVerdict>, Vec<(Standing, usize)>) {
        let told = self.nearest.iter().filter_map(|(_, agent)| {
            let why = self.why.remove(agent)?;
            Some(AgentVerdict { agent: agent.clone(), why })
        });
        (told.collect(), self.counts.into_iter().collect())
    }
}

impl Workspace {
    /// Why a Work is where it is: what is told of agents, of `agents` of them one by one at most. None: the Work is not known, or not any
    /// longer. Looks at all agents while nobody has it: 15,000 of them take a few milliseconds.
    #[must_use]
    pub fn explain(&self, id: WorkId, agents: usize, now: Timestamp) -> Option<Explanation> {
        let view = self.work(id)?;
        let leaf = view.leaf;
        let last = (leaf, self.leaves.get(leaf).map_or(Index::default(), |leaf| leaf.last()));
        let Some(work) = self.works.get(id) else {
            let (agents, counts) = (Vec::new(), Vec::new());
            return Some(Explanation {
                work: view,
                at: now,
                ruling: None,
                score: None,
                shown_to: Vec::new(),
                facts_until: None,
                agents,
                counts,
                last,
            });
        };
        let (agents, counts) = self.verdicts(work, agents.min(MAX_AGENTS_TOLD));
        let shown = |offer: OpenOffer| Some((self.agent_name(offer.agent)?.clone(), offer.expires_at));
        Some(Explanation {
            at: now,
            ruling: self.ruling(work),
            score: self.score(work, now),
            shown_to: work.offers().filter_map(shown).collect(),
            facts_until: work.facts_until(),
            agents,
            counts,
            last,
            work: view,
        })
    }

    /// How one agent stands to a Work that nobody has, or whose owner seeks somebody else; none: it is another, or one of them is not known.
    #[must_use]
    pub fn verdict(&self, agent: AgentId, work: WorkId) -> Option<Standing> {
        let (agent, work) = (self.agents.get(agent.at())?, self.works.get(work)?);
        is_sought(work).then(|| self.why_not(agent, work, lifted_now(self, work)).standing)
    }

    fn verdicts(&self, work: &Work, size: usize) -> (Vec<AgentVerdict>, Vec<(Standing, usize)>) {
        if !is_sought(work) {
            return (Vec::new(), Vec::new());
        }
        let lifted = lifted_now(self, work);
        let mut found = Found { size, ..Found::default() };
        for agent in &self.agents {
            found.note(&agent.name, self.why_not(agent, work, lifted));
        }
        // Who has never come is known by the configuration alone.
        for agent in self.config.agents.iter().filter(|agent| self.agent_names.get(&agent.name).is_none()) {
            found.note(&agent.name, never_came(&agent.profile, work));
        }
        found.told()
    }

    fn why_not(&self, agent: &Agent, work: &Work, lifted: Option<AgentId>) -> WhyNot {
        let hurdle = hurdle(self, agent, work);
        match hurdle.filter(|hurdle| !(matches!(hurdle, Hurdle::Cooled { .. }) && lifted == Some(agent.id))) {
            Some(hurdle) => hurdle.into(),
            None if work.offer.is_some() => WhyNot::of(Standing::Spare),
            None if agent.deferred.is_some() => WhyNot::of(Standing::Next),
            None => WhyNot::of(Standing::Eligible),
        }
    }

    fn ruling(&self, work: &Work) -> Option<Ruling> {
        let routing = work.routing.as_ref()?;
        let (mut asked, mut more) = (Vec::new(), false);
        if let Some(inputs) = &routing.inputs {
            let of = Situation { channel: &work.channel, endpoint: &work.endpoint, brand: &work.brand, inputs };
            for rule in self.rules.iter() {
                let missed = rule.missed(&of).map(|missed| told(missed, &of));
                let fits = missed.is_none();
                if fits || asked.len() < MAX_RULES_TOLD {
                    asked.push(RuleAsked { rule: rule.name.clone(), missed });
                } else {
                    more = true;
                }
                if fits {
                    break;
                }
            }
        }
        let inputs = routing.inputs.clone().map(without_values);
        Some(Ruling { rule: routing.rule.clone(), queue: routing.queue.clone(), inputs, asked, more })
    }

    fn score(&self, work: &Work, now: Timestamp) -> Option<ScoreView> {
        if !is_sought(work) && work.offer.is_none() {
            return None;
        }
        let terms = terms(&self.config, &work.queue, work, work.entered_at);
        let waits = work.ours_since.map_or(0, |since| now.millis_since(since).max(0).unsigned_abs());
        Some(ScoreView {
            since: work.ours_since,
            wait_ms: work.waited_ms + waits,
            goal_ms: terms.goal_ms,
            later: work.replied,
            goal_at: terms.goal_at,
            window_at: terms.window_at,
            promised: terms.promised,
            credits: self.view_credits(work),
            credit_ms: terms.credit_ms,
            cap_ms: self.config.credit_cap_ms,
            effort_cap_ms: self.config.effort.cap_ms,
            key: Timestamp(work.key),
            key_now: Timestamp(terms.key()),
            score_ms: now.0.saturating_sub(work.key),
            position: if work.offer.is_none() { 1 + self.waiting.before(&work.queue, (work.key, work.id)) } else { 0 },
        })
    }
}

/// Whether somebody is sought who takes it: it waits, or is shown to agents while nobody has it.
fn is_sought(work: &Work) -> bool {
    work.is_waiting() || work.is_nobodys()
}

/// Why somebody does not have a Work who is known by the configuration alone.
fn never_came(profile: &AgentProfile, work: &Work) -> WhyNot {
    unable(profile, work).map_or_else(|| WhyNot::of(Standing::Offline), WhyNot::from)
}

/// What a rule misses, with what there is instead.
fn told(missed: Missed<'_>, of: &Situation<'_>) -> RuleMissed {
    let inputs = of.inputs;
    let told = |asks, is: &str| RuleMissed { asks, fact: None, is: is.to_owned() };
    match missed {
        Missed::Channel => told("channel", of.channel),
        Missed::Endpoint => told("endpoint", of.endpoint),
        Missed::Brand => told("brand", of.brand),
        Missed::Language => told("language", &inputs.language),
        Missed::Scope => told("scope", inputs.scope.word()),
        Missed::Kind => told("kind", inputs.kind.word()),
        Missed::Assurance => told("assurance", inputs.assurance.word()),
        Missed::Length => told("length", &inputs.length.to_string()),
        Missed::Returning => told("returning", if inputs.returning { "true" } else { "false" }),
        Missed::Hours => told("hours", Hours::of(inputs.closed).word()),
        Missed::Effort => told("effort_over", &inputs.effort.to_string()),
        Missed::Fact(fact) => RuleMissed { fact: Some(fact.clone()), ..told("fact", "") },
        Missed::Keyword => told("keyword", &inputs.keywords.join(", ")),
        Missed::Attachment => told("attachment", &inputs.attachments.join(", ")),
        Missed::Condition => told("if", ""),
    }
}

/// What the rules were given, without what facts say.
fn without_values(mut inputs: Inputs) -> Inputs {
    let facts = inputs.facts.iter_mut().chain(&mut inputs.facts_elsewhere);
    facts.for_each(|(_, value)| value.clear());
    inputs
}
