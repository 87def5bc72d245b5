//! What a check comes to.

use std::fmt;

use anyhow::bail;
use tracing::{debug, warn};

use crate::nats::{ApiCode, NatsError};

/// How much a verdict weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// As it should be.
    Fine,
    /// It works, and somebody should know.
    Warned,
    /// It cannot work, or would lose what was acknowledged: nothing starts.
    Refused,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Name of the check.
    pub check: &'static str,
    /// What follows.
    pub weight: Weight,
    /// What was found, against what, and what mends it: one line.
    pub text: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Fine => "ok",
            Weight::Warned => "warning",
            Weight::Refused => "refused",
        };
        write!(f, "{weight}: {}: {}", self.check, self.text)
    }
}

/// What a check says: its weight and its line.
pub(super) type Said = (Weight, String);

pub(super) fn fine(text: impl Into<String>) -> Said {
    (Weight::Fine, text.into())
}

pub(super) fn warned(text: impl Into<String>) -> Said {
    (Weight::Warned, text.into())
}

pub(super) fn refused(text: impl Into<String>) -> Said {
    (Weight::Refused, text.into())
}

/// Logs what is warned of.
///
/// # Errors
/// Everything that is refused, in one message.
pub(in crate::app) fn settle(verdicts: &[Verdict]) -> anyhow::Result<()> {
    let mut refused = Vec::new();
    for verdict in verdicts {
        match verdict.weight {
            Weight::Fine => debug!(check = verdict.check, found = verdict.text, "start-up check passed"),
            Weight::Warned => warn!(check = verdict.check, found = verdict.text, "START-UP CHECK WARNS"),
            Weight::Refused => refused.push(format!("\n  {verdict}")),
        }
    }
    if !refused.is_empty() {
        bail!("start on these nats-servers: nothing was made or changed there:{}", refused.concat());
    }
    Ok(())
}

/// The error of servers that are of no use or make no stream, with what to do about it where their words do not say.
pub(in crate::app) fn advised(error: NatsError) -> anyhow::Error {
    let advice = match error.code() {
        Some(ApiCode::NO_STORAGE) => {
            "the servers have no room for a stream of the size that ingest.stream_max_bytes sets for each workspace: raise \
             `max_file_store` there and the account's `max_file`, or lower it"
        }
        Some(ApiCode::NO_PLACE) => {
            "fewer servers than log.replicas take a stream: start the others, give them room, or lower log.replicas"
        }
        Some(ApiCode::ACCOUNT_WITHOUT) => {
            "the account of this user has no JetStream: give it `jetstream: enabled`, or log in as a user of one that has"
        }
        Some(ApiCode::NOT_CLUSTERED) => "a server alone keeps one copy: set log.replicas = 1, or run a cluster",
        None if error.is_timeout() => {
            "either a cluster elects a leader, or this user may not publish to $JS.API.> (the server's log tells it)"
        }
        Some(_) | None => return error.into(),
    };
    anyhow::Error::from(error).context(advice)
}
