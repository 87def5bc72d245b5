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
        Ok(Self { workspace: named(metadata, WORKSPACE_METADATA, "")?, agent: named(metadata, AGENT_METADATA, "")? })
    }
}

/// The name in the entry `key` of a call's metadata; see [`name`] for what it may consist of, besides the characters `also`.
///
/// # Errors
/// [`Reason::CallerUnnamed`]: it is missing or no name.
pub(crate) fn named(metadata: &MetadataMap, key: &'static str, also: &str) -> Result<Name, Refusal> {
    let text = metadata.get(key).and_then(|value| value.to_str().ok()).unwrap_or_default();
    name_with(text, also).ok_or_else(|| {
        Refusal::new(Reason::CallerUnnamed, format!("metadata {key}: a name is wanted")).with("metadata", key)
    })
}

/// A name: 1 to 64 ASCII letters, digits, `-` and `_`, so that it can be a token of a subject.
pub(super) fn name(text: &str) -> Option<Name> {
    name_with(text, "")
}

fn name_with(text: &str, also: &str) -> Option<Name> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || also.as_bytes().contains(&byte);
    ((1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(fits)).then(|| Name::from(text))
}
