//! Keys and certificates are read again when their files change.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::files::{Access, AccessError};
use crate::reload::{Looks, looks};

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
}

/// Reads files again when they have changed, until `stop`. `refused` hears for each kind whether what was read last was refused.
/// Without files it ends at once. Cancel safe.
pub async fn follow(access: Access, refused: impl Fn(FileKind, bool), stop: CancellationToken) {
    let kinds: Vec<FileKind> =
        [FileKind::TokenKeys, FileKind::Tls].into_iter().filter(|kind| !paths(&access, *kind).is_empty()).collect();
    if kinds.is_empty() {
        return;
    }
    let mut seen: Vec<Seen> = Vec::with_capacity(kinds.len());
    for kind in &kinds {
        let now = look(&access, *kind).await;
        seen.push(Seen { read: now.clone(), last: now });
        refused(*kind, false);
    }
    while stop.run_until_cancelled(tokio::time::sleep(POLL)).await.is_some() {
        for (kind, seen) in kinds.iter().zip(&mut seen) {
            let now = look(&access, *kind).await;
            let settled = now == seen.last;
            seen.last.clone_from(&now);
            if settled && now != seen.read {
                seen.read = now;
                refused(*kind, !reload(&access, *kind).await);
            }
        }
    }
}

/// False: what is there has a problem, and what was in force stays.
async fn reload(access: &Access, kind: FileKind) -> bool {
    let access = access.clone();
    let read = move || match kind {
        FileKind::TokenKeys => access.reload_tokens(),
        FileKind::Tls => access.reload_tls(),
    };
    let outcome: Result<(), AccessError> = blocking(read).await;
    match outcome {
        Ok(()) => info!(kind = kind.label(), "keys and certificates of access read again"),
        Err(ref problem) => {
            warn!(kind = kind.label(), %problem, "keys or certificates of access refused, what was in force stays");
        }
    }
    outcome.is_ok()
}

async fn look(access: &Access, kind: FileKind) -> Vec<Option<Looks>> {
    let access = access.clone();
    blocking(move || paths(&access, kind).into_iter().map(looks).collect()).await
}

fn paths(access: &Access, kind: FileKind) -> Vec<&Path> {
    let files = access.files();
    let of_kind = match kind {
        FileKind::TokenKeys => [&files.token_keys, &None, &None],
        FileKind::Tls => [&files.certificate, &files.key, &files.client_ca],
    };
    of_kind.into_iter().filter_map(Option::as_deref).collect()
}

/// Runs what waits for a disk. It has no other way to fail than a panic, which is passed on.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
