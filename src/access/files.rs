//! The files that access rests on, read together.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tracing::warn;

use super::follow::FileKind;
use super::tls::Tls;
use super::tokens::{TokenRules, Tokens};
use crate::reload::{Looks, looks};

/// Bits of a file's mode: others may read it, or change it.
const ANYBODY_READS: u32 = 0o004;
const ANYBODY_WRITES: u32 = 0o002;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Of a file.
    #[error("{}: {problem}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What.
        problem: String,
    },
    /// A certificate without its key, or the other way round.
    #[error("grpc.tls_certificate_file and grpc.tls_key_file are wanted both")]
    HalfTls,
}

impl AccessError {
    pub(super) fn of(path: &Path, problem: String) -> Self {
        Self::File { path: path.to_owned(), problem }
    }
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFiles {
    /// Keys that prove tokens; none: no tokens are asked for.
    pub token_keys: Option<PathBuf>,
    /// Certificate of the port, with those between it and its authority; none: no TLS.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// Authorities of clients' certificates; none: clients need none.
    pub client_ca: Option<PathBuf>,
}

/// Who may call, and how. Cheap to clone; clones share what may change.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Proves tokens; none: callers are believed.
    pub tokens: Option<Tokens>,
    /// TLS; none: plain.
    pub tls: Option<Tls>,
    files: AccessFiles,
    /// How they looked before they were read.
    looked: Looked,
}

/// How files looked, of each kind.
#[derive(Clone, Debug, Default)]
struct Looked {
    token_keys: Vec<Option<Looks>>,
    tls: Vec<Option<Looks>>,
}

impl Access {
    /// Callers are believed, connections are plain.
    #[must_use]
    pub fn open() -> Self {
        Self::default()
    }

    /// Reads what the files hold. Blocking.
    ///
    /// # Errors
    /// What is wrong, of all of them.
    pub fn load(files: AccessFiles, rules: TokenRules) -> Result<Self, Vec<AccessError>> {
        let looked = Looked { token_keys: files.looks(FileKind::TokenKeys), tls: files.looks(FileKind::Tls) };
        let mut problems = Vec::new();
        let mut taken = |problem| problems.push(problem);
        let tokens = files.token_keys.as_deref().and_then(|path| {
            let read = text(path).and_then(|keys| {
                Tokens::new(rules, &keys).map_err(|problem| AccessError::of(path, problem.to_string()))
            });
            let read = read.inspect(|tokens| say(path, tokens));
            read.map_err(&mut taken).ok()
        });
        let has_tls = files.certificate.is_some() || files.key.is_some() || files.client_ca.is_some();
        let tls = has_tls.then(|| Tls::load(&files)).and_then(|tls| tls.map_err(taken).ok());
        if problems.is_empty() { Ok(Self { tokens, tls, files, looked }) } else { Err(problems) }
    }

    /// Reads the keys of tokens again. Blocking.
    pub(super) fn reload_tokens(&self) -> Result<(), AccessError> {
        let (Some(tokens), Some(path)) = (&self.tokens, self.files.token_keys.as_deref()) else { return Ok(()) };
        tokens.replace(&text(path)?).map_err(|problem| AccessError::of(path, problem.to_string()))?;
        say(path, tokens);
        Ok(())
    }

    /// Reads certificates and keys again. Blocking.
    pub(super) fn reload_tls(&self) -> Result<(), AccessError> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls.reload(&self.files))
    }

    pub(super) fn files(&self) -> &AccessFiles {
        &self.files
    }

    /// How the files of a kind looked before they were read at the start.
    pub(super) fn looked(&self, kind: FileKind) -> &[Option<Looks>] {
        match kind {
            FileKind::TokenKeys => &self.looked.token_keys,
            FileKind::Tls => &self.looked.tls,
        }
    }
}

impl AccessFiles {
    /// Files of a kind that there are.
    pub(super) fn of(&self, kind: FileKind) -> impl Iterator<Item = &Path> {
        let of_kind = match kind {
            FileKind::TokenKeys => [&self.token_keys, &None, &None],
            FileKind::Tls => [&self.certificate, &self.key, &self.client_ca],
        };
        of_kind.into_iter().filter_map(Option::as_deref)
    }

    /// How they look. Blocking.
    pub(super) fn looks(&self, kind: FileKind) -> Vec<Option<Looks>> {
        self.of(kind).map(looks).collect()
    }
}

/// What an operator should know of keys that are in force.
fn say(path: &Path, tokens: &Tokens) {
    let keys = tokens.keys();
    for problem in keys.passed_over() {
        warn!(path = %path.display(), %problem, "a key for tokens is passed over");
    }
    if keys.is_empty() {
        warn!(path = %path.display(), "no key for tokens is left: nobody is believed");
    }
    if keys.has_secrets() {
        guarded(path);
    }
}

fn text(path: &Path) -> Result<String, AccessError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| AccessError::of(path, format!("cannot be read: {error}")))?;
    nobody_else_writes(path)?;
    Ok(text)
}

/// Refuses a file that anybody may change: whoever can would be anybody.
pub(super) fn nobody_else_writes(path: &Path) -> Result<(), AccessError> {
    match mode(path) {
        Some(mode) if mode & ANYBODY_WRITES != 0 => {
            Err(AccessError::of(path, format!("may be written by anybody (mode {:o})", mode & 0o777)))
        }
        Some(_) | None => Ok(()),
    }
}

/// Says that anybody may read a file with a secret. It is used all the same: how secrets are mounted is not always the operator's to say.
pub(super) fn guarded(path: &Path) {
    if let Some(mode) = mode(path).filter(|mode| mode & ANYBODY_READS != 0) {
        let mode = format!("{:o}", mode & 0o777);
        warn!(path = %path.display(), mode, "a file with a secret may be read by anybody on this machine");
    }
}

fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|found| found.permissions().mode())
}
