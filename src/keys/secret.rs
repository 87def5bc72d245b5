//! The workspace's key: where it comes from, and what is said when it is not there.
//!
//! 32 random bytes as 64 hexadecimal digits, in a file or an environment variable: never in a configuration file, which people
//! copy and print.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::RngExt as _;
use zeroize::Zeroizing;

use crate::domain::id::Name;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
/// Starts the names of the variables that hold a workspace's key.
const VARIABLE_PREFIX: &str = "SKEIN_WORKSPACE_KEY_";

/// Keys of a workspace at most: the present one, and those that are being replaced.
const MAX_KEYS: usize = 4;

/// The key that wraps a workspace's key blocks, and older ones that still open what they have wrapped. Cheap to clone; shows nothing of
/// itself.
#[derive(Clone)]
pub struct WorkspaceKey(Arc<[Zeroizing<[u8; KEY]>]>);

impl fmt::Debug for WorkspaceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkspaceKey")
    }
}

/// Why a workspace has no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyProblem {
    /// It is nowhere.
    #[error(
        "workspace {workspace} has no key: put 64 random hexadecimal digits (`openssl rand -hex 32`) into {place}, keep a copy \
         elsewhere: without it nothing that customers said can be read",
        place = file.as_ref().map_or_else(
            || format!("the variable {}, or name a folder in keys.folder", variable(workspace)),
            |file| format!("the file {}, or the variable {}", file.display(), variable(workspace)),
        )
    )]
    Missing {
        /// Whose.
        workspace: Name,
        /// Where it was looked for, if a folder is configured.
        file: Option<PathBuf>,
    },
    /// The file is there and cannot be read.
    #[error("the key of workspace {workspace} in {} cannot be read", file.display())]
    Unreadable {
        /// Whose.
        workspace: Name,
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no key.
    #[error("the key of workspace {workspace} in {place} is not 64 hexadecimal digits: it has {length} characters")]
    Malformed {
        /// Whose.
        workspace: Name,
        /// File or variable.
        place: String,
        /// How long it is.
        length: usize,
    },
    /// More than are needed to replace one.
    #[error(
        "workspace {workspace} has more than 4 keys in {place}: the first wraps, the others only open what they have wrapped"
    )]
    TooMany {
        /// Whose.
        workspace: Name,
        /// File or variable.
        place: String,
    },
}

/// The environment variable that may hold a workspace's key.
#[must_use]
pub fn variable(workspace: &str) -> String {
    let name: String =
        workspace.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("{VARIABLE_PREFIX}{name}")
}

impl WorkspaceKey {
    /// A new random key.
    #[must_use]
    pub fn random() -> Self {
        let mut key = Zeroizing::new([0; KEY]);
        rand::rng().fill(&mut *key);
        Self([key].into_iter().collect())
    }

    /// The key of a workspace: from its variable, else from its file in `folder`.
    ///
    /// # Errors
    /// [`KeyProblem`], in words for an operator.
    pub fn load(workspace: &Name, folder: Option<&Path>) -> Result<Self, KeyProblem> {
        let variable = variable(workspace);
        if let Ok(text) = std::env::var(&variable) {
            return Self::read(workspace, &Zeroizing::new(text), || format!("the variable {variable}"));
        }
        let file = folder.map(|folder| file(folder, workspace));
        let Some(path) = file.as_ref().filter(|path| path.exists()) else {
            return Err(KeyProblem::Missing { workspace: workspace.clone(), file });
        };
        let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|source| KeyProblem::Unreadable {
            workspace: workspace.clone(),
            file: path.clone(),
            source,
        })?;
        Self::read(workspace, &text, || path.display().to_string())
    }

    /// Each key in a line; the first one wraps.
    fn read(workspace: &Name, text: &str, place: impl Fn() -> String) -> Result<Self, KeyProblem> {
        let malformed = |length| KeyProblem::Malformed { workspace: workspace.clone(), place: place(), length };
        let mut keys = Vec::new();
        for line in text.split_whitespace() {
            if line.len() != 2 * KEY || !line.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(malformed(line.chars().count()));
            }
            let mut key = Zeroizing::new([0; KEY]);
            for (byte, at) in key.iter_mut().zip((0..).step_by(2)) {
                *byte = u8::from_str_radix(&line[at..at + 2], 16).map_err(|_| malformed(line.len()))?;
            }
            keys.push(key);
        }
        match keys.len() {
            0 => Err(malformed(0)),
            1..=MAX_KEYS => Ok(Self(keys.into())),
            _ => Err(KeyProblem::TooMany { workspace: workspace.clone(), place: place() }),
        }
    }

    /// The key that wraps.
    pub(super) fn expose(&self) -> &[u8; KEY] {
        self.0.first().expect("made of one key at least")
    }

    /// Each of them, the one that wraps first.
    pub(super) fn all(&self) -> impl Iterator<Item = &[u8; KEY]> {
        self.0.iter().map(|key| &**key)
    }

    /// This key, and an older one that opens what it has wrapped.
    #[must_use]
    pub fn replacing(&self, older: &Self) -> Self {
        Self(self.0.iter().chain(older.0.iter()).cloned().collect())
    }
}

fn file(folder: &Path, workspace: &str) -> PathBuf {
    folder.join(format!("{workspace}.key"))
}

/// Makes a key for the workspace in `folder` if it has none there; its owner alone may read it.
///
/// # Errors
/// The folder or file cannot be made.
pub fn make_missing(folder: &Path, workspace: &str) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = file(folder, workspace);
    if path.exists() {
        return Ok(());
    }
    // Complete or not there, and never replaced: it is made under another name, and linked if nobody was faster.
    let begun = folder.join(format!("{workspace}.{}.new", std::process::id()));
    let mut made = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&begun)?;
    let text = Zeroizing::new(hex());
    made.write_all(text.as_bytes())?;
    made.write_all(b"\n")?;
    made.sync_all()?;
    let linked = std::fs::hard_link(&begun, &path);
    std::fs::remove_file(&begun)?;
    linked.or_else(|error| if error.kind() == std::io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
}

/// Puts a new key before those of the workspace in `folder`: it wraps from the next start on, the ones behind it open what they have
/// wrapped until that is wrapped anew.
///
/// # Errors
/// There is no such file, it holds no key or too many, or it cannot be written; then it is as it was.
pub fn rotate(folder: &Path, workspace: &Name) -> Result<PathBuf, RotateError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = file(folder, workspace);
    let text = Zeroizing::new(std::fs::read_to_string(&path).map_err(|source| failed(&path, source))?);
    let new = Zeroizing::new(hex());
    let both = Zeroizing::new(format!("{}\n{}\n", *new, text.trim()));
    WorkspaceKey::read(workspace, &both, || path.display().to_string())?;
    // Complete under another name first: whoever reads meanwhile finds the old file or the new one.
    let begun = folder.join(format!("{workspace}.{}.new", std::process::id()));
    let write = || {
        let mut made = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&begun)?;
        made.write_all(both.as_bytes())?;
        made.sync_all()?;
        std::fs::rename(&begun, &path)
    };
    write().map_err(|source| failed(&path, source))?;
    Ok(path)
}

/// Why a key is not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// What is there is no key, or there are too many.
    #[error("add a key")]
    Problem(#[from] KeyProblem),
    /// The file cannot be read or written.
    #[error("rewrite the key file {}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn failed(file: &Path, source: std::io::Error) -> RotateError {
    RotateError::File { file: file.to_owned(), source }
}

/// A new key, as it stands in files.
fn hex() -> String {
    let mut text = String::with_capacity(2 * KEY);
    let key: Zeroizing<[u8; KEY]> = Zeroizing::new(rand::rng().random());
    for byte in key.iter() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn problem(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("acme.key"), text).unwrap();
        WorkspaceKey::load(&Name::new("acme"), Some(folder.path())).unwrap_err().to_string()
    }

    #[test]
    fn a_key_that_was_made_is_read_by_its_owner_alone_and_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        make_missing(&keys, "acme").unwrap();
        let path = keys.join("acme.key");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let first = WorkspaceKey::load(&Name::new("acme"), Some(&keys)).unwrap();
        make_missing(&keys, "acme").unwrap();
        let second = WorkspaceKey::load(&Name::new("acme"), Some(&keys)).unwrap();
        assert_eq!(first.expose(), second.expose());
        make_missing(&keys, "other").unwrap();
        assert_ne!(first.expose(), WorkspaceKey::load(&Name::new("other"), Some(&keys)).unwrap().expose());
    }

    #[test]
    fn a_rotated_key_wraps_and_the_one_before_still_opens() {
        let folder = tempfile::tempdir().unwrap();
        let acme = Name::new("acme");
        assert!(matches!(rotate(folder.path(), &acme), Err(RotateError::File { .. })), "there is none");
        make_missing(folder.path(), "acme").unwrap();
        let before = WorkspaceKey::load(&acme, Some(folder.path())).unwrap();
        let path = rotate(folder.path(), &acme).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let after = WorkspaceKey::load(&acme, Some(folder.path())).unwrap();
        assert_ne!(after.expose(), before.expose());
        assert_eq!(after.all().nth(1), Some(before.expose()));
        for _ in 2..MAX_KEYS {
            rotate(folder.path(), &acme).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(matches!(rotate(folder.path(), &acme), Err(RotateError::Problem(KeyProblem::TooMany { .. }))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it is as it was");
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said_without_showing_it() {
        let missing = WorkspaceKey::load(&Name::new("acme-eu"), None).unwrap_err().to_string();
        assert!(missing.contains("SKEIN_WORKSPACE_KEY_ACME_EU"), "{missing}");
        let folder = tempfile::tempdir().unwrap();
        let missing = WorkspaceKey::load(&Name::new("acme"), Some(folder.path())).unwrap_err().to_string();
        assert!(missing.contains("acme.key"), "{missing}");
        for text in ["", "c0ffee", &"zz".repeat(32), &"ab".repeat(33), &"\u{e4}".repeat(32)] {
            let said = problem(text);
            assert!(said.contains("not 64 hexadecimal digits"), "{said}");
            assert!(text.is_empty() || !said.contains(text), "{said}");
        }
        let key = WorkspaceKey::read(&Name::new("acme"), &"ab".repeat(32), String::new).unwrap();
        assert_eq!(format!("{key:?}"), "WorkspaceKey");
    }
}
