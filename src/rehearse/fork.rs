//! One run: the state at the beginning, what is given, what agents would have done, and the deadlines of the core, in the order of time.

use std::collections::{BTreeMap, BTreeSet};

use super::actors::{Actors, Deed, finish, warm};
use super::figures::{Counter, Figures};
use super::recording::RehearseError;
use super::script::{Script, Step};
use super::story::Stories;
use crate::domain::command::{AgentCommand, Arrival, Command, Verb};
use crate::domain::id::{AgentId, AssignmentId, MessageId, Name, WorkId};
use crate::domain::record::{Change, Input, Presence, Record};
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;
use crate::domain::view::{AgentView, WorkState};
use crate::domain::workspace::WorkspaceConfig;
use crate::domain::{State, Workspace, decide, evolve};

/// A deadline without effect is looked at again after this, so that it cannot stop the time.
const IDLE_TIMER_PAUSE_MS: i64 = 1_000;

/// What a run gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) figures: Figures,
    /// What agents did then and was refused now.
    pub(super) refused: u64,
}

/// What a run is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'r> {
    pub(super) workspace: &'r Name,
    pub(super) script: &'r Script,
    pub(super) stories: &'r Stories,
    /// Which recorded Work each recorded message was stored in.
    pub(super) works: &'r BTreeMap<MessageId, WorkId>,
    /// The moment of the beginning, and of the end.
    pub(super) time: (Timestamp, Timestamp),
    /// The configuration; none: those that were recorded.
    pub(super) config: Option<&'r WorkspaceConfig>,
    /// Agents who were never there, each with those whose hours it keeps.
    pub(super) extra: &'r BTreeMap<Name, BTreeSet<Name>>,
}

/// A run under way.
struct Fork<'r> {
    given: Given<'r>,
    state: State,
    now: Timestamp,
    actors: Actors<'r>,
    counter: Counter,
    /// Name of the IN stream that arrivals come by, and its last sequence.
    stream: (Name, u64),
    /// Recorded agents who are READY.
    ready: BTreeSet<Name>,
    /// Extra agents who are logged in.
    there: BTreeSet<Name>,
    timers_from: Timestamp,
    refused: u64,
}

/// Runs from the state on.
///
/// # Errors
/// The core refuses the configuration.
pub(super) fn run(state: State, given: Given<'_>) -> Result<Outcome, RehearseError> {
    let stream = state.streams().find(|bound| bound.workspace == *given.workspace && !bound.broken);
    let stream = stream.map(|bound| (bound.name.clone(), bound.position.sequence)).ok_or(RehearseError::NoBeginning)?;
    let mut fork = Fork {
        state,
        now: given.time.0,
        actors: Actors::new(given.stories),
        counter: Counter::default(),
        stream,
        ready: BTreeSet::new(),
        there: BTreeSet::new(),
        timers_from: Timestamp::default(),
        refused: 0,
        given,
    };
    fork.begin()?;
    fork.pass();
    Ok(Outcome { figures: fork.counter.finish(), refused: fork.refused })
}

impl Fork<'_> {
    fn begin(&mut self) -> Result<(), RehearseError> {
        let now = self.now;
        let space = self.state.workspace(self.given.workspace).ok_or(RehearseError::NoBeginning)?;
        let works = space.works(None, None);
        for work in &works {
            self.counter.stands(work.work, work.queue.clone());
            let owner = work.owner.as_ref().map(|(_, name)| name.clone()).zip(work.assignment);
            self.actors.stands(work.work, owner, &work.queue, now);
        }
        for agent in agents(space) {
            for offer in &agent.offers {
                self.actors.is_asked(offer.work.work, (agent.name.clone(), offer.offer), &offer.work.queue, now);
            }
            if agent.presence == Presence::Ready && agent.connected {
                self.ready.insert(agent.name);
            }
        }
        if let Some(config) = self.given.config {
            let config = Box::new(config.clone());
            let command = Command::ApplyConfig { workspace: self.given.workspace.clone(), config };
            self.decide(command).map_err(RehearseError::Refused)?;
        }
        self.fire_due();
        self.follow_peers();
        Ok(())
    }

    fn pass(&mut self) {
        let (script, end) = (self.given.script, self.given.time.1);
        let steps = &script.steps;
        let mut at = 0;
        loop {
            let step = steps.get(at).map_or(Timestamp::MAX, |(at, _)| *at);
            let deed = self.actors.next_at().unwrap_or(Timestamp::MAX);
            let timer = self.state.next_deadline().map_or(Timestamp::MAX, |due| due.max(self.timers_from));
            let next = step.min(deed).min(timer);
            if next > end || next == Timestamp::MAX {
                return;
            }
            self.now = self.now.max(next);
            if timer < step && timer < deed {
                self.fire_due();
            } else if deed < step {
                self.deed();
                self.fire_due();
            } else {
                self.step(&steps[at].1);
                at += 1;
                self.fire_due();
            }
        }
    }

    fn space(&self) -> Option<&Workspace> {
        self.state.workspace(self.given.workspace)
    }

    /// Decides and notes, as the shard does.
    fn decide(&mut self, command: Command) -> Result<Option<Record>, Rejection> {
        let record = decide(&self.state, self.state.head().next(), command, self.now)?;
        if let Some(record) = &record {
            evolve(&mut self.state, record);
            self.counter.note(record);
            if let Some(space) = self.state.workspace(self.given.workspace) {
                self.actors.note(record, space);
            }
        }
        Ok(record)
    }

    fn fire_due(&mut self) {
        if self.now < self.timers_from {
            return;
        }
        while let Some((workspace, timer)) = self.state.due(self.now) {
            if !matches!(self.decide(Command::Timer { workspace, timer }), Ok(Some(_))) {
                self.timers_from = Timestamp(self.now.0 + IDLE_TIMER_PAUSE_MS);
                return;
            }
        }
    }

    fn does(&mut self, agent: &Name, verb: Verb) -> bool {
        self.tries(agent, verb).is_ok()
    }

    fn tries(&mut self, agent: &Name, verb: Verb) -> Result<Option<Record>, Rejection> {
        let command = AgentCommand {
            workspace: self.given.workspace.clone(),
            agent: agent.clone(),
            // Whoever did it could see it.
            oversees: true,
            request: None,
            session_epoch: None,
            verb,
        };
        self.decide(Command::Agent(Box::new(command)))
    }

    fn deed(&mut self) {
        let now = self.now;
        let Some(deed) = self.actors.pop() else { return };
        if let Deed::Finishes { agent, work, assignment } = &deed {
            let (agent, work, assignment) = (agent.clone(), *work, *assignment);
            return self.finishes(deed, &agent, work, assignment);
        }
        let Some((agent, verb)) = self.space().and_then(|space| deed.verb(space, now)) else { return };
        let again = warm(verb.clone());
        let done = match self.tries(&agent, verb) {
            Err(Rejection::BounceBudget { .. }) => again.is_some_and(|warm| self.does(&agent, warm)),
            done => done.is_ok(),
        };
        self.refused += u64::from(!done);
    }

    /// Somebody has a Work for longer than then.
    fn finishes(&mut self, deed: Deed, agent: &Name, work: WorkId, assignment: AssignmentId) {
        let view = self.space().and_then(|space| space.work(work));
        let Some(view) = view.filter(|view| view.assignment == Some(assignment)) else { return };
        let busy = view.state == WorkState::Assigned && view.passing.transfer.is_none();
        let verbs = match self.space().filter(|_| busy) {
            Some(space) => finish(space, &view, assignment),
            None => Vec::new(),
        };
        let ended = verbs.into_iter().fold(false, |_, verb| self.does(agent, verb));
        // What is in wrap-up, parked or passed on is looked at again later.
        if !ended {
            self.actors.finishes_later(deed, &view.queue, self.now);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Arrives { channel, endpoint, event, recorded } => {
                self.stream.1 += 1;
                let arrival = Arrival {
                    workspace: self.given.workspace.clone(),
                    channel: channel.clone(),
                    endpoint: endpoint.clone(),
                    stream: self.stream.0.clone(),
                    input: Input { sequence: self.stream.1, of: 1, ..Input::default() },
                    event: (**event).clone(),
                    body: None,
                    older: None,
                };
                let recorded = self.given.works.get(recorded).copied();
                self.arrives(Command::Input(Box::new(arrival)), recorded);
            }
            Step::LogsIn { agent } => self.logs_in(agent),
            Step::Does { agent, verb } => {
                self.does(agent, verb.clone());
                match verb {
                    Verb::SetPresence { presence: Presence::Ready, .. } => self.ready.insert(agent.clone()),
                    Verb::SetPresence { .. } | Verb::EndSession { .. } | Verb::LoseSession => self.ready.remove(agent),
                    _ => false,
                };
                self.follow_peers();
            }
            Step::Config(config) if self.given.config.is_none() => {
                let workspace = self.given.workspace.clone();
                let applied = self.decide(Command::ApplyConfig { workspace, config: config.clone() });
                self.refused += u64::from(applied.is_err());
            }
            Step::Config(_) => {}
            Step::Resume { outage_ms } => {
                let resume = Command::Resume { workspace: self.given.workspace.clone(), outage_ms: *outage_ms };
                self.refused += u64::from(self.decide(resume).is_err());
            }
        }
    }

    /// A customer writes: the Work that it comes to is the recorded one.
    fn arrives(&mut self, command: Command, recorded: Option<WorkId>) {
        // Whom it is offered to is asked how it was then, so the two have to be known as one before.
        let (workspace, now) = (self.given.workspace.clone(), self.now);
        let Ok(Some(record)) = decide(&self.state, self.state.head().next(), command, now) else { return };
        if let (Some(work), Some(recorded)) = (record.changes.iter().find_map(stored_in), recorded) {
            self.actors.is_recorded_as(work, recorded);
        }
        evolve(&mut self.state, &record);
        self.counter.note(&record);
        if let Some(space) = self.state.workspace(&workspace) {
            self.actors.note(&record, space);
        }
    }

    fn logs_in(&mut self, agent: &Name) {
        let resume = self.space().and_then(|space| space.agent(agent)?.session_epoch);
        // Whom the other configuration does not know does not come.
        self.does(agent, Verb::OpenSession { resume, takeover: true });
    }

    /// Extra agents are there while any of those is READY whose hours they keep.
    fn follow_peers(&mut self) {
        for (agent, peers) in self.given.extra {
            let wanted = peers.iter().any(|peer| self.ready.contains(peer));
            if wanted == self.there.contains(agent) {
                continue;
            }
            if wanted {
                self.logs_in(agent);
                let (presence, reason, channels) = (Presence::Ready, Name::default(), Vec::new());
                self.does(agent, Verb::SetPresence { presence, reason, channels });
                self.there.insert(agent.clone());
            } else {
                // What it has is finished by it, and it takes nothing new.
                let (presence, reason, channels) = (Presence::Draining, Name::default(), Vec::new());
                self.does(agent, Verb::SetPresence { presence, reason, channels });
                self.there.remove(agent);
            }
        }
    }
}

/// All agents who were ever there.
fn agents(space: &Workspace) -> impl Iterator<Item = AgentView> {
    let names = (0..).map_while(|number| space.agent_name(AgentId(number)));
    names.filter_map(|name| space.agent(name))
}

/// The Work that a message of a customer is stored in.
fn stored_in(change: &Change) -> Option<WorkId> {
    match change {
        Change::MessageStored(message) => message.work,
        _ => None,
    }
}
