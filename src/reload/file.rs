//! A file of the operator's: whether it looks changed, and what it says. Blocking, for a thread of its own.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::config::{Problem, reload_workspace};
use crate::domain::workspace::WorkspaceConfig;

/// Readings of a file that changes while it is read, before it is taken as it is.
const READINGS: u32 = 5;
/// Pause between them.
const READING_PAUSE: Duration = Duration::from_millis(50);

/// What a file looks like from outside. Another number: an editor has put another file in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Looks {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

/// None: it is not there, or nobody may look.
pub(crate) fn looks(path: &Path) -> Option<Looks> {
    let found = std::fs::metadata(path).ok()?;
    Some(Looks { modified: found.modified().ok(), bytes: found.len(), inode: found.ino() })
}

/// What a file says, and what it looked like then.
pub(super) fn read(path: &Path, running: &WorkspaceConfig) -> (Option<Looks>, Result<WorkspaceConfig, Vec<Problem>>) {
    let mut before = looks(path);
    for _ in 1..READINGS {
        let config = reload_workspace(path, running);
        let after = looks(path);
        if before == after {
            return (before, config);
        }
        std::thread::sleep(READING_PAUSE);
        before = looks(path);
    }
    (before, reload_workspace(path, running))
}
