//! Copies of snapshots in the object store: for who has lost the disk, or never had it.
//!
//! Files of a snapshot are objects `<shard>/<entry of the last record>/<file>`, with its manifest among them, which is put last and removed
//! first: what has none never was.
//!
//! Nothing is put over what another one put, and nothing is removed that is not older than the copy just put: so an owner who was deposed
//! and does not know it yet harms nothing of the next one's, who goes on at later entries. No fence is needed.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::manifest::FORMAT;
use super::{Folder, Manifest, SnapshotError};
use crate::domain::id::Name;
use crate::nats::Objects;

/// Name of a manifest among the files of its snapshot.
const MANIFEST: &str = "manifest";

/// The copies of one shard's snapshots.
#[derive(Clone, Debug)]
pub struct Copies {
    objects: Objects,
    shard: Name,
}

impl Copies {
    /// In a bucket that may hold those of other shards, too.
    #[must_use]
    pub fn new(objects: Objects, shard: Name) -> Self {
        Self { objects, shard }
    }

    /// What is there, the newest first. Those of a layout that this build does not know are left out.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn list(&self) -> Result<Vec<Manifest>, SnapshotError> {
        self.listed(&self.objects.names().await?).await
    }

    async fn listed(&self, names: &[String]) -> Result<Vec<Manifest>, SnapshotError> {
        let mut found = Vec::new();
        for name in names.iter().filter(|name| matches!(self.part_of(name), Some((_, MANIFEST)))) {
            // Removed meanwhile: it is none any more.
            let Some(bytes) = self.objects.get(name).await? else { continue };
            found.extend(serde_json::from_slice::<Manifest>(&bytes).ok());
        }
        found.retain(|manifest| manifest.format == FORMAT && manifest.shard == self.shard);
        found.sort_unstable_by_key(|manifest| Reverse(manifest.head));
        Ok(found)
    }

    /// Copies a snapshot of the folder; keeps the newest, as many as `keep`, but none that holds what this one knows to be erased: of those
    /// the server overwrites the bytes. Cancelled: what is half copied never was.
    ///
    /// # Errors
    /// The store or the disk. The copies before stand.
    pub async fn put(&self, folder: &Folder, manifest: &Manifest, keep: usize) -> Result<(), SnapshotError> {
        let before = self.listed(&self.objects.names().await?).await?;
        if !before.contains(manifest) {
            // Another one of the same record, that was written before, is none while its files are replaced.
            self.objects.remove(&self.name_of(manifest, MANIFEST)).await?;
            for file in manifest.all_files() {
                let bytes = folder.file(manifest, file)?;
                self.objects.put(&self.name_of(manifest, &file.name), &bytes).await?;
            }
            self.objects.put(&self.name_of(manifest, MANIFEST), &serde_json::to_vec(manifest)?).await?;
        }
        self.trim(manifest, keep).await
    }

    /// Removes what is older than this one and not to be kept.
    async fn trim(&self, manifest: &Manifest, keep: usize) -> Result<(), SnapshotError> {
        let mut names = self.objects.names().await?;
        let all = self.listed(&names).await?;
        let clean = |other: &&Manifest| other.erased >= manifest.erased;
        let entries = |manifests: &[&Manifest]| -> BTreeSet<u64> {
            manifests.iter().map(|manifest| manifest.head.entry()).collect()
        };
        let clean: Vec<&Manifest> = all.iter().filter(clean).collect();
        let wanted = entries(&clean[..clean.len().min(keep)]);
        let clean = entries(&clean);
        // Manifests first: what is half removed never was.
        names.sort_by_key(|name| !name.ends_with(MANIFEST));
        for name in names {
            let Some((entry, _)) = self.part_of(&name) else { continue };
            if entry >= manifest.head.entry() || wanted.contains(&entry) {
                continue;
            }
            if clean.contains(&entry) {
                self.objects.remove(&name).await?;
            } else {
                self.objects.erase(&name).await?;
            }
        }
        Ok(())
    }

    /// Brings a snapshot into the folder; it stands there when this returns. Cancelled: what is half there never was.
    ///
    /// # Errors
    /// The store or the disk; [`SnapshotError::Damaged`]: a file is not there, or not what it was.
    pub async fn fetch(&self, folder: &Folder, manifest: &Manifest) -> Result<(), SnapshotError> {
        folder.begin(manifest)?;
        for file in manifest.all_files() {
            let bytes = self.objects.get(&self.name_of(manifest, &file.name)).await?;
            let bytes = bytes.ok_or_else(|| SnapshotError::Damaged(file.name.clone()))?;
            folder.put_file(manifest, file, &bytes)?;
        }
        folder.finish(manifest)
    }

    /// The entry and file that a name is of; none: it is not of this shard's snapshots.
    fn part_of<'n>(&self, name: &'n str) -> Option<(u64, &'n str)> {
        let (entry, file) = name.strip_prefix(self.shard.as_str())?.strip_prefix('/')?.split_once('/')?;
        Some((entry.parse().ok()?, file))
    }

    fn name_of(&self, manifest: &Manifest, file: &str) -> String {
        format!("{}/{:020}/{file}", self.shard, manifest.head.entry())
    }
}
