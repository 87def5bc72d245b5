//! Snapshots: a shard's state at an index, so that a start reads the log from there and not from its beginning.
//!
//! A snapshot is a folder of files: pieces in files of some megabytes, and a manifest that is written last. What has no manifest never
//! was. Each file is as its digest in the manifest says, or the snapshot is not used, and the one before it is.
//!
//! Pieces of a workspace hold addresses and names, so they are sealed with the workspace's own key (design, law 11). What is erased is in
//! no snapshot that is taken afterwards; older ones go as newer ones come.

pub mod codec;
mod copies;
mod folder;
mod manifest;
mod pieces;
mod shelf;

pub use copies::Copies;
pub use folder::{Folder, SnapshotError};
pub use manifest::{Ends, Manifest};
pub use shelf::{Found, Shelf};
