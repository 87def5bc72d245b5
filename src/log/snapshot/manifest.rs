//! What a snapshot is of, and of which files it consists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SnapshotError;
use crate::domain::id::{Index, Name, Position};
use crate::domain::snapshot::Cut;
use crate::domain::time::Timestamp;
use crate::keys::KeyRings;
use crate::log::entry::{LastEntry, Tip, Witness};
use crate::log::offsets::Places;

/// Version of the layout of a snapshot. Of its parts, names of fields say what they are. 2: a seal names the number of the piece.
pub(super) const FORMAT: u32 = 2;

/// By which code this build folds records.
const FOLD: &str = env!("SKEIN_FOLD");

/// Ends of OUT and DEAD streams by name: the sequence of the last message, and which output it is. None: the message is gone by age.
pub type Ends = BTreeMap<Name, (u64, Option<Position>)>;

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
    /// By which code it was folded: builds that fold otherwise read the log.
    pub(super) fold: String,
    /// Running hash of the log after the entry of the last record.
    pub chain: u64,
    /// The workspaces in it.
    pub(super) workspaces: Vec<Name>,
    /// Those of the log that were in no configuration when it was taken: nobody had their keys, and they are not in it.
    pub(super) closed: Vec<Name>,
    /// Where each OUT and DEAD stream ended, at least, with all outputs up to the head in it.
    pub handed_over: Ends,
    /// Its files, in order.
    pub(super) files: Vec<File>,
    /// What is kept beside the state; none: nothing.
    #[serde(default)]
    pub(super) beside: Option<File>,
}

/// Name of what is kept beside the state.
pub(super) const BESIDE: &str = "beside";

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
    pub fn new(cut: &Cut, LastEntry { tip, chain }: LastEntry, places: Places, handed_over: Ends) -> Self {
        let (build, fold) = (env!("CARGO_PKG_VERSION").to_owned(), FOLD.to_owned());
        let workspaces = cut.workspaces().cloned().collect();
        let (shard, head, time, erased) = (cut.shard().clone(), cut.head(), cut.time(), cut.erased());
        Self {
            format: FORMAT,
            shard,
            head,
            time,
            tip,
            places,
            erased,
            build,
            fold,
            chain,
            workspaces,
            closed: Vec::new(),
            handed_over,
            files: Vec::new(),
            beside: None,
        }
    }

    /// What it knows of the log.
    #[must_use]
    pub fn witness(&self) -> Witness {
        Witness { source: "snapshot", index: self.head.entry(), chain: Some(self.chain) }
    }

    /// Workspaces whose keys nobody has are not in it.
    pub(super) fn close_without(&mut self, keys: &KeyRings) {
        let (served, closed) =
            std::mem::take(&mut self.workspaces).into_iter().partition(|name| keys.get(name).is_some());
        (self.workspaces, self.closed) = (served, closed);
    }

    /// Whether this build would have made the same of the log, and whether the log behind it has all that is still to be done. `ends`: of
    /// the streams now. A workspace in it without a key is served no longer, and is left out.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check(&self, keys: &KeyRings, ends: &Ends) -> Result<(), SnapshotError> {
        if self.fold != FOLD {
            return Err(SnapshotError::OtherBuild(self.build.clone()));
        }
        if let Some(other) = self.all_files().find(|file| !is_name(&file.name)) {
            return Err(SnapshotError::Damaged(other.name.clone()));
        }
        if let Some(name) = self.closed.iter().find(|name| keys.get(name).is_some()) {
            return Err(SnapshotError::Reopened(name.clone()));
        }
        let lost = |&(stream, end): &(&Name, &(u64, Option<Position>))| {
            let now = ends.get(stream);
            now.is_some_and(|now| now.0 < end.0 || now.1.zip(end.1).is_some_and(|(now, then)| now < then))
        };
        // Its outputs are derived again from the log, from an older snapshot on or from the beginning.
        match self.handed_over.iter().find(lost) {
            Some((stream, _)) => Err(SnapshotError::OutputsLost(stream.clone())),
            None => Ok(()),
        }
    }

    /// Bytes of all its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.all_files().map(|file| file.bytes).sum()
    }

    pub(super) fn all_files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().chain(&self.beside)
    }
}

/// A manifest may come from elsewhere: its files lie beside it, and have no other names.
fn is_name(name: &str) -> bool {
    name == BESIDE || name.strip_prefix("part-").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}
