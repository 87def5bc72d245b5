//! Lists of words that agents choose from: why a Work ended, why somebody is away.
//!
//! Where a list is empty any word goes: who has not said what there is to choose refuses nothing.

use serde::{Deserialize, Serialize};

use super::WorkspaceConfig;
use crate::domain::id::Name;
use crate::domain::near::nearest;
use crate::domain::rejection::Rejection;

/// Dispositions that skein gives by itself: whoever's Work ends so has nothing to come back for.
pub const OWN_DISPOSITIONS: [&str; 2] = ["ERASED", "SPAM"];

/// Why a Work ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispositionConfig {
    /// Name: what stands in records.
    pub name: Name,
    /// What agents are shown; empty: the name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What it belongs to, for who counts; may be empty.
    #[serde(default, skip_serializing_if = "Name::is_empty")]
    pub group: Name,
    /// Queues whose Work may end so; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<Name>,
    /// Work of these queues is not closed without a disposition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

/// Why an agent takes no work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresenceReasonConfig {
    /// Name: what stands in records.
    pub name: Name,
    /// What agents are shown; empty: the name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

impl WorkspaceConfig {
    /// How Work of a queue may end, as far as there is something to choose.
    pub fn dispositions_of(&self, queue: &str) -> impl Iterator<Item = &DispositionConfig> {
        self.dispositions
            .iter()
            .filter(move |known| known.queues.is_empty() || known.queues.iter().any(|of| of == queue))
    }

    /// All dispositions, or those for Work of one queue.
    #[must_use]
    pub fn listed(&self, queue: Option<&str>) -> Vec<DispositionConfig> {
        match queue {
            Some(queue) => self.dispositions_of(queue).cloned().collect(),
            None => self.dispositions.clone(),
        }
    }

    /// Whether Work of a queue is not closed without a disposition.
    #[must_use]
    pub fn wants_disposition(&self, queue: &str) -> bool {
        self.dispositions_of(queue).any(|known| known.required)
    }

    /// Whether Work of a queue may end so; none named is another matter.
    ///
    /// # Errors
    /// There are others to choose from.
    pub(crate) fn check_disposition(&self, queue: &str, named: &Name) -> Result<(), Rejection> {
        let known = || self.dispositions_of(queue).map(|known| known.name.as_str());
        if named.is_empty() || known().next().is_none() || known().any(|known| known == named) {
            return Ok(());
        }
        Err(Rejection::UnknownDisposition { named: named.clone(), near: nearest(named, known()).map(Name::new) })
    }

    /// Whether an agent may be away for that reason.
    ///
    /// # Errors
    /// There are others to choose from.
    pub(crate) fn check_presence_reason(&self, named: &Name) -> Result<(), Rejection> {
        let known = || self.presence_reasons.iter().map(|known| known.name.as_str());
        if named.is_empty() || known().next().is_none() || known().any(|known| known == named) {
            return Ok(());
        }
        Err(Rejection::UnknownPresenceReason { named: named.clone(), near: nearest(named, known()).map(Name::new) })
    }
}
