//! The world of one seed: customers, agents, the network, the store, and one or two processes that believe to own the shard.

use std::collections::{BTreeMap, VecDeque};

use skein::domain::command::{AgentCommand, Answer, Command};
use skein::domain::id::{AgentId, Name};
use skein::domain::output::{Output, outputs};
use skein::domain::record::{Record, Request};
use skein::domain::rejection::Rejection;
use skein::domain::time::Timestamp;
use skein::shard::Released;

use super::agents::{NAMES, SimAgent, Wish};
use super::checks::{ACME, Auditor, Broken, holds};
use super::compare::{fingerprint, same};
use super::customers::{Customers, Handed, InMessage};
use super::explained::Explained;
use super::model::{Flight, Sabotage, Store};
use super::node::{Node, Outs};
use super::overseen;
use super::rng::Rng;
use super::setup;
use super::snapshots::Snapshot;
use super::stats::Stats;

/// Steps of a seed before everybody works until nothing is left.
pub(crate) const STEPS: usize = 240;
/// Of so many seeds one goes on for longer: what follows from how fast queues were served wants some history.
const LONG_EVERY: u64 = 25;
/// Of so many seeds one takes hours: what is remembered leaves the state.
const SLOW_EVERY: u64 = 7;
/// Steps of such a seed.
const LONG_STEPS: usize = 5 * STEPS;
/// Commands that a failure shows.
const TRACE: usize = 30;
/// When a simulation begins: 2026-01-01.
const BEGIN: Timestamp = Timestamp(1_767_225_600_000);
/// Rounds in which everything must be done.
const ROUNDS: usize = 400;

/// Who waits for an answer.
#[derive(Clone, Debug)]
pub(crate) enum Asker {
    Input,
    Agent(usize, Box<AgentCommand>),
    Operator,
}

/// Everything of one seed.
#[derive(Debug)]
pub(crate) struct World {
    steps: usize,
    pub(crate) rng: Rng,
    pub(crate) now: Timestamp,
    pub(crate) store: Store,
    pub(crate) outs: Outs,
    pub(crate) streams: [Vec<InMessage>; 2],
    pub(crate) stats: Stats,
    pub(crate) auditor: Auditor,
    /// The last one taken.
    pub(crate) snapshot: Option<Snapshot>,
    explained: Explained,
    /// Records of the log that it has seen.
    audited: usize,
    pub(crate) customers: Customers,
    pub(crate) agents: Vec<SimAgent>,
    pub(crate) node: Node,
    /// One that was deposed and does not know it yet.
    pub(crate) deposed: Option<Node>,
    pub(crate) stray: Vec<Flight>,
    pub(crate) asked: BTreeMap<u64, Asker>,
    pub(crate) retries: Vec<(usize, Box<AgentCommand>)>,
    next_token: u64,
    trace: Option<VecDeque<String>>,
    /// Its history goes through the checker in the end.
    pub(crate) verified: bool,
    /// Hours pass in it.
    slow: bool,
}

impl World {
    pub(crate) fn new(seed: u64, sabotage: Sabotage, traced: bool) -> Result<Self, Broken> {
        let mut rng = Rng::new(seed);
        let mut store = Store::new(sabotage);
        let outs = Outs::default();
        let node = Node::start(&mut store, &outs, None)?;
        let mut world = Self {
            customers: Customers::new(Rng::new(rng.next()), sabotage.no_dedup),
            rng,
            now: BEGIN,
            store,
            outs,
            streams: Default::default(),
            stats: Stats::default(),
            auditor: Auditor::new(),
            snapshot: None,
            explained: Explained::default(),
            audited: 0,
            agents: NAMES.map(SimAgent::new).to_vec(),
            node,
            deposed: None,
            stray: Vec::new(),
            asked: BTreeMap::new(),
            retries: Vec::new(),
            next_token: 0,
            trace: traced.then(VecDeque::new),
            verified: Self::is_verified(seed),
            slow: seed % SLOW_EVERY == 3,
            steps: if seed % LONG_EVERY == LONG_EVERY - 1 { LONG_STEPS } else { STEPS },
        };
        // In the others nobody but the evidence says who is who, so that it can be counted.
        let sorts = seed.is_multiple_of(3);
        let tends = seed % 3 == 1 || seed.is_multiple_of(12);
        world.agents.iter_mut().for_each(|agent| (agent.sorts, agent.tends) = (sorts, tends));
        world.node.begin(BEGIN, 0)?;
        if sabotage.many_values || sabotage.endless_credit {
            world.operator(Some(setup::config()))?;
        }
        Ok(world)
    }

    /// The last commands, oldest first.
    pub(crate) fn trace(&self) -> impl Iterator<Item = &String> {
        self.trace.iter().flatten()
    }

    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            if trace.len() == TRACE {
                trace.pop_front();
            }
            trace.push_back(format!("{} {}", self.now.0, what()));
        }
    }

    /// The whole seed.
    pub(crate) fn run(&mut self) -> Result<(), Broken> {
        for step in 0..self.steps {
            self.step()?;
            if step % 64 == 63 {
                self.compare()?;
            }
        }
        self.finish()
    }

    fn step(&mut self) -> Result<(), Broken> {
        match self.rng.weighted(&[22, 22, 32, 40, 8, 12, 1, 1, 1, 3, 5]) {
            0 => self.publish(),
            1 => self.feed()?,
            2 => self.act()?,
            3 => self.network()?,
            4 => self.hand_over()?,
            5 => self.pass_time(),
            6 => self.operator(None)?,
            7 => self.crash()?,
            8 => self.rival()?,
            9 => self.oddity()?,
            _ => self.retry()?,
        }
        if self.rng.percent(85) {
            self.fire_timers()?;
        }
        self.settle()
    }

    /// After each step: what may leave leaves, what is durable is checked.
    pub(crate) fn settle(&mut self) -> Result<(), Broken> {
        if self.rng.percent(90) {
            self.release(false)?;
        }
        if self.deposed.is_some() {
            self.release(true)?;
        }
        self.audit()
    }

    pub(crate) fn audit(&mut self) -> Result<(), Broken> {
        while let Some(record) = self.store.valid().get(self.audited) {
            let mut record = Record::clone(record);
            if let Some(tamper) = self.store.sabotage.tamper {
                tamper(&mut record);
            }
            self.explained.record(&record, &mut self.stats)?;
            self.auditor.record(&record, &mut self.stats)?;
            self.explained.look(&self.auditor.state, &mut self.stats)?;
            self.audited += 1;
        }
        Ok(())
    }

    /// Live and folded must look the same.
    pub(crate) fn compare(&mut self) -> Result<(), Broken> {
        if self.node.engine.state().head() == self.auditor.state.head() {
            let live = fingerprint(self.node.engine.state(), &NAMES);
            same(&live, &fingerprint(&self.auditor.state, &NAMES))?;
            self.stats.hit("sum", "comparisons of live and folded state");
            let waits = !self.store.sabotage.early_snapshots;
            if self.rng.percent(30) && (!waits || self.node.has_handed_over()) {
                self.take_snapshot()?;
            }
        }
        Ok(())
    }

    /// What is folded goes on from a snapshot.
    fn take_snapshot(&mut self) -> Result<(), Broken> {
        if let Some(before) = &self.snapshot {
            before.stands_still()?;
        }
        let snapshot = Snapshot::take(self.node.engine.state(), self.audited)?;
        self.auditor.state = snapshot.state()?;
        self.snapshot = Some(snapshot);
        self.stats.hit("sum", "snapshots that came back");
        Ok(())
    }

    fn publish(&mut self) {
        let (stream, message) = self.customers.publish(self.now);
        self.note(|| format!("IN {stream}: {message:?}"));
        self.streams[stream].push(message);
    }

    pub(crate) fn ask(&mut self, asker: Asker) -> u64 {
        self.next_token += 1;
        self.asked.insert(self.next_token, asker);
        self.next_token
    }

    /// The shard takes the next input of a stream.
    pub(crate) fn feed(&mut self) -> Result<(), Broken> {
        let stream = self.rng.below(2);
        self.feed_from(stream)?;
        Ok(())
    }

    /// Whether there was one.
    pub(crate) fn feed_from(&mut self, stream: usize) -> Result<bool, Broken> {
        let Some(mut command) = self.node.next_input(stream, &self.streams[stream]) else {
            return Ok(false);
        };
        self.node.look_up(&mut command, self.now, &self.store, &mut self.stats);
        self.note(|| format!("shard reads {command:?}"));
        let token = self.ask(Asker::Input);
        self.node.handle(command, self.now, Some(token))?;
        Ok(true)
    }

    fn act(&mut self) -> Result<(), Broken> {
        for _ in 0..1 + self.rng.below(5) {
            let at = self.rng.below(self.agents.len());
            let waits = |asker: &Asker| matches!(asker, Asker::Agent(who, _) if *who == at);
            if self.asked.values().any(waits) && self.rng.percent(80) {
                continue;
            }
            let state = self.node.engine.state();
            let view = state.workspace(ACME).and_then(|space| space.agent(self.agents[at].name));
            let all = state.workspace(ACME).map(|space| space.works(None, None)).unwrap_or_default();
            let Some(wish) = self.agents[at].wish(&mut self.rng, view.as_ref(), &all, (state.head(), self.now)) else {
                continue;
            };
            let old_node = self.deposed.is_some() && self.rng.percent(40);
            self.command(at, wish, old_node)?;
        }
        Ok(())
    }

    pub(crate) fn command(&mut self, at: usize, wish: Wish, old_node: bool) -> Result<(), Broken> {
        let name = self.agents[at].name;
        let number = self.next_token;
        let request = Request {
            principal: Name::new(format!("agent:{name}")),
            request_id: Name::new(format!("r{number}{}", overseen::said_over(&wish.verb))),
            digest: number,
        };
        let command = AgentCommand {
            workspace: Name::new(ACME),
            agent: Name::new(name),
            request: Some(request),
            session_epoch: wish.epoch,
            oversees: false,
            verb: wish.verb,
        };
        self.send(at, Box::new(command), old_node)
    }

    fn send(&mut self, at: usize, command: Box<AgentCommand>, old_node: bool) -> Result<(), Broken> {
        self.note(|| format!("agent{} {command:?}", if old_node { " (to the old owner)" } else { "" }));
        if self.rng.percent(2) {
            // The frame never reaches the shard; the tool gives it again.
            self.retries.push((at, command));
            return Ok(());
        }
        let token = self.ask(Asker::Agent(at, command.clone()));
        let node = if old_node { self.deposed.as_mut() } else { Some(&mut self.node) };
        match node {
            Some(node) if node.has_room() => node.handle(Command::Agent(command), self.now, Some(token)),
            _ => {
                self.asked.remove(&token);
                self.retries.push((at, command));
                Ok(())
            }
        }
    }

    /// A command without an answer is given again, under the same id; sometimes the id comes with another body.
    pub(crate) fn retry(&mut self) -> Result<(), Broken> {
        let Some((at, mut command)) = self.retries.pop() else {
            return Ok(());
        };
        self.stats.hit("fault", "command retried");
        if let (true, Some(request)) = (self.rng.percent(5), &mut command.request) {
            request.digest += 1;
        }
        self.send(at, command, false)
    }

    fn hand_over(&mut self) -> Result<(), Broken> {
        let deposed = self.deposed.as_mut().filter(|_| self.rng.percent(50));
        let node = deposed.unwrap_or(&mut self.node);
        for stream in 0..2 {
            node.hand_over(stream, &mut self.outs, &self.store, &mut self.stats)?;
        }
        if self.node.has_room() && self.rng.percent(30) {
            self.node.note_handed_over(self.now, &self.outs)?;
        }
        self.fetch();
        Ok(())
    }

    /// Adapters take what was handed over.
    fn fetch(&mut self) {
        while let Some((message, channel, endpoint)) = self.outs.unseen.pop() {
            self.customers.handed.push(Handed { message, channel, endpoint, provider_id: format!("prov-{message}") });
        }
    }

    /// Adapters and customers say what became of what was handed over.
    pub(crate) fn reports(&mut self, count: usize) {
        self.fetch();
        for _ in 0..count {
            let Some((stream, message)) = self.customers.late_report(self.now) else { return };
            self.streams[stream].push(message);
            self.now.0 += 700;
        }
    }

    fn pass_time(&mut self) {
        let by = match self.rng.weighted(&[60, 25, 10, 4, 1]) {
            0 => self.rng.below(2_000),
            1 => self.rng.below(15_000),
            2 => self.rng.below(60_000),
            3 => self.rng.below(1_200_000) * if self.slow { 6 } else { 1 },
            // The clock of the next owner is behind.
            _ => {
                self.now.0 -= 3_000;
                0
            }
        };
        self.now.0 += i64::try_from(by).expect("small");
    }

    pub(crate) fn operator(&mut self, config: Option<skein::domain::workspace::WorkspaceConfig>) -> Result<(), Broken> {
        let mut config = config.unwrap_or_else(|| setup::changed(&mut self.rng));
        if self.store.sabotage.many_values {
            config.identity.single_valued.clear();
        }
        if self.store.sabotage.endless_credit {
            setup::with_endless_credit(&mut config);
        }
        self.note(|| "an operator changes the configuration".to_owned());
        let token = self.ask(Asker::Operator);
        let command = Command::ApplyConfig { workspace: Name::new(ACME), config: Box::new(config) };
        if self.node.has_room() { self.node.handle(command, self.now, Some(token)) } else { Ok(()) }
    }

    /// What hardly ever happens.
    fn oddity(&mut self) -> Result<(), Broken> {
        let command = self.node.oddity(&mut self.rng, &self.streams);
        let Some(mut command) = command.filter(|_| self.node.has_room()) else {
            return Ok(());
        };
        self.node.look_up(&mut command, self.now, &self.store, &mut self.stats);
        self.note(|| format!("{command:?}"));
        let token = self.ask(Asker::Operator);
        self.node.handle(command, self.now, Some(token))
    }

    pub(crate) fn fire_timers(&mut self) -> Result<(), Broken> {
        self.node.fire_timers(self.now, &mut self.stats, self.store.sabotage.deaf_timer)?;
        let state = self.node.engine.state();
        let fired = state.due(self.now.max(state.time())).is_none();
        if self.node.engine.held() == 0 && fired {
            self.audit()?;
            self.auditor.graces_end(self.now.max(self.auditor.state.time()))?;
            self.auditor.people_in_time(self.now.max(self.auditor.state.time()))?;
        }
        Ok(())
    }

    fn release(&mut self, old_node: bool) -> Result<(), Broken> {
        loop {
            let node = if old_node { self.deposed.as_mut() } else { Some(&mut self.node) };
            let Some(node) = node else { return Ok(()) };
            match node.release(self.store.sabotage.early_effects) {
                None => return Ok(()),
                Some(Released::Read(_)) => {}
                Some(Released::Record(record)) => {
                    let stored = self.store.record(record.index);
                    holds("effect after durable", stored.is_some_and(|stored| **stored == *record), || {
                        format!("{record:?}")
                    })?;
                    self.tell(&record);
                }
                Some(Released::Answer(token, result)) => self.answered(token, result)?,
            }
        }
    }

    fn tell(&mut self, record: &Record) {
        let Some(space) = self.auditor.state.workspace(ACME).or_else(|| self.node.engine.state().workspace(ACME))
        else {
            return;
        };
        let name = |agent: AgentId| {
            space.agent_name(agent).or_else(|| self.node.engine.state().workspace(ACME)?.agent_name(agent))
        };
        for output in outputs(record) {
            if let Output::Agent { agent, place } = output
                && let Some(name) = name(agent)
                && let Some(tool) = self.agents.iter_mut().find(|tool| *name == tool.name)
            {
                tool.told(record, place);
            }
        }
    }

    fn answered(&mut self, token: u64, result: Result<Answer, Rejection>) -> Result<(), Broken> {
        let asker = self.asked.remove(&token);
        if let Err(rejection) = &result {
            self.stats.hit_variant("rejection", rejection);
        }
        let Some(Asker::Agent(at, command)) = asker else {
            return Ok(());
        };
        let answer = match result {
            Ok(answer) | Err(Rejection::Repeated(answer)) => answer,
            Err(rejection) => {
                let agent = &mut self.agents[at];
                if matches!(rejection, Rejection::NoSession | Rejection::SessionSuperseded { .. })
                    && command.session_epoch == agent.epoch
                {
                    agent.connected = false;
                }
                return Ok(());
            }
        };
        let durable = self.store.valid().last().map(|record| record.index);
        holds("an answer is durable", Some(answer.position.index) <= durable, || format!("{answer:?}"))?;
        if answer.repeated {
            let first = self.store.record(answer.position.index);
            let first = first.map(|record| Answer { repeated: true, ..skein::domain::answer(record) });
            holds("a repeat gets the first answer", first == Some(answer), || format!("{first:?}, {answer:?}"))?;
        }
        let agent = &mut self.agents[at];
        if let Some(epoch) = answer.session_epoch {
            agent.epoch = agent.epoch.max(Some(epoch));
            agent.connected = true;
        }
        if let skein::domain::command::Verb::LoseSession | skein::domain::command::Verb::EndSession { .. } =
            command.verb
        {
            agent.connected = false;
        }
        agent.done(&command.verb);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Broken> {
        super::ending::finish(self, ROUNDS)
    }

    pub(crate) fn retries_left(&self) -> bool {
        !self.retries.is_empty()
    }
}
