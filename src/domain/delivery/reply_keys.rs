//! Keys that sign reply tokens: made by records, of random bytes that the shell brings; the newest signs, older ones verify until
//! no token of theirs is believed any more.

use serde::{Deserialize, Serialize};

use super::reply_token::{Candidate, DAY_MS, TOKEN_LIFE_DAYS, sign};
use crate::domain::draft::Draft;
use crate::domain::id::WorkId;
use crate::domain::record::Change;
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;

/// A key signs for so long: one that leaked is worth little after a month, and four at a time cost nothing.
const SIGNS_MS: i64 = 30 * DAY_MS;
/// A key that no longer signs is kept until its last token is past its day.
const VERIFIES_MS: i64 = (TOKEN_LIFE_DAYS as i64 + 1) * DAY_MS;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ReplyKey {
    number: u8,
    bytes: [u8; 32],
    made_at: Timestamp,
    /// When the next one took its place.
    replaced_at: Option<Timestamp>,
}

/// The keys of a workspace, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ReplyKeys(Vec<ReplyKey>);

impl ReplyKeys {
    /// Notes a new key; the one before signs no longer.
    pub(super) fn made(&mut self, number: u8, bytes: [u8; 32], now: Timestamp) {
        if let Some(newest) = self.0.last_mut() {
            newest.replaced_at = Some(now);
        }
        self.0.push(ReplyKey { number, bytes, made_at: now, replaced_at: None });
    }

    /// Forgets keys whose tokens are all past their days.
    pub(super) fn forget(&mut self, now: Timestamp) {
        let is_over = |key: &ReplyKey| key.replaced_at.is_some_and(|at| now.millis_since(at) > VERIFIES_MS);
        if self.0.first().is_some_and(is_over) {
            self.0.retain(|key| !is_over(key));
        }
    }

    /// Whether a new one is wanted.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.0.last().is_none_or(|newest| now.millis_since(newest.made_at) >= SIGNS_MS)
    }

    /// Number of the next key: they go round, and no more than a few live at a time.
    fn next_number(&self) -> u8 {
        self.0.last().map_or(1, |newest| newest.number.wrapping_add(1))
    }

    /// A token of the newest key; none before the first.
    pub(super) fn sign(&self, workspace: &str, work: WorkId, address: u128, now: Timestamp) -> Option<String> {
        let newest = self.0.last()?;
        Some(sign((newest.number, &newest.bytes), workspace, work, address, now))
    }

    /// The key that a candidate names; none: it is none of ours, or long past.
    pub(crate) fn of(&self, candidate: &Candidate) -> Option<&[u8; 32]> {
        self.0.iter().rev().find(|key| key.number == candidate.key).map(|key| &key.bytes)
    }
}

/// A new key, where the workspace has mailboxes and its newest key is old, or there is none.
pub(crate) fn renew_reply_key(draft: &mut Draft<'_>, key: [u8; 32]) {
    if draft.space.wants_reply_key(draft.now) {
        let number = draft.space.mail.keys.next_number();
        draft.push(Change::ReplyKeyMade { number, key });
    }
}

impl Workspace {
    /// Whether it wants a new key for reply tokens: it has mailboxes, and no key or an old one.
    #[must_use]
    pub fn wants_reply_key(&self, now: Timestamp) -> bool {
        self.mail.keys.is_due(now) && self.config().endpoints.iter().any(|endpoint| endpoint.channel == "email")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;

    const START: Timestamp = Timestamp(1_790_000_000_000);

    fn later(days: i64) -> Timestamp {
        Timestamp(START.0 + days * DAY_MS)
    }

    #[test]
    fn the_newest_key_signs_and_the_one_before_verifies_until_its_tokens_are_past() {
        let mut keys = ReplyKeys::default();
        keys.made(1, [1; 32], START);
        let old = Candidate::read(&keys.sign("shop", WorkId::new(Index(9), 0), 5, later(29)).unwrap()).unwrap();
        assert!(!keys.is_due(later(29)) && keys.is_due(later(30)));
        keys.made(keys.next_number(), [2; 32], later(30));
        let new = Candidate::read(&keys.sign("shop", WorkId::new(Index(9), 0), 5, later(30)).unwrap()).unwrap();
        assert_eq!((old.key, new.key), (1, 2));
        keys.forget(later(29 + 90));
        assert!(!old.is_expired(later(29 + 90)));
        assert!(keys.of(&old).is_some_and(|key| old.is_bound_to(key, "shop", 5)));
        keys.forget(later(30 + 92));
        assert!(old.is_expired(later(30 + 92)) && keys.of(&old).is_none() && keys.of(&new).is_some());
    }
}
