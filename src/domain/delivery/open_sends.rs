//! Messages of ours that a report of "everything up to a time" may still raise, by leaf (domain rules, section 3).
//!
//! Only of channels whose providers report so, and only while there is something to report: a customer with none costs nothing.
//! A leaf is here exactly while it has an open send; each is forgotten with its delivery.

use serde::{Deserialize, Serialize};

use crate::domain::event::ReceiptStatus;
use crate::domain::growing::SortedMap;
use crate::domain::id::{LeafId, MessageId, Name};
use crate::domain::time::Timestamp;

/// Open sends of a leaf at most, the newest: a page of a conversation. Reading that much back, nobody looks at older marks.
const MAX_OPEN: usize = 64;

/// A message of ours that may still rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenSend {
    pub(crate) message: MessageId,
    /// The provider's time of it where that is told, else when it was stored to be handed over.
    pub(crate) at: Timestamp,
    /// The time is the provider's.
    pub(crate) told: bool,
}

/// A report that came while the adapter had not said yet whether an open send had left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitingReport {
    pub(crate) channel: Name,
    pub(crate) endpoint: Name,
    pub(crate) status: ReceiptStatus,
    pub(crate) through: Timestamp,
}

/// What is open of one leaf.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct OpenOfLeaf {
    /// Oldest first.
    sends: Vec<OpenSend>,
    /// At most one of an endpoint and status.
    waiting: Vec<WaitingReport>,
}

/// All open sends of a workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenSends {
    leaves: SortedMap<LeafId, OpenOfLeaf>,
}

impl OpenSends {
    /// All of them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (LeafId, OpenOfLeaf)> {
        self.leaves.rows()
    }

    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<(LeafId, OpenOfLeaf)>) {
        self.leaves.restore(rows);
    }

    /// A message of ours is on its way.
    pub(crate) fn open(&mut self, leaf: LeafId, message: MessageId, at: Timestamp) {
        let sends = &mut self.leaves.or_default(leaf).sends;
        if sends.len() == MAX_OPEN {
            sends.remove(0);
        }
        sends.push(OpenSend { message, at, told: false });
    }

    /// When it was sent, by the provider's clock, is known now.
    pub(crate) fn sent(&mut self, leaf: LeafId, message: MessageId, at: Timestamp) {
        let sends = self.leaves.get_mut(&leaf).map(|open| open.sends.as_mut_slice()).unwrap_or_default();
        if let Some(send) = sends.iter_mut().find(|send| send.message == message) {
            (send.at, send.told) = (at, true);
        }
    }

    /// Nothing can raise it any more.
    pub(crate) fn close(&mut self, leaf: LeafId, message: MessageId) {
        let Some(open) = self.leaves.get_mut(&leaf) else {
            return;
        };
        open.sends.retain(|send| send.message != message);
        if open.sends.is_empty() {
            self.leaves.remove(&leaf);
        }
    }

    /// A report waits for what is not known to have left; of several of an endpoint and status the latest.
    pub(crate) fn wait(&mut self, leaf: LeafId, report: WaitingReport) {
        let Some(open) = self.leaves.get_mut(&leaf) else {
            return;
        };
        let same = |other: &&mut WaitingReport| {
            (&other.channel, &other.endpoint, other.status) == (&report.channel, &report.endpoint, report.status)
        };
        match open.waiting.iter_mut().find(same) {
            Some(known) => known.through = known.through.max(report.through),
            None => open.waiting.push(report),
        }
    }

    /// Open sends of a leaf, oldest first.
    pub(crate) fn of(&self, leaf: LeafId) -> &[OpenSend] {
        self.leaves.get(&leaf).map(|open| open.sends.as_slice()).unwrap_or_default()
    }

    /// Reports that wait at a leaf.
    pub(crate) fn waiting(&self, leaf: LeafId) -> &[WaitingReport] {
        self.leaves.get(&leaf).map(|open| open.waiting.as_slice()).unwrap_or_default()
    }

    /// Everything open, with its leaf.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LeafId, &[OpenSend])> {
        self.leaves.iter().map(|(leaf, open)| (*leaf, open.sends.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;

    const LEAF: LeafId = LeafId(3);

    fn message(number: u64) -> MessageId {
        MessageId::new(Index(number), 0)
    }

    #[test]
    fn a_leaf_without_an_open_send_leaves_nothing_behind() {
        let mut open = OpenSends::default();
        open.open(LEAF, message(1), Timestamp(10));
        let report = WaitingReport {
            channel: "chat".into(),
            endpoint: "web".into(),
            status: ReceiptStatus::Read,
            through: Timestamp(11),
        };
        open.wait(LEAF, report.clone());
        open.close(LEAF, message(1));
        open.wait(LEAF, report);
        assert!(open.leaves.is_empty());
        assert!(open.waiting(LEAF).is_empty());
    }

    #[test]
    fn of_more_than_64_the_oldest_is_forgotten() {
        let mut open = OpenSends::default();
        for number in 1..=65 {
            open.open(LEAF, message(number), Timestamp(10));
        }
        assert_eq!(open.of(LEAF).len(), 64);
        assert_eq!(open.of(LEAF)[0].message, message(2));
    }
}
