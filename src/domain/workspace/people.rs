//! What is known of few customers, beside their leaves: facts, who is set aside, and how many came lately.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::state::{personal, words};
use crate::domain::customer::{Asides, Block, Facts, Sittings};
use crate::domain::event::Scope;
use crate::domain::id::{LeafId, MessageId, Name, WorkId};
use crate::domain::marks::{Chatter, Filed};
use crate::domain::record::{Cause, Change, Flags, IdentityOpened, PersonalValue, Record, SummarySet, Tagged};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::work::Part;

/// Minutes are counted whole, so that one number tells which.
const MINUTE_MS: i64 = 60_000;

/// What few customers have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct People {
    #[serde(skip)]
    pub(crate) facts: Facts,
    /// What agents noted.
    #[serde(skip)]
    pub(crate) marks: Filed,
    #[serde(skip)]
    pub(crate) asides: Asides,
    pub(crate) newcomers: Newcomers,
    pub(crate) sittings: Sittings,
    /// What programs say among themselves.
    #[serde(skip)]
    pub(crate) chatter: Chatter,
}

/// New customers by endpoint within the minute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Newcomers {
    of: BTreeMap<Name, (i64, u32)>,
}

impl Newcomers {
    /// Whether as many have come by the endpoint within this minute as are let in.
    pub(crate) fn is_over(&self, limit: u32, endpoint: &Name, now: Timestamp) -> bool {
        let minute = now.0.div_euclid(MINUTE_MS);
        self.of.get(endpoint).is_some_and(|&(counted, count)| counted == minute && count >= limit)
    }

    fn count(&mut self, endpoint: &Name, now: Timestamp) {
        let minute = now.0.div_euclid(MINUTE_MS);
        match self.of.get_mut(endpoint) {
            Some((counted, count)) if *counted == minute => *count = count.saturating_add(1),
            Some(counted) => *counted = (minute, 1),
            None => drop(self.of.insert(endpoint.clone(), (minute, 1))),
        }
    }
}

impl Workspace {
    /// Folds what concerns few customers.
    pub(super) fn people(&mut self, record: &Record, place: u16, change: &Change) {
        let now = record.time;
        match change {
            Change::IdentityOpened(opened) => self.newcomer(record, opened),
            Change::IdentityMarked { leaf, shared: true, .. } => {
                self.people.facts.forget(*leaf);
                self.people.marks.forget(*leaf);
            }
            Change::SummarySet(SummarySet { work: None, leaf, .. }) => {
                if let Some(PersonalValue::Summary(text)) = personal(record, place) {
                    let by = self.said_by(record);
                    self.people.marks.summarise(*leaf, text, now, by);
                }
            }
            Change::Tagged(Tagged { work: None, leaf, .. }) => {
                if let Some(PersonalValue::Tags(tags)) = personal(record, place) {
                    self.people.marks.tag(*leaf, tags);
                }
            }

            Change::FactsSet { leaf } => {
                if let Some(PersonalValue::Facts(facts)) = personal(record, place) {
                    self.people.facts.note(*leaf, facts);
                }
            }
            Change::Blocked { leaf, until } => {
                let reason = match personal(record, place) {
                    Some(PersonalValue::Reason(reason)) => Some(reason.clone()),
                    _ => None,
                };
                let block = Block { since: now, until: *until, by: self.said_by(record), reason };
                if let Some(timer) = self.people.asides.block(*leaf, block) {
                    self.unset_timer(&timer);
                }
                if let Some(until) = until {
                    self.set_timer((*until, Timer::BlockEnd(*leaf)));
                }
            }
            Change::Unblocked { leaf } => {
                if let Some(timer) = self.people.asides.unblock(*leaf) {
                    self.unset_timer(&timer);
                }
            }
            Change::SpamMarked { work, leaf } => {
                let found = self.works.get(*work);
                self.people.asides.spam(*leaf, *work, found);
            }
            Change::SpamCleared { work, leaf } => self.people.asides.clear_spam(*leaf, *work),
            Change::Quarantined { leaf, endpoint } => self.people.asides.quarantine(*leaf, endpoint, now),
            Change::QuarantineLifted { leaf } => self.people.asides.lift(*leaf),
            Change::Restored { work, leaf, messages, .. } => self.restore(*work, *leaf, messages),
            Change::MessageStored(message) if message.work.is_none() && is_set_aside(message.flags) => {
                let id = MessageId::new(record.index, place);
                self.people.asides.heard(id, now, message, words(record, place));
            }
            Change::Erased { leaves, .. } => {
                for &leaf in leaves {
                    self.people.facts.forget(leaf);
                    self.people.asides.erase(leaf);
                    self.people.chatter.forget(leaf);
                    self.forget_marks(leaf);
                }
            }
            _ => {}
        }
    }

    /// Somebody wrote who is new.
    fn newcomer(&mut self, record: &Record, opened: &IdentityOpened) {
        let is_own = opened.root.0 == opened.leaf.0 && opened.scope == Scope::Direct;
        if !is_own || !matches!(record.cause, Cause::Input(_)) {
            return;
        }
        let by = record.changes.iter().find_map(|change| match change {
            Change::MessageStored(message) if message.leaf == opened.leaf => Some((&message.endpoint, message.flags)),
            Change::PartHeld(part) if part.leaf == opened.leaf => Some((&part.endpoint, part.flags)),
            _ => None,
        });
        if let Some((endpoint, _)) = by.filter(|(_, flags)| !flags.has(Flags::BACKFILL)) {
            self.people.newcomers.count(endpoint, record.time);
        }
    }

    /// Folds the words of a change that notes something of a Work. None of the indexes knows of them.
    pub(super) fn note_mark(&mut self, record: &Record, place: u16, change: &Change) {
        let by = self.said_by(record);
        if let Some(work) = change.work().and_then(|work| self.works.get_mut(work)) {
            work.note_mark(change, personal(record, place), record.time, by);
        }
    }

    /// Nothing is known any longer that was noted under a leaf, in whichever Work it is. Looks at all that are open: erasures are rare.
    fn forget_marks(&mut self, leaf: LeafId) {
        self.people.marks.forget(leaf);
        self.works.each(|work| work.beside.is_some(), |work| work.forget_marks(leaf));
        self.matters.forget_marks(leaf);
    }

    fn restore(&mut self, work: WorkId, leaf: LeafId, messages: &[MessageId]) {
        let answerable = self.is_answerable(leaf);
        let (asking, mail) = self.people.asides.take(leaf, messages);
        let part = Part::restored(&asking, mail, answerable, self.config());
        self.with_work(work, |work| {
            work.take_in(part);
            work.beside_mut().moved.extend_from_slice(messages);
        });
        for &message in messages {
            self.matters.take_up(message, work);
        }
    }
}

/// Whether a message is in no Work because its identity is set aside.
fn is_set_aside(flags: Flags) -> bool {
    [Flags::BLOCKED, Flags::SPAM, Flags::QUARANTINED].into_iter().any(|flag| flags.has(flag))
}
