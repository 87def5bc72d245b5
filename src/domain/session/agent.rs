//! An agent: what records make of it, and what it can take now.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use crate::domain::id::{AgentId, Index, MessageId, Name, OfferId, WorkId};
use crate::domain::record::{AssignCause, Change, OfferOutcome, Presence, PresenceSet, SessionLost, WrapUpStarted};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::workspace::{AgentProfile, IndexedConfig};

/// Open offers of an agent at most, however large its capacity: when it leaves, one record takes them all back.
const MAX_OPEN_OFFERS: usize = 256;
/// Parts of a load: a full agent has this many.
const FULL: u64 = 10_000;

/// An agent, human or bot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) name: Name,
    pub(crate) profile: AgentProfile,
    pub(crate) presence: Presence,
    pub(crate) reason: Name,
    /// Channels served now; empty: all of the profile.
    pub(crate) channels: Vec<Name>,
    pub(crate) session: Option<Session>,
    pub(crate) offers: SmallVec<[Held<OfferId>; 2]>,
    pub(crate) works: Vec<Held<WorkId>>,
    /// Works of others that it takes part in.
    pub(crate) joined: SmallVec<[WorkId; 2]>,
    /// Offers that expired one after the other.
    pub(crate) unanswered: u8,
    /// It has finished something since it came.
    pub(crate) released: bool,
    /// When it was given something last: of two with equal load the longer idle one is chosen.
    pub(crate) given_at: Timestamp,
    /// Number of the change that gave it.
    pub(crate) given_by: MessageId,
    /// Since when it has nothing, while it has nothing.
    pub(crate) idle_since: Timestamp,
    /// It has more than it can.
    pub(crate) over: Option<Over>,
    /// More is to be matched since then.
    pub(crate) deferred: Option<Timestamp>,
    /// skein gave it more than it has room for: never. What customers and operators cause does not count.
    pub(crate) overgiven: bool,
}

/// Something that takes of the capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held<I> {
    pub(crate) id: I,
    pub(crate) work: WorkId,
    pub(crate) cost: u32,
}

/// That an agent has more than it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Over {
    /// When a Work of its is offered elsewhere; none: from now on.
    pub(crate) relieve_at: Option<Timestamp>,
}

/// The open session of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) epoch: u64,
    /// When it was opened, or gone on with.
    pub(crate) opened_at: Timestamp,
    /// Set while its connection is gone.
    pub(crate) lost: Option<Lost>,
}

/// Graces of a session without connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lost {
    pub(crate) offers_until: Timestamp,
    pub(crate) until: Timestamp,
}

impl Agent {
    pub(crate) fn registered(id: AgentId, name: Name, config: &IndexedConfig) -> Self {
        let profile = config.profile(&name).cloned().unwrap_or_default();
        Self {
            id,
            name,
            profile,
            presence: Presence::Offline,
            reason: Name::default(),
            channels: Vec::new(),
            session: None,
            offers: SmallVec::new(),
            works: Vec::new(),
            joined: SmallVec::new(),
            unanswered: 0,
            released: false,
            given_at: Timestamp::default(),
            given_by: MessageId::default(),
            idle_since: Timestamp::default(),
            over: None,
            deferred: None,
            overgiven: false,
        }
    }

    /// Notes a change that names this agent.
    pub(crate) fn apply(&mut self, index: Index, now: Timestamp, place: u16, change: &Change) {
        let had_nothing = !self.is_busy();
        self.note(index, now, place, change);
        if !had_nothing && !self.is_busy() {
            self.idle_since = now;
        }
    }

    fn note(&mut self, index: Index, now: Timestamp, place: u16, change: &Change) {
        match change {
            Change::OfferMade(offer) => {
                (self.given_at, self.given_by) = (now, MessageId::new(index, place));
                self.offers.push(Held { id: OfferId::new(index, place), work: offer.work, cost: offer.cost });
                self.overgiven |= self.load() > self.profile.capacity;
            }
            Change::OfferEnded { offer, outcome, .. } => {
                self.offers.retain(|held| held.id != *offer);
                match outcome {
                    OfferOutcome::Expired => self.unanswered = self.unanswered.saturating_add(1),
                    OfferOutcome::Accepted | OfferOutcome::Declined => self.unanswered = 0,
                    OfferOutcome::Revoked => {}
                }
            }
            Change::Assigned(assigned) => {
                (self.given_at, self.given_by) = (now, MessageId::new(index, place));
                self.works.push(Held { id: assigned.work, work: assigned.work, cost: assigned.cost });
                // An accepted offer had its room before, and what has come since is none of its fault.
                // What a supervisor gives may be more than there is room for.
                let by_skein = matches!(assigned.cause, AssignCause::Auto | AssignCause::Claim | AssignCause::Start);
                self.overgiven |= by_skein && self.load() > self.profile.capacity;
            }
            Change::Unassigned { work, .. } => {
                self.works.retain(|held| held.id != *work);
                self.released = true;
            }
            Change::WrapUpStarted(WrapUpStarted { work, cost, .. }) | Change::WrapUpLeft { work, cost, .. } => {
                self.costs(*work, *cost);
                self.released = true;
            }
            Change::Parked(parked) => {
                self.costs(parked.work, 0);
                self.released = true;
            }
            // What wakes costs again, whatever room there is.
            Change::Woken(woken) => self.costs(woken.work, woken.cost),
            Change::CostChanged { work, cost, .. } => {
                for held in self.works.iter_mut().filter(|held| held.work == *work) {
                    held.cost = *cost;
                }
                for held in self.offers.iter_mut().filter(|held| held.work == *work) {
                    held.cost = *cost;
                }
            }
            Change::SessionOpened { session_epoch, .. } => {
                self.session = Some(Session { epoch: *session_epoch, opened_at: now, lost: None });
                self.released = false;
            }
            Change::SessionLost(SessionLost { offers_until, until, .. }) => {
                if let Some(session) = &mut self.session {
                    session.lost = Some(Lost { offers_until: *offers_until, until: *until });
                }
            }
            Change::SessionEnded { .. } => self.session = None,
            Change::PresenceSet(PresenceSet { presence, reason, channels, .. }) => {
                if *presence == Presence::Ready && self.presence != Presence::Ready {
                    self.idle_since = now;
                }
                self.presence = *presence;
                self.reason = reason.clone();
                self.channels.clone_from(channels);
                if *presence == Presence::Ready {
                    self.released = false;
                    self.unanswered = 0;
                }
            }
            Change::Overcommitted(change) => {
                self.over = (change.by > 0).then_some(Over { relieve_at: change.relieve_at });
            }
            Change::MatchDeferred { more, .. } => self.deferred = more.then_some(now),
            Change::ParticipantJoined(_) | Change::ParticipantLeft(_) => self.takes_part(change),
            // The rest names no agent, or does not move it.
            _ => {}
        }
    }

    fn costs(&mut self, work: WorkId, cost: u32) {
        if let Some(held) = self.works.iter_mut().find(|held| held.id == work) {
            held.cost = cost;
        }
    }

    /// Cost of what it has and is offered.
    pub(crate) fn load(&self) -> u32 {
        let offers = self.offers.iter().map(|held| held.cost);
        offers.chain(self.works.iter().map(|held| held.cost)).fold(0, u32::saturating_add)
    }

    /// By how much it has more than it can.
    pub(crate) fn overcommit(&self) -> u32 {
        self.load().saturating_sub(self.profile.capacity)
    }

    /// Load in parts of the capacity: equal for agents that are equally busy.
    pub(crate) fn fullness(&self) -> u64 {
        match self.profile.capacity {
            0 => FULL,
            capacity => (u64::from(self.load()) * FULL / u64::from(capacity)).min(FULL),
        }
    }

    /// Whether it takes new Work at all now.
    pub(crate) fn is_ready(&self) -> bool {
        self.presence == Presence::Ready && self.is_connected()
    }

    /// Whether its session has its connection.
    pub(crate) fn is_connected(&self) -> bool {
        self.session.is_some_and(|session| session.lost.is_none())
    }

    /// Whether it serves the channel now.
    pub(crate) fn serves(&self, channel: &str) -> bool {
        let listed = |list: &[Name]| list.is_empty() || list.iter().any(|name| name == channel);
        listed(&self.channels) && listed(&self.profile.channels)
    }

    /// Whether it is there for Work to come: it has a session, with its connection or waiting for it, and is READY or away for a while.
    pub(crate) fn is_logged_in(&self) -> bool {
        self.session.is_some() && matches!(self.presence, Presence::Ready | Presence::Away)
    }

    /// Whether there is room for something more of that cost.
    pub(crate) fn has_room(&self, cost: u32) -> bool {
        self.offers.len() < MAX_OPEN_OFFERS && self.load().saturating_add(cost) <= self.profile.capacity
    }

    /// Whether something that it has or is offered takes of its capacity.
    pub(crate) fn is_busy(&self) -> bool {
        self.offers.iter().any(|held| held.cost > 0) || self.works.iter().any(|held| held.cost > 0)
    }

    /// Whether there is room for anything at all.
    pub(crate) fn has_any_room(&self) -> bool {
        self.has_room(self.profile.lowest_cost())
    }

    /// Deadlines of the agent.
    pub(crate) fn timers(&self) -> SmallVec<[(Timestamp, Timer); 2]> {
        let mut timers = SmallVec::new();
        if let Some(lost) = self.session.and_then(|session| session.lost) {
            if !self.offers.is_empty() {
                timers.push((lost.offers_until, Timer::OffersGrace(self.id)));
            }
            timers.push((lost.until, Timer::SessionGrace(self.id)));
        }
        if let Some(at) = self.over.and_then(|over| over.relieve_at) {
            timers.push((at, Timer::Relief(self.id)));
        }
        if let Some(since) = self.deferred {
            timers.push((since, Timer::Match(self.id)));
        }
        timers
    }
}
