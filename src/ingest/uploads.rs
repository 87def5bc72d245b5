//! Names of what agents have stored for messages to come, and for how long it is kept unused.
//!
//! Each has a name of its own, whoever else stores the same file. It tells when that was, so whoever looks knows its age from the name alone: an upload that no message names is deleted
//! [`UPLOAD_KEPT`] and an hour after, and one older than [`UPLOAD_KEPT`] is not taken into a message any more. The hour between is longer than
//! any message is on its way, so nothing is deleted that a message is about to name.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long an upload may wait for the message that names it: a draft over night.
pub const UPLOAD_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How much longer it is there.
const SLACK: Duration = Duration::from_secs(60 * 60);
/// How names of uploads begin; what adapters and ingest store begins otherwise.
const PREFIX: &str = "put.";

fn since_epoch() -> Duration {
    // A clock before 1970 makes everything new: nothing is deleted.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Name of an upload with this digest, stored now: like no other's. And until when a message may name it.
#[must_use]
pub fn upload_name(sha256: &str) -> (String, SystemTime) {
    let (now, own) = (since_epoch(), rand::random::<u64>());
    (format!("{PREFIX}{}.{own:016x}.{sha256}", now.as_secs()), UNIX_EPOCH + now + UPLOAD_KEPT)
}

/// How old an upload is; none: the object is no upload.
fn age(object: &str) -> Option<Duration> {
    let (seconds, _) = object.strip_prefix(PREFIX)?.split_once('.')?;
    Some(since_epoch().saturating_sub(Duration::from_secs(seconds.parse().ok()?)))
}

/// Whether it is an upload that is too old to be named by a message.
#[must_use]
pub fn is_too_old(object: &str) -> bool {
    age(object).is_some_and(|age| age > UPLOAD_KEPT)
}

/// Whether it is an upload that is deleted where no message names it.
pub(crate) fn is_over(object: &str) -> bool {
    age(object).is_some_and(|age| age > UPLOAD_KEPT + SLACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_usable_for_a_day_and_deleted_an_hour_later() {
        let aged = |hours: u64| format!("put.{}.abc", since_epoch().as_secs() - hours * 3_600 - 60);
        let (fresh, until) = upload_name("abc");
        assert!(!is_too_old(&fresh) && !is_over(&fresh) && until > SystemTime::now());
        assert_ne!(upload_name("abc").0, fresh, "the same file, put twice in a second");
        assert!(is_too_old(&aged(24)) && !is_over(&aged(24)), "a message may be on its way");
        assert!(is_too_old(&aged(25)) && is_over(&aged(25)));
        for other in ["mail-1", "put.", "put.x.abc", "putty.1.abc", ""] {
            assert!(!is_too_old(other) && !is_over(other), "{other}");
        }
    }
}
