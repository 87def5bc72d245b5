//! Sessions and presence in records.

use serde::{Deserialize, Serialize};

use crate::domain::id::{AgentId, Name};
use crate::domain::time::Timestamp;

/// Why a session ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SessionEnd {
    /// The agent logged out.
    #[default]
    LoggedOut,
    /// Another session of the agent took over.
    Taken,
    /// Its graces are over.
    GraceOver,
    /// It did not read what it was sent.
    SlowReader,
    /// An operator ended it.
    Operator,
}

/// Presence of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Presence {
    /// Takes work.
    Ready,
    /// Is there, takes no work.
    Away,
    /// Finishes what it has.
    Draining,
    /// Is not there.
    #[default]
    Offline,
}

/// The connection of a session is gone; graces run, that of each Work from its assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLost {
    /// Whose.
    pub agent: AgentId,
    /// Which session.
    pub session_epoch: u64,
    /// Until then its open offers wait.
    pub offers_until: Timestamp,
    /// Until then the session can be gone on with.
    pub until: Timestamp,
}

/// An agent has more than it can, by what customers or operators caused, or not any more. No offer is made to it meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overcommitted {
    /// Who.
    pub agent: AgentId,
    /// By how much when it was noted; 0: by nothing any more.
    pub by: u32,
    /// When the Work of its whose customer waits longest is offered elsewhere; none: from now on, or there is nothing to relieve.
    pub relieve_at: Option<Timestamp>,
}

/// Presence and channels of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceSet {
    /// Whose.
    pub agent: AgentId,
    /// Presence now.
    pub presence: Presence,
    /// Reason of AWAY, a name from the configuration or `NO_ANSWER`; empty otherwise.
    pub reason: Name,
    /// Channels served now; empty: all that the profile has.
    pub channels: Vec<Name>,
}
