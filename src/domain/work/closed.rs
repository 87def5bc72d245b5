//! Closed Works inside their continuation window: packed, for there is one for nearly every customer who wrote lately.

use std::hash::BuildHasher as _;

use serde::{Deserialize, Serialize};

use foldhash::fast::FixedState;

use super::open::Work;
use crate::domain::growing::{BlockQueue, Blocks, Places};
use crate::domain::id::{AgentId, LeafId, MessageId, WorkId};
use crate::domain::time::Timestamp;
use crate::domain::view::WorkState;
use crate::domain::workspace::{Names, Symbol, Workspace};

/// Nobody owned it: ids of records and agents leave this number free.
const NOBODY: u32 = u32::MAX;

/// Bits of [`ClosedWork::marks`].
const REPLIED: u8 = 1;
const ANSWERED: u8 = 2;
const THREADED: u8 = 4;
const CANCELED: u8 = 8;

/// What is kept of a closed Work. Small, hence no options: an id of index 0 is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClosedWork {
    pub(crate) id: WorkId,
    pub(crate) leaf: LeafId,
    last_owner: u32,
    last_in: MessageId,
    last_message: MessageId,
    pub(crate) opened_at: Timestamp,
    pub(crate) reopen_until: Timestamp,
    pub(crate) waited_ms: u32,
    pub(crate) channel: Symbol,
    pub(crate) endpoint: Symbol,
    pub(crate) brand: Symbol,
    pub(crate) queue: Symbol,
    pub(crate) disposition: Symbol,
    marks: u8,
}

impl ClosedWork {
    pub(crate) fn of(work: &Work, last_owner: Option<AgentId>, reopen_until: Timestamp, names: &mut Names) -> Self {
        Self {
            id: work.id,
            leaf: work.leaf,
            last_owner: last_owner.map_or(NOBODY, |agent| agent.0),
            last_in: work.last_in.unwrap_or_default(),
            last_message: work.last_message.unwrap_or_default(),
            opened_at: work.opened_at,
            reopen_until,
            waited_ms: u32::try_from(work.waited_ms).unwrap_or(u32::MAX),
            channel: names.intern(&work.channel),
            endpoint: names.intern(&work.endpoint),
            brand: names.intern(&work.brand),
            queue: names.intern(&work.queue),
            disposition: names.intern(&work.disposition),
            marks: mark(work.replied, REPLIED)
                | mark(work.answered, ANSWERED)
                | mark(work.threaded, THREADED)
                | mark(work.state == WorkState::Canceled, CANCELED),
        }
    }

    /// Whether we had answered in it.
    fn replied(&self) -> bool {
        self.marks & REPLIED != 0
    }

    /// Whether the customer had our answer when it was closed.
    pub(crate) fn answered(&self) -> bool {
        self.marks & ANSWERED != 0
    }

    /// How it ended.
    pub(crate) fn state(&self) -> WorkState {
        if self.marks & CANCELED == 0 { WorkState::Closed } else { WorkState::Canceled }
    }

    /// Who owned it last.
    pub(crate) fn last_owner(&self) -> Option<AgentId> {
        (self.last_owner != NOBODY).then_some(AgentId(self.last_owner))
    }

    /// Last message of the customer's.
    pub(crate) fn last_in(&self) -> Option<MessageId> {
        (self.last_in != MessageId::default()).then_some(self.last_in)
    }

    /// Last message of all.
    pub(crate) fn last_message(&self) -> Option<MessageId> {
        (self.last_message != MessageId::default()).then_some(self.last_message)
    }

    /// The Work as it is once more, before it is queued. In which thread, the message that reopens it says.
    pub(crate) fn reopened(&self, space: &Workspace) -> Work {
        let name = |symbol| space.names.get(symbol).clone();
        Work {
            leaf: self.leaf,
            waited_ms: u64::from(self.waited_ms),
            replied: self.replied(),
            threaded: self.marks & THREADED != 0,
            last_in: self.last_in(),
            last_message: self.last_message(),
            queue: name(self.queue),
            beside: space.matters.of_closed(self.id).map(|beside| Box::new(beside.clone())),
            // Its first record after this is WorkQueued; until then it must not look as if it waited.
            state: WorkState::Closed,
            ..Work::opened(
                self.id,
                &crate::domain::record::WorkOpened {
                    leaf: self.leaf,
                    channel: name(self.channel),
                    endpoint: name(self.endpoint),
                    brand: name(self.brand),
                    ..Default::default()
                },
                self.opened_at,
            )
        }
    }
}

fn mark(is_so: bool, bit: u8) -> u8 {
    if is_so { bit } else { 0 }
}

/// The closed Works of a workspace that a message can reopen: packed side by side, found through an index of numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closed {
    works: Blocks<ClosedWork>,
    places: Places,
    /// In the order of closing, so that what is past its window is found without a scan.
    order: BlockQueue<WorkId>,
}

impl Closed {
    pub(crate) fn get(&self, id: WorkId) -> Option<&ClosedWork> {
        let place = self.places.find(hash(id), |place| self.works[place as usize].id == id)?;
        self.works.get(place as usize)
    }

    /// In the order of closing; what was closed twice is there twice.
    pub(crate) fn rows(&self) -> impl Iterator<Item = ClosedWork> {
        self.order.iter().filter_map(|id| self.get(*id).cloned())
    }

    /// Takes some back, behind those before.
    pub(crate) fn restore(&mut self, rows: Vec<ClosedWork>) {
        for work in rows {
            let id = work.id;
            match self.get(id) {
                Some(_) => drop(self.order.push_back(id)),
                None => self.insert(work),
            }
        }
    }

    pub(crate) fn insert(&mut self, work: ClosedWork) {
        let id = work.id;
        let place = u32::try_from(self.works.len()).expect("fewer Works are closed at a time than identities can be");
        self.works.push(work);
        let works = &self.works;
        self.places.insert(hash(id), place, |other| hash(works[other as usize].id));
        self.order.push_back(id);
    }

    pub(crate) fn remove(&mut self, id: WorkId) -> Option<ClosedWork> {
        let works = &self.works;
        let hash_of = |other: u32| hash(works[other as usize].id);
        let place = self.places.remove(hash(id), |place| works[place as usize].id == id, hash_of)?;
        let last = u32::try_from(self.works.len() - 1).expect("places are numbers of 32 bits");
        if place != last {
            // The last one moves into the gap.
            let moved = self.works[last as usize].id;
            if let Some(other) = self.places.find_mut(hash(moved), |other| other == last) {
                *other = place;
            }
        }
        self.works.swap_remove(place as usize)
    }

    /// Takes out one that is past its window, if the oldest is.
    pub(crate) fn pop_expired(&mut self, now: Timestamp) -> Option<ClosedWork> {
        while let Some(&id) = self.order.front() {
            match self.get(id).map(|work| work.reopen_until < now) {
                Some(false) => return None,
                Some(true) => {
                    self.order.pop_front();
                    return self.remove(id);
                }
                // It was reopened.
                None => {
                    self.order.pop_front();
                }
            }
        }
        None
    }
}

/// Ids are numbers whose low bits are nearly always the same, and a table begins its search by the low bits.
fn hash(id: WorkId) -> u64 {
    FixedState::default().hash_one(id.to_bits())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::id::Index;
    use crate::domain::record::WorkOpened;

    fn closed(index: u64, reopen_until: i64) -> ClosedWork {
        let id = WorkId::new(Index(index), 0);
        let work = Work::opened(id, &WorkOpened::default(), Timestamp(0));
        ClosedWork::of(&work, None, Timestamp(reopen_until), &mut Names::new())
    }

    #[test]
    fn works_are_found_until_they_are_taken_out_or_past_their_window() {
        let mut works = Closed::default();
        for index in 1..=100 {
            works.insert(closed(index, 1_000 + i64::try_from(index).unwrap()));
        }
        for index in (1..=100).step_by(3) {
            let id = WorkId::new(Index(index), 0);
            assert_eq!(works.remove(id).map(|work| work.id), Some(id));
        }
        for index in 1..=100 {
            let id = WorkId::new(Index(index), 0);
            assert_eq!(works.get(id).map(|work| work.id), (index % 3 != 1).then_some(id));
        }
        let mut expired = Vec::new();
        while let Some(work) = works.pop_expired(Timestamp(1_050)) {
            expired.push(work.id.index().0);
        }
        assert_eq!(expired, (1..50).filter(|index| index % 3 != 1).collect::<Vec<_>>());
        assert!(works.get(WorkId::new(Index(50), 0)).is_some());
    }

    #[test]
    fn a_closed_work_stays_small() {
        assert!(size_of::<ClosedWork>() <= 64, "{} bytes", size_of::<ClosedWork>());
    }

    #[test]
    fn ids_of_records_that_open_one_work_each_begin_at_places_of_their_own() {
        let begin = |index| hash(WorkId::new(Index(index), 3)) % 1_024;
        let begins: BTreeSet<u64> = (0..1_024).map(begin).collect();
        assert!(begins.len() > 512, "{}", begins.len());
    }
}
