//! Which Work each message is in and whose turn that makes it, told from the records alone: what merges and splits may do.

use std::collections::{BTreeMap, BTreeSet};

use skein::domain::Workspace;
use skein::domain::event::Scope;
use skein::domain::id::{LeafId, MessageId, Name, WorkId};
use skein::domain::record::{
    Author, Change, Direction, MessageKind, MessageStored, PersonalValue, Record, WrapUpStarted,
};
use skein::domain::time::Timestamp;

use super::checks::{Broken, holds};
use super::stats::Stats;

/// A customer message that asks.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) leaf: LeafId,
    pub(crate) endpoint: Name,
    pub(crate) thread: Option<String>,
    pub(crate) at: Timestamp,
    /// What answered it first, or ended its Work without.
    answered: Option<MessageId>,
}

impl Heard {
    /// Whether what the same customer says on this endpoint is another matter than this.
    pub(crate) fn is_apart_from(&self, next: &Self) -> bool {
        let threads = self.thread.as_ref().zip(next.thread.as_ref());
        let quick = self.leaf == next.leaf && self.endpoint == next.endpoint && next.at.millis_since(self.at) < 120_000;
        threads.is_some_and(|(this, that)| this != that) && !quick
    }

    /// What a message asks, if it does.
    pub(crate) fn of(message: &MessageStored, thread: Option<&str>, at: Timestamp) -> Option<Self> {
        let theirs = match message.author {
            Author::Customer => true,
            Author::Participant => message.scope != Scope::Direct,
            _ => false,
        };
        let asks = theirs
            && message.direction == Direction::In
            && matches!(message.kind, MessageKind::Message | MessageKind::Unsupported | MessageKind::Call)
            && !message.flags.is_quiet();
        let (leaf, endpoint) = (message.leaf, message.endpoint.clone());
        asks.then(|| Self { leaf, endpoint, thread: thread.map(str::to_owned), at, answered: None })
    }
}

/// Messages of one Work.
#[derive(Debug, Default)]
struct OfWork {
    messages: BTreeSet<MessageId>,
    asks: BTreeMap<MessageId, Heard>,
    /// Answers, and ends without one.
    answers: BTreeSet<MessageId>,
    /// Since when the customer waits again, of what was parked without an answer, with what answered or ended it first.
    resumed: BTreeMap<MessageId, (Timestamp, Option<MessageId>)>,
    /// It is parked, by the change of that number, and had no answer.
    left_open: Option<MessageId>,
}

impl OfWork {
    fn answer(&mut self, id: MessageId) {
        self.answers.insert(id);
        for asked in self.asks.values_mut() {
            asked.answered.get_or_insert(id);
        }
        for (_, answered) in self.resumed.values_mut() {
            answered.get_or_insert(id);
        }
    }

    fn park(&mut self, id: MessageId) {
        self.left_open = self.ours_since().map(|_| id);
        if self.left_open.is_some() {
            self.answer(id);
        }
    }

    fn wake(&mut self, id: MessageId, at: Timestamp) {
        let Some(parked) = self.left_open.take() else { return };
        let left = self.asks.values().map(|asked| asked.answered).chain(self.resumed.values().map(|(_, by)| *by));
        if left.into_iter().any(|by| by == Some(parked)) {
            self.resumed.insert(id, (at, None));
        }
    }

    /// Since when the customer waits.
    fn ours_since(&self) -> Option<Timestamp> {
        let resumed = self.resumed.iter().map(|(id, (at, answered))| (id, *at, *answered));
        let all = self.asks.iter().map(|(id, asked)| (id, asked.at, asked.answered)).chain(resumed);
        let open = all.filter(|(id, _, answered)| match answered {
            None => true,
            Some(first) => !self.answers.contains(first) && !self.answers.iter().any(|answer| answer > *id),
        });
        open.map(|(_, at, _)| at).min()
    }
}

/// All Works.
#[derive(Debug, Default)]
pub(crate) struct Matters {
    works: BTreeMap<WorkId, OfWork>,
    /// The Work that each message was stored in; none: it was in none before.
    stored: BTreeMap<MessageId, Option<WorkId>>,
    /// What is asked and stands in no Work, because whoever asked is set aside.
    aside: BTreeMap<MessageId, Heard>,
    merged: BTreeSet<WorkId>,
    /// Works whose messages the record moves, to be looked at when all of it is noted.
    stirred: BTreeSet<WorkId>,
}

impl Matters {
    /// The last message that asks in a Work.
    pub(crate) fn heard(&self, work: WorkId) -> Option<&Heard> {
        self.works.get(&work)?.asks.values().next_back()
    }

    /// A message is stored in a Work.
    pub(crate) fn message(&mut self, id: MessageId, message: &MessageStored, heard: Option<Heard>) {
        let Some(work) = message.work else {
            self.aside.extend(heard.map(|heard| (id, heard)));
            return;
        };
        self.stored.insert(id, Some(work));
        let of = self.works.entry(work).or_default();
        of.messages.insert(id);
        of.asks.extend(heard.map(|heard| (id, heard)));
        let about = matches!(message.kind, MessageKind::Edit | MessageKind::Deletion);
        let by_itself = message.author == Author::System;
        if message.direction == Direction::Out && !message.flags.is_quiet() && !about && !by_itself {
            of.answer(id);
            of.left_open = None;
        }
    }

    /// What else happens to Works.
    pub(crate) fn change(
        &mut self,
        record: &Record,
        place: u16,
        space: &Workspace,
        stats: &mut Stats,
    ) -> Result<(), Broken> {
        let id = MessageId::new(record.index, place);
        match &record.changes[usize::from(place)] {
            Change::WrapUpStarted(WrapUpStarted { work, .. }) => self.works.entry(*work).or_default().answer(id),
            Change::Parked(parked) => {
                self.works.entry(parked.work).or_default().park(id);
                self.stirred.insert(parked.work);
            }
            Change::Woken(woken) => {
                self.works.entry(woken.work).or_default().wake(id, record.time);
                self.stirred.insert(woken.work);
            }
            // It may be asked again.
            Change::SpamMarked { work, leaf } => {
                stats.hit("set aside", "spam");
                let of = self.works.entry(*work).or_default();
                let asked = of.asks.iter().filter(|(_, heard)| heard.leaf == *leaf);
                self.aside.extend(asked.map(|(id, heard)| (*id, Heard { answered: None, ..heard.clone() })));
            }
            Change::Restored { work, leaf, messages, .. } => {
                stats.hit("set aside", "restored");
                for message in messages {
                    let heard = self.aside.remove(message).filter(|heard| heard.leaf == *leaf);
                    holds("what is restored was set aside", heard.is_some(), || format!("{message} into {work}"))?;
                    for of in self.works.values_mut() {
                        of.messages.remove(message);
                    }
                    self.stored.entry(*message).or_default();
                    let of = self.works.entry(*work).or_default();
                    of.messages.insert(*message);
                    of.asks.extend(heard.map(|heard| (*message, heard)));
                }
                self.stirred.insert(*work);
            }
            // What is closed cannot be split any more: a new count begins when it is reopened.
            Change::WorkClosed { work, .. } => {
                let of = self.works.entry(*work).or_default();
                of.asks.clear();
                of.answers.clear();
                of.resumed.clear();
                of.left_open = None;
            }
            Change::WorksMerged { from, into, .. } => {
                stats.hit("matter", "merged");
                let roots =
                    (space.work(*from).map(|work| work.conversation), space.work(*into).map(|work| work.conversation));
                holds("a merge is of one conversation", roots.0.is_some() && roots.0 == roots.1, || {
                    format!("{from} into {into}: {roots:?}")
                })?;
                let from_of = self.works.remove(from).unwrap_or_default();
                let into_of = self.works.entry(*into).or_default();
                into_of.messages.extend(from_of.messages);
                into_of.asks.extend(from_of.asks);
                into_of.answers.extend(from_of.answers);
                into_of.resumed.extend(from_of.resumed);
                self.merged.insert(*from);
                self.stirred.insert(*into);
            }
            Change::WorkSplit { from, into, messages, .. } => {
                stats.hit("matter", "split");
                let of = self.works.entry(*from).or_default();
                let mut parted = OfWork::default();
                for message in messages {
                    holds("a split takes what is there", of.messages.remove(message), || {
                        format!("{message} of {from}")
                    })?;
                    parted.messages.insert(*message);
                    parted.asks.extend(of.asks.remove(message).map(|heard| (*message, heard)));
                    parted.answers.extend(of.answers.take(message));
                }
                let apart = record.changes.iter().any(|change| matches!(change, Change::Unmerged { .. }));
                holds("a work keeps a message", apart || !of.messages.is_empty(), || from.to_string())?;
                self.works.insert(*into, parted);
                self.stirred.extend([*from, *into]);
            }
            Change::WorkJoined { .. } => stats.hit("matter", "joined by another endpoint"),
            Change::MessageStored(message) => {
                if let Some(work) = message.work {
                    self.turn(work, space)?;
                }
                if message.flags.has(skein::domain::record::Flags::FLOOD) {
                    stats.hit("matter", "flooded");
                }
                if message.work.is_some() && message.scope != Scope::Direct {
                    stats.hit("matter", "of a group");
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The whole record is noted: what it moved is where the state says. In between the state is ahead of what is counted.
    pub(crate) fn noted(&mut self, space: &Workspace) -> Result<(), Broken> {
        std::mem::take(&mut self.stirred).into_iter().try_for_each(|work| self.agrees(work, space))
    }

    /// Every message is shown in the one Work that has it, and the Work has the turn that its messages make.
    fn agrees(&self, work: WorkId, space: &Workspace) -> Result<(), Broken> {
        let Some(of) = self.works.get(&work) else { return Ok(()) };
        let view = space.work(work).and_then(|work| space.conversation(work.conversation));
        for message in &of.messages {
            let shown =
                view.as_ref().zip(self.stored.get(message)).map(|(view, stored)| view.current(*message, *stored));
            holds("a message is shown in the one work that has it", shown == Some(Some(work)), || {
                format!("{message} of {work} shown in {shown:?}")
            })?;
        }
        self.turn(work, space)
    }

    fn turn(&self, work: WorkId, space: &Workspace) -> Result<(), Broken> {
        let (Some(of), Some(view)) = (self.works.get(&work), space.work(work)) else { return Ok(()) };
        let counted = of.ours_since();
        let open = !view.state.is_over();
        holds("the turn is what the messages make it", !open || counted == view.waiting_since, || {
            format!("{work}: counted {counted:?}, {view:?}")
        })
    }

    /// No message is in a Work that was merged away, and none in two.
    pub(crate) fn count(&self) -> Result<(), Broken> {
        let mut seen = BTreeSet::new();
        for (work, of) in &self.works {
            let gone = self.merged.contains(work) && !of.messages.is_empty();
            holds("a merged work has no messages", !gone, || work.to_string())?;
            for message in &of.messages {
                holds("a message is in one work", seen.insert(*message), || format!("{message} of {work}"))?;
            }
        }
        holds("no message leaves all works", seen.len() == self.stored.len(), || {
            format!("{} of {}", seen.len(), self.stored.len())
        })
    }
}

/// What a customer asks in a Work by the record.
pub(crate) fn asked(record: &Record, work: WorkId) -> Option<Heard> {
    (0u16..).zip(&record.changes).find_map(|(place, change)| match change {
        Change::MessageStored(message) if message.work == Some(work) => {
            Heard::of(message, thread(record, place), record.time)
        }
        _ => None,
    })
}

/// Thread of the message at a place.
pub(crate) fn thread(record: &Record, place: u16) -> Option<&str> {
    record.content.iter().find_map(|personal| match &personal.value {
        PersonalValue::Message(words) if personal.place == place => words.thread.as_deref(),
        _ => None,
    })
}
