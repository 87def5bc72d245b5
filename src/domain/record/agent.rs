//! Sessions and presence in records.

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
