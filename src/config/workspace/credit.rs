//! `[[credit]]`: what makes Work due earlier, by the name that rules call it.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::file::millis;
use crate::config::units::duration;
use crate::domain::id::Name;
use crate::domain::workspace::CreditConfig;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credit {
    pub(super) name: Spanned<String>,
    #[serde(with = "duration")]
    sooner: Duration,
}

impl Credit {
    pub(super) fn into_config(self) -> CreditConfig {
        CreditConfig { name: Name::new(self.name.as_ref()), ms: millis(self.sooner) }
    }
}
