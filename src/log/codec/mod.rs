//! Records as bytes: `skein.log.v1.Record`, both ways (design, laws 11 and 12).
//!
//! Responsible for: the format version, the split of structure and personal content, and that a reader refuses what it does not
//! know instead of skipping it. Not for: order, numbering and damage of the log (the frame around these bytes carries a running
//! hash), and not for keys: `Content.body` is sealed with what [`crate::keys`] has.
//!
//! # Invariants
//! 1. `decode(record.index, encode(record)) == record`, for every record whose content belongs to a leaf with a key.
//! 2. Bytes of an unknown format, change, word or field are an error, never a record with something left out.
//! 3. A record whose content is gone decodes, with empty content.
//! 4. No word of the content stands in the bytes: what cannot be sealed is not written.

mod content;
mod effort;
mod entry;
mod envelope;
mod error;
mod joining;
mod marks;
mod passing;
mod read;
mod routing;
mod widened;
mod wire;
mod words;
mod write;

#[cfg(test)]
mod compat;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use entry::{Packed, unpack, unpack_one};
pub use envelope::{FORMAT, decode, encode};
pub use error::CodecError;
