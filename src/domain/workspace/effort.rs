//! What weighs how much of what customers go through.

use serde::{Deserialize, Serialize};

use crate::domain::record::EffortKind;

/// Name of the credit for what a customer went through: no other is called so.
pub const EFFORT_CREDIT: &str = "effort";

/// Weights of the effort ledger, in milliseconds each; what weighs nothing is not noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffortConfig {
    /// Of a wait beyond the goal.
    pub wait_ms: u64,
    /// Of a message while the one before has no answer.
    pub unanswered_ms: u64,
    /// Of a new owner.
    pub transfer_ms: u64,
    /// Of coming back within seven days.
    pub repeat_ms: u64,
    /// Of being asked for what is known.
    pub asked_again_ms: u64,
    /// Of an answer on another endpoint.
    pub switch_ms: u64,
    /// Of a message that did not arrive.
    pub failed_ms: u64,
    /// Of a loop with programs.
    pub loop_ms: u64,
    /// All of a ledger make a Work due earlier by so much at most.
    pub cap_ms: u64,
    /// After so many transfers a Work is passed on warm only.
    pub bounces: u32,
}

impl EffortConfig {
    /// Nothing weighs anything, and transfers are not limited: a configuration that was stored before there was a ledger.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            wait_ms: 0,
            unanswered_ms: 0,
            transfer_ms: 0,
            repeat_ms: 0,
            asked_again_ms: 0,
            switch_ms: 0,
            failed_ms: 0,
            loop_ms: 0,
            cap_ms: 0,
            bounces: u32::MAX,
        }
    }

    /// Whether it is that of a configuration without a ledger.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::none()
    }

    /// What one of a kind weighs, milliseconds.
    #[must_use]
    pub fn weight(&self, kind: EffortKind) -> u64 {
        match kind {
            EffortKind::Wait => self.wait_ms,
            EffortKind::Unanswered => self.unanswered_ms,
            EffortKind::Transfer => self.transfer_ms,
            EffortKind::Repeat => self.repeat_ms,
            EffortKind::AskedAgain => self.asked_again_ms,
            EffortKind::Switch => self.switch_ms,
            EffortKind::Failed => self.failed_ms,
            EffortKind::Loop => self.loop_ms,
        }
    }

    /// Whether one of a kind is noted: transfers are counted also where they weigh nothing, as long as they are limited.
    pub(crate) fn notes(&self, kind: EffortKind) -> bool {
        self.weight(kind) > 0 || (kind == EffortKind::Transfer && self.bounces < u32::MAX)
    }
}

impl Default for EffortConfig {
    fn default() -> Self {
        Self::none()
    }
}
