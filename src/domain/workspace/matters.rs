//! How Works end, come back, and are made one or two: which Work a message is in now, whatever its record says. Nothing moves; this
//! is asked.
//!
//! Kept as long as the Work that has the messages is open or can be reopened; afterwards messages are shown as they were stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::entities::indexed;
use super::lists::OWN_DISPOSITIONS;
use crate::domain::id::{LeafId, MessageId, WorkId};
use crate::domain::routing::InLine;
use crate::domain::time::Timestamp;
use crate::domain::work::{Beside, Brought, ClosedWork, Work};

/// Where messages are that were stored elsewhere. Flat: what it names has not been merged itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Matters {
    /// Works that were merged, each with the one that has its messages now.
    merged: BTreeMap<WorkId, WorkId>,
    /// Messages that splits took out of the Work they were stored in.
    moved: BTreeMap<MessageId, WorkId>,
    /// What few closed Works have, to be there when they are reopened.
    closed: BTreeMap<WorkId, Box<Beside>>,
}

impl Matters {
    /// The Work that a message is in now, of that which it was stored in.
    pub(crate) fn current(&self, message: MessageId, stored: WorkId) -> WorkId {
        if self.merged.is_empty() && self.moved.is_empty() {
            return stored;
        }
        let moved = self.moved.get(&message).copied();
        moved.or_else(|| self.merged_into(stored)).unwrap_or(stored)
    }

    /// The Work that another was merged into.
    pub(crate) fn merged_into(&self, merged: WorkId) -> Option<WorkId> {
        self.merged.get(&merged).copied()
    }

    /// The Work that a split took a message to.
    pub(crate) fn moved(&self, message: MessageId) -> Option<WorkId> {
        self.moved.get(&message).copied()
    }

    /// What a closed Work will have when it is reopened.
    pub(crate) fn of_closed(&self, work: WorkId) -> Option<&Beside> {
        self.closed.get(&work).map(|beside| &**beside)
    }

    pub(crate) fn close(&mut self, work: WorkId, beside: Option<Box<Beside>>) {
        if let Some(beside) = beside.and_then(Beside::closed) {
            self.closed.insert(work, beside);
        }
    }

    pub(crate) fn reopen(&mut self, work: WorkId) {
        self.closed.remove(&work);
    }

    /// The Work is known no longer.
    pub(crate) fn forget(&mut self, work: WorkId) {
        let Some(beside) = self.closed.remove(&work) else { return };
        for brought in &beside.brought {
            self.merged.remove(&brought.work.id);
        }
        for message in &beside.moved {
            if self.moved.get(message) == Some(&work) {
                self.moved.remove(message);
            }
        }
    }

    /// Nothing is known any longer that was noted under a leaf.
    pub(super) fn forget_marks(&mut self, leaf: LeafId) {
        self.closed.retain(|_, beside| {
            beside.forget_marks(leaf);
            **beside != Beside::default()
        });
    }

    /// A message that was in no Work is in one.
    pub(super) fn take_up(&mut self, message: MessageId, work: WorkId) {
        self.moved.insert(message, work);
    }

    fn merge(&mut self, from: WorkId, into: WorkId, beside: &Beside) {
        self.merged.insert(from, into);
        for brought in &beside.brought {
            self.merged.insert(brought.work.id, into);
        }
        for message in &beside.moved {
            self.moved.insert(*message, into);
        }
    }
}

impl Workspace {
    /// The Work that a message is in now.
    pub(crate) fn work_of(&self, message: MessageId, stored: Option<WorkId>) -> Option<WorkId> {
        self.matters.moved(message).or_else(|| stored.map(|work| self.matters.current(message, work)))
    }

    /// Folds the reopening of a closed Work.
    pub(super) fn reopen(&mut self, id: WorkId) {
        if let Some(closed) = self.closed.remove(id) {
            if let Some(owner) = closed.last_owner() {
                self.last_owners.insert(id, owner);
            }
            let work = closed.reopened(self);
            self.matters.reopen(id);
            self.works.insert(work);
        }
    }

    /// Folds the end of an open Work.
    pub(super) fn close(&mut self, id: WorkId, reopen_until: Timestamp, now: Timestamp) {
        let Some(mut work) = self.take_work(id) else {
            return;
        };
        let owner = self.last_owners.remove(&id);
        self.note_end(&work, now);
        self.matters.close(id, work.beside.take());
        self.closed.insert(ClosedWork::of(&work, owner, reopen_until, &mut self.names));
    }

    /// Whoever comes back for the same has not been helped. What skein ends by itself, and what no customer spoke in, is nothing to come
    /// back for.
    fn note_end(&mut self, work: &Work, now: Timestamp) {
        let by_itself = OWN_DISPOSITIONS.contains(&work.disposition.as_str());
        if work.last_in.is_none() || work.queue.is_empty() || by_itself {
            return;
        }
        let (queue, disposition) = (self.names.intern(&work.queue), self.names.intern(&work.disposition));
        self.ended.note(work.leaf, queue, disposition, now);
    }

    /// Takes an open Work out of the indexes: nothing of one that is over waits or is due.
    fn take_work(&mut self, id: WorkId) -> Option<Box<Work>> {
        let work = self.works.remove(id)?;
        self.unindex_work(indexed(&work));
        self.waiting.set_liftable(id, false);
        self.waiting.set_held(id, work.hold().map(|hold| hold.agent), None);
        self.board.moved(InLine::of(&work), None, |_, _| false);
        Some(work)
    }

    /// Folds a merge of Works.
    pub(super) fn merge_works(&mut self, from: WorkId, into: WorkId, answer_by: Option<Timestamp>, now: Timestamp) {
        let Some(mut work) = self.take_work(from) else { return };
        if let Some(leaf) = self.leaves.get_mut(work.leaf) {
            leaf.works.retain(|id| *id != from);
        }
        let owner = self.last_owners.remove(&from);
        let closed = ClosedWork::of(&work, owner, now, &mut self.names);
        let part = work.give_up();
        let brought = Brought { work: closed, messages: part.messages() };
        self.with_work(into, |work| {
            work.take_in(part);
            work.owner.iter_mut().for_each(|owner| owner.answer_by = answer_by);
            work.beside_mut().brought.push(brought);
        });
        if let Some(beside) = self.works.get(into).and_then(|work| work.beside.as_deref()) {
            self.matters.merge(from, into, beside);
        }
    }

    /// Folds a split.
    pub(super) fn split_work(&mut self, from: WorkId, into: WorkId, messages: &[MessageId]) {
        let mut given = None;
        let Some(giver) = self.works.get(from) else { return };
        let parted = giver.is_parted(messages, |leaf| self.root_of(leaf));
        let root = self.root_of(giver.leaf);
        // Whatever came with a merge and goes as a whole goes with its Work's name; so does what is not the giver's customer's.
        let goes = |brought: &Brought| {
            let all = !brought.messages.is_empty() && brought.messages.iter().all(|id| messages.contains(id));
            all || (parted && self.root_of(brought.work.leaf) != root)
        };
        let brought = giver.beside.iter().flat_map(|beside| &beside.brought);
        let gone: Vec<WorkId> = brought.filter(|brought| goes(brought)).map(|brought| brought.work.id).collect();
        self.with_work(from, |work| {
            let part = work.give(messages, parted);
            let gone = |brought: &mut Brought| gone.contains(&brought.work.id);
            let beside = work.beside_mut();
            beside.moved.retain(|message| !messages.contains(message));
            let brought: Vec<Brought> = beside.brought.extract_if(.., gone).collect();
            given = Some((part, brought));
        });
        let Some((part, brought)) = given else { return };
        // What stays of a Work whose name goes is told by itself.
        let came = brought.iter().flat_map(|brought| brought.messages.iter().map(|id| (*id, brought.work.id)));
        let stays = came.filter(|(id, with)| !messages.contains(id) && self.matters.current(*id, *with) == from);
        let stays: Vec<MessageId> = stays.map(|(id, _)| id).collect();
        for message in &stays {
            self.matters.moved.insert(*message, from);
        }
        if !stays.is_empty() {
            self.with_work(from, |work| work.beside_mut().moved.extend(stays));
        }
        for (message, work) in messages.iter().map(|id| (*id, into)) {
            self.matters.moved.insert(message, work);
        }
        for brought in &brought {
            self.matters.merged.insert(brought.work.id, into);
        }
        self.with_work(into, |work| {
            work.take_in(part);
            let beside = work.beside_mut();
            beside.split = true;
            beside.brought.extend(brought);
            beside.moved.extend_from_slice(messages);
        });
    }
}
