//! Whom the last mail of a Work was copied to: they may join it by an answer (domain rules, section 5).

use std::collections::BTreeMap;

use super::reply_keys::ReplyKeys;
use crate::domain::id::WorkId;
use crate::domain::record::{Change, Direction, MessageKind};
use crate::domain::time::Timestamp;

/// What a workspace remembers of its mails beside the Works: few Works have any, so none has room for it.
#[derive(Debug, Default)]
pub(crate) struct MailState {
    /// Keys of reply tokens.
    pub(crate) keys: ReplyKeys,
    /// Keyed hashes of the addresses that the last mail of a Work was copied to.
    copied: BTreeMap<WorkId, Box<[u128]>>,
}

impl MailState {
    /// Notes a change.
    pub(crate) fn apply(&mut self, change: &Change, now: Timestamp) {
        match change {
            Change::ReplyKeyMade { number, key } => self.keys.made(*number, *key, now),
            Change::MessageStored(sent) if sent.direction == Direction::Out && sent.kind == MessageKind::Message => {
                let Some(work) = sent.work else { return };
                if sent.copied.is_empty() {
                    self.forget_work(work);
                } else {
                    self.copied.insert(work, sent.copied.as_slice().into());
                }
            }
            _ => {}
        }
    }

    /// Whether the last mail of the Work was copied to an address.
    pub(crate) fn was_copied(&self, work: WorkId, address: u128) -> bool {
        self.copies(work).contains(&address)
    }

    /// Addresses that the last mail of the Work was copied to.
    pub(crate) fn copies(&self, work: WorkId) -> &[u128] {
        self.copied.get(&work).map(|copied| &**copied).unwrap_or_default()
    }

    /// The Work cannot be opened again.
    pub(crate) fn forget_work(&mut self, work: WorkId) {
        if !self.copied.is_empty() {
            self.copied.remove(&work);
        }
    }

    /// Forgets what is too old.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.keys.forget(now);
    }
}
