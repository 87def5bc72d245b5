//! Sessions and presence in records.

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
