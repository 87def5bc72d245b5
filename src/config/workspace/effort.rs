//! `[effort]`: what weighs how much of what customers go through.

use std::time::Duration;

use serde::Deserialize;

use super::file::millis;
use crate::config::units::duration;
use crate::domain::workspace::EffortConfig;

/// Weights by default: about what each costs the customer. Whoever has to tell everything again needs two minutes (so long one is also held
/// for the agent who knows it); to come back for the same is worst, for the first time was in vain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Effort {
    #[serde(with = "duration")]
    wait: Duration,
    #[serde(with = "duration")]
    unanswered: Duration,
    #[serde(with = "duration")]
    transfer: Duration,
    #[serde(with = "duration")]
    repeat: Duration,
    #[serde(with = "duration")]
    asked_again: Duration,
    #[serde(with = "duration")]
    switch: Duration,
    #[serde(with = "duration")]
    failed: Duration,
    #[serde(with = "duration")]
    r#loop: Duration,
    #[serde(with = "duration")]
    cap: Duration,
    bounces: u32,
}

impl Default for Effort {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            wait: seconds(60),
            unanswered: seconds(30),
            transfer: seconds(120),
            repeat: seconds(300),
            asked_again: seconds(60),
            switch: seconds(120),
            failed: seconds(60),
            r#loop: seconds(180),
            cap: seconds(900),
            bounces: 1,
        }
    }
}

impl Effort {
    pub(super) fn into_config(self) -> EffortConfig {
        EffortConfig {
            wait_ms: millis(self.wait),
            unanswered_ms: millis(self.unanswered),
            transfer_ms: millis(self.transfer),
            repeat_ms: millis(self.repeat),
            asked_again_ms: millis(self.asked_again),
            switch_ms: millis(self.switch),
            failed_ms: millis(self.failed),
            loop_ms: millis(self.r#loop),
            cap_ms: millis(self.cap),
            bounces: self.bounces,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::parse_workspace;

    fn parsed(text: &str) -> Result<crate::domain::workspace::WorkspaceConfig, Vec<String>> {
        let head =
            "name = \"w\"\n[[queue]]\nname = \"q\"\n[[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"q\"\n";
        parse_workspace(Path::new("w.toml"), &format!("{head}{text}"))
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn effort_has_its_documented_weights_unless_the_file_says_otherwise() {
        let effort = parsed("").unwrap().effort;
        assert_eq!((effort.repeat_ms, effort.cap_ms, effort.bounces), (300_000, 900_000, 1));
        let effort = parsed("[effort]\ntransfer = \"0s\"\nloop = \"5m\"\nbounces = 3\n").unwrap().effort;
        assert_eq!((effort.transfer_ms, effort.loop_ms, effort.bounces), (0, 300_000, 3));
        let problems = parsed("[effort]\ntransfers = \"1m\"\n").unwrap_err();
        assert!(problems[0].contains("transfers"), "{problems:#?}");
        let problems = parsed("[[credit]]\nname = \"effort\"\nsooner = \"1m\"\n").unwrap_err();
        assert!(problems[0].contains("credit[0].name = \"effort\": is said by skein itself"), "{problems:#?}");
    }
}
