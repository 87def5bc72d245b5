//! Generated code of every package under `proto/`, and its descriptor set.
//!
//! Nothing is written by hand here. A new package appears as `proto::skein::NAME::v1` as soon as its file exists; the short
//! aliases below are what the rest of the crate names. Generated types stop at the convert modules (design, section 7).

#![expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "written by the generator, not by us"
)]

include!(concat!(env!("OUT_DIR"), "/skein_packages.rs"));

pub use self::skein::admin::v1 as admin;
pub use self::skein::agent::v1 as agent;
pub use self::skein::channel::v1 as channel;
pub use self::skein::log::v1 as log;
pub use self::skein::node::v1 as node;

/// All packages, with comments for the channel contract alone, encoded as `google.protobuf.FileDescriptorSet`: for
/// reflection and canonical JSON.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/skein_descriptor.bin"));
