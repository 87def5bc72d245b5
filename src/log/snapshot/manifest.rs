//! What a snapshot is of, and of which files it consists.

use serde::{Deserialize, Serialize};

use crate::domain::id::{Index, Name};
use crate::domain::snapshot::Cut;
use crate::domain::time::Timestamp;
use crate::log::entry::{Tip, Witness};
use crate::log::offsets::Places;

/// Version of the layout of a snapshot. Of its parts, names of fields say what they are.
pub(super) const FORMAT: u32 = 1;

/// What a snapshot is of, and of which files it consists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    pub(super) format: u32,
    /// Name of the shard.
    pub shard: Name,
    /// The last record in it.
    pub head: Index,
    /// Time of that record.
    pub time: Timestamp,
    /// Where reading of the log begins: before the entry of that record, of which other records may follow.
    pub tip: Tip,
    /// Where the entries before are.
    pub places: Places,
    /// Identities whose keys were destroyed by then: one that knows of fewer holds what is erased.
    pub(super) erased: usize,
    /// Version of the build that wrote it: for operators.
    pub build: String,
    /// Its files, in order.
    pub(super) files: Vec<File>,
    /// What is kept beside the state; none: nothing.
    #[serde(default)]
    pub(super) beside: Option<File>,
}

/// A file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// Base64 (URL-safe), as object stores tell it.
    pub(super) sha256: String,
}

impl Manifest {
    /// Of a state, before its files are written.
    #[must_use]
    pub fn new(cut: &Cut, tip: Tip, places: Places) -> Self {
        let build = env!("CARGO_PKG_VERSION").to_owned();
        let (shard, head, time, erased) = (cut.shard().clone(), cut.head(), cut.time(), cut.erased());
        Self { format: FORMAT, shard, head, time, tip, places, erased, build, files: Vec::new(), beside: None }
    }

    /// What it knows of the log.
    #[must_use]
    pub fn witness(&self) -> Witness {
        // The running hash is known before the entry only, and other records of it may have made it.
        Witness { source: "snapshot", index: self.head.entry(), chain: None }
    }

    /// Bytes of all its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().chain(&self.beside).map(|file| file.bytes).sum()
    }
}
