//! Facts in records: they are personal content, so nothing of them stands in a change.

use serde::{Deserialize, Serialize};

use crate::domain::event::Assurance;
use crate::domain::id::Name;
use crate::domain::time::Timestamp;

/// What is known of a customer, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about: a name that the company chooses.
    pub key: Name,
    /// What is so; empty in a record: known no longer.
    pub value: String,
    /// Who says so: a system, a form, an agent.
    pub source: Name,
    /// Since when it is known.
    pub at: Timestamp,
    /// How sure it is; whoever is answered by a program is to be at least as sure.
    pub assurance: Assurance,
}

/// What an agent asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Which fact.
    pub key: Name,
    /// In which words; may be empty.
    pub prompt: String,
}
