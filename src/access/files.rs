//! The files that access rests on, read together.

use std::path::{Path, PathBuf};

use super::tls::Tls;
use super::tokens::{TokenRules, Tokens};

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
        let mut problems = Vec::new();
        let mut taken = |problem| problems.push(problem);
        let tokens = files.token_keys.as_deref().and_then(|path| {
            let read = text(path).and_then(|keys| {
                Tokens::new(rules, &keys).map_err(|problem| AccessError::of(path, problem.to_string()))
            });
            read.map_err(&mut taken).ok()
        });
        let has_tls = files.certificate.is_some() || files.key.is_some() || files.client_ca.is_some();
        let tls = has_tls.then(|| Tls::load(&files)).and_then(|tls| tls.map_err(taken).ok());
        if problems.is_empty() { Ok(Self { tokens, tls, files }) } else { Err(problems) }
    }

    /// Reads the keys of tokens again. Blocking.
    pub(super) fn reload_tokens(&self) -> Result<(), AccessError> {
        let (Some(tokens), Some(path)) = (&self.tokens, self.files.token_keys.as_deref()) else { return Ok(()) };
        tokens.replace(&text(path)?).map_err(|problem| AccessError::of(path, problem.to_string()))
    }

    /// Reads certificates and keys again. Blocking.
    pub(super) fn reload_tls(&self) -> Result<(), AccessError> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls.reload(&self.files))
    }

    pub(super) fn files(&self) -> &AccessFiles {
        &self.files
    }
}

fn text(path: &Path) -> Result<String, AccessError> {
    std::fs::read_to_string(path).map_err(|error| AccessError::of(path, format!("cannot be read: {error}")))
}
