//! Why keys cannot be used.

use crate::domain::id::Name;
use crate::nats::NatsError;

/// Why the keys of a workspace cannot be used. All but [`KeysError::Nats`] and [`KeysError::Contended`] need an operator.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KeysError {
    /// The store does not do what was asked. Some of these pass.
    #[error("use the keys of workspace {workspace}")]
    Nats {
        /// Whose.
        workspace: Name,
        /// Why.
        source: NatsError,
    },
    /// The configured key is not the one that the stored keys are wrapped with.
    #[error(
        "open key block {block} of workspace {workspace}: the workspace key does not fit, it was wrapped with another one"
    )]
    WrongKey {
        /// Whose.
        workspace: Name,
        /// Which block.
        block: u32,
    },
    /// A message that no writer makes, or of a later build.
    #[error("read key block {block} of workspace {workspace}: {reason}")]
    Malformed {
        /// Whose.
        workspace: Name,
        /// Which block.
        block: u32,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A block is not stored although a later one is.
    #[error("read the keys of workspace {workspace}: block {block} is missing")]
    Missing {
        /// Whose.
        workspace: Name,
        /// Which block.
        block: u32,
    },
    /// Others kept writing. Tried again later.
    #[error("write the keys of workspace {workspace}: somebody else keeps writing them")]
    Contended {
        /// Whose.
        workspace: Name,
    },
}

impl KeysError {
    /// Whether it may work later without anybody's doing.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Nats { source, .. } => source.is_transient(),
            Self::Contended { .. } => true,
            Self::WrongKey { .. } | Self::Malformed { .. } | Self::Missing { .. } => false,
        }
    }
}
