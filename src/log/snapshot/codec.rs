//! Parts of a snapshot as bytes: MessagePack with the names of fields, so that a build reads what others of other versions wrote.

use crate::domain::snapshot::Part;

/// A part as bytes.
///
/// # Errors
/// Never for what a state holds: lists and maps have a length.
pub fn encode(part: &Part) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(part)
}

/// A part from its bytes.
///
/// # Errors
/// When it is none, or holds what this build does not know.
pub fn decode(bytes: &[u8]) -> Result<Part, rmp_serde::decode::Error> {
    rmp_serde::from_slice(bytes)
}
