//! Who owns what and to whom it is offered, counted from the records alone: a second opinion on what the core decides.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::check::Check;
use super::findings::Findings;
use crate::domain::id::{AgentId, AssignmentId, Name, OfferId, WorkId};
use crate::domain::record::{
    AssignCause, Assigned, Change, OfferMade, OfferOutcome, Record, UnassignReason, WrapUpStarted,
};
use crate::domain::time::Timestamp;
use crate::domain::workspace::QueueConfig;
use crate::domain::{State, Workspace};

/// How long after its deadline an offer may be open: a second of timers that fire late, and the answers of a stalled log.
const LATE_MS: i64 = 60_000;

/// Who owns a Work.
#[derive(Debug)]
struct Owned {
    assignment: AssignmentId,
    agent: AgentId,
    cost: u32,
}

/// To whom a Work is offered.
#[derive(Debug)]
struct Offered {
    work: WorkId,
    agent: AgentId,
    cost: u32,
}

/// Works, offers and loads of one workspace.
#[derive(Debug, Default)]
struct Desk {
    owned: BTreeMap<WorkId, Owned>,
    offered: BTreeMap<OfferId, Offered>,
    /// Open offers of each Work that has some.
    by_work: BTreeMap<WorkId, SmallVec<[OfferId; 2]>>,
    /// What each agent has and is offered.
    loads: BTreeMap<AgentId, u64>,
    /// Works that their owners pass on.
    passing: BTreeSet<WorkId>,
}

/// Everything that is owned and offered.
#[derive(Debug, Default)]
pub(super) struct Works {
    desks: BTreeMap<Name, Desk>,
    /// Offers made so far.
    pub(super) offers: u64,
    /// Of them those that nobody answered in time.
    pub(super) expired: u64,
    /// Assignments made so far.
    pub(super) assignments: u64,
    /// Of them those that ended although nobody said so.
    pub(super) lapsed: u64,
}

/// An offer that is open at the end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOffer {
    /// Its workspace.
    pub workspace: Name,
    /// The offer.
    pub offer: OfferId,
    /// The Work.
    pub work: WorkId,
    /// To whom.
    pub agent: Name,
    /// When it expires; none: the folded state does not know it.
    pub expires_at: Option<Timestamp>,
}

impl Works {
    /// A record, after it was folded into `state`.
    pub(super) fn record(&mut self, record: &Record, state: &State, found: &mut Findings) {
        let Some(space) = state.workspace(&record.workspace) else { return };
        let at = || format!("record {}", record.index);
        let Self { desks, offers, expired, assignments, lapsed } = self;
        let desk = desks.entry(record.workspace.clone()).or_default();
        for (place, change) in (0u16..).zip(&record.changes) {
            match change {
                Change::OfferMade(offer) => {
                    *offers += 1;
                    desk.offer(OfferId::new(record.index, place), offer, space, found, at);
                }
                Change::OfferEnded { offer, work, agent, outcome } => {
                    let open = desk.offered.get(offer).is_some_and(|it| it.work == *work && it.agent == *agent);
                    found.look(Check::OfferEnds, open, || (at(), format!("{offer} ends and is not open")));
                    desk.end_offer(*offer);
                    *expired += u64::from(*outcome == OfferOutcome::Expired);
                    if *outcome == OfferOutcome::Accepted {
                        let others = desk.offers_of(*work).count();
                        found.look(Check::OfferEnds, others == 0, || {
                            (at(), format!("{offer} is accepted, and {others} others of {work} are open still"))
                        });
                    }
                }
                Change::Assigned(assigned) => {
                    *assignments += 1;
                    desk.assign(AssignmentId::new(record.index, place), assigned, space, found, at);
                }
                Change::Unassigned { assignment, work, reason, .. } => {
                    *lapsed += u64::from(is_nobodys(*reason));
                    desk.passing.remove(work);
                    let ends = desk.owned.get(work).is_some_and(|owned| owned.assignment == *assignment);
                    found.look(Check::OneOwner, ends, || {
                        (at(), format!("{assignment} of {work} ends and is not the current one"))
                    });
                    if ends {
                        desk.disown(*work);
                    }
                }
                Change::WrapUpStarted(WrapUpStarted { work, cost, .. }) | Change::WrapUpLeft { work, cost, .. } => {
                    desk.cost(*work, *cost);
                }
                Change::Woken(woken) => desk.cost(woken.work, woken.cost),
                Change::Parked(parked) => desk.cost(parked.work, 0),
                Change::CostChanged { work, agent, cost } => desk.cost_for(*work, *agent, *cost),
                Change::Transferring(change) => {
                    desk.passing.insert(change.work);
                }
                Change::TransferEnded(change) => {
                    desk.passing.remove(&change.work);
                }
                _ => {}
            }
        }
        // What holds of a Work holds when all of the record has happened.
        for change in &record.changes {
            match change {
                Change::WorksMerged { from: work, .. } | Change::WorkClosed { work, .. } => {
                    let owner = desk.owned.get(work).map(|owned| owned.agent);
                    found.look(Check::OneOwner, owner.is_none(), || {
                        (at(), format!("{work} is over, and {owner:?} owns it still"))
                    });
                    desk.asks_nobody(*work, "is over", found, at);
                }
                Change::Assigned(Assigned { work, .. }) if !desk.passing.contains(work) => {
                    desk.asks_nobody(*work, "has an owner", found, at);
                }
                _ => {}
            }
        }
    }

    /// Offers that are open now, each with what the folded state knows of it. One that should have ended is a breach.
    pub(super) fn finish(&self, state: &State, found: &mut Findings) -> Vec<OpenOffer> {
        let mut open = Vec::new();
        for (workspace, desk) in &self.desks {
            let Some(space) = state.workspace(workspace) else { continue };
            for (offer, offered) in &desk.offered {
                let name = space.agent_name(offered.agent).cloned().unwrap_or_default();
                let view = space.agent(&name);
                let known = view.iter().flat_map(|view| &view.offers).find(|it| it.offer == *offer);
                let expires_at = known.map(|it| it.expires_at);
                let late = expires_at.is_none_or(|at| state.time().millis_since(at) > LATE_MS);
                found.look(Check::OfferEnds, !late, || {
                    let since = expires_at.map_or("nobody".to_owned(), |at| format!("its deadline {}", at.0));
                    let told = format!("{} of {} to {name} is open at the end, known by {since}", offer, offered.work);
                    ("end of the log".to_owned(), told)
                });
                open.push(OpenOffer {
                    workspace: workspace.clone(),
                    offer: *offer,
                    work: offered.work,
                    agent: name,
                    expires_at,
                });
            }
        }
        open
    }
}

impl Desk {
    fn offers_of(&self, work: WorkId) -> impl Iterator<Item = AgentId> {
        let open = self.by_work.get(&work).into_iter().flatten();
        open.filter_map(|offer| self.offered.get(offer)).map(|it| it.agent)
    }

    fn asks_nobody(&self, work: WorkId, why: &str, found: &mut Findings, at: impl Fn() -> String) {
        let open = self.offers_of(work).count();
        found.look(Check::OfferEnds, open == 0, || {
            (at(), format!("{work} {why}, and {open} of its offers are open still"))
        });
    }

    fn end_offer(&mut self, offer: OfferId) {
        let Some(ended) = self.offered.remove(&offer) else { return };
        self.loaded(ended.agent, ended.cost, 0);
        if let Some(open) = self.by_work.get_mut(&ended.work) {
            open.retain(|it| *it != offer);
            if open.is_empty() {
                self.by_work.remove(&ended.work);
            }
        }
    }

    fn disown(&mut self, work: WorkId) {
        if let Some(before) = self.owned.remove(&work) {
            self.loaded(before.agent, before.cost, 0);
        }
    }

    /// An agent has something that costs another sum now.
    fn loaded(&mut self, agent: AgentId, before: u32, now: u32) {
        let load = self.loads.entry(agent).or_default();
        *load = (*load + u64::from(now)).saturating_sub(u64::from(before));
    }

    fn offer(
        &mut self,
        id: OfferId,
        offer: &OfferMade,
        space: &Workspace,
        found: &mut Findings,
        at: impl Fn() -> String,
    ) {
        let beside: Vec<AgentId> = self.offers_of(offer.work).collect();
        let few = match self.owned.get(&offer.work) {
            None => {
                let queue = space.work(offer.work).map(|work| work.queue);
                let queue = queue.and_then(|queue| space.config().queue(&queue));
                let at_once = queue.map_or(1, QueueConfig::offers_at_once);
                beside.len() < at_once && !beside.contains(&offer.agent)
            }
            // What its owner passes on is offered to one other.
            Some(owned) => owned.agent != offer.agent && self.passing.contains(&offer.work) && beside.is_empty(),
        };
        found.look(Check::FewOffers, few, || {
            let owner = self.owned.get(&offer.work).map(|owned| owned.agent);
            (at(), format!("{id} of {} to {} beside {beside:?}, owner {owner:?}", offer.work, offer.agent))
        });
        self.offered.insert(id, Offered { work: offer.work, agent: offer.agent, cost: offer.cost });
        self.by_work.entry(offer.work).or_default().push(id);
        self.loaded(offer.agent, 0, offer.cost);
        self.fits(offer.agent, space, found, at);
    }

    fn assign(
        &mut self,
        id: AssignmentId,
        assigned: &Assigned,
        space: &Workspace,
        found: &mut Findings,
        at: impl Fn() -> String,
    ) {
        let before = self.owned.get(&assigned.work).map(|owned| (owned.assignment, owned.agent));
        found.look(Check::OneOwner, before.is_none(), || {
            let (had, agent) = before.unwrap_or_default();
            (at(), format!("{} is {}'s by {id}, and is {agent}'s by {had}", assigned.work, assigned.agent))
        });
        self.disown(assigned.work);
        let owned = Owned { assignment: id, agent: assigned.agent, cost: assigned.cost };
        self.owned.insert(assigned.work, owned);
        self.loaded(assigned.agent, 0, assigned.cost);
        match assigned.cause {
            // The room was kept by the offer.
            AssignCause::Offer | AssignCause::Transfer => {}
            AssignCause::Auto | AssignCause::Claim | AssignCause::Start => self.fits(assigned.agent, space, found, at),
            AssignCause::Assign | AssignCause::Takeover => {
                let (load, capacity) = (self.load(assigned.agent), capacity(space, assigned.agent));
                let over = load.saturating_sub(capacity);
                found.look(Check::Capacity, over == u64::from(assigned.overcommit), || {
                    let told = format!("{} has {load} of {capacity} by {id}", assigned.agent);
                    (at(), format!("{told}, recorded is {} beyond", assigned.overcommit))
                });
            }
        }
    }

    fn load(&self, agent: AgentId) -> u64 {
        self.loads.get(&agent).copied().unwrap_or(0)
    }

    fn fits(&self, agent: AgentId, space: &Workspace, found: &mut Findings, at: impl Fn() -> String) {
        let (load, capacity) = (self.load(agent), capacity(space, agent));
        found.look(Check::Capacity, load <= capacity, || (at(), format!("{agent} has {load} of {capacity}")));
    }

    fn cost(&mut self, work: WorkId, cost: u32) {
        if let Some(owned) = self.owned.get_mut(&work) {
            let (agent, before) = (owned.agent, std::mem::replace(&mut owned.cost, cost));
            self.loaded(agent, before, cost);
        }
    }

    fn cost_for(&mut self, work: WorkId, agent: AgentId, cost: u32) {
        if self.owned.get(&work).is_some_and(|owned| owned.agent == agent) {
            self.cost(work, cost);
        }
        let open = self.by_work.get(&work).cloned().unwrap_or_default();
        for offer in open {
            if let Some(offered) = self.offered.get_mut(&offer).filter(|it| it.agent == agent) {
                let before = std::mem::replace(&mut offered.cost, cost);
                self.loaded(agent, before, cost);
            }
        }
    }
}

/// An assignment that ended so was ended by a clock, not by what somebody wished.
fn is_nobodys(reason: UnassignReason) -> bool {
    matches!(
        reason,
        UnassignReason::OwnerLost
            | UnassignReason::Recalled
            | UnassignReason::TransferLapsed
            | UnassignReason::NotReady
    )
}

fn capacity(space: &Workspace, agent: AgentId) -> u64 {
    let name = space.agent_name(agent).map_or("", |name| name.as_str());
    space.config().profile(name).map_or(0, |profile| profile.capacity.into())
}
