//! Whom the last mail of a Work was copied to: they may join it by an answer (domain rules, section 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reply_keys::ReplyKeys;
use crate::domain::id::{LeafId, MessageId, WorkId};
use crate::domain::record::{Change, Direction, MessageKind};
use crate::domain::time::Timestamp;

/// What a workspace remembers of its mails beside the Works: few Works have any, so none has room for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MailState {
    /// Keys of reply tokens.
    pub(crate) keys: ReplyKeys,
    /// The last mail of a Work, and the last ones of those merged into it, as far as they were copied.
    copied: BTreeMap<WorkId, Vec<Copied>>,
}

/// A mail of ours that was copied.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Copied {
    mail: MessageId,
    /// Whom it went to.
    leaf: LeafId,
    /// Keyed hashes of the addresses that it was copied to.
    to: Box<[u128]>,
}

impl MailState {
    /// Notes a change, whose own number is `id`.
    pub(crate) fn apply(&mut self, id: MessageId, change: &Change, now: Timestamp) {
        match change {
            Change::ReplyKeyMade { number, key } => self.keys.made(*number, *key, now),
            Change::MessageStored(sent) if sent.direction == Direction::Out && sent.kind == MessageKind::Message => {
                let Some(work) = sent.work else { return };
                self.forget_work(work);
                if !sent.copied.is_empty() {
                    let mail = Copied { mail: id, leaf: sent.leaf, to: sent.copied.as_slice().into() };
                    self.copied.insert(work, vec![mail]);
                }
            }
            // Who got a copy goes with the mail.
            Change::WorksMerged { from, into, .. } => self.hand(*from, *into, |_| true),
            Change::WorkSplit { from, into, messages, .. } => {
                self.hand(*from, *into, |copied| messages.contains(&copied.mail));
            }
            _ => {}
        }
    }

    fn hand(&mut self, from: WorkId, into: WorkId, goes: impl Fn(&Copied) -> bool) {
        let Some(known) = self.copied.remove(&from) else { return };
        let (gone, left): (Vec<_>, Vec<_>) = known.into_iter().partition(goes);
        for (work, mails) in [(from, left), (into, gone)] {
            if !mails.is_empty() {
                self.copied.entry(work).or_default().extend(mails);
            }
        }
    }

    /// The identities to which mails went that were copied to an address.
    pub(crate) fn copied_to(&self, work: WorkId, address: u128) -> impl Iterator<Item = LeafId> {
        let mails = self.copied.get(&work).into_iter().flatten();
        mails.filter(move |copied| copied.to.contains(&address)).map(|copied| copied.leaf)
    }

    /// Addresses that the last mail of the Work was copied to.
    pub(crate) fn copies(&self, work: WorkId) -> impl Iterator<Item = u128> {
        self.copied.get(&work).into_iter().flatten().flat_map(|copied| copied.to.iter().copied())
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
