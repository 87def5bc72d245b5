//! `selection` of a queue: who of those that are eligible now is given a Work.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who of several agents that are eligible now is asked first. Of equals the one that was given nothing for the longest time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// Whose load is the least part of its capacity.
    #[default]
    LeastLoaded,
    /// Who has had nothing for the longest time; behind them those who have something, whoever was given it first.
    LongestIdle,
    /// One after the other: whoever was given something the longest ago, in whatever queue, whatever it has.
    RoundRobin,
    /// Whose levels of the skills that the Work wants now are the highest in sum; of equals the least loaded.
    BestSkill,
}

impl Selection {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
