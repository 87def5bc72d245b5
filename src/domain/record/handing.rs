//! Works that programs and people pass between them, in records.

use serde::{Deserialize, Serialize};

use crate::domain::id::{AgentId, LeafId, WorkId};
use crate::domain::time::Timestamp;

/// Why a program hands a Work over to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HandOverCause {
    /// It wants to.
    #[default]
    Asked,
    /// It let the customer wait for too long.
    NoAnswer,
}

/// A Work is for people from now on. What the program told is personal content, here and with every offer and assignment that follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandedToPeople {
    /// The Work.
    pub work: WorkId,
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// The program.
    pub agent: AgentId,
    /// Why.
    pub cause: HandOverCause,
}

/// A person hands a Work back to programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandedBack {
    /// The Work.
    pub work: WorkId,
    /// The person.
    pub agent: AgentId,
}

/// Whether a program has what a person handed back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandBackEnded {
    /// The Work.
    pub work: WorkId,
    /// One has: it counts. Otherwise the Work is for people as before.
    pub taken: bool,
}

/// A program loses a Work whose customer it let wait: whichever follow have the rest of its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BotsDue {
    /// The Work.
    pub work: WorkId,
    /// The program.
    pub agent: AgentId,
    /// Then the Work is for people, unless one has it or the customer an answer.
    pub by: Timestamp,
}

/// What a program tells whoever takes a Work of its.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Briefing {
    /// Why a person is wanted.
    pub reason: String,
    /// What it has tried, in order.
    pub steps: Vec<String>,
}
