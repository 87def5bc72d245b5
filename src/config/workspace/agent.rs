//! `[[agent]]` and `[guest]`: who answers, and what they can do.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::skill::SkillLevels;
use crate::domain::id::Name;
use crate::domain::workspace::{AgentConfig, AgentKind, AgentProfile};

/// Largest capacity and cost: beyond it a load is no number that people mean.
const MAX_CAPACITY: u32 = 100_000;

/// `[[agent]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    name: Spanned<String>,
    #[serde(default)]
    kind: AgentKind,
    queues: Vec<Spanned<String>>,
    capacity: Spanned<u32>,
    #[serde(default)]
    costs: BTreeMap<String, Spanned<u32>>,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    skills: SkillLevels,
    #[serde(default)]
    brands: Vec<Spanned<String>>,
}

/// An agent known beforehand.
#[derive(Debug, Deserialize)]
#[serde(from = "Section")]
pub(super) struct Agent {
    pub(super) name: Spanned<String>,
    pub(super) profile: Profile,
}

impl From<Section> for Agent {
    fn from(section: Section) -> Self {
        let Section { name, kind, queues, capacity, costs, channels, skills, brands } = section;
        Self { name, profile: Profile { kind, queues, capacity, costs, channels, skills, brands } }
    }
}

impl Agent {
    pub(super) fn into_config(self) -> AgentConfig {
        AgentConfig { name: Name::new(self.name.as_ref()), profile: self.profile.into_config() }
    }
}

/// What an agent can do: `[guest]`, and the rest of `[[agent]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    #[serde(default)]
    kind: AgentKind,
    queues: Vec<Spanned<String>>,
    capacity: Spanned<u32>,
    #[serde(default)]
    costs: BTreeMap<String, Spanned<u32>>,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    skills: SkillLevels,
    #[serde(default)]
    brands: Vec<Spanned<String>>,
}

impl Profile {
    /// Queues it serves.
    pub(super) fn queues(&self) -> impl Iterator<Item = &str> {
        self.queues.iter().map(|queue| queue.as_ref().as_str())
    }

    pub(super) fn check(&self, key: &str, queues: &[&str], skills: &[&str], brands: &[&str], check: &mut Check<'_>) {
        for brand in &self.brands {
            check.one_of(format!("{key}.brands"), brand, "brand", brands);
        }
        for name in &self.queues {
            check.listed(format!("{key}.queues"), name, "queue", queues);
        }
        let rule = format!("must be at most {MAX_CAPACITY}");
        if *self.capacity.as_ref() > MAX_CAPACITY {
            check.problem(self.capacity.span(), format!("{key}.capacity"), rule.as_str(), None);
        }
        for (channel, cost) in &self.costs {
            if *cost.as_ref() > MAX_CAPACITY {
                check.problem(cost.span(), format!("{key}.costs.{channel}"), rule.as_str(), None);
            }
        }
        self.skills.check(&format!("{key}.skills"), skills, check);
    }

    pub(super) fn into_config(self) -> AgentProfile {
        AgentProfile {
            kind: self.kind,
            queues: self.queues.iter().map(|name| Name::new(name.as_ref())).collect(),
            capacity: self.capacity.into_inner(),
            costs: self.costs.into_iter().map(|(channel, cost)| (Name::new(channel), cost.into_inner())).collect(),
            channels: self.channels.iter().map(Name::new).collect(),
            skills: self.skills.into_config(),
            brands: self.brands.iter().map(|name| Name::new(name.as_ref())).collect(),
        }
    }
}
