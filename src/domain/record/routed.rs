//! What routing makes of a Work, in records.

use serde::{Deserialize, Serialize};

use super::MessageKind;
use crate::domain::event::{Assurance, Scope};
use crate::domain::id::{LeafId, Name, WorkId};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Levels;

/// What is wanted of whoever takes a Work, from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Required {
    /// The Work.
    pub work: WorkId,
    /// Lowest levels of the skills that are wanted.
    pub levels: Levels,
}

/// What the rules made of a Work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// The Work.
    pub work: WorkId,
    /// Leaf that it is filed under.
    pub leaf: LeafId,
    /// The rule that decided; empty: none fits, it goes where the endpoint leads.
    pub rule: Name,
    /// The queue chosen.
    pub queue: Name,
    /// What the rule wants of whoever takes it, besides what the queue wants.
    pub requires: Levels,
    /// What makes it due earlier.
    pub credits: Vec<Credit>,
    /// Plan that the rule gives it; empty: none.
    pub plan: Name,
}

/// A new Work waits for facts before it is matched, or does not any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnrichmentSet {
    /// The Work.
    pub work: WorkId,
    /// Until when at most; none: it goes on.
    pub until: Option<Timestamp>,
}

/// What makes a Work due earlier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// Its name in the configuration.
    pub name: Name,
    /// By how much, milliseconds.
    pub ms: u64,
}

/// What rules were given of a Work. Personal content: it says what somebody wrote, and what is known of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Kind of the message.
    pub kind: MessageKind,
    /// Who can read it.
    pub scope: Scope,
    /// How sure it is who wrote it.
    pub assurance: Assurance,
    /// Characters of its text.
    pub length: u32,
    /// Language or locale as the adapter knows it, in the form of `language`; empty: not known.
    pub locale: Name,
    /// Language to speak: first part of its tag, lower case; empty: not known.
    pub language: Name,
    /// Which keywords of the rules it has.
    pub keywords: Vec<String>,
    /// Media types of what is attached.
    pub attachments: Vec<Name>,
    /// Whether the customer had a matter that ended within the continuation window.
    pub returning: bool,
    /// Whether the queue that the endpoint leads to was closed.
    pub closed: bool,
    /// What the customer went through in Works that were open or could be reopened, seconds.
    pub effort: u32,
    /// Facts that rules read and that are known, filed under the leaf of the Work.
    pub facts: Vec<(Name, String)>,
    /// Those that are filed under another leaf. In a record without value: that is sealed with that leaf's key.
    pub facts_elsewhere: Vec<(Name, String)>,
}

impl Inputs {
    /// About how many bytes of text it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        let facts = self.facts.iter().chain(&self.facts_elsewhere).map(|(key, value)| key.len() + value.len());
        let words = self.keywords.iter().map(String::len).chain(self.attachments.iter().map(|name| name.len()));
        facts.chain(words).sum()
    }
}
