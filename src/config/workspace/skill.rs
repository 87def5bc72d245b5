//! `[[skill]]`: what agents can and Work asks for, and the tables of levels that name skills.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::shape::Token;
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::workspace::{Levels, MAX_LEVEL};

/// Something that agents can.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Skill {
    /// What agents, queues and rules call it; each name once.
    #[schemars(with = "Token")]
    pub(super) name: Spanned<String>,
}

/// `{ SKILL = LEVEL, ... }`
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct SkillLevels(BTreeMap<Spanned<String>, Spanned<u8>>);

impl SkillLevels {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Spanned<String>, &Spanned<u8>)> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn check(&self, key: &str, skills: &[&str], check: &mut Check<'_>) {
        for (skill, level) in &self.0 {
            check.listed(format!("{key}.{}", skill.as_ref()), skill, "skill", skills);
            if *level.as_ref() > MAX_LEVEL {
                let rule = format!("must be a level from 0 to {MAX_LEVEL}");
                check.problem(level.span(), format!("{key}.{}", skill.as_ref()), rule, None);
            }
        }
    }

    pub(super) fn into_config(self) -> Levels {
        self.0.into_iter().map(|(skill, level)| (Name::new(skill.as_ref()), level.into_inner())).collect()
    }
}
