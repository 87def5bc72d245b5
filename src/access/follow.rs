//! Keys and certificates are read again when their files change.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::files::{Access, AccessError};
use crate::reload::Looks;

/// How often it is looked whether a file has changed. One that looks the same at two looks is read.
const POLL: Duration = Duration::from_secs(2);

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Keys that prove tokens.
    TokenKeys,
    /// Certificate, key, and authorities of clients: they are read together.
    Tls,
}

impl FileKind {
    /// As a label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::TokenKeys => "token_keys",
            Self::Tls => "tls",
        }
    }
}

/// How files of one kind looked when they were read last, and at the last look.
#[derive(Debug)]
struct Seen {
    read: Vec<Option<Looks>>,
    last: Vec<Option<Looks>>,
    /// What was wrong with them: said once, and tried again at each look, for a disk may only have failed for a moment.
    problem: Option<AccessError>,
}

/// Reads files again when they have changed, until `stop`. `refused` hears for each kind whether what was read last was refused.
/// Without files it ends at once. Cancel safe.
pub async fn follow(access: Access, refused: impl Fn(FileKind, bool), stop: CancellationToken) {
    let kinds: Vec<FileKind> = [FileKind::TokenKeys, FileKind::Tls]
        .into_iter()
        .filter(|kind| access.files().of(*kind).next().is_some())
        .collect();
    if kinds.is_empty() {
        return;
    }
    let mut seen: Vec<Seen> = Vec::with_capacity(kinds.len());
    for kind in &kinds {
        // As they looked before they were read: what has changed since is read.
        let before = access.looked(*kind).to_vec();
        seen.push(Seen { read: before.clone(), last: before, problem: None });
        refused(*kind, false);
    }
    while stop.run_until_cancelled(tokio::time::sleep(POLL)).await.is_some() {
        for (kind, seen) in kinds.iter().zip(&mut seen) {
            let now = look(&access, *kind).await;
            let settled = now == seen.last;
            seen.last.clone_from(&now);
            if settled && (now != seen.read || seen.problem.is_some()) {
                seen.read = now;
                let problem = reload(&access, *kind).await.err();
                if let Some(problem) = problem.as_ref().filter(|problem| seen.problem.as_ref() != Some(problem)) {
                    warn!(kind = kind.label(), %problem, "keys or certificates of access refused, what was in force stays");
                }
                refused(*kind, problem.is_some());
                seen.problem = problem;
            }
        }
    }
}

/// What is there has a problem: what was in force stays.
async fn reload(access: &Access, kind: FileKind) -> Result<(), AccessError> {
    let access = access.clone();
    let read = move || match kind {
        FileKind::TokenKeys => access.reload_tokens(),
        FileKind::Tls => access.reload_tls(),
    };
    blocking(read).await?;
    info!(kind = kind.label(), "keys and certificates of access read again");
    Ok(())
}

async fn look(access: &Access, kind: FileKind) -> Vec<Option<Looks>> {
    let access = access.clone();
    blocking(move || access.files().looks(kind)).await
}

/// Runs what waits for a disk. It has no other way to fail than a panic, which is passed on.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;
    use std::sync::Mutex;
    use std::time::SystemTime;

    use super::*;
    use crate::access::{AccessFiles, ClaimNames, TokenRules};

    /// Keys of the same length in both.
    const ONE: &str =
        r#"{"keys": [{"kty": "oct", "kid": "one", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC1zZWNyZXQ"}]}"#;
    const TWO: &str =
        r#"{"keys": [{"kty": "oct", "kid": "two", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC1zZWNyZXQ"}]}"#;

    fn rules() -> TokenRules {
        let claims = ClaimNames {
            agent: String::new(),
            workspace: String::new(),
            roles: String::new(),
            roles_prefix: String::new(),
        };
        TokenRules { issuer: String::new(), audience: String::new(), leeway: Duration::ZERO, claims }
    }

    struct Bed {
        path: PathBuf,
        access: Access,
        refused: Mutex<Vec<bool>>,
        stop: CancellationToken,
        _folder: tempfile::TempDir,
    }

    fn bed() -> Bed {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        std::fs::write(&path, ONE).unwrap();
        let files = AccessFiles { token_keys: Some(path.clone()), ..AccessFiles::default() };
        let access = Access::load(files, rules()).unwrap();
        Bed { path, access, refused: Mutex::default(), stop: CancellationToken::new(), _folder: folder }
    }

    impl Bed {
        fn write(&self, text: &str, modified: SystemTime) {
            std::fs::write(&self.path, text).unwrap();
            File::options().write(true).open(&self.path).unwrap().set_modified(modified).unwrap();
        }

        fn has(&self, kid: &str) -> bool {
            let keys = self.access.tokens.as_ref().unwrap().keys();
            keys.fitting(Some(kid), jsonwebtoken::Algorithm::HS256).count() == 1
        }

        fn is_refused(&self) -> bool {
            self.refused.lock().unwrap().last() == Some(&true)
        }

        /// Follows the file while `wanted` goes on.
        async fn while_followed(&self, wanted: impl Future<Output = ()>) {
            let follow =
                follow(self.access.clone(), |_, refused| self.refused.lock().unwrap().push(refused), self.stop.clone());
            tokio::select! {
                () = follow => panic!("it follows until it is stopped"),
                () = wanted => {}
            }
        }

        /// Waits for a condition; the clock stands unless everything waits.
        async fn until(&self, what: &str, holds: impl Fn() -> bool) {
            for _ in 0..1_000 {
                if holds() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            panic!("{what}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_changed_before_the_first_look_are_read() {
        let bed = bed();
        bed.write(TWO, SystemTime::UNIX_EPOCH);
        bed.while_followed(bed.until("the new key is in force", || bed.has("two") && !bed.has("one"))).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_read_is_tried_again_although_it_looks_the_same() {
        let bed = bed();
        let at = SystemTime::UNIX_EPOCH;
        bed.while_followed(async {
            bed.write(&" ".repeat(TWO.len()), at);
            bed.until("it is refused", || bed.is_refused()).await;
            assert!(bed.has("one"), "what was in force stays");
            bed.write(TWO, at);
            bed.until("it is read", || bed.has("two") && !bed.is_refused()).await;
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_set_without_keys_takes_all_of_them_and_a_file_that_is_gone_takes_none() {
        let bed = bed();
        bed.while_followed(async {
            std::fs::remove_file(&bed.path).unwrap();
            bed.until("it is refused", || bed.is_refused()).await;
            assert!(bed.has("one"));
            bed.write(r#"{"keys": []}"#, SystemTime::UNIX_EPOCH);
            bed.until("nobody is believed", || !bed.has("one") && !bed.is_refused()).await;
        })
        .await;
    }

    #[test]
    fn a_file_of_keys_that_anybody_may_change_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let bed = bed();
        std::fs::set_permissions(&bed.path, std::fs::Permissions::from_mode(0o606)).unwrap();
        let files = AccessFiles { token_keys: Some(bed.path.clone()), ..AccessFiles::default() };
        let problems = Access::load(files, rules()).unwrap_err();
        assert!(problems[0].to_string().contains("may be written by anybody (mode 606)"), "{problems:?}");
    }
}
