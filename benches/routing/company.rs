//! A company as large as the figure asks for, and what happens in it, by a seeded generator.

use std::collections::HashMap;
use std::time::Duration;

use skein::domain::command::{AgentCommand, Arrival, Command, Pass, Verb};
use skein::domain::content::Content;
use skein::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Message, Scope, Sender};
use skein::domain::id::{AssignmentId, Name, WorkId};
use skein::domain::record::{Change, Input, Presence, Record};
use skein::domain::rules::{Expression, Input as Given, Operator, Rule, When};
use skein::domain::time::Timestamp;
use skein::domain::workspace::{
    Accept, AgentConfig, AgentProfile, EndpointConfig, GracePolicy, Levels, MAX_LEVEL, QueueConfig, WorkspaceConfig,
};
use skein::domain::{State, decide, evolve};

const SPACE: Name = Name::const_new("bench");
const QUEUES: usize = 200;
const SKILLS: usize = 50;
/// Works of an agent at once.
const CAPACITY: u32 = 3;
/// Percent of the agents who take work, and of those in several queues.
const AT_WORK: usize = 95;
const IN_SEVERAL: usize = 20;

/// What is measured.
pub(crate) struct Shape {
    pub(crate) agents: usize,
    pub(crate) waiting: usize,
    /// Rules that no message fits.
    pub(crate) rules: usize,
    /// No two Works require the same.
    pub(crate) each_its_own: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self { agents: 15_000, waiting: 100_000, rules: 0, each_its_own: false }
    }
}

/// A company at work.
pub(crate) struct Company {
    state: State,
    now: Timestamp,
    random: Random,
    sequence: u64,
    customers: u64,
    /// Kinds of requirements beside the queue.
    kinds: usize,
    /// Who owns what: agents by their number.
    owned: Vec<(usize, WorkId, AssignmentId)>,
    /// Agents by the number that the company gave them.
    numbers: Vec<usize>,
    /// Customers whose Work has ended, with its endpoint.
    ended: Vec<(u64, usize)>,
    writers: HashMap<WorkId, (u64, usize)>,
    writing: (u64, usize),
    /// Queues that Works are in.
    lines: HashMap<WorkId, Name>,
    away: Option<usize>,
}

impl Company {
    pub(crate) fn at_work(shape: &Shape) -> Self {
        let mut company = Self {
            state: State::new(Name::const_new("0")),
            now: Timestamp(1_700_000_000_000),
            random: Random(17),
            sequence: 0,
            customers: 0,
            kinds: if shape.each_its_own { 1_000 } else { 12 },
            owned: Vec::new(),
            numbers: Vec::new(),
            ended: Vec::new(),
            writers: HashMap::new(),
            writing: (0, 0),
            lines: HashMap::new(),
            away: None,
        };
        let config = config(shape, company.kinds, &mut company.random);
        company.apply(Command::OpenWorkspace { workspace: SPACE, hash_key: [7; 16] });
        company.apply(Command::ApplyConfig { workspace: SPACE, config: Box::new(config) });
        company.apply(Command::BindStream { workspace: SPACE, stream: Name::const_new("IN"), created_ns: 1 });
        let at_work = shape.agents * AT_WORK / 100;
        for _ in 0..at_work * CAPACITY as usize + shape.waiting {
            let command = company.somebody_new_writes();
            company.apply(command);
        }
        for agent in 0..at_work {
            company.does(agent, Verb::OpenSession { resume: None, takeover: false });
            company.does(agent, presence(Presence::Ready));
        }
        // Whoever found nothing to do makes too many wait.
        while company.waiting() > shape.waiting {
            let command = company.somebody_closes();
            company.apply(command);
        }
        company
    }

    pub(crate) fn waiting(&self) -> usize {
        let space = self.state.workspace(&SPACE).expect("it was opened");
        (0..QUEUES).map(|number| space.queue_length(&queue(number))).sum()
    }

    pub(crate) fn apply(&mut self, command: Command) {
        self.now = self.now + Duration::from_millis(1);
        let decided = decide(&self.state, self.state.head().next(), command, self.now);
        if let Some(record) = decided.expect("the bench asks for nothing refused") {
            evolve(&mut self.state, &record);
            self.note(&record);
        }
    }

    fn note(&mut self, record: &Record) {
        for (place, change) in (0u16..).zip(&record.changes) {
            match change {
                Change::AgentRegistered { name, .. } => {
                    self.numbers
                        .push(name.rsplit('-').next().and_then(|number| number.parse().ok()).expect("a number"));
                }
                Change::WorkOpened(_) => {
                    self.writers.insert(WorkId::new(record.index, place), self.writing);
                }
                Change::Assigned(assigned) => {
                    let assignment = AssignmentId::new(record.index, place);
                    self.owned.push((self.numbers[assigned.agent.at()], assigned.work, assignment));
                }
                Change::WorkQueued { work, queue, .. } => drop(self.lines.insert(*work, queue.clone())),
                Change::WorkClosed { work, .. } => {
                    self.lines.remove(work);
                    self.ended.extend(self.writers.get(work));
                }
                _ => {}
            }
        }
    }

    /// One in ten writes again about what has ended: then whoever had it is asked first.
    pub(crate) fn somebody_writes(&mut self) -> Command {
        if self.random.below(10) == 0 && !self.ended.is_empty() {
            let at = self.random.below(self.ended.len());
            let (customer, endpoint) = self.ended.swap_remove(at);
            return self.message(customer, endpoint);
        }
        self.somebody_new_writes()
    }

    pub(crate) fn somebody_new_writes(&mut self) -> Command {
        self.customers += 1;
        let endpoint = self.random.below(QUEUES);
        self.message(self.customers, endpoint)
    }

    /// Somebody ends one of its Works; a new one comes up where nobody has any.
    pub(crate) fn somebody_closes(&mut self) -> Command {
        if self.owned.is_empty() {
            return self.somebody_new_writes();
        }
        let at = self.random.below(self.owned.len());
        let (agent, work, assignment) = self.owned.swap_remove(at);
        command(agent, Verb::Close { work, assignment, disposition: Name::const_new("done") })
    }

    /// Somebody hands one of its Works to another queue; the next one comes up for whoever had it.
    pub(crate) fn somebody_moves(&mut self) -> Command {
        if self.owned.is_empty() {
            return self.somebody_new_writes();
        }
        let at = self.random.below(self.owned.len());
        let (agent, work, assignment) = self.owned.swap_remove(at);
        let mut to = queue(self.random.below(QUEUES));
        while self.lines.get(&work) == Some(&to) {
            to = queue(self.random.below(QUEUES));
        }
        command(agent, Verb::Pass(Pass::Move { work, assignment: Some(assignment), queue: to, force: false }))
    }

    /// Who was away comes back, and another goes.
    pub(crate) fn somebody_comes_or_goes(&mut self) {
        let next = match self.away.take() {
            Some(agent) => {
                self.does(agent, presence(Presence::Ready));
                return;
            }
            None => self.random.below(self.numbers.len()),
        };
        let agent = self.numbers[next];
        self.does(agent, presence(Presence::Away));
        self.away = Some(agent);
    }

    fn does(&mut self, agent: usize, verb: Verb) {
        self.apply(command(agent, verb));
    }

    fn message(&mut self, customer: u64, endpoint: usize) -> Command {
        self.sequence += 1;
        self.writing = (customer, endpoint);
        let text = format!("hello, this is about kind{} and nothing else", self.random.below(self.kinds));
        let event = InboundEvent {
            event_id: Some(format!("event-{}", self.sequence)),
            message_ref: Some(format!("message-{}", self.sequence)),
            occurred_at: Some(self.now),
            odd_time: None,
            senders: vec![Sender { kind: AddressKind::Whatsapp, address: format!("person.{customer}") }],
            assurance: Assurance::Platform,
            scope: Scope::Direct,
            thread: None,
            our_address: None,
            kind: EventKind::Message(Message { content: Content::text(text), ..Message::default() }),
            profile: None,
            backfill: false,
            redelivery: false,
            reply_token: None,
            read_token: None,
            reply_to_tokens: Vec::new(),
        };
        Command::Input(Box::new(Arrival {
            body: None,
            older: None,
            workspace: SPACE,
            channel: Name::const_new("whatsapp"),
            endpoint: Name::new(format!("endpoint-{endpoint}")),
            stream: Name::const_new("IN"),
            input: Input { sequence: self.sequence, of: 1, ..Input::default() },
            event,
        }))
    }
}

fn command(agent: usize, verb: Verb) -> Command {
    Command::Agent(Box::new(AgentCommand {
        workspace: SPACE,
        agent: Name::new(format!("agent-{agent}")),
        request: None,
        session_epoch: None,
        oversees: false,
        verb,
    }))
}

fn presence(presence: Presence) -> Verb {
    Verb::SetPresence { presence, reason: Name::default(), channels: Vec::new() }
}

fn queue(number: usize) -> Name {
    Name::new(format!("queue-{number}"))
}

fn skill(number: usize) -> Name {
    Name::new(format!("skill-{number}"))
}

fn config(shape: &Shape, kinds: usize, random: &mut Random) -> WorkspaceConfig {
    let mut config = WorkspaceConfig {
        skills: (0..SKILLS).map(skill).collect(),
        rules: (0..shape.rules).map(unfit).chain((0..kinds).map(of_kind)).collect(),
        max_open_works: 10,
        continuation_window_ms: 30 * 24 * 3_600_000,
        ..WorkspaceConfig::empty(SPACE)
    };
    for number in 0..QUEUES {
        config.queues.push(QueueConfig {
            name: queue(number),
            accept: Accept::Auto,
            first_reply_target_ms: 60_000 * (1 + number as u64 % 10),
            next_reply_target_ms: 120_000,
            grace: GracePolicy::Requeue,
            ..QueueConfig::default()
        });
        config.endpoints.push(EndpointConfig {
            name: Name::new(format!("endpoint-{number}")),
            channel: Name::const_new("whatsapp"),
            queue: queue(number),
            ..EndpointConfig::default()
        });
    }
    for number in 0..shape.agents {
        let served = if random.below(100) < IN_SEVERAL { 2 + random.below(3) } else { 1 };
        let mut queues: Vec<Name> = (0..served).map(|_| queue(random.below(QUEUES))).collect();
        queues.sort_unstable();
        queues.dedup();
        let skills = (0..1 + random.below(8)).map(|_| (skill(random.zipf(SKILLS)), random.level()));
        let skills: Levels = skills.collect();
        let profile = AgentProfile { queues, capacity: CAPACITY, skills, ..AgentProfile::default() };
        config.agents.push(AgentConfig { name: Name::new(format!("agent-{number}")), profile });
    }
    config
}

/// Works of a kind want one skill or two, of those that many have more often; no two kinds want the same.
fn of_kind(kind: usize) -> Rule {
    let mut random = Random(kind as u64 + 1);
    let (one, two) = (random.zipf(SKILLS), kind / 10 % SKILLS);
    let mut wanted = vec![(skill(one), 1 + u8::try_from(kind % 5).unwrap_or(0))];
    if kind.is_multiple_of(3) || kind >= 50 {
        wanted.push((skill(two), u8::try_from(kind / 500).unwrap_or(0)));
    }
    Rule {
        name: Name::new(format!("kind-{kind}")),
        when: When { keyword: vec![format!("kind{kind}")], ..When::default() },
        requires: wanted.into_iter().collect(),
        ..Rule::default()
    }
}

/// A rule that no message fits: by turns by language, by keyword and kind, by facts and length in its `if`.
fn unfit(number: usize) -> Rule {
    let name = Name::new(format!("unfit-{number}"));
    let when = match number % 3 {
        0 => When {
            language: vec![Name::const_new("xx")],
            channel: vec![Name::const_new("whatsapp")],
            ..When::default()
        },
        1 => When { keyword: vec![format!("word{number}"), format!("phrase of {number}")], ..When::default() },
        _ => When::default(),
    };
    let fact = Expression::Binary(
        Operator::Equal,
        Box::new((Expression::Fact(Name::new(format!("fact-{number}"))), Expression::Text("so".to_owned()))),
    );
    let long =
        Expression::Binary(Operator::More, Box::new((Expression::Input(Given::Length), Expression::Int(100_000))));
    let either = Expression::Binary(Operator::Or, Box::new((fact, long)));
    Rule { name, when, condition: (number % 3 == 2).then_some(either), queue: Some(queue(0)), ..Rule::default() }
}

/// A seeded generator (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }

    fn level(&mut self) -> u8 {
        u8::try_from(self.below(11)).unwrap_or(MAX_LEVEL)
    }

    /// The first of `many` most often: the nth one nth as often.
    fn zipf(&mut self, many: usize) -> usize {
        let weights = (1..=many).map(|rank| 1_000_000 / rank);
        let mut drawn = self.below(weights.clone().sum());
        weights.take_while(|weight| drawn.checked_sub(*weight).inspect(|left| drawn = *left).is_some()).count()
    }
}
