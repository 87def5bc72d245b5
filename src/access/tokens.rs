//! Proving tokens: signature, issuer, audience, time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::Value;
use tokio::sync::watch;

use super::claims::{ClaimNames, Claimed};
use super::jwks::{KeySet, KeysProblem};
use crate::clock::wall_ms;

/// Tokens proven lately that are known again without their signature: agents and programs that call one rpc after the other.
const PROVEN: usize = 16_384;
/// Longest token, bytes: beyond it the headers of a call are refused anyway.
const MAX_TOKEN_BYTES: usize = 12 << 10;

/// What a token has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// Its `iss`.
    pub issuer: String,
    /// One of its `aud`.
    pub audience: String,
    /// By how much clocks may differ.
    pub leeway: Duration,
    /// Where it says who bears it.
    pub claims: ClaimNames,
}

/// Why a token proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    NotYet,
    /// No key of ours has signed it.
    #[error("no key of this daemon has signed it")]
    Signature,
    /// Another issuer's.
    #[error("it is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("it is for another audience")]
    Audience,
    /// Not a token.
    #[error("it is no signed token")]
    Malformed,
    /// A claim is missing, or not what it has to be.
    #[error("claim {0} is missing or not what it has to be")]
    Claim(String),
}

impl TokenProblem {
    /// A word for programs.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Malformed => "malformed",
            Self::Claim(_) => "claim",
        }
    }
}

/// A token that was proven.
#[derive(Clone, Debug)]
pub(super) struct Proven {
    pub(super) claimed: Arc<Claimed>,
    /// When it is over, milliseconds since the Unix epoch, with the leeway.
    pub(super) until_ms: i64,
}

/// Proves tokens. Cheap to clone; clones share the keys, which may change.
#[derive(Clone, Debug)]
pub struct Tokens {
    inner: Arc<Inner>,
}

struct Inner {
    rules: TokenRules,
    keys: watch::Sender<Arc<KeySet>>,
    /// By the whole token. Emptied when the keys change.
    proven: Mutex<HashMap<Box<str>, Proven>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("rules", &self.rules).field("keys", &*self.keys.borrow()).finish_non_exhaustive()
    }
}

impl Tokens {
    /// With the keys of a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(rules: TokenRules, keys: &str) -> Result<Self, KeysProblem> {
        let (keys, _) = watch::channel(Arc::new(KeySet::read(keys)?));
        Ok(Self { inner: Arc::new(Inner { rules, keys, proven: Mutex::default() }) })
    }

    /// Takes other keys. Whoever bears a token of a key that is gone is not believed any more; without any key nobody is.
    ///
    /// # Errors
    /// What is wrong with the text: the keys before stay.
    pub fn replace(&self, keys: &str) -> Result<(), KeysProblem> {
        let keys = Arc::new(KeySet::read_any(keys)?);
        // In this order: what is proven by the old keys meanwhile is not kept.
        self.inner.keys.send_replace(keys);
        self.proven().clear();
        Ok(())
    }

    /// The keys in force.
    pub(super) fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.inner.keys.borrow())
    }

    /// Hears when the keys change.
    pub(super) fn changes(&self) -> watch::Receiver<Arc<KeySet>> {
        self.inner.keys.subscribe()
    }

    /// Proves a token.
    pub(super) fn prove(&self, token: &str) -> Result<Proven, TokenProblem> {
        if let Some(known) = self.proven().get(token) {
            return if known.until_ms > wall_ms() { Ok(known.clone()) } else { Err(TokenProblem::Expired) };
        }
        let keys = self.keys();
        let proven = self.read(&keys, token)?;
        let mut all = self.proven();
        if all.len() >= PROVEN {
            let now = wall_ms();
            all.retain(|_, proven| proven.until_ms > now);
            if all.len() >= PROVEN {
                all.clear();
            }
        }
        // Proven by keys that were replaced meanwhile: asked anew the next time.
        if Arc::ptr_eq(&keys, &self.inner.keys.borrow()) {
            all.insert(token.into(), proven.clone());
        }
        drop(all);
        Ok(proven)
    }

    fn proven(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Proven>> {
        self.inner.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, keys: &KeySet, token: &str) -> Result<Proven, TokenProblem> {
        let rules = &self.inner.rules;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenProblem::Malformed);
        }
        let header = decode_header(token).map_err(|_| TokenProblem::Malformed)?;
        let mut problem = TokenProblem::Signature;
        for key in keys.fitting(header.kid.as_deref(), header.alg) {
            let mut wanted = Validation::new(header.alg);
            wanted.algorithms.clone_from(&key.algorithms);
            wanted.leeway = rules.leeway.as_secs();
            wanted.validate_nbf = true;
            wanted.set_issuer(&[&rules.issuer]);
            wanted.set_audience(&[&rules.audience]);
            wanted.set_required_spec_claims(&["exp", "iss", "aud"]);
            match decode::<Value>(token, &key.key, &wanted) {
                Ok(data) => return self.claimed(&data.claims),
                Err(error) => problem = reason(error.kind()),
            }
            if problem != TokenProblem::Signature {
                break;
            }
        }
        Err(problem)
    }

    fn claimed(&self, claims: &Value) -> Result<Proven, TokenProblem> {
        let rules = &self.inner.rules;
        let claimed = Claimed::read(claims, &rules.claims).map_err(TokenProblem::Claim)?;
        // Checked already; a time beyond all calendars is one that does not come.
        let expires = claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
        let until = Duration::try_from_secs_f64(expires).unwrap_or(Duration::MAX).saturating_add(rules.leeway);
        let until_ms = i64::try_from(until.as_millis()).unwrap_or(i64::MAX);
        Ok(Proven { claimed: Arc::new(claimed), until_ms })
    }
}

fn reason(kind: &ErrorKind) -> TokenProblem {
    match kind {
        ErrorKind::ExpiredSignature => TokenProblem::Expired,
        ErrorKind::ImmatureSignature => TokenProblem::NotYet,
        ErrorKind::InvalidIssuer => TokenProblem::Issuer,
        ErrorKind::InvalidAudience => TokenProblem::Audience,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => {
            TokenProblem::Claim(claim.clone())
        }
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
            TokenProblem::Malformed
        }
        _ => TokenProblem::Signature,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
