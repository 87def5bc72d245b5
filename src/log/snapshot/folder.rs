//! Snapshots on a local disk: `<folder>/<shard>/<entry of the last record>/`.
//!
//! Blocking: to be called where that harms nobody.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use sha2::{Digest as _, Sha256};

use super::manifest::{BESIDE, FORMAT, File, Manifest};
use super::pieces::{self, Place};
use crate::domain::State;
use crate::domain::id::Name;
use crate::domain::snapshot::{Cut, Part, Restoring, Unrestorable};
use crate::keys::{KeyRings, OpenError};
use crate::nats::NatsError;

/// Bytes after which the next file begins: large enough to be written and read at the speed of the disk, small enough to be held.
const FILE_BYTES: usize = 8 << 20;
/// Files that are read, checked and opened before what is in them becomes state: the one is work for one thread, the other for another.
const FILES_AHEAD: usize = 1;
/// Its manifest.
const MANIFEST: &str = "manifest.json";

/// Why a snapshot cannot be written or used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk does not take or give it.
    #[error("{operation} {}", path.display())]
    Disk {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is not what the manifest says.
    #[error("file {0} of the snapshot is damaged")]
    Damaged(String),
    /// Bytes are not what they should be.
    #[error("{0}")]
    Malformed(&'static str),
    /// The manifest cannot be read.
    #[error("read the manifest of the snapshot")]
    Manifest(#[from] serde_json::Error),
    /// It is of another build, whose layout this one does not know.
    #[error("the snapshot has the layout {0}, which this build does not know")]
    Format(u32),
    /// It was folded by other code than that of this build.
    #[error("the snapshot is of another build ({0}), which folds the log otherwise")]
    OtherBuild(String),
    /// Another process works on the folder.
    #[error("another process works on the folder of snapshots")]
    Busy,
    /// It is of another shard.
    #[error("the snapshot is of shard {0}")]
    OtherShard(Name),
    /// There is no key of a workspace.
    #[error("there is no key for workspace {0}")]
    NoKey(Name),
    /// A workspace that was not served when it was taken is not in it, and is served now.
    #[error("workspace {0} is served again, which the snapshot was taken without")]
    Reopened(Name),
    /// Outputs before it are not in their stream any more: they follow from the log only.
    #[error("stream {0} ends before what was handed over when the snapshot was taken")]
    OutputsLost(Name),
    /// Its last records are lost, and an operator gave them up.
    #[error("it holds records that were given up")]
    GivenUp,
    /// A piece cannot be opened with the workspace's key.
    #[error("open a piece of the snapshot")]
    Open(#[from] OpenError),
    /// A part cannot be written.
    #[error("write a part of the snapshot")]
    Encode(#[from] rmp_serde::encode::Error),
    /// A part cannot be read by this build.
    #[error("read a part of the snapshot")]
    Decode(#[from] rmp_serde::decode::Error),
    /// The parts are no state.
    #[error("restore the state")]
    State(#[from] Unrestorable),
    /// The object store does not take or give it.
    #[error("ask the object store")]
    Store(#[from] NatsError),
    /// The task that writes or reads has ended.
    #[error("the task that works on the snapshot has ended")]
    Ended(#[from] tokio::task::JoinError),
}

/// The snapshots of one shard on a local disk.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    shard: Name,
}

impl Folder {
    /// Below `folder`, which is made when the first is written.
    #[must_use]
    pub fn new(folder: &Path, shard: Name) -> Self {
        Self { path: folder.join(shard.as_str()), shard }
    }

    /// Writes a state; it stands when this returns. One of the same record takes the place of one that was. `beside`: what its user wants
    /// back with it; it is not sealed. Workspaces without a key are served no longer: they are left out, and named as such.
    ///
    /// # Errors
    /// The disk. What was written until then never was.
    pub fn write(
        &self,
        cut: &Cut,
        beside: &[u8],
        manifest: Manifest,
        keys: &KeyRings,
    ) -> Result<Manifest, SnapshotError> {
        let _lock = self.lock()?;
        self.remove_unfinished()?;
        let path = self.begin(&manifest)?;
        let written = self.write_files(&path, cut, beside, manifest, keys);
        if written.is_err() {
            // Its room is wanted, on a full disk most of all; what cannot be removed now is before the next.
            let _ = remove(&path, false);
        }
        written
    }

    fn write_files(
        &self,
        path: &Path,
        cut: &Cut,
        beside: &[u8],
        manifest: Manifest,
        keys: &KeyRings,
    ) -> Result<Manifest, SnapshotError> {
        let mut manifest = manifest;
        manifest.close_without(keys);
        let mut at = Place::first(manifest.head);
        let mut file = Vec::with_capacity(FILE_BYTES);
        let closed: Vec<Name> = manifest.closed.clone();
        for (workspace, part) in cut.parts() {
            if workspace.is_some_and(|workspace| closed.contains(workspace)) {
                continue;
            }
            pieces::push(&mut file, (workspace, &part), &mut at, keys)?;
            if file.len() >= FILE_BYTES {
                manifest.files.push(write_file(path, part_name(manifest.files.len()), &file)?);
                file.clear();
            }
        }
        if !file.is_empty() {
            manifest.files.push(write_file(path, part_name(manifest.files.len()), &file)?);
        }
        manifest.beside = Some(write_file(path, BESIDE.to_owned(), beside)?);
        self.finish(&manifest)?;
        Ok(manifest)
    }

    /// Makes the folder of a snapshot, which is not one yet.
    pub(super) fn begin(&self, manifest: &Manifest) -> Result<PathBuf, SnapshotError> {
        let path = self.path_of(manifest);
        if path.exists() {
            remove(&path, false)?;
        }
        fs::create_dir_all(&path).map_err(disk("make the folder", &path))?;
        Ok(path)
    }

    /// One file of a snapshot, as its manifest says.
    pub(super) fn file(&self, manifest: &Manifest, file: &File) -> Result<Vec<u8>, SnapshotError> {
        read_file(&self.path_of(manifest), file)
    }

    /// Writes one file of a snapshot that was begun.
    pub(super) fn put_file(&self, manifest: &Manifest, file: &File, bytes: &[u8]) -> Result<(), SnapshotError> {
        write_through(&self.path_of(manifest).join(&file.name), bytes)
    }

    /// Writes the manifest, last and at once: until then there is no snapshot.
    pub(super) fn finish(&self, manifest: &Manifest) -> Result<(), SnapshotError> {
        let path = self.path_of(manifest);
        let (made, named) = (path.join("manifest.new"), path.join(MANIFEST));
        write_through(&made, &serde_json::to_vec_pretty(manifest)?)?;
        fs::rename(&made, &named).map_err(disk("name the manifest", &named))?;
        sync_folder(&path)?;
        sync_folder(&self.path)
    }

    /// What stands there, the newest first. What cannot be read is left out, and told.
    ///
    /// # Errors
    /// The disk.
    pub fn list(&self) -> Result<(Vec<Manifest>, Vec<SnapshotError>), SnapshotError> {
        let (mut found, mut unread) = (Vec::new(), Vec::new());
        for path in self.folders()? {
            match self.manifest(&path) {
                Ok(Some(manifest)) => found.push(manifest),
                // One that was never finished.
                Ok(None) => {}
                Err(error) => unread.push(error),
            }
        }
        found.sort_unstable_by_key(|manifest| std::cmp::Reverse(manifest.head));
        Ok((found, unread))
    }

    /// The state that a snapshot holds, and what was written beside it. Every byte of it is checked.
    ///
    /// # Errors
    /// [`SnapshotError`]: another one has to be used.
    pub fn read(&self, manifest: &Manifest, keys: &KeyRings) -> Result<(State, Option<Vec<u8>>), SnapshotError> {
        let path = self.path_of(manifest);
        let state = std::thread::scope(|scope| {
            let (opened, files) = sync_channel(FILES_AHEAD);
            let path = path.as_path();
            // It ends with the last file, the first that is bad, or when nobody wants the next.
            scope.spawn(move || {
                let mut at = Place::first(manifest.head);
                for file in &manifest.files {
                    let parts = parts_of(path, file, &mut at, keys);
                    let bad = parts.is_err();
                    if opened.send(parts).is_err() || bad {
                        return;
                    }
                }
            });
            let mut restoring = Restoring::default();
            for parts in files {
                parts?.into_iter().try_for_each(|part| restoring.take(part))?;
            }
            Ok::<_, SnapshotError>(restoring.finish()?)
        })?;
        if state.head() != manifest.head || *state.shard() != self.shard {
            return Err(SnapshotError::Malformed("the state is not the one of the manifest"));
        }
        let beside = manifest.beside.as_ref().map(|file| read_file(&path, file)).transpose()?;
        Ok((state, beside))
    }

    /// Removes all but the newest, and what was never finished. Those that hold what the newest knows to be erased are overwritten, and
    /// not kept however few there are.
    ///
    /// # Errors
    /// The disk.
    pub fn keep(&self, newest: usize) -> Result<(), SnapshotError> {
        let _lock = self.lock()?;
        let (found, _) = self.list()?;
        let erased = found.first().map_or(0, |manifest| manifest.erased);
        let clean = found.iter().filter(|manifest| manifest.erased >= erased);
        let clean: Vec<PathBuf> = clean.map(|manifest| self.path_of(manifest)).collect();
        for path in self.folders()?.into_iter().filter(|path| !clean.iter().take(newest).any(|kept| kept == path)) {
            remove(&path, clean.contains(&path))?;
        }
        Ok(())
    }

    /// What was begun and not finished.
    fn remove_unfinished(&self) -> Result<(), SnapshotError> {
        for path in self.folders()?.into_iter().filter(|path| !path.join(MANIFEST).exists()) {
            remove(&path, false)?;
        }
        Ok(())
    }

    /// For one process at a time: what one has begun another takes for unfinished.
    fn lock(&self) -> Result<fs::File, SnapshotError> {
        fs::create_dir_all(&self.path).map_err(disk("make the folder", &self.path))?;
        let path = self.path.join("lock");
        let file = fs::File::create(&path).map_err(disk("make", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(SnapshotError::Busy),
            Err(fs::TryLockError::Error(error)) => Err(disk("lock", &path)(error)),
        }
    }

    fn path_of(&self, manifest: &Manifest) -> PathBuf {
        self.path.join(format!("{:020}", manifest.head.entry()))
    }

    fn folders(&self) -> Result<Vec<PathBuf>, SnapshotError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(disk("list", &self.path)(error)),
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(disk("list", &self.path)));
        let ours = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit()))
        };
        paths.filter(|path| path.as_ref().map_or(true, ours)).collect()
    }

    fn manifest(&self, path: &Path) -> Result<Option<Manifest>, SnapshotError> {
        let path = path.join(MANIFEST);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(disk("read", &path)(error)),
        };
        /// Known of every layout.
        #[derive(serde::Deserialize)]
        struct Layout {
            format: u32,
        }
        let Layout { format } = serde_json::from_slice(&bytes)?;
        if format != FORMAT {
            return Err(SnapshotError::Format(format));
        }
        let manifest: Manifest = serde_json::from_slice(&bytes)?;
        if manifest.shard != self.shard {
            return Err(SnapshotError::OtherShard(manifest.shard));
        }
        Ok(Some(manifest))
    }
}

/// The parts in a file; those of workspaces without a key are left out.
fn parts_of(folder: &Path, file: &File, at: &mut Place, keys: &KeyRings) -> Result<Vec<Part>, SnapshotError> {
    let bytes = read_file(folder, file)?;
    let (mut rest, mut parts) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        parts.extend(pieces::take(&mut rest, at, keys)?);
    }
    Ok(parts)
}

fn part_name(number: usize) -> String {
    format!("part-{number:05}")
}

fn write_file(folder: &Path, name: String, bytes: &[u8]) -> Result<File, SnapshotError> {
    write_through(&folder.join(&name), bytes)?;
    Ok(File { name, bytes: bytes.len() as u64, sha256: digest(bytes) })
}

fn read_file(folder: &Path, file: &File) -> Result<Vec<u8>, SnapshotError> {
    let path = folder.join(&file.name);
    let bytes = fs::read(&path).map_err(disk("read", &path))?;
    if bytes.len() as u64 != file.bytes || digest(&bytes) != file.sha256 {
        return Err(SnapshotError::Damaged(file.name.clone()));
    }
    Ok(bytes)
}

/// Writes a file; it is on the disk when this returns.
fn write_through(path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
    let write = || {
        let mut file = fs::File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(disk("write", path))
}

/// Names in it are on the disk when this returns.
fn sync_folder(path: &Path) -> Result<(), SnapshotError> {
    fs::File::open(path).and_then(|folder| folder.sync_all()).map_err(disk("sync", path))
}

/// Overwrites its files with zeros.
fn overwrite(folder: &Path) -> Result<(), SnapshotError> {
    for entry in fs::read_dir(folder).map_err(disk("list", folder))? {
        let path = entry.map_err(disk("list", folder))?.path();
        let zeros = || {
            let mut written = fs::OpenOptions::new().write(true).open(&path)?;
            let bytes = written.metadata()?.len();
            io::copy(&mut io::repeat(0).take(bytes), &mut written)?;
            written.sync_all()
        };
        zeros().map_err(disk("overwrite", &path))?;
    }
    Ok(())
}

/// Removes a snapshot, the manifest first: what is half removed never was. `clean`: it holds nobody who was erased since, else its bytes
/// are overwritten.
fn remove(path: &Path, clean: bool) -> Result<(), SnapshotError> {
    match fs::remove_file(path.join(MANIFEST)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk("remove", path)(error)),
        _ => {}
    }
    if !clean {
        overwrite(path)?;
    }
    fs::remove_dir_all(path).map_err(disk("remove", path))
}

fn disk(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SnapshotError {
    let path = path.to_owned();
    move |source| SnapshotError::Disk { operation, path, source }
}

fn digest(bytes: &[u8]) -> String {
    BASE64_URL_SAFE.encode(Sha256::digest(bytes))
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
