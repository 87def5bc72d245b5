//! Who calls: the workspace and agent that the metadata names.
//!
//! Nothing is proven here yet: whoever reaches the port may use any name. Bind it to loopback, or put something in front of it
//! that checks and sets the two metadata entries.

use tonic::metadata::MetadataMap;

use super::limits::MAX_NAME_BYTES;
use super::status::{Reason, Refusal};
use crate::domain::id::Name;

/// Metadata entry with the workspace.
pub const WORKSPACE_METADATA: &str = "skein-workspace";
/// Metadata entry with the agent's name.
pub const AGENT_METADATA: &str = "skein-agent";

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Workspace of the agent.
    pub workspace: Name,
    /// Name of the agent.
    pub agent: Name,
}

impl Caller {
    /// Reads the two entries.
    ///
    /// # Errors
    /// [`Reason::CallerUnnamed`] when one is missing or no name.
    pub fn of(metadata: &MetadataMap) -> Result<Self, Refusal> {
        let entry = |key: &'static str| {
            let text = metadata.get(key).and_then(|value| value.to_str().ok()).unwrap_or_default();
            name(text).ok_or_else(|| {
                Refusal::new(Reason::CallerUnnamed, format!("metadata {key}: a name is wanted")).with("metadata", key)
            })
        };
        Ok(Self { workspace: entry(WORKSPACE_METADATA)?, agent: entry(AGENT_METADATA)? })
    }
}

/// A name: 1 to 64 ASCII letters, digits, `-` and `_`, so that it can be a token of a subject.
pub(super) fn name(text: &str) -> Option<Name> {
    let fits = !text.is_empty()
        && text.len() <= MAX_NAME_BYTES
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    fits.then(|| Name::from(text))
}
