//! Works that programs and people pass between them, in records.

use crate::domain::id::{AgentId, LeafId, WorkId};

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

/// What a program tells whoever takes a Work of its.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Briefing {
    /// Why a person is wanted.
    pub reason: String,
    /// What it has tried, in order.
    pub steps: Vec<String>,
}
