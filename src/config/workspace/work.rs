//! `[work]`: how matters are told apart, and what is too much.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::config::units::duration;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Work {
    #[serde(with = "duration")]
    pub(super) continuation_window: Duration,
    pub(super) max_open: u32,
    pub(super) max_messages_per_minute: u32,
    pub(super) max_new_customers_per_minute: u32,
    #[serde(with = "duration")]
    pub(super) decline_cooldown: Duration,
    #[serde(with = "duration")]
    pub(super) decline_cooldown_min: Duration,
    #[serde(with = "duration")]
    pub(super) relieve_after: Duration,
    pub(super) hours: Option<Spanned<String>>,
    #[serde(with = "duration")]
    pub(super) credit_cap: Duration,
    pub(super) thanks: Vec<String>,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            continuation_window: Duration::from_secs(72 * 3_600),
            max_open: 10,
            max_messages_per_minute: 60,
            max_new_customers_per_minute: 600,
            decline_cooldown: Duration::from_secs(60),
            decline_cooldown_min: Duration::from_secs(5),
            relieve_after: Duration::from_secs(60),
            hours: None,
            credit_cap: Duration::from_secs(3_600),
            thanks: Vec::new(),
        }
    }
}
