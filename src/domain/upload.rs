//! What agents store for messages to come: its names, for how long it is kept unused, and whether a message may name it.
//!
//! Each has a name of its own, whoever else stores the same file. It tells when that was, so whoever looks knows its age from the name
//! alone: an upload that no message names is deleted [`UPLOAD_KEPT`] and an hour after, and one older than [`UPLOAD_KEPT`] is not taken
//! into a message any more, unless another message names it: with that it is kept, and as long. The hour between is longer than any message
//! is on its way, so nothing is deleted that a message is about to name.

use std::time::Duration;

use super::content::Content;
use super::rejection::Rejection;
use super::time::Timestamp;
use super::workspace::Workspace;

/// How long an upload may wait for the message that names it: a draft over night.
pub const UPLOAD_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How much longer it is there.
const SLACK: Duration = Duration::from_secs(60 * 60);
/// How names of uploads begin; what adapters and ingest store begins otherwise.
const PREFIX: &str = "put.";

/// Name of an upload with this digest, stored `now`; `own`: a number that no other has.
#[must_use]
pub fn upload_name(now: Timestamp, own: u64, sha256: &str) -> String {
    format!("{PREFIX}{}.{own:016x}.{sha256}", now.0.max(0) / 1_000)
}

/// When an upload was stored; none: the object is no upload.
fn stored_at(object: &str) -> Option<Timestamp> {
    let (seconds, _) = object.strip_prefix(PREFIX)?.split_once('.')?;
    Some(Timestamp(seconds.parse::<i64>().ok()?.saturating_mul(1_000)))
}

/// Whether it is an upload that was stored longer than that before `now`.
fn is_older(object: &str, now: Timestamp, than: Duration) -> bool {
    stored_at(object).is_some_and(|at| now > at + than)
}

/// Whether it is an upload that is deleted where no message names it.
#[must_use]
pub fn is_over(object: &str, now: Timestamp) -> bool {
    is_older(object, now, UPLOAD_KEPT + SLACK)
}

/// Refuses a message that names what may be gone: an upload that waited too long for the first that names it, or one that goes, or
/// went, with the customer whose messages named it.
///
/// # Errors
/// [`Rejection::UnknownAttachment`].
pub(super) fn are_there(space: &Workspace, content: &Content, now: Timestamp) -> Result<(), Rejection> {
    let may_be_gone = |object: &str| {
        let went = space.is_doomed(object) || space.is_gone(object);
        stored_at(object).is_some() && (went || is_older(object, now, UPLOAD_KEPT) && space.is_nobodys(object))
    };
    if content.objects().any(may_be_gone) { Err(Rejection::UnknownAttachment) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_usable_for_a_day_and_deleted_an_hour_later() {
        let now = Timestamp(1_800_000_000_000);
        let aged = |hours: u64| upload_name(now - Duration::from_secs(hours * 3_600 + 60), 7, "abc");
        let is_too_old = |object: &str| is_older(object, now, UPLOAD_KEPT);
        let fresh = upload_name(now, 7, "abc");
        assert!(!is_too_old(&fresh) && !is_over(&fresh, now));
        assert_ne!(upload_name(now, 8, "abc"), fresh, "the same file, put twice in a second");
        assert!(is_too_old(&aged(24)) && !is_over(&aged(24), now), "a message may be on its way");
        assert!(is_too_old(&aged(25)) && is_over(&aged(25), now));
        for other in ["mail-1", "put.", "put.x.abc", "putty.1.abc", ""] {
            assert!(!is_too_old(other) && !is_over(other, now), "{other}");
        }
    }
}
