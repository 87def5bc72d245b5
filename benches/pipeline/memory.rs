//! What an idle customer takes: the core fed with customers whose Work is closed, in a process of its own, by resident memory.
//!
//! Provider ids are remembered for 8 days and are measured apart; so the continuation window is 30 days here and time moves on by
//! 9 days before memory is read: identities, leaves and closed Works stay, ids are forgotten.

use std::process::Command as Process;
use std::time::Duration;

use skein::domain::command::{AgentCommand, Arrival, Command, Verb};
use skein::domain::content::Content;
use skein::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Message, Profile, Scope, Sender};
use skein::domain::id::Name;
use skein::domain::record::{Input, Presence};
use skein::domain::time::Timestamp;
use skein::domain::{State, decide, evolve};

use crate::Result;
use crate::daemon::workspace;

/// Set in the process that measures: how many customers.
pub(crate) const CUSTOMERS: &str = "SKEIN_BENCH_IDLE_CUSTOMERS";
/// Not a power of two: growth by doubling shall show.
const MEASURED: u32 = 500_000;

/// Runs the measurement in a child process, so that nothing else is in its memory.
pub(crate) fn in_a_process_of_its_own() -> Result<f64> {
    let output = Process::new(std::env::current_exe()?).env(CUSTOMERS, MEASURED.to_string()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Prints the bytes per customer.
pub(crate) fn measure(customers: u32) -> Result<()> {
    let mut core = Core::new();
    let before = resident_bytes()?;
    for number in 0..customers {
        core.customer(number);
    }
    core.now = core.now + Duration::from_secs(9 * 24 * 3_600);
    core.apply(Command::Resume { workspace: Name::const_new("bench"), outage_ms: 0 });
    let after = resident_bytes()?;
    println!("{}", (after - before) as f64 / f64::from(customers));
    Ok(())
}

struct Core {
    state: State,
    now: Timestamp,
    sequence: u64,
}

impl Core {
    fn new() -> Self {
        let mut core = Self { state: State::new(Name::const_new("0")), now: Timestamp(1_700_000_000_000), sequence: 0 };
        let mut config = workspace();
        config.continuation_window_ms = 30 * 24 * 3_600 * 1_000;
        let workspace = Name::const_new("bench");
        core.apply(Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [7; 16] });
        core.apply(Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(config) });
        core.apply(Command::BindStream { workspace, stream: Name::const_new("IN"), created_ns: 1 });
        core.agent(Verb::OpenSession { resume: None, takeover: false });
        core.agent(Verb::SetPresence { presence: Presence::Ready, reason: Name::default(), channels: Vec::new() });
        core
    }

    fn apply(&mut self, command: Command) {
        if let Some(record) = decide(&self.state, self.state.head().next(), command, self.now)
            .expect("the bench asks for nothing refused")
        {
            evolve(&mut self.state, &record);
        }
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

    /// A customer who wrote by WhatsApp, with user id and name, and whose Work is closed.
    fn customer(&mut self, number: u32) {
        self.now = self.now + Duration::from_millis(5);
        self.sequence += 1;
        let sender = |kind, address: String| Sender { kind, address };
        let event = InboundEvent {
            event_id: None,
            message_ref: Some(format!("wamid.{number:030}")),
            occurred_at: Some(self.now),
            odd_time: None,
            senders: vec![sender(AddressKind::Phone, format!("4915{number:08}"))],
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
        self.apply(Command::Input(Box::new(Arrival {
            body: None,
            older: None,
            workspace: Name::const_new("bench"),
            channel: Name::const_new("whatsapp"),
            endpoint: Name::const_new("warm"),
            stream: Name::const_new("IN"),
            input: Input { sequence: self.sequence, of: 1, splitter: 1, ..Input::default() },
            event,
        })));
        let space = self.state.workspace("bench").expect("it was opened");
        let view = space.agent("agent-0").expect("it is registered");
        let work = view.works.first().expect("the queue assigns at once");
        let assignment = work.assignment.expect("it is assigned");
        let disposition = Name::const_new("done");
        self.agent(Verb::Close { work: work.work, assignment, disposition });
    }
}

fn resident_bytes() -> Result<i64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kib: i64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kib * 1_024)
}
