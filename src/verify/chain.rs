//! The log as entries: none missing, none changed, none of a writer that was deposed.
//!
//! Nothing of this asks the gate of the readers whether it is right: what readers pass over is told by them, and held against the epochs
//! that stand in the log.

use super::check::Check;
use super::findings::Findings;
use crate::log::{CHAIN_ORIGIN, Looked, What};

/// The log so far.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    sequence: u64,
    index: u64,
    chain: u64,
    epoch: u64,
    /// Something of an older epoch took a place that the present writer was promised: what fits behind it does not count either.
    over: bool,
    /// Entries that readers pass over.
    pub(super) voids: u64,
    /// Announced so far.
    pub(super) epochs: u64,
    /// Entries that count.
    pub(super) entries: u64,
}

impl Default for Chain {
    fn default() -> Self {
        Self { sequence: 0, index: 0, chain: CHAIN_ORIGIN, epoch: 0, over: false, voids: 0, epochs: 0, entries: 0 }
    }
}

impl Chain {
    /// The next message. True: it is an entry that counts, in its place.
    pub(super) fn message(&mut self, looked: &Looked, found: &mut Findings) -> bool {
        let sequence = looked.sequence;
        let at = || format!("log sequence {sequence}");
        let expected = self.sequence + 1;
        found.look(Check::LogWhole, sequence == expected, || {
            (at(), format!("{expected} should have come: messages of the log are missing"))
        });
        // Its epoch may have been announced in the hole.
        if let (true, What::Entry { void: false, .. }, Some(epoch)) = (sequence != expected, &looked.what, looked.epoch)
            && epoch > self.epoch
        {
            (self.epoch, self.over) = (epoch, false);
        }
        self.sequence = sequence;
        match &looked.what {
            What::Unreadable(why) => {
                found.look(Check::LogWhole, false, || (at(), (*why).to_owned()));
                false
            }
            What::Epoch { number } => {
                self.epoch(*number, looked, found);
                false
            }
            What::Loss { number, last, to, chain_after } => {
                self.epoch(*number, looked, found);
                found.look(Check::LogWhole, false, || {
                    (at(), format!("entries {} to {to} were lost, and an operator gave them up", last + 1))
                });
                (self.index, self.chain) = (*to, *chain_after);
                false
            }
            What::Entry { index, chain, chain_after, void, .. } => {
                self.entry(looked, (*index, *chain, *chain_after, *void), found)
            }
        }
    }

    fn epoch(&mut self, number: u64, looked: &Looked, found: &mut Findings) {
        let rises = number > self.epoch && looked.epoch == Some(number);
        let known = self.epoch;
        found.look(Check::Stale, rises, || {
            (format!("log sequence {}", looked.sequence), format!("epoch {number} is announced behind {known}"))
        });
        self.epoch = self.epoch.max(number);
        self.epochs += 1;
        self.over = false;
    }

    /// The log gives no more, and the last sequence that it ever gave was `end`. True: everything up to there was seen.
    pub(super) fn ends(&self, end: u64, found: &mut Findings) -> bool {
        let whole = self.sequence >= end;
        found.look(Check::LogWhole, whole, || {
            (
                format!("log sequence {end}"),
                format!("the log ended there, and now holds nothing behind {}", self.sequence),
            )
        });
        whole
    }

    fn entry(&mut self, looked: &Looked, entry: (u64, u64, u64, bool), found: &mut Findings) -> bool {
        let (index, chain, chain_after, void) = entry;
        let at = || format!("log sequence {}, entry {index}", looked.sequence);
        let epoch = looked.epoch.unwrap_or(0);
        let known = self.epoch;
        let counts = epoch == known && !self.over;
        found.look(Check::Stale, counts != void, || {
            let is = if void { "is passed over" } else { "counts" };
            let over = if self.over { ", in which something older has landed" } else { "" };
            (at(), format!("it is of epoch {epoch} and {is}; the epoch is {known}{over}"))
        });
        if epoch < known {
            self.over = true;
        }
        if void {
            self.voids += 1;
            return false;
        }
        self.entries += 1;
        let expected = self.index + 1;
        let in_place = index == expected;
        found.look(Check::Index, in_place, || (at(), format!("entry {expected} should have come")));
        let before = self.chain;
        found.look(Check::Hash, chain == before, || {
            (at(), format!("it says {chain:016x}, the entries before it give {before:016x}"))
        });
        self.index = index;
        self.chain = chain_after;
        in_place
    }
}
