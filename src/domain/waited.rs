//! Where a customer's wait went: counted from the records of one Work, oldest first.
//!
//! Time counts while the customer waits for us and stands while the Work is parked or over, as it does for the Work itself. What was waited
//! in another Work that was merged into this one is not counted here.

use smallvec::SmallVec;

use super::id::{AgentId, Name, WorkId};
use super::record::{Change, Record};
use super::time::Timestamp;
use super::work::Says;

/// Where a Work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In its queue.
    Queued,
    /// Shown to an agent: of several to the one who was asked first.
    Offered(AgentId),
    /// With its owner.
    Assigned(AgentId),
}

/// For how long a customer waited while the Work stood somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Where.
    pub stage: Stage,
    /// The queue that it was of.
    pub queue: Name,
    /// For how long in all, milliseconds.
    pub waited_ms: u64,
}

/// A wait as the records so far give it.
#[derive(Clone, Debug)]
pub struct Waited {
    work: WorkId,
    queue: Name,
    offered: SmallVec<[AgentId; 2]>,
    owner: Option<AgentId>,
    parked: bool,
    /// The customer waits for us.
    ours: bool,
    counted_to: Timestamp,
    shares: Vec<Share>,
}

impl Waited {
    /// Of a Work, before its first record.
    #[must_use]
    pub fn of(work: WorkId) -> Self {
        Self {
            work,
            queue: Name::default(),
            offered: SmallVec::new(),
            owner: None,
            parked: false,
            ours: false,
            counted_to: Timestamp::default(),
            shares: Vec::new(),
        }
    }

    /// The next record that is about the Work.
    pub fn note(&mut self, record: &Record) {
        self.count_to(record.time);
        let work = self.work;
        record.changes.iter().filter(|change| change.work() == Some(work)).for_each(|change| self.change(change));
        if record.changes.iter().any(|change| matches!(change, Change::WorksMerged { from, .. } if *from == self.work))
        {
            self.ours = false;
        }
    }

    /// Where the wait went until now.
    #[must_use]
    pub fn until(mut self, now: Timestamp) -> Vec<Share> {
        self.count_to(now);
        self.shares
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::WorkQueued { queue, .. } => (self.queue, self.parked) = (queue.clone(), false),
            Change::Transferring(passing) => self.queue = passing.queue.clone(),
            Change::TransferEnded(ended) => self.queue = ended.queue.clone(),
            Change::OfferMade(offer) => self.offered.push(offer.agent),
            Change::OfferEnded { agent, .. } => self.offered.retain(|offered| offered != agent),
            Change::Assigned(assigned) => self.owner = Some(assigned.agent),
            Change::Unassigned { .. } => (self.owner, self.parked) = (None, false),
            Change::Parked(_) => self.parked = true,
            Change::Woken(_) => self.parked = false,
            Change::MessageStored(message) => match message.says() {
                Says::Asks | Says::Joins => self.ours = true,
                Says::Answers => self.ours = false,
                Says::Asked | Says::Ends | Says::Resumes | Says::Noted | Says::Nothing => {}
            },
            Change::Restored { .. } => self.ours = true,
            Change::WrapUpStarted(_) | Change::WorkClosed { .. } => (self.ours, self.parked) = (false, false),
            _ => {}
        }
    }

    fn count_to(&mut self, now: Timestamp) {
        let passed = now.millis_since(self.counted_to).max(0).unsigned_abs();
        self.counted_to = now;
        if !self.ours || self.parked || passed == 0 {
            return;
        }
        let stage = match (self.owner, self.offered.first().copied()) {
            (Some(owner), _) => Stage::Assigned(owner),
            (None, Some(agent)) => Stage::Offered(agent),
            (None, None) => Stage::Queued,
        };
        match self.shares.iter_mut().find(|share| share.stage == stage && share.queue == self.queue) {
            Some(share) => share.waited_ms += passed,
            None => self.shares.push(Share { stage, queue: self.queue.clone(), waited_ms: passed }),
        }
    }
}
