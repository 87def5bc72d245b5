//! What customers take who are silent: the core folds customers with two identities each by real records, in two visits a month apart,
//! each a matter that an agent closed; then 9 days pass, so that what is remembered for a while is forgotten.
//!
//! `cargo bench --bench scale -- [--customers N]`: 200,000 of them without it. Bytes are those that the core asked the allocator of the
//! daemon for and did not give back, and beside them what the process holds. The last line is JSON.

use std::time::{Duration, Instant};

use cap::Cap;
use hdrhistogram::Histogram;
use skein::domain::command::{AgentCommand, Arrival, Command, Verb};
use skein::domain::content::Content;
use skein::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Message, Profile, Scope, Sender};
use skein::domain::id::{LeafId, Name, RootId};
use skein::domain::record::{Input, Presence};
use skein::domain::time::Timestamp;
use skein::domain::{State, decide, evolve};

#[global_allocator]
static ALLOCATOR: Cap<mimalloc::MiMalloc> = Cap::new(mimalloc::MiMalloc, usize::MAX);

/// Customers of the quick mode.
const QUICK: u32 = 200_000;
/// A month: no window, list or id of a visit is there when the next begins.
const BETWEEN: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Provider ids and ended matters are remembered for less.
const IDLE: Duration = Duration::from_secs(9 * 24 * 3_600);
/// Idle customers that are asked for.
const ASKED: u32 = 100_000;
/// A step that has no common divisor with any number of customers that is asked for: it comes to all of them, in no order.
const STEP: u64 = 2_654_435_761;

/// One queue, one endpoint, and agents who take what comes, as in the pipeline's bench.
const WORKSPACE: &str = r#"
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

fn main() {
    let customers = asked_for();
    let mut core = Core::new();
    let (before, held_before) = (ALLOCATOR.allocated(), resident());
    let visits = [core.visits(customers), core.visits(customers)];
    let (after, held_after) = (ALLOCATOR.allocated(), resident());
    for (name, [decided, folded]) in ["first", "second"].iter().zip(&visits) {
        println!("{name:>6} visit, the message: decide {decided}, fold {folded}");
    }
    let asked = core.ask(customers);
    println!("an idle identity's address {}, an idle conversation {}", asked[0], asked[1]);
    let each = |bytes: usize| bytes as f64 / f64::from(customers);
    println!(
        "{customers} customers of two identities: {:.1} bytes each, {:.1} of the process",
        each(after - before),
        each(held_after - held_before),
    );
    println!(
        "{}",
        serde_json::json!({
            "bytes_per_customer": round(each(after - before)),
            "resident_per_customer": round(each(held_after - held_before)),
            "fold_new_mean_ns": round(visits[0][1].0.mean()),
            "get_idle_mean_ns": round(asked[0].0.mean()),
            "get_idle_conversation_p99_us": round(asked[1].0.value_at_quantile(0.99) as f64 / 1e3),
        })
    );
}

fn asked_for() -> u32 {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--customers").skip(1);
    arguments.next().map_or(QUICK, |number| number.parse().expect("--customers takes a number"))
}

/// Nanoseconds.
struct Times(Histogram<u64>);

impl Times {
    fn new() -> Self {
        Self(Histogram::new(3).expect("three digits are fine"))
    }

    fn note(&mut self, since: Instant) {
        self.0 += u64::try_from(since.elapsed().as_nanos()).expect("no step takes centuries");
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mean, p99, max) = (self.0.mean(), self.0.value_at_quantile(0.99), self.0.max());
        write!(f, "mean {mean:.0} ns, p99 {p99}, max {max}")
    }
}

struct Core {
    state: State,
    now: Timestamp,
    sequence: u64,
    times: [Times; 2],
}

impl Core {
    fn new() -> Self {
        let times = [Times::new(), Times::new()];
        let now = Timestamp(1_700_000_000_000);
        let mut core = Self { state: State::new(Name::const_new("0")), now, sequence: 0, times };
        let config = skein::config::parse_workspace(std::path::Path::new("bench.toml"), WORKSPACE)
            .expect("the bench's workspace is valid");
        let workspace = Name::const_new("bench");
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

    /// All customers write, each is answered by one who closes the matter; then it is silent for long. Times of the messages.
    fn visits(&mut self, customers: u32) -> [Times; 2] {
        for number in 0..customers {
            self.visit(number);
        }
        self.now = self.now + IDLE;
        self.log_in();
        self.now = self.now + (BETWEEN - IDLE);
        self.log_in();
        std::mem::replace(&mut self.times, [Times::new(), Times::new()])
    }

    fn apply(&mut self, command: Command) -> [Instant; 3] {
        let begun = Instant::now();
        let record = decide(&self.state, self.state.head().next(), command, self.now);
        let decided = Instant::now();
        if let Some(record) = record.expect("the bench asks for nothing refused") {
            evolve(&mut self.state, &record);
        }
        [begun, decided, Instant::now()]
    }

    fn agent(&mut self, verb: Verb) {
        self.apply(Command::Agent(Box::new(AgentCommand {
            workspace: Name::const_new("bench"),
            agent: Name::const_new("agent-0"),
            request: None,
            session_epoch: None,
            oversees: false,
            verb,
        })));
    }

    /// A customer writes by WhatsApp, with number, user id and name; the Work is closed.
    fn visit(&mut self, number: u32) {
        self.now = self.now + Duration::from_millis(5);
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
            workspace: Name::const_new("bench"),
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
        let space = self.state.workspace("bench").expect("it was opened");
        let view = space.agent("agent-0").expect("it is registered");
        let work = view.works.first().expect("the queue assigns at once");
        let assignment = work.assignment.expect("it is assigned");
        self.agent(Verb::Close { work: work.work, assignment, disposition: Name::const_new("done") });
    }

    /// Looks up identities, and whole conversations, of customers at random.
    fn ask(&self, customers: u32) -> [Times; 2] {
        let space = self.state.workspace("bench").expect("it was opened");
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

/// Bytes of memory that the process holds.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the bench runs on Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it is told");
    let kib: usize = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    kib * 1_024
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
