//! `[[agent]]` and `[guest]`: who answers, and what they can do.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::json;

use super::check::Check;
use super::shape::{Cost, SkillTable, Token};
use super::skill::SkillLevels;
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::workspace::{AgentConfig, AgentKind, AgentProfile};

/// Largest capacity and cost: beyond it a load is no number that people mean.
pub(super) const MAX_CAPACITY: u32 = 100_000;

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

/// A profile with a name: `Section`, which the conversion from it holds to be both and no more.
impl JsonSchema for Agent {
    fn schema_name() -> Cow<'static, str> {
        "Agent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (mut schema, mut name) = (Profile::json_schema(generator), Token::json_schema(generator));
        name.insert("description".to_owned(), "As whom it logs in; each name once.".into());
        schema.insert("description".to_owned(), "An agent: who it is, and what it can do.".into());
        if let Some(properties) = schema.get_mut("properties").and_then(|all| all.as_object_mut()) {
            properties.insert("name".to_owned(), name.to_value());
        }
        if let Some(required) = schema.get_mut("required").and_then(|all| all.as_array_mut()) {
            required.push(json!("name"));
        }
        schema
    }
}

impl Agent {
    pub(super) fn into_config(self) -> AgentConfig {
        AgentConfig { name: Name::new(self.name.as_ref()), profile: self.profile.into_config() }
    }
}

/// What an agent can do: `[guest]`, and the rest of `[[agent]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    /// A person, or a program.
    #[serde(default)]
    kind: AgentKind,
    /// Queues whose Work it may be given.
    #[schemars(with = "Vec<Token>")]
    queues: Vec<Spanned<String>>,
    /// What the costs of all that it has may come to at once; a Work costs 1 unless `costs` says otherwise.
    #[schemars(range(max = MAX_CAPACITY))]
    capacity: Spanned<u32>,
    /// What a Work takes of the capacity, by the name of its channel; 1 where not listed.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Cost>")]
    costs: BTreeMap<String, Spanned<u32>>,
    /// Channels it can serve; where left out, all.
    #[serde(default)]
    channels: Vec<String>,
    /// What it can, and how well: levels from 0 (a beginner) to 10 by the names of skills. A skill that is not listed it does not have.
    #[serde(default)]
    #[schemars(with = "SkillTable")]
    skills: SkillLevels,
    /// Brands whose Work it may see in queues with `visibility = "brand"`; where left out, those of the endpoints that lead to its queues.
    #[serde(default)]
    #[schemars(with = "Vec<Token>")]
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
