//! The core with its customers: real commands decided and folded, one after another.

use std::time::{Duration, Instant};

use skein::domain::command::{AgentCommand, Arrival, Command, Verb};
use skein::domain::content::Content;
use skein::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Message, Profile, Scope, Sender};
use skein::domain::id::{LeafId, Name, RootId};
use skein::domain::record::{Input, Presence};
use skein::domain::time::Timestamp;
use skein::domain::{State, decide, evolve};

use crate::ids::Ids;
use crate::times::Times;

/// Name of the shard ...
pub(crate) const SHARD: &str = "0";
/// ... and of its workspace.
pub(crate) const WORKSPACE_NAME: &str = "bench";
/// A month: no window, list or id of a visit is there when the next begins.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Provider ids are remembered for so long, and nothing of an ended matter for longer ...
const REMEMBERED: Duration = Duration::from_secs(8 * 24 * 3_600);
/// ... so after this nothing but what stays is left.
const IDLE: Duration = Duration::from_secs(9 * 24 * 3_600);
/// Time of a visit.
const VISIT: Duration = Duration::from_millis(5);
/// Idle customers that are asked for.
const ASKED: u32 = 100_000;
/// A step that has no common divisor with any number of customers that is asked for: it comes to all of them, in no order.
const STEP: u64 = 2_654_435_761;

/// One queue, one endpoint, and agents who take what comes, as in the pipeline's bench.
const CONFIG: &str = r#"
name = "bench"
[work]
max_messages_per_minute = 1000000
max_new_customers_per_minute = 1000000000
[[queue]]
name = "warm"
accept = "auto"
recall_after = "0s"
grace = "keep"
[[endpoint]]
name = "warm"
channel = "whatsapp"
queue = "warm"
[guest]
queues = ["warm"]
capacity = 100000
"#;

/// A shard of one workspace with one agent.
pub(crate) struct Core {
    pub(crate) state: State,
    now: Timestamp,
    sequence: u64,
    /// Who comes next.
    next: u64,
    /// Of messages: decide, fold.
    pub(crate) times: [Times; 2],
    /// The longest of either since it was last asked for.
    longest: Duration,
    pub(crate) ids: Ids,
}

impl Core {
    pub(crate) fn new() -> Self {
        let times = [Times::new(), Times::new()];
        let now = Timestamp(1_700_000_000_000);
        let mut core = Self {
            state: State::new(Name::const_new(SHARD)),
            now,
            sequence: 0,
            next: 0,
            times,
            longest: Duration::ZERO,
            ids: Ids::default(),
        };
        let config = skein::config::parse_workspace(std::path::Path::new("bench.toml"), CONFIG)
            .expect("the bench's workspace is valid");
        let workspace = Name::const_new(WORKSPACE_NAME);
        core.apply(Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [7; 16] });
        core.apply(Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(config) });
        core.apply(Command::BindStream { workspace, stream: Name::const_new("IN"), created_ns: 1 });
        core.log_in();
        core
    }

    /// After so long an agent begins anew.
    fn log_in(&mut self) {
        self.agent(Verb::OpenSession { resume: None, takeover: true });
        self.agent(Verb::SetPresence { presence: Presence::Ready, reason: Name::default(), channels: Vec::new() });
    }

    /// All customers write, each is answered by one who closes the matter; then it is silent for a month. Times of the messages.
    pub(crate) fn all_visit(&mut self, customers: u32) -> [Times; 2] {
        (0..customers).for_each(|number| self.visit(number));
        self.pass(MONTH);
        std::mem::replace(&mut self.times, [Times::new(), Times::new()])
    }

    /// So many of the customers write within as long as provider ids are remembered.
    pub(crate) fn days(&mut self, customers: u32, visits: u32) {
        self.ids.count();
        let each = REMEMBERED / visits.max(1);
        for _ in 0..visits {
            self.one_visits(customers);
            self.now = self.now + each.saturating_sub(VISIT);
        }
    }

    /// Nothing is remembered any longer that is for a while.
    pub(crate) fn forget(&mut self) {
        self.pass(IDLE);
    }

    /// Somebody writes, in no order. How long it took, the agent's answer with it.
    pub(crate) fn one_visits(&mut self, customers: u32) -> Duration {
        self.next += 1;
        let number = u32::try_from(self.next * STEP % u64::from(customers)).expect("below the count");
        let begun = Instant::now();
        self.visit(number);
        begun.elapsed()
    }

    /// The longest decision with its fold since this was last asked.
    pub(crate) fn longest(&mut self) -> Duration {
        std::mem::take(&mut self.longest)
    }

    fn pass(&mut self, time: Duration) {
        // What is due is forgotten with the next record; in steps, as a shard's clock goes.
        for _ in 0..time.as_secs().div_ceil(24 * 3_600) {
            self.now = self.now + Duration::from_secs(24 * 3_600);
            self.log_in();
        }
    }

    fn apply(&mut self, command: Command) -> [Instant; 3] {
        let begun = Instant::now();
        let record = decide(&self.state, self.state.head().next(), command, self.now);
        let decided = Instant::now();
        let record = record.expect("the bench asks for nothing refused");
        if let Some(record) = &record {
            evolve(&mut self.state, record);
        }
        let folded = Instant::now();
        if let Some(record) = &record {
            self.ids.note(&mut self.state, record);
        }
        self.longest = self.longest.max(folded - begun);
        [begun, decided, folded]
    }

    fn agent(&mut self, verb: Verb) {
        self.apply(Command::Agent(Box::new(AgentCommand {
            workspace: Name::const_new(WORKSPACE_NAME),
            agent: Name::const_new("agent-0"),
            request: None,
            session_epoch: None,
            oversees: false,
            verb,
        })));
    }

    /// A customer writes by WhatsApp, with number, user id and name; the Work is closed.
    fn visit(&mut self, number: u32) {
        self.now = self.now + VISIT;
        self.sequence += 1;
        let sender = |kind, address: String| Sender { kind, address };
        let event = InboundEvent {
            event_id: None,
            message_ref: Some(format!("wamid.{:030}", self.sequence)),
            occurred_at: Some(self.now),
            odd_time: None,
            senders: vec![
                sender(AddressKind::Phone, format!("4915{number:08}")),
                sender(AddressKind::Whatsapp, format!("DE.{:016}", u64::from(number) * STEP)),
            ],
            assurance: Assurance::Platform,
            scope: Scope::Direct,
            thread: None,
            our_address: None,
            kind: EventKind::Message(Message { content: Content::text("hello"), ..Message::default() }),
            profile: Some(Box::new(Profile { name: Some(format!("Customer {number}")), ..Profile::default() })),
            backfill: false,
            redelivery: false,
            reply_token: None,
            read_token: None,
            reply_to_tokens: Vec::new(),
        };
        let [begun, decided, folded] = self.apply(Command::Input(Box::new(Arrival {
            body: None,
            older: None,
            workspace: Name::const_new(WORKSPACE_NAME),
            channel: Name::const_new("whatsapp"),
            endpoint: Name::const_new("warm"),
            stream: Name::const_new("IN"),
            input: Input { sequence: self.sequence, of: 1, splitter: 1, ..Input::default() },
            event,
        })));
        let nanos =
            |from: Instant, to: Instant| u64::try_from((to - from).as_nanos()).expect("no step takes centuries");
        self.times[0].0 += nanos(begun, decided);
        self.times[1].0 += nanos(decided, folded);
        let space = self.state.workspace(WORKSPACE_NAME).expect("it was opened");
        let view = space.agent("agent-0").expect("it is registered");
        let work = view.works.first().expect("the queue assigns at once");
        let assignment = work.assignment.expect("it is assigned");
        self.agent(Verb::Close { work: work.work, assignment, disposition: Name::const_new("done") });
    }

    /// Looks up identities, and whole conversations, of customers at random.
    pub(crate) fn ask(&self, customers: u32) -> [Times; 2] {
        let space = self.state.workspace(WORKSPACE_NAME).expect("it was opened");
        assert_eq!(space.identities(), 2 * customers as usize, "each has two");
        let mut times = [Times::new(), Times::new()];
        for asked in 0..ASKED {
            let at = |count: u32| u32::try_from(u64::from(asked) * STEP % u64::from(count)).expect("below the count");
            let begun = Instant::now();
            std::hint::black_box(space.address_of(LeafId(at(2 * customers))).expect("it was told"));
            times[0].note(begun);
            let begun = Instant::now();
            let conversation = space.conversation(RootId(2 * at(customers))).expect("it has begun");
            times[1].note(begun);
            assert_eq!(conversation.identities.len(), 2);
        }
        times
    }
}
