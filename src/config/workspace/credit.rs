//! `[[credit]]`: what makes Work due earlier, by the name that rules call it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::period::Period;
use super::shape::Token;
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::workspace::CreditConfig;

/// What makes Work due earlier, where a rule says so.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credit {
    /// What rules call it in `credits`, and agents are shown; each name once. `effort` is skein's own.
    #[schemars(with = "Token")]
    pub(super) name: Spanned<String>,
    /// By how much sooner the Work is due, with its unit. All credits of a Work together count up to `work.credit_cap`.
    sooner: Period,
}

impl Credit {
    pub(super) fn into_config(self) -> CreditConfig {
        CreditConfig { name: Name::new(self.name.as_ref()), ms: self.sooner.millis() }
    }
}
