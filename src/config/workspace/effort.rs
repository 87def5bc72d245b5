//! `[effort]`: what weighs how much of what customers go through.

use schemars::JsonSchema;
use serde::Deserialize;

use super::period::Period;
use crate::domain::workspace::EffortConfig;

/// Weights by default: about what each costs the customer. Whoever has to tell everything again needs two minutes (so long one is also held
/// for the agent who knows it); to come back for the same is worst, for the first time was in vain.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Effort {
    /// By how much sooner Work is due after a wait beyond its goal; "0s": not noted.
    wait: Period,
    /// For a message more, after a minute without an answer; "0s": not noted.
    unanswered: Period,
    /// For a transfer; "0s": not noted.
    transfer: Period,
    /// For coming back within seven days to the same queue, or for a reason of the same group; "0s": not noted.
    repeat: Period,
    /// For being asked for what is known; "0s": not noted.
    asked_again: Period,
    /// For an answer on another endpoint; "0s": not noted.
    switch: Period,
    /// For a message that did not arrive; "0s": not noted.
    failed: Period,
    /// For a loop with bots; "0s": not noted.
    r#loop: Period,
    /// For so much all of it counts at most, within `work.credit_cap`.
    cap: Period,
    /// After so many transfers somebody has to take a Work before its owner lets go of it; a supervisor may force others.
    bounces: u32,
}

impl Default for Effort {
    fn default() -> Self {
        let seconds = Period::seconds;
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
            wait_ms: self.wait.millis(),
            unanswered_ms: self.unanswered.millis(),
            transfer_ms: self.transfer.millis(),
            repeat_ms: self.repeat.millis(),
            asked_again_ms: self.asked_again.millis(),
            switch_ms: self.switch.millis(),
            failed_ms: self.failed.millis(),
            loop_ms: self.r#loop.millis(),
            cap_ms: self.cap.millis(),
            bounces: self.bounces,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::workspace::agree::parse_workspace;

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
