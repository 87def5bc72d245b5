//! Copies of snapshots in the object store: for who has lost the disk, or never had it.
//!
//! Files of a snapshot are objects `<shard>/<entry of the last record>/<file>`; which snapshots there are, the object `<shard>/manifests`
//! says, which is written when all files of a new one are there. What it does not name never was, and is removed by the next copy.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::manifest::FORMAT;
use super::{Folder, Manifest, SnapshotError};
use crate::domain::id::Name;
use crate::nats::Objects;

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
        let Some(bytes) = self.objects.get(&self.index()).await? else { return Ok(Vec::new()) };
        let values: Vec<serde_json::Value> = serde_json::from_slice(&bytes)?;
        let manifests = values.into_iter().filter_map(|value| serde_json::from_value::<Manifest>(value).ok());
        Ok(manifests.filter(|manifest| manifest.format == FORMAT && manifest.shard == self.shard).collect())
    }

    /// Copies a snapshot of the folder; keeps the newest, as many as `keep`, but none that holds what this one knows to be erased: of those
    /// the server overwrites the bytes. Cancelled: what is half copied never was.
    ///
    /// # Errors
    /// The store or the disk. The copies before stand.
    pub async fn put(&self, folder: &Folder, manifest: &Manifest, keep: usize) -> Result<(), SnapshotError> {
        let before = self.list().await?;
        for file in manifest.all_files() {
            let bytes = folder.file(manifest, file)?;
            self.objects.put(&self.name_of(manifest, &file.name), &bytes).await?;
        }
        let same = |other: &&Manifest| other.head != manifest.head && other.erased >= manifest.erased;
        let mut kept: Vec<&Manifest> = before.iter().filter(same).chain([manifest]).collect();
        kept.sort_unstable_by_key(|manifest| Reverse(manifest.head));
        kept.truncate(keep);
        self.objects.put(&self.index(), &serde_json::to_vec(&kept)?).await?;
        let names = |manifest: &&Manifest| {
            manifest.all_files().map(|file| self.name_of(manifest, &file.name)).collect::<Vec<_>>()
        };
        let wanted: BTreeSet<String> = kept.iter().flat_map(names).collect();
        let clean: BTreeSet<String> =
            before.iter().filter(|other| other.erased >= manifest.erased).flat_map(|other| names(&other)).collect();
        let ours = format!("{}/", self.shard);
        for name in self.objects.names().await? {
            if !name.starts_with(&ours) || name == self.index() || wanted.contains(&name) {
                continue;
            }
            if clean.contains(&name) {
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

    fn index(&self) -> String {
        format!("{}/manifests", self.shard)
    }

    fn name_of(&self, manifest: &Manifest, file: &str) -> String {
        format!("{}/{:020}/{file}", self.shard, manifest.head.entry())
    }
}
