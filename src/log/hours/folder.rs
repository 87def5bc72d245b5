//! The hourly files of one shard on a local disk: `<folder>/<shard>/hours/<hour>.ids`.
//!
//! Blocking: to be called where that harms nobody.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::file::{Head, HourFile, encode};
use super::hour::Hour;
use crate::domain::id::{Index, Name};

/// Why a file cannot be written or used.
#[derive(Debug, thiserror::Error)]
pub enum HourError {
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
    /// It is not what was written.
    #[error("the hourly file {} is damaged", .0.display())]
    Damaged(PathBuf),
}

/// Where they are.
#[derive(Clone, Debug)]
pub struct HourFolder {
    path: PathBuf,
    shard: Name,
}

impl HourFolder {
    /// Below the folder of the snapshots; made when the first is written.
    #[must_use]
    pub fn new(folder: &Path, shard: Name) -> Self {
        Self { path: folder.join(shard.as_str()).join("hours"), shard }
    }

    /// What stands there, the oldest first, and why some of it cannot be used. What was never finished is removed.
    ///
    /// # Errors
    /// The disk.
    pub(super) fn list(&self) -> Result<(Vec<HourFile>, Vec<HourError>), HourError> {
        let (mut files, mut unread) = (Vec::new(), Vec::new());
        for path in self.paths()? {
            match hour_in(&path) {
                Some(_) => match HourFile::open(&path, &self.shard) {
                    Ok(file) => files.push(file),
                    Err(error) => unread.push(error),
                },
                // Of a process that ended while it wrote. If it writes still it tries again.
                None => drop(fs::remove_file(&path)),
            }
        }
        files.sort_unstable_by_key(|file| file.head().first);
        Ok((files, unread))
    }

    /// Writes one; it stands when this returns, in the place of one of the same hour.
    ///
    /// # Errors
    /// The disk.
    pub fn write(&self, head: &Head, keys: impl Iterator<Item = (u64, Index)>) -> Result<HourFile, HourError> {
        let bytes = encode(&self.shard, head, keys);
        let named = self.path_of(head.hour);
        let made = self.path.join(format!("{}.new-{}", head.hour.0, std::process::id()));
        let write = || {
            fs::create_dir_all(&self.path)?;
            let mut file = fs::File::create(&made)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&made, &named)?;
            fs::File::open(&self.path)?.sync_all()
        };
        if let Err(source) = write() {
            // Its room is wanted, on a full disk most of all.
            let _ = fs::remove_file(&made);
            return Err(HourError::Disk { operation: "write", path: named, source });
        }
        HourFile::open(&named, &self.shard)
    }

    /// Removes those of the hours before `first`.
    ///
    /// # Errors
    /// The disk.
    pub(super) fn remove_before(&self, first: Hour) -> Result<(), HourError> {
        for path in self.paths()?.into_iter().filter(|path| hour_in(path).is_some_and(|hour| hour < first)) {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(HourError::Disk { operation: "remove", path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn path_of(&self, hour: Hour) -> PathBuf {
        self.path.join(format!("{}.ids", hour.0))
    }

    fn paths(&self) -> Result<Vec<PathBuf>, HourError> {
        let disk = |source| HourError::Disk { operation: "list", path: self.path.clone(), source };
        match fs::read_dir(&self.path) {
            Ok(entries) => entries.map(|entry| Ok(entry.map_err(disk)?.path())).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(disk(error)),
        }
    }
}

/// The hour in the name of a file that was finished.
fn hour_in(path: &Path) -> Option<Hour> {
    path.file_name()?.to_str()?.strip_suffix(".ids")?.parse().ok().map(Hour)
}
