//! What a customer went through in a matter, in records: what the ledger of a Work is added up of (domain rules, section 6).

use serde::{Deserialize, Serialize};

use crate::domain::id::WorkId;

/// The customer went through something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffortNoted {
    /// In which Work.
    pub work: WorkId,
    /// What.
    pub kind: EffortKind,
    /// What it weighed then, milliseconds.
    pub ms: u64,
}

/// What customers go through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EffortKind {
    /// A wait went on beyond the goal.
    #[default]
    Wait,
    /// A message more while the one before had no answer.
    Unanswered,
    /// Somebody else took over, who has to be told again.
    Transfer,
    /// They had to come back within seven days, for something of the same queue or group of dispositions.
    Repeat,
    /// They were asked for a fact that is known.
    AskedAgain,
    /// We answered on another endpoint than they wrote to.
    Switch,
    /// What we wrote did not reach them.
    Failed,
    /// Programs of ours went round in circles with them.
    Loop,
}

impl EffortKind {
    /// All of them, in the order of the ledger.
    pub const ALL: [Self; 8] = [
        Self::Wait,
        Self::Unanswered,
        Self::Transfer,
        Self::Repeat,
        Self::AskedAgain,
        Self::Switch,
        Self::Failed,
        Self::Loop,
    ];
}

/// What a ledger has of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffortEntry {
    /// What.
    pub kind: EffortKind,
    /// How often.
    pub count: u32,
    /// In sum, milliseconds.
    pub ms: u64,
}
