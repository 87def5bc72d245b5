//! The snapshots of one shard: on the local disk, and copies of them in the object store.

use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::{Copies, Ends, Folder, Manifest, SnapshotError};
use crate::domain::State;
use crate::domain::snapshot::Cut;
use crate::keys::KeyRings;
use crate::log::entry::{GivenUp, Witness};
use crate::telemetry::ErrorChain;

/// A store that does not say within so long what it has is done without: the log has everything.
const LIST_WAIT: Duration = Duration::from_secs(10);

/// What a start begins with.
#[derive(Debug)]
pub struct Found {
    /// What it is of.
    pub manifest: Manifest,
    /// The state.
    pub state: State,
    /// What was written beside it.
    pub beside: Option<Vec<u8>>,
}

/// The snapshots of one shard.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: Folder,
    copies: Option<Copies>,
}

impl Shelf {
    /// On a disk, and in a store if there are to be copies.
    #[must_use]
    pub fn new(folder: Folder, copies: Option<Copies>) -> Self {
        Self { folder, copies }
    }

    /// Writes a state to the disk, with what `beside` gives; it stands there when this returns. Keeps the newest `keep`.
    ///
    /// # Errors
    /// The disk; or the task that writes has ended. The snapshots before stand.
    pub async fn write(
        &self,
        cut: Cut,
        beside: impl FnOnce() -> Result<Vec<u8>, SnapshotError> + Send + 'static,
        manifest: Manifest,
        keys: KeyRings,
        keep: usize,
    ) -> Result<Manifest, SnapshotError> {
        let folder = self.folder.clone();
        let write = move || {
            let written = folder.write(&cut, &beside()?, manifest, &keys)?;
            folder.keep(keep)?;
            Ok(written)
        };
        tokio::task::spawn_blocking(write).await?
    }

    /// Copies a snapshot to the store, and keeps the newest `keep` there. Whether there is a store.
    ///
    /// # Errors
    /// The store or the disk. The copies before stand.
    pub async fn copy(&self, manifest: &Manifest, keep: usize) -> Result<bool, SnapshotError> {
        let Some(copies) = &self.copies else { return Ok(false) };
        copies.put(&self.folder, manifest, keep).await?;
        Ok(true)
    }

    /// What all of them know of the log. Cancel-safe.
    pub async fn witnesses(&self) -> Vec<Witness> {
        let (on_disk, in_store) = (self.on_disk(), self.in_store().await);
        on_disk.iter().chain(&in_store).map(Manifest::witness).collect()
    }

    /// The newest snapshot that is whole and can be read by this build: of the disk, or of the store, which brings it to the disk; none:
    /// the log has everything. And what all of them know of the log, used or not. `ends`: where OUT and DEAD streams end now. None is used
    /// that holds something which was `given_up`.
    pub async fn newest(
        &self,
        keys: &KeyRings,
        ends: &Ends,
        given_up: Option<GivenUp>,
    ) -> (Option<Found>, Vec<Witness>) {
        let begun = Instant::now();
        let (on_disk, in_store) = (self.on_disk(), self.in_store().await);
        let witnesses = on_disk.iter().chain(&in_store).map(Manifest::witness).collect();
        let mut all: Vec<&Manifest> = on_disk.iter().chain(&in_store).collect();
        all.sort_unstable_by_key(|manifest| std::cmp::Reverse(manifest.head));
        all.dedup_by_key(|manifest| manifest.head);
        for manifest in all {
            let lost = given_up.is_some_and(|given_up| given_up.has(manifest.head.entry()));
            let checked = if lost { Err(SnapshotError::GivenUp) } else { manifest.check(keys, ends) };
            if let Err(error) = checked {
                warn!(entries = manifest.head.entry(), error = %ErrorChain(&error), "snapshot not used: another one is tried");
                continue;
            }
            let is_here = on_disk.contains(manifest);
            let mut found = if is_here { self.read(manifest, keys).await } else { self.fetch(manifest, keys).await };
            if found.is_none() && is_here && in_store.contains(manifest) {
                found = self.fetch(manifest, keys).await;
            }
            if let Some(found) = found {
                let (entries, read_ms) = (manifest.head.entry(), begun.elapsed().as_millis());
                info!(entries, read_ms, "snapshot read");
                return (Some(found), witnesses);
            }
        }
        info!("no snapshot: the whole log is folded");
        (None, witnesses)
    }

    fn on_disk(&self) -> Vec<Manifest> {
        let (found, unread) = self.folder.list().unwrap_or_else(|error| (Vec::new(), vec![error]));
        for error in unread {
            warn!(error = %ErrorChain(&error), "snapshot not read");
        }
        found
    }

    async fn in_store(&self) -> Vec<Manifest> {
        let Some(copies) = &self.copies else { return Vec::new() };
        match tokio::time::timeout(LIST_WAIT, copies.list()).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                warn!(error = %ErrorChain(&error), "copies of snapshots not read");
                Vec::new()
            }
            Err(_) => {
                warn!("copies of snapshots not read: the store does not answer");
                Vec::new()
            }
        }
    }

    async fn fetch(&self, manifest: &Manifest, keys: &KeyRings) -> Option<Found> {
        let entries = manifest.head.entry();
        if let Err(error) = self.copies.as_ref()?.fetch(&self.folder, manifest).await {
            warn!(entries, error = %ErrorChain(&error), "copy of a snapshot not fetched");
            return None;
        }
        info!(entries, bytes = manifest.bytes(), "snapshot fetched from the store");
        self.read(manifest, keys).await
    }

    async fn read(&self, manifest: &Manifest, keys: &KeyRings) -> Option<Found> {
        let (folder, keys, of) = (self.folder.clone(), keys.clone(), manifest.clone());
        // A panic there is a snapshot that this build cannot read.
        let read =
            tokio::task::spawn_blocking(move || folder.read(&of, &keys)).await.unwrap_or_else(|end| Err(end.into()));
        match read {
            Ok((state, beside)) => Some(Found { manifest: manifest.clone(), state, beside }),
            Err(error) => {
                let entries = manifest.head.entry();
                warn!(entries, error = %ErrorChain(&error), "snapshot not used: another one is tried");
                None
            }
        }
    }
}
