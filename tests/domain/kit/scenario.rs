//! One story: commands one at a time, records folded as they come, time that fires what is due.

use skein::domain::command::{AgentCommand, Answer, Arrival, Command, DeadLetter, Send, Verb};
use skein::domain::content::Content;
use skein::domain::id::{AgentId, AssignmentId, Index, LeafId, MessageId, Name, OfferId, RootId, WorkId};
use skein::domain::invariant::{Violation, violations};
use skein::domain::output::Output;
use skein::domain::record::{
    Cause, Change, DeadLettered, Input, MessageContent, MessageStored, PersonalValue, Presence, Purpose, Record,
    Request, SessionEnd,
};
use skein::domain::rejection::Rejection;
use skein::domain::remembered::{Older, seen_in};
use skein::domain::time::Timestamp;
use skein::domain::timer::Timer;
use skein::domain::view::{AgentView, ConversationView, WorkView};
use skein::domain::workspace::WorkspaceConfig;
use skein::domain::{State, Workspace, answer, decide, evolve, outputs};

use super::{Heard, MINUTE, SPACE, START};

/// The IN stream of the stories.
pub(crate) const STREAM: &str = "SKEIN_IN_shop";
/// Records after each of which the invariants are checked; a longer story is checked now and then.
const ALWAYS_CHECKED: usize = 200;
/// How often a long story is checked, in records.
const SOMETIMES: usize = 500;
/// Deadlines that one story may fire: more means one that comes back for ever.
const MOST_TIMERS: usize = 10_000;

/// A story so far.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) state: State,
    now: Timestamp,
    sequence: u64,
    log: Vec<Record>,
    /// Hours that are over leave the state for an archive.
    archives: bool,
}

/// What came of one command.
#[derive(Debug)]
pub(crate) struct Step(pub(crate) Result<Option<Record>, Rejection>);

impl Scenario {
    pub(crate) fn given(config: WorkspaceConfig) -> Self {
        Self::given_at(Timestamp(START), config)
    }

    /// A story that begins at another moment.
    pub(crate) fn given_at(now: Timestamp, config: WorkspaceConfig) -> Self {
        let mut scenario =
            Self { state: State::new(Name::new("s0")), now, sequence: 0, log: Vec::new(), archives: false };
        scenario.when(Command::OpenWorkspace { workspace: Name::new(SPACE), hash_key: [3; 16] });
        scenario.configure(config);
        scenario.when(Command::BindStream { workspace: Name::new(SPACE), stream: Name::new(STREAM), created_ns: 1 });
        scenario
    }

    /// One command, decided and folded; the invariants hold after it.
    pub(crate) fn when(&mut self, command: Command) -> Step {
        let decided = decide(&self.state, self.state.head().next(), command, self.now);
        if let Ok(Some(record)) = &decided {
            evolve(&mut self.state, record);
            if self.log.len() < ALWAYS_CHECKED || self.log.len().is_multiple_of(SOMETIMES) {
                self.check();
            }
            self.log.push(record.clone());
        }
        Step(decided)
    }

    /// The log folded from its first record.
    pub(crate) fn folded(&self) -> State {
        let mut folded = State::new(self.state.shard().clone());
        for record in &self.log {
            evolve(&mut folded, record);
        }
        folded
    }

    /// The log folded from its first record gives the very state that the story has (design, law 2).
    pub(crate) fn folds_to_the_same(&self) {
        assert_eq!(format!("{:?}", self.folded()), format!("{:?}", self.state));
    }

    /// What is broken when something had changed that nobody decided.
    pub(crate) fn broken_by(&self, change: Change) -> Vec<Violation> {
        let mut folded = State::new(self.state.shard().clone());
        for record in &self.log {
            evolve(&mut folded, record);
        }
        let last = self.last().clone();
        let index = Index(last.index.0 + 1);
        let changes = [change].into_iter().collect();
        evolve(&mut folded, &Record { index, changes, content: Vec::new(), cause: Cause::System, ..last });
        violations(&folded)
    }

    /// And so does the log as it is read once these leaves have no key.
    pub(crate) fn folds_to_the_same_without_content_of(&self, leaves: &[LeafId]) {
        let mut folded = State::new(self.state.shard().clone());
        let mut gone = 0;
        for record in &self.log {
            let left = record.without_content_of(leaves);
            gone += record.content.len() - left.content.len();
            evolve(&mut folded, &left);
        }
        assert_ne!(gone, 0, "there was content");
        assert_eq!(format!("{folded:?}"), format!("{:?}", self.state));
    }

    fn check(&self) {
        let broken = violations(&self.state);
        assert!(broken.is_empty(), "{broken:?} after {:?}", self.log.last());
    }

    /// Another configuration comes into force, and what waits because of it is matched.
    pub(crate) fn configure(&mut self, config: WorkspaceConfig) -> Step {
        let step = self.when(Command::ApplyConfig { workspace: Name::new(SPACE), config: Box::new(config) });
        self.after(0);
        step
    }

    /// Time passes; what comes due fires, in order.
    pub(crate) fn after(&mut self, ms: i64) -> Vec<Record> {
        let until = Timestamp(self.now.0 + ms);
        let from = self.log.len();
        for _ in 0..MOST_TIMERS {
            let Some(at) = self.state.next_deadline().filter(|at| *at <= until) else {
                self.now = until;
                return self.log[from..].to_vec();
            };
            self.now = self.now.max(at);
            self.fire_due();
        }
        panic!("deadlines come back for ever: {:?}", self.state.due(until));
    }

    fn fire_due(&mut self) {
        let (workspace, timer) = self.state.due(self.now).expect("a deadline that has come");
        let step = self.when(Command::Timer { workspace, timer });
        assert!(matches!(step.0, Ok(Some(_))), "{timer:?} is due and nothing follows: it would fire for ever");
    }

    /// Fires a timer whatever the state says of it.
    pub(crate) fn fire(&mut self, timer: Timer) -> Step {
        self.when(Command::Timer { workspace: Name::new(SPACE), timer })
    }

    /// An adapter's event is next in the IN stream.
    pub(crate) fn hears(&mut self, heard: Heard) -> Step {
        self.sequence += 1;
        let input = Input { sequence: self.sequence, of: 1, ..Input::default() };
        self.hears_at(input, heard)
    }

    /// An adapter's event at a place of the IN stream.
    pub(crate) fn hears_at(&mut self, input: Input, heard: Heard) -> Step {
        let mut arrival = Self::arrival(input, heard);
        if self.archives {
            let through = Timestamp(self.state.time().0.div_euclid(60 * MINUTE) * 60 * MINUTE);
            self.state.archived(through);
            arrival.older = self.asks_archive(&arrival, through);
            assert!(!self.state.wants_older(&arrival, self.now), "the archive has everything");
        }
        self.when(Command::Input(Box::new(arrival)))
    }

    pub(crate) fn arrival(input: Input, heard: Heard) -> Arrival {
        Arrival {
            body: None,
            older: None,
            workspace: Name::new(SPACE),
            channel: heard.channel,
            endpoint: heard.endpoint,
            stream: Name::new(STREAM),
            input,
            event: heard.event,
        }
    }

    /// From now on the state keeps the last hour of what it remembers, and an archive in hours the rest.
    pub(crate) fn archives(mut self) -> Self {
        self.archives = true;
        self
    }

    /// What the log says of an event's ids, up to a time. None: nobody would ask.
    pub(crate) fn asks_archive(&self, arrival: &Arrival, through: Timestamp) -> Option<Older> {
        let sought = self.space().sought(arrival, self.now)?;
        let kept = |record: &&Record| record.time < through && self.now.0 - record.time.0 < (8 * 24 + 1) * 60 * MINUTE;
        let records = self.log.iter().filter(kept);
        let seen: Vec<_> =
            records.flat_map(seen_in).filter(|(_, seen)| sought.not_before.is_none_or(|at| seen.at >= at)).collect();
        let latest = |key: u64| seen.iter().rev().find(|(of, _)| *of == key).map(|(_, seen)| *seen);
        let found = sought.keys.map_or([None, None], |keys| keys.map(latest));
        Some(sought.answered(through, found))
    }

    /// Bytes next in the IN stream that no format understands.
    pub(crate) fn cannot_read(&mut self, reason: &str) -> Step {
        self.sequence += 1;
        self.when(Command::DeadLetter(DeadLetter {
            workspace: Name::new(SPACE),
            channel: Name::new("whatsapp"),
            endpoint: Name::new("wa"),
            stream: Name::new(STREAM),
            input: Input { sequence: self.sequence, of: 1, ..Input::default() },
            reason: Name::new(reason),
        }))
    }

    /// An agent does something, over no session in particular.
    pub(crate) fn does(&mut self, agent: &str, verb: Verb) -> Step {
        self.asks(agent, None, None, verb)
    }

    /// The same with request id, body and session epoch.
    pub(crate) fn asks(
        &mut self,
        agent: &str,
        request: Option<(&str, u64)>,
        session_epoch: Option<u64>,
        verb: Verb,
    ) -> Step {
        let request = request.map(|(id, digest)| Request {
            principal: Name::new(format!("agent:{agent}")),
            request_id: Name::new(id),
            digest,
        });
        self.when(Command::Agent(Box::new(AgentCommand {
            workspace: Name::new(SPACE),
            agent: Name::new(agent),
            request,
            session_epoch,
            oversees: false,
            verb,
        })))
    }

    pub(crate) fn logs_in(&mut self, agent: &str) -> Step {
        self.does(agent, Verb::OpenSession { resume: None, takeover: false })
    }

    /// Logs in and takes work.
    pub(crate) fn ready(&mut self, agent: &str) -> Step {
        self.logs_in(agent).expect("a session");
        self.presence(agent, Presence::Ready)
    }

    pub(crate) fn presence(&mut self, agent: &str, presence: Presence) -> Step {
        self.does(agent, Verb::SetPresence { presence, reason: Name::default(), channels: Vec::new() })
    }

    pub(crate) fn loses_connection(&mut self, agent: &str) -> Step {
        self.does(agent, Verb::LoseSession)
    }

    pub(crate) fn logs_out(&mut self, agent: &str) -> Step {
        self.does(agent, Verb::EndSession { reason: SessionEnd::LoggedOut })
    }

    pub(crate) fn accepts(&mut self, agent: &str, offer: OfferId) -> Step {
        self.does(agent, Verb::Accept { offer })
    }

    pub(crate) fn declines(&mut self, agent: &str, offer: OfferId) -> Step {
        self.does(agent, Verb::Decline { offer })
    }

    /// Accepts its only open offer.
    pub(crate) fn takes(&mut self, agent: &str) -> (WorkId, AssignmentId) {
        let offer = self.offer(agent).unwrap_or_else(|| panic!("{agent} has an open offer"));
        let step = self.accepts(agent, offer);
        let assigned = step.answer().assignment.expect("an assignment");
        let work = self.agent(agent).works.last().expect("a work").work;
        (work, assigned)
    }

    /// Answers under an assignment.
    pub(crate) fn answers(&mut self, agent: &str, held: (WorkId, AssignmentId), text: &str) -> Step {
        self.does(agent, Verb::Send(Box::new(answer_to(held, text))))
    }

    /// Sends with whatever is otherwise about it.
    pub(crate) fn sends(&mut self, agent: &str, held: (WorkId, AssignmentId), change: impl FnOnce(&mut Send)) -> Step {
        let mut send = answer_to(held, "an answer");
        change(&mut send);
        self.does(agent, Verb::Send(Box::new(send)))
    }

    pub(crate) fn closes(&mut self, agent: &str, held: (WorkId, AssignmentId)) -> Step {
        let disposition = Name::new("solved");
        self.does(agent, Verb::Close { work: held.0, assignment: held.1, disposition })
    }

    /// A customer's matter, from the first word to the answer and its end, with `agent`.
    pub(crate) fn settles(&mut self, agent: &str, heard: Heard) -> WorkId {
        self.hears(heard).expect("a message");
        let held = self.takes(agent);
        self.answers(agent, held, "an answer").expect("an answer");
        self.closes(agent, held).expect("an end");
        held.0
    }

    pub(crate) fn space(&self) -> &Workspace {
        self.state.workspace(SPACE).expect("the workspace of the story")
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Time passes while nobody owns the shard: nothing fires.
    pub(crate) fn passes(&mut self, ms: i64) {
        self.now = Timestamp(self.now.0 + ms);
    }

    /// How many records the story has.
    pub(crate) fn log_len(&self) -> usize {
        self.log.len()
    }

    /// The records from a number on.
    pub(crate) fn records(&self, from: usize) -> impl Iterator<Item = &Record> {
        self.log[from..].iter()
    }

    /// The record that made an id.
    pub(crate) fn record(&self, id: MessageId) -> &Record {
        let at = usize::try_from(id.index().0).expect("a short story");
        &self.log[at - 1]
    }

    /// The last record.
    pub(crate) fn last(&self) -> &Record {
        self.log.last().expect("a story begins with records")
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn agent(&self, name: &str) -> AgentView {
        self.space().agent(name).unwrap_or_else(|| panic!("{name} is registered"))
    }

    pub(crate) fn id(&self, name: &str) -> AgentId {
        self.agent(name).agent
    }

    /// The first open offer of an agent.
    pub(crate) fn offer(&self, agent: &str) -> Option<OfferId> {
        self.space().agent(agent)?.offers.first().map(|offer| offer.offer)
    }

    /// Who has an open offer of the Work.
    pub(crate) fn offered_to(&self, work: WorkId) -> Option<Name> {
        let agents = (0..).map_while(|n| self.space().agent_name(AgentId(n)));
        agents
            .filter_map(|name| self.space().agent(name))
            .find(|agent| agent.offers.iter().any(|offer| offer.work.work == work))
            .map(|agent| agent.name)
    }

    pub(crate) fn work(&self, id: WorkId) -> WorkView {
        self.space().work(id).unwrap_or_else(|| panic!("{id} is known"))
    }

    /// All open Works.
    pub(crate) fn open(&self) -> Vec<WorkView> {
        self.space().works(None, None)
    }

    pub(crate) fn conversation(&self, id: RootId) -> ConversationView {
        self.space().conversation(id).unwrap_or_else(|| panic!("{id} is known"))
    }
}

/// An answer under an assignment, and nothing else about it.
pub(crate) fn answer_to((work, assignment): (WorkId, AssignmentId), text: &str) -> Send {
    Send {
        work,
        assignment,
        seen_through: None,
        if_unchanged: None,
        to: None,
        content: Content::text(text),
        purpose: Purpose::Service,
        not_after: None,
        note: false,
    }
}

impl Step {
    /// Something followed.
    #[track_caller]
    pub(crate) fn record(&self) -> &Record {
        match &self.0 {
            Ok(Some(record)) => record,
            other => panic!("no record: {other:?}"),
        }
    }

    /// It was not refused.
    #[track_caller]
    pub(crate) fn expect(&self, what: &str) {
        assert!(self.0.is_ok(), "{what}: {:?}", self.0);
    }

    #[track_caller]
    pub(crate) fn refused(&self) -> Rejection {
        match &self.0 {
            Err(rejection) => rejection.clone(),
            Ok(record) => panic!("not refused: {record:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn changes(&self) -> &[Change] {
        &self.record().changes
    }

    #[track_caller]
    pub(crate) fn outputs(&self) -> Vec<Output> {
        outputs(self.record())
    }

    #[track_caller]
    pub(crate) fn answer(&self) -> Answer {
        answer(self.record())
    }

    /// The message that it stored.
    #[track_caller]
    pub(crate) fn message(&self) -> &MessageStored {
        let stored = self.changes().iter().find_map(|change| match change {
            Change::MessageStored(message) => Some(&**message),
            _ => None,
        });
        stored.unwrap_or_else(|| panic!("no message in {:?}", self.0))
    }

    /// Id of the message that it stored.
    #[track_caller]
    pub(crate) fn message_id(&self) -> MessageId {
        let place = self.changes().iter().position(|c| matches!(c, Change::MessageStored(_)));
        let place = place.expect("a message was stored");
        MessageId::new(self.record().index, u16::try_from(place).expect("a small record"))
    }

    /// The words of the message that it stored.
    #[track_caller]
    pub(crate) fn words(&self) -> &MessageContent {
        let words = self.record().content.iter().find_map(|personal| match &personal.value {
            PersonalValue::Message(words) => Some(&**words),
            _ => None,
        });
        words.expect("a message has words")
    }

    /// The Work that it opened.
    #[track_caller]
    pub(crate) fn opened(&self) -> Option<WorkId> {
        let place = self.changes().iter().position(|c| matches!(c, Change::WorkOpened(_)))?;
        Some(WorkId::new(self.record().index, u16::try_from(place).expect("a small record")))
    }

    /// Why the input went to DEAD.
    #[track_caller]
    pub(crate) fn dead(&self) -> &str {
        match self.changes() {
            [Change::DeadLettered(DeadLettered { reason, .. })] => reason,
            other => panic!("no dead letter: {other:?}"),
        }
    }
}
