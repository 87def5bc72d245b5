//! The channel contract's own formats: `skein.v1+json` and `skein.v1+protobuf`.
//!
//! JSON is held to the contract word by word: a field that it does not have, or has twice, is refused with its path, because an
//! adapter's author must learn at once what skein does not understand. Protobuf follows protobuf's own rules for unknown fields.

mod contract;
mod limits;
mod reader;
mod schema;
#[cfg(test)]
mod tests;

pub(super) use contract::{from_json, from_protobuf};
pub use contract::{message_to_json, outbound_to_json, to_json};
