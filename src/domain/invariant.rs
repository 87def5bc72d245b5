//! Named invariants: what must hold in every state. The simulator checks them after every step; each rule of the domain that
//! says *never* has its name here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::customer::MAX_OPEN;
use super::event::AddressKind;
use super::id::{AgentId, LeafId, MessageId, Name, WorkId};
use super::record::Presence;
use super::routing::{Requirement, There, eligible};
use super::state::State;
use super::view::{AgentCounts, WorkState};
use super::work::{Transfer, relief_wanted};
use super::workspace::{AgentKind, MAX_OFFERS_AT_ONCE, Workspace};

/// An invariant by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// A Work has exactly one owner while ASSIGNED, PARKED or in WRAPUP, and none otherwise.
    OneOwner,
    /// What a Work says of its owner or offer, the agent says of the Work.
    BothSidesAgree,
    /// skein's own offers and assignments never take an agent beyond its capacity; what customers and operators cause may.
    WithinCapacity,
    /// No Work waits beside an agent eligible now.
    WorkConserving,
    /// An offer is open exactly while its Work is OFFERED, or its owner passes it on.
    OfferedHasOffer,
    /// A Work is offered to few agents at once, to each once, and to one at most beside its owner.
    FewOffersAtOnce,
    /// What is passed on has its owner, and an end: its deadline, or the open offer to the agent.
    TransferEnds,
    /// Whoever takes part in a Work is not its owner, and whom its owner asked is asked by who owns it.
    ConsultOfItsOwner,
    /// An identity has at most one open Work on an endpoint, but for Works in threads of the channel and those that agents split.
    OneMatterPerEndpoint,
    /// An address has at most one current generation, and its leaf is filed under one customer.
    OneCustomerPerAddress,
    /// An address has one current generation, its latest; no answer goes to one whose link has ended.
    OneCurrentGeneration,
    /// A customer has one value of each kind of which a person has one, among the identities whose link stands.
    OneValueOfAKind,
    /// An address of several people has a customer of its own, with no other address.
    SharedIsAlone,
    /// A customer has no more open suggestions than an agent can decide.
    FewSuggestions,
    /// A customer's id is the lowest of its leaves, and what can be taken apart of it is some of them, never the first.
    LowestLeafNames,
    /// Whoever wrote in an open Work, and whom it is answered to, is the customer that it is filed under.
    WorkOfOneCustomer,
    /// Neither an address of several people nor one that is erased has facts.
    FactsOfOnePerson,
    /// Whose messages are stored without Work is blocked, spam or in quarantine.
    SetAsideForAReason,
    /// What is indexed as waiting is QUEUED, or passed on to its queue, and the other way round.
    WaitingIndex,
    /// A queue is as long as the Works in it that nobody has.
    LengthAsCounted,
    /// No Work waits at a step that nobody who is logged in could take while a step is left, or before an overflow for that: what does is
    /// noted, and its deadline armed unless its queue is closed.
    NobodyWaitsForNobody,
    /// What is held waits, for somebody who is READY and whom it is asked first, or whose connection a restart has cost.
    HeldForSomebody,
    /// Who has more than it can is noted as such, and relieved after a time: of its Works one whose customer waits is offered elsewhere.
    OvercommitRelieved,
    /// Every open offer, every Work that is parked or in wrap-up and every text of which parts are missing has its deadline.
    DeadlinesArmed,
    /// Turn and wait of a Work are what a count of its messages gives.
    TurnAsCounted,
    /// No program has or is offered a Work in which programs are silent; in wrap-up it may finish its notes.
    SilentForPrograms,
    /// READY agents stand in the lines of their queues, each where the selection of the queue puts it.
    LinesAsScanned,
    /// What is to be seen of queues is what a scan of Works and agents gives.
    BoardAsScanned,
    /// What waits for a report up to a time is a message of ours of that leaf, which may still rise.
    OpenSendsMayRise,
}

/// A broken invariant, with what it was seen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// The Work it was seen at.
    pub work: Option<WorkId>,
    /// The agent it was seen at.
    pub agent: Option<AgentId>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is broken", self.invariant)?;
        if let Some(work) = self.work {
            write!(f, " at work {work}")?;
        }
        if let Some(agent) = self.agent {
            write!(f, " at agent {agent}")?;
        }
        Ok(())
    }
}

/// Every broken invariant of the state. Scans everything: for tests and for `skein verify`, not for the message path.
#[must_use]
pub fn violations(state: &State) -> Vec<Violation> {
    let mut found = Vec::new();
    for space in state.workspaces() {
        works(space, &mut found);
        agents(space, &mut found);
        conserving(space, &mut found);
        lines(space, &mut found);
        if !space.ready.are_of(&space.agents) {
            found.push(Violation { invariant: Invariant::LinesAsScanned, work: None, agent: None });
        }
        if !board(space) {
            found.push(Violation { invariant: Invariant::BoardAsScanned, work: None, agent: None });
        }
        customers(space, &mut found);
        let may_rise = space.open_sends.iter().all(|(leaf, sends)| {
            let known = |message: MessageId| space.deliveries.get(message.to_bits());
            !sends.is_empty()
                && sends.iter().all(|send| known(send.message).is_some_and(|delivery| delivery.is_open_of(leaf)))
        });
        if !may_rise {
            found.push(Violation { invariant: Invariant::OpenSendsMayRise, work: None, agent: None });
        }
        let nobodys =
            |leaf: LeafId| space.leaves.get(leaf).is_none_or(|leaf| (leaf.shared && !leaf.ended) || leaf.is_erased());
        if space
            .leaves
            .iter(LeafId::default())
            .any(|(leaf, _)| nobodys(leaf) && !space.people.facts.of(leaf).is_empty())
        {
            found.push(Violation { invariant: Invariant::FactsOfOnePerson, work: None, agent: None });
        }
        if !space.people.asides.timers().all(|timer| space.has_timer(&timer)) {
            found.push(Violation { invariant: Invariant::DeadlinesArmed, work: None, agent: None });
        }
        if space.people.asides.iter().any(|(_, aside)| aside.reasons() == 0) {
            found.push(Violation { invariant: Invariant::SetAsideForAReason, work: None, agent: None });
        }
        if !space.parts.timers().all(|timer| space.has_timer(&timer)) {
            found.push(Violation { invariant: Invariant::DeadlinesArmed, work: None, agent: None });
        }
    }
    found
}

fn works(space: &Workspace, found: &mut Vec<Violation>) {
    for work in space.works.iter() {
        let mut check = |holds: bool, invariant| {
            if !holds {
                found.push(Violation { invariant, work: Some(work.id), agent: None });
            }
        };
        let owned = matches!(work.state, WorkState::Assigned | WorkState::WrapUp | WorkState::Parked);
        check(work.owner.is_some() == owned, Invariant::OneOwner);
        let passed = work.state == WorkState::Assigned && work.transfer().is_some();
        check(work.offer.is_some() || work.state != WorkState::Offered, Invariant::OfferedHasOffer);
        check(work.offer.is_none() || work.state == WorkState::Offered || passed, Invariant::OfferedHasOffer);
        let ends = |it: &Transfer| match it.to {
            Some(_) => work.offer.is_some(),
            None => it.until.is_some() || it.relief,
        };
        check(work.transfer().is_none_or(|it| passed && ends(it)), Invariant::TransferEnds);
        check(work.wrapup_until.is_some() == (work.state == WorkState::WrapUp), Invariant::DeadlinesArmed);
        check(work.parked().is_some() == (work.state == WorkState::Parked), Invariant::DeadlinesArmed);
        if let Some(owner) = work.owner {
            let held = space.agents[owner.agent.at()]
                .works
                .iter()
                .filter(|held| held.id == work.id && held.cost == owner.cost);
            check(held.count() == 1, Invariant::BothSidesAgree);
        }
        for part in work.participants() {
            let owner = work.owner.filter(|owner| owner.agent != part.agent);
            let asked = part.asked_under.is_none_or(|under| owner.is_some_and(|owner| owner.assignment == under));
            check(asked && work.owner.is_none_or(|owner| owner.agent != part.agent), Invariant::ConsultOfItsOwner);
            let held = space.agents[part.agent.at()].joined.iter().filter(|id| **id == work.id);
            check(held.count() == 1, Invariant::BothSidesAgree);
        }
        let mut offered: Vec<AgentId> = work.offers().map(|offer| offer.agent).collect();
        let open = offered.len();
        offered.sort_unstable();
        offered.dedup();
        let alone = work.owner.is_none() || open <= 1;
        check(offered.len() == open && open <= MAX_OFFERS_AT_ONCE && alone, Invariant::FewOffersAtOnce);
        check(work.offer.is_some() || open == 0, Invariant::FewOffersAtOnce);
        for offer in work.offers() {
            let held = space.agents[offer.agent.at()].offers.iter().filter(|held| held.id == offer.id);
            check(held.count() == 1, Invariant::BothSidesAgree);
        }
        let indexed = space.waiting.holds(&Requirement::of(work), (work.key, work.id));
        check(indexed == work.is_waiting(), Invariant::WaitingIndex);
        let held = work.hold().is_none_or(|hold| {
            let there = space.agents[hold.agent.at()].presence == Presence::Ready;
            work.is_waiting() && work.preferred == Some(hold.agent) && there
        });
        check(held, Invariant::HeldForSomebody);
        let listed = work.hold().is_none_or(|hold| space.waiting.held_for(hold.agent).any(|id| id == work.id));
        check(listed, Invariant::WaitingIndex);
        let armed = work.timers().iter().all(|timer| space.has_timer(timer));
        check(armed, Invariant::DeadlinesArmed);
        let twins = space.works_of(space.root_of(work.leaf)).filter_map(|id| space.works.get(id)).filter(|other| {
            let split = other.beside.as_ref().is_some_and(|beside| beside.split) && other.id != work.id;
            other.endpoint == work.endpoint && other.channel == work.channel && other.leaf == work.leaf && !split
        });
        let root = space.root_of(work.leaf);
        let of_one = work.leaves().all(|leaf| space.root_of(leaf) == root);
        let answered = work.answer_to.as_ref().map(|(leaf, _)| *leaf);
        check(of_one && answered.is_none_or(|leaf| space.root_of(leaf) == root), Invariant::WorkOfOneCustomer);
        check(answered.is_none_or(|leaf| space.is_answerable(leaf)), Invariant::OneCurrentGeneration);
        let split = work.beside.as_ref().is_some_and(|beside| beside.split);
        check(work.threaded || split || twins.count() <= 1, Invariant::OneMatterPerEndpoint);
        check(work.is_as_counted(), Invariant::TurnAsCounted);
        let owner = work.owner.filter(|_| work.state == WorkState::Assigned).map(|owner| owner.agent);
        let mut holders = owner.into_iter().chain(work.offers().map(|offer| offer.agent));
        let by_program = holders.any(|agent| space.agents[agent.at()].profile.kind == AgentKind::Bot);
        check(!work.wants_person() || !by_program, Invariant::SilentForPrograms);
    }
}

fn agents(space: &Workspace, found: &mut Vec<Violation>) {
    for agent in &space.agents {
        let mut check = |holds: bool, invariant| {
            if !holds {
                found.push(Violation { invariant, work: None, agent: Some(agent.id) });
            }
        };
        let owns = |held: &WorkId| {
            space.works.get(*held).and_then(|work| work.owner).is_some_and(|owner| owner.agent == agent.id)
        };
        check(agent.works.iter().all(|held| owns(&held.id)), Invariant::BothSidesAgree);
        let takes_part = |id: &WorkId| space.works.get(*id).is_some_and(|work| work.participant(agent.id).is_some());
        check(agent.joined.iter().all(takes_part), Invariant::BothSidesAgree);
        let offered = agent
            .offers
            .iter()
            .all(|held| space.works.get(held.work).is_some_and(|work| work.offers().any(|offer| offer.id == held.id)));
        check(offered, Invariant::BothSidesAgree);
        check(!agent.overgiven, Invariant::WithinCapacity);
        let works = |id: WorkId| space.works.get(id);
        let relieved = agent.deferred.is_some() || relief_wanted(agent, space.config(), works).is_none();
        check(relieved, Invariant::OvercommitRelieved);
        check(agent.timers().iter().all(|timer| space.has_timer(timer)), Invariant::DeadlinesArmed);
    }
}

fn conserving(space: &Workspace, found: &mut Vec<Violation>) {
    for work in space.works.iter().filter(|work| work.is_waiting()) {
        let beside = space.agents.iter().find(|agent| agent.deferred.is_none() && eligible(space, agent, work));
        if let Some(agent) = beside {
            found.push(Violation { invariant: Invariant::WorkConserving, work: Some(work.id), agent: Some(agent.id) });
        }
    }
}

/// Lengths of queues, and Work that asks who is logged in.
fn lines(space: &Workspace, found: &mut Vec<Violation>) {
    let mut lengths: BTreeMap<&Name, usize> = BTreeMap::new();
    for work in space.works.iter() {
        if work.is_nobodys() {
            *lengths.entry(&work.queue).or_default() += 1;
        }
        let requirement = Requirement::of(work);
        let met = || space.agents.iter().any(|agent| requirement.is_met_in_time(agent));
        let noted = work.seeks_somebody().then(|| !met());
        let armed = noted != Some(true) || !space.is_open(&work.queue) || space.is_skip_armed();
        if space.stranded.holds(&requirement, work.id) != noted || !armed {
            let invariant = Invariant::NobodyWaitsForNobody;
            found.push(Violation { invariant, work: Some(work.id), agent: None });
        }
    }
    if space.lengths().any(|(queue, length)| lengths.remove(queue).unwrap_or(0) != length) || !lengths.is_empty() {
        found.push(Violation { invariant: Invariant::LengthAsCounted, work: None, agent: None });
    }
}

/// Whether the numbers that records moved are those of a scan.
fn board(space: &Workspace) -> bool {
    let agents = space.agents.iter().flat_map(|agent| &agent.profile.queues);
    let queues = space.config().queues.iter().map(|queue| &queue.name);
    let all: BTreeSet<&Name> = queues.chain(space.works.iter().map(|work| &work.queue)).chain(agents).collect();
    let all = all.into_iter().chain(space.board.queues());
    all.filter(|queue| !queue.is_empty()).all(|queue| {
        let there = || space.works.iter().filter(|work| work.queue == *queue);
        let waiting = || there().filter(|work| work.is_waiting());
        let offered = there().filter(|work| !work.is_waiting() && work.offer.is_some() && !work.is_passed_to_agent());
        let line = (waiting().count(), offered.count());
        let longest = waiting().filter_map(|work| work.ours_since).min();
        let asking = waiting().filter(|work| work.ours_since.is_some()).count();
        let mut counts = AgentCounts::default();
        for agent in space.agents.iter().filter(|agent| agent.profile.queues.contains(queue)) {
            There::of(agent).into_iter().for_each(|there| there.note(&mut counts));
        }
        let seen = space.board.desk(queue);
        let (seen_line, seen_agents) = seen.map(|desk| (desk.line(), desk.agents())).unwrap_or_default();
        let known = space.config().queue(queue).is_some();
        seen_line == line
            && seen_agents == counts
            && seen.and_then(|desk| desk.longest()) == longest
            && seen.map_or(0, |desk| desk.asking()) == asking
            && (!known || seen.is_none_or(|desk| desk.is_open() == space.is_open(queue)))
    })
}

fn customers(space: &Workspace, found: &mut Vec<Violation>) {
    people(space, found);
    for (id, leaf) in space.leaves.iter(LeafId::default()) {
        let root_is_its_own = space.resolve_root(leaf.root) == Some(leaf.root);
        let listed = space.leaves_of(leaf.root).iter().filter(|&&other| other == id).count() == 1;
        let works_are_open = leaf.works.iter().all(|work| space.work(*work).is_some_and(|work| work.leaf == id));
        if !(root_is_its_own && listed && works_are_open) {
            found.push(Violation { invariant: Invariant::OneCustomerPerAddress, work: None, agent: None });
        }
        let leaves = space.leaves_of(leaf.root);
        let lowest = leaves.iter().min().is_some_and(|lowest| lowest.0 == leaf.root.0);
        let can_be_parted = space.joined.merges_into(&space.leaves, leaf.root).all(|(customer, merge)| {
            let inside = merge.leaves.iter().all(|leaf| leaves.contains(leaf));
            let names_first = merge.leaves.first().is_some_and(|first| first.0 == customer.0);
            inside && names_first && merge.leaves.len() < leaves.len() && !merge.leaves.contains(&LeafId(leaf.root.0))
        });
        if !(lowest && can_be_parted) {
            found.push(Violation { invariant: Invariant::LowestLeafNames, work: None, agent: None });
        }
        let current = space.leaves.find(leaf.hash()).and_then(|current| Some((current, space.leaves.get(current)?)));
        let is_latest = current.is_some_and(|(current, latest)| {
            let is_current = current == id;
            is_current == leaf.is_current() && (is_current || latest.generation > leaf.generation)
        });
        if !is_latest {
            found.push(Violation { invariant: Invariant::OneCurrentGeneration, work: None, agent: None });
        }
    }
}

/// Never two people in one customer, as far as the state can tell.
fn people(space: &Workspace, found: &mut Vec<Violation>) {
    let mut check = |holds: bool, invariant| {
        if !holds {
            found.push(Violation { invariant, work: None, agent: None });
        }
    };
    for (id, leaf) in space.leaves.iter(LeafId::default()) {
        check(!leaf.shared || space.leaves_of(leaf.root).len() == 1, Invariant::SharedIsAlone);
        if leaf.root.0 != id.0 {
            continue;
        }
        check(space.suggestions_of(leaf.root).count() <= MAX_OPEN, Invariant::FewSuggestions);
        for kind in [AddressKind::Crm, AddressKind::Login] {
            let leaves = space.leaves_of(leaf.root);
            let live = leaves.iter().filter_map(|&leaf| space.leaves.get(leaf));
            let values = live.filter(|leaf| leaf.kind == kind && !leaf.ended).count();
            check(values <= 1, Invariant::OneValueOfAKind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::AnswerOutcome;

    #[test]
    fn a_number_of_the_board_that_no_scan_gives_is_noticed() {
        let mut space = Workspace::new(Name::const_new("acme"), [0; 16]);
        assert!(board(&space));
        let queues = [Name::const_new("help")];
        space.board.turns(&queues, None, Some(There::Free));
        assert!(!board(&space));
        space.board.turns(&queues, Some(There::Free), None);
        space.board.counted(&queues[0], AnswerOutcome::Late);
        assert!(board(&space), "what was counted is no scan's");
    }
}
