//! A shard in memory, durable at once, with the real core behind the real gRPC server.

mod port;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use skein::access::Access;
use skein::agents::feed::{FeedLimits, Feeds, Told};
use skein::agents::{
    Adapters, Carrier, CommandFailure, Directory, Drains, EdgeMetrics, Front, Owner, Parts, Port, Refusal,
    ServeOptions, Unavailable, bind, local, serve,
};
use skein::clock::wall_ms;
use skein::domain::command::{Answer, Arrival, Command};
use skein::domain::content::Content;
use skein::domain::event::{
    AddressKind, Assurance, EventKind, InboundEvent, Message, Receipt, ReceiptStatus, Scope, Sender,
};
use skein::domain::id::{LeafId, Name, Position};
use skein::domain::output::Output;
use skein::domain::record::{Input, PersonalValue, Record};
use skein::domain::time::Timestamp;
use skein::domain::view::{AgentView, AnswerAddress};
use skein::domain::workspace::{Accept, AgentConfig, AgentKind, AgentProfile, WorkspaceConfig};
use skein::domain::{State, Workspace, answer, decide, evolve, normalise, outputs};
use skein::proto::agent as p;
use skein::proto::agent::agent_service_client::AgentServiceClient;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

pub(crate) use super::shop::{OBJECT_BYTES, answer_to, picture};
use super::shop::{OneObject, config};

/// No condition of these tests takes longer on a working machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);
const STREAM: &str = "SKEIN_IN_demo";

struct Core {
    state: State,
    log: Vec<Arc<Record>>,
    arrivals: u64,
    reads: usize,
    /// Records from the first on that cannot be read any more.
    lost: usize,
    deaf: bool,
    degraded: bool,
    addressless: bool,
    busy: usize,
    begun: i64,
    passed: i64,
}

impl Core {
    /// A millisecond for each record, and what was let pass: what the edge names by its own clock is of the same time.
    fn now(&self) -> Timestamp {
        Timestamp(self.begun + self.passed + i64::try_from(self.log.len()).expect("few records"))
    }
}

/// The shard in memory.
#[derive(Clone)]
pub(crate) struct Memory {
    core: Arc<Mutex<Core>>,
    feeds: Feeds,
}

impl Memory {
    pub(crate) fn new(limits: FeedLimits) -> Self {
        let state = State::new(Name::from("s1"));
        let core = Core {
            state,
            log: Vec::new(),
            arrivals: 0,
            reads: 0,
            lost: 0,
            deaf: false,
            degraded: false,
            addressless: false,
            busy: 0,
            begun: wall_ms(),
            passed: 0,
        };
        let memory = Self { core: Arc::new(Mutex::new(core)), feeds: Feeds::new(limits) };
        let workspace = Name::from("demo");
        for command in [
            Command::OpenWorkspace { workspace: workspace.clone(), hash_key: [7; 16] },
            Command::ApplyConfig { workspace: workspace.clone(), config: Box::new(config()) },
            Command::BindStream { workspace, stream: Name::from(STREAM), created_ns: 1 },
        ] {
            memory.apply(command).expect("the demo workspace is valid");
        }
        memory
    }

    /// What is still readable in the log without the keys of an identity.
    pub(crate) fn readable_without(&self, leaf: LeafId) -> Vec<PersonalValue> {
        let left = |record: &Arc<Record>| record.without_content_of(&[leaf]).content;
        self.core().log.iter().flat_map(left).map(|personal| personal.value).collect()
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().expect("no test panics while it holds the core")
    }

    fn apply(&self, command: Command) -> Result<Answer, CommandFailure> {
        let mut core = self.core();
        let now = core.now();
        let decided = decide(&core.state, core.state.head().next(), command, now).map_err(CommandFailure::Rejected)?;
        let Some(record) = decided else {
            let position = Position { index: core.state.head(), output: u32::MAX };
            return Ok(Answer { position, ..Answer::default() });
        };
        evolve(&mut core.state, &record);
        let record = Arc::new(record);
        core.log.push(Arc::clone(&record));
        let told = (0u32..).zip(outputs(&record)).filter_map(|(output, out)| match out {
            Output::Agent { agent, place } => {
                let position = Position { index: record.index, output };
                Some((agent, Told { position, record: Arc::clone(&record), place }))
            }
            Output::Send { .. } | Output::DeadLetter { .. } => None,
        });
        self.feeds.publish_many(&record.workspace, told.collect());
        if self.feeds.watched() {
            self.feeds.publish_conversation(&record);
        }
        Ok(answer(&record))
    }

    /// A customer writes.
    pub(crate) fn say(&self, from: &str, content: Content) {
        self.say_as(&[(AddressKind::Phone, from)], content);
    }

    /// The adapter of `support` reports on a message of ours.
    pub(crate) fn report(&self, message: &str, status: ReceiptStatus) {
        let receipt = Receipt { message_id: Some(message.to_owned()), status, ..Receipt::default() };
        self.arrives((Scope::Direct, None), &[], EventKind::Receipt(receipt));
    }

    /// Whoever has these addresses writes.
    pub(crate) fn say_as(&self, from: &[(AddressKind, &str)], content: Content) {
        self.arrives((Scope::Direct, None), from, EventKind::Message(Message { content, ..Message::default() }));
    }

    /// A member of a group writes.
    pub(crate) fn say_in_group(&self, from: &str, text: &str) {
        let kind = EventKind::Message(Message { content: Content::text(text), ..Message::default() });
        self.arrives((Scope::Group, Some("family")), &[(AddressKind::Phone, from)], kind);
    }

    fn arrives(&self, scope: (Scope, Option<&str>), from: &[(AddressKind, &str)], kind: EventKind) {
        self.arrives_at("support", scope, from, kind);
    }

    fn arrives_at(
        &self,
        endpoint: &str,
        (scope, thread): (Scope, Option<&str>),
        from: &[(AddressKind, &str)],
        kind: EventKind,
    ) {
        let sequence = {
            let mut core = self.core();
            core.arrivals += 1;
            core.arrivals
        };
        let event = InboundEvent {
            event_id: Some(format!("wamid.{sequence}")),
            message_ref: None,
            occurred_at: None,
            odd_time: None,
            senders: from.iter().map(|&(kind, address)| Sender { kind, address: address.to_owned() }).collect(),
            assurance: Assurance::Platform,
            scope,
            thread: thread.map(str::to_owned),
            our_address: None,
            kind,
            profile: None,
            backfill: false,
            redelivery: false,
            reply_token: None,
            read_token: None,
            reply_to_tokens: Vec::new(),
        };
        let input = Input { sequence, of: 1, splitter: 1, digest: sequence, ..Input::default() };
        let arrival = Arrival {
            body: None,
            older: None,
            workspace: Name::from("demo"),
            channel: Name::from("whatsapp"),
            endpoint: Name::from(endpoint),
            stream: Name::from(STREAM),
            input,
            event,
        };
        self.apply(Command::Input(Box::new(arrival))).expect("the message is taken");
    }

    /// A customer writes to an endpoint.
    pub(crate) fn say_text_at(&self, endpoint: &str, from: &str, text: &str) {
        let kind = EventKind::Message(Message { content: Content::text(text), ..Message::default() });
        self.arrives_at(endpoint, (Scope::Direct, None), &[(AddressKind::Phone, from)], kind);
    }

    pub(crate) fn say_text(&self, from: &str, text: &str) {
        self.say(from, Content::text(text));
    }

    /// Reads so far.
    pub(crate) fn reads(&self) -> usize {
        self.core().reads
    }

    /// A later version of the normaliser reads every address with this behind it.
    pub(crate) fn rekey(&self) {
        let normalise = |sender: &Sender, country: Option<&str>| {
            let (kind, text) = normalise(sender, country)?;
            Some((kind, Name::from(format!("{text}00"))))
        };
        let command = Command::Rekey { workspace: Name::from("demo"), version: 9, normalise };
        self.apply(command).expect("a batch");
    }

    /// From now on the queue assigns instead of offering.
    pub(crate) fn assign_at_once(&self) {
        let mut config = config();
        config.queues[0].accept = Accept::Auto;
        let command = Command::ApplyConfig { workspace: Name::from("demo"), config: Box::new(config) };
        self.apply(command).expect("the configuration is valid");
    }

    /// From now on an agent is a program.
    pub(crate) fn make_bot(&self, agent: &str) {
        let mut config = config();
        let profile = config.guest.clone().map(|guest| AgentProfile { kind: AgentKind::Bot, ..guest });
        let profile = profile.expect("anybody may work here");
        config.agents.push(AgentConfig { name: Name::from(agent), profile });
        let command = Command::ApplyConfig { workspace: Name::from("demo"), config: Box::new(config) };
        self.apply(command).expect("the configuration is valid");
    }

    /// From now on so many new customers are let in within a minute.
    pub(crate) fn admit(&self, customers: u32) {
        let config = WorkspaceConfig { max_new_customers_per_minute: customers, ..config() };
        let command = Command::ApplyConfig { workspace: Name::from("demo"), config: Box::new(config) };
        self.apply(command).expect("the configuration is valid");
    }

    /// From now on reads of records have no answer, or have one again.
    pub(crate) fn deafen(&self, deaf: bool) {
        self.core().deaf = deaf;
    }

    /// From now on nothing that was recorded until now can be read.
    pub(crate) fn lose_all_before_now(&self) {
        let mut core = self.core();
        core.lost = core.log.len();
    }

    /// So many hours pass.
    pub(crate) fn pass_hours(&self, hours: i64) {
        self.core().passed += hours * 3_600_000;
    }

    /// From now on there are these templates, and mail and SMS beside WhatsApp.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut WorkspaceConfig)) {
        let mut config = config();
        change(&mut config);
        let command = Command::ApplyConfig { workspace: Name::from("demo"), config: Box::new(config) };
        self.apply(command).expect("the configuration is valid");
    }

    /// From now on all adapters lag.
    pub(crate) fn degrade(&self) {
        self.core().degraded = true;
    }

    /// From now on nobody learns where an answer goes.
    pub(crate) fn hide_addresses(&self) {
        self.core().addressless = true;
    }

    /// So many looks from now on have no answer: the shard's queue is full.
    pub(crate) fn busy(&self, looks: usize) {
        self.core().busy = looks;
    }

    /// The agent as the core sees it.
    pub(crate) fn view(&self, agent: &str) -> Option<AgentView> {
        self.core().state.workspace("demo").and_then(|space| space.agent(agent))
    }

    fn look<T: Send + 'static>(
        &self,
        workspace: Name,
        look: impl FnOnce(&Workspace) -> T + Send + 'static,
    ) -> BoxFuture<'static, Result<Option<T>, Unavailable>> {
        let mut core = self.core();
        if core.busy > 0 {
            core.busy -= 1;
            return async { Err(Unavailable::Overloaded) }.boxed();
        }
        let seen = core.state.workspace(&workspace).map(look);
        async move { Ok(seen) }.boxed()
    }
}

/// No adapter listens.
impl Adapters for Memory {
    fn any_degraded(&self, _workspace: &Name) -> bool {
        self.core().degraded
    }

    fn is_degraded(&self, _workspace: &Name, _endpoint: &Name) -> bool {
        self.core().degraded
    }

    fn typing(&self, _workspace: Name, _to: AnswerAddress) -> BoxFuture<'static, Result<(), Unavailable>> {
        async { Ok(()) }.boxed()
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) memory: Memory,
    pub(crate) media: OneObject,
    pub(crate) address: SocketAddr,
    pub(crate) ready: watch::Sender<bool>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) ended: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.abort();
    }
}

pub(crate) async fn server() -> Server {
    server_with(ServeOptions::default(), FeedLimits::default()).await
}

pub(crate) async fn server_with(options: ServeOptions, limits: FeedLimits) -> Server {
    guarded(options, limits, Access::open()).await
}

/// A server that asks who calls.
pub(crate) async fn guarded(options: ServeOptions, limits: FeedLimits, access: Access) -> Server {
    let memory = Memory::new(limits);
    let (listener, address) = bind("127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
    let (ready, is_ready) = watch::channel(true);
    let (media, shutdown) = (OneObject::default(), CancellationToken::new());
    let drains = Drains::default();
    let metrics = EdgeMetrics::default();
    let parts = Parts {
        drains: drains.clone(),
        tokens: access.tokens.clone(),
        shard: Arc::new(memory.clone()),
        media: Arc::new(media.clone()),
        adapters: Arc::new(memory.clone()),
        metrics: metrics.clone(),
        beside: tonic::service::Routes::default(),
    };
    let (local, sessions) = local(options.clone(), parts, shutdown.clone());
    let shard = Name::from("s1");
    let directory = Directory::new([(Name::from("demo"), shard.clone())].into());
    directory.set(&shard, Owner::Here(local));
    let front = Front {
        directory,
        carrier: Arc::new(Nowhere),
        node: tonic::service::Routes::default(),
        drains,
        owner_wait: Duration::ZERO,
        shutdown: shutdown.clone(),
        metrics: metrics.clone(),
    };
    let over = CancellationToken::new();
    let port = Port { front, ready: is_ready, access, metrics };
    let served = serve(options, listener, port, shutdown.clone(), over.clone());
    let ended = tokio::spawn(async move {
        let over = async {
            sessions.await;
            over.cancel();
        };
        let (served, ()) = tokio::join!(served, over);
        served.expect("the server ends well");
    });
    Server { memory, media, address, ready, shutdown, ended }
}

impl Server {
    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).expect("a URI");
        endpoint.connect().await.expect("the server listens")
    }

    /// A session after its welcome.
    pub(crate) async fn open(&self, agent: &str, hello: p::Hello) -> Result<Session, Status> {
        self.open_as(hello, |frames| named(agent, frames)).await
    }

    /// A session after its welcome; `call` says who calls.
    pub(crate) async fn open_as(
        &self,
        hello: p::Hello,
        call: impl FnOnce(ReceiverStream<p::SessionRequest>) -> Request<ReceiverStream<p::SessionRequest>>,
    ) -> Result<Session, Status> {
        let (frames, rest) = mpsc::channel(256);
        frames.send(request(p::session_request::Request::Hello(hello))).await.expect("there is room");
        let mut client = AgentServiceClient::new(self.channel().await);
        let answers = client.session(call(ReceiverStream::new(rest))).await?.into_inner();
        let mut session = Session { frames, answers, welcome: p::Welcome::default(), events: Vec::new() };
        match session.next().await? {
            Some(p::session_response::Response::Welcome(welcome)) => session.welcome = welcome,
            other => panic!("the first frame is a welcome, not {other:?}"),
        }
        Ok(session)
    }

    /// A session of an agent that takes work.
    pub(crate) async fn ready(&self, agent: &str) -> Session {
        let mut session = self.open(agent, p::Hello::default()).await.expect("a session");
        let ready = p::SetPresenceRequest {
            request_id: format!("ready-{agent}"),
            presence: p::Presence::Ready.into(),
            ..Default::default()
        };
        session.command(p::session_request::Request::SetPresence(ready)).await.expect("the agent is ready");
        session
    }
}

/// There are no other nodes.
struct Nowhere;

impl Carrier for Nowhere {
    fn carry(
        &self,
        node: Name,
        _: Name,
        _: http::Request<tonic::body::Body>,
    ) -> BoxFuture<'static, Result<http::Response<tonic::body::Body>, Refusal>> {
        panic!("nothing is carried to {node}")
    }
}

/// Waits for a condition of the core.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(SOON, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "in time: {what}");
}

/// A request in the name of an agent of the demo workspace.
pub(crate) fn named<T>(agent: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("skein-workspace", "demo".parse().expect("ASCII"));
    request.metadata_mut().insert("skein-agent", agent.parse().expect("ASCII"));
    request
}

pub(crate) fn request(request: p::session_request::Request) -> p::SessionRequest {
    p::SessionRequest { request: Some(request) }
}

/// The client's side of a session.
pub(crate) struct Session {
    pub(crate) frames: mpsc::Sender<p::SessionRequest>,
    pub(crate) answers: Streaming<p::SessionResponse>,
    pub(crate) welcome: p::Welcome,
    /// Events seen while something else was waited for.
    pub(crate) events: Vec<p::Event>,
}

impl Session {
    pub(crate) async fn next(&mut self) -> Result<Option<p::session_response::Response>, Status> {
        let frame = tokio::time::timeout(SOON, self.answers.message()).await.expect("a frame in time")?;
        Ok(frame.and_then(|frame| frame.response))
    }

    pub(crate) async fn send(&self, frame: p::session_request::Request) {
        self.frames.send(request(frame)).await.expect("the session is open");
    }

    /// Sends a command and waits for its result.
    pub(crate) async fn command(
        &mut self,
        frame: p::session_request::Request,
    ) -> Result<p::command_result::Result, p::CommandError> {
        self.send(frame).await;
        loop {
            match self.next().await.expect("the session goes on") {
                Some(p::session_response::Response::Result(result)) => match result.result.expect("a result") {
                    p::command_result::Result::Error(error) => return Err(error),
                    good => return Ok(good),
                },
                Some(p::session_response::Response::Events(events)) => self.events.extend(events.events),
                other => panic!("a result or events, not {other:?}"),
            }
        }
    }

    /// Waits for an event.
    pub(crate) async fn event<T>(&mut self, wanted: impl Fn(&p::event::Event) -> Option<T>) -> T {
        loop {
            while !self.events.is_empty() {
                let event = self.events.remove(0);
                if let Some(found) = event.event.as_ref().and_then(&wanted) {
                    return found;
                }
            }
            match self.next().await.expect("the session goes on") {
                Some(p::session_response::Response::Events(events)) => self.events.extend(events.events),
                Some(_) => {}
                None => panic!("the session has ended before the event"),
            }
        }
    }

    pub(crate) async fn offer(&mut self) -> p::Offer {
        self.event(|event| match event {
            p::event::Event::Offered(offer) => Some(offer.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn assigned(&mut self) -> p::WorkAssigned {
        self.event(|event| match event {
            p::event::Event::Assigned(assigned) => Some(assigned.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn end(&mut self) -> p::SessionEndReason {
        self.event(|event| match event {
            p::event::Event::SessionEnded(ended) => Some(ended.reason()),
            _ => None,
        })
        .await
    }

    /// Takes the next offered Work. Returns it with its assignment.
    pub(crate) async fn accept(&mut self) -> p::Work {
        let offer = self.offer().await;
        let request = p::AcceptOfferRequest {
            request_id: format!("accept-{}", offer.offer_id),
            offer_id: offer.offer_id,
            ..Default::default()
        };
        let answer = self.command(p::session_request::Request::AcceptOffer(request)).await.expect("it is ours");
        let p::command_result::Result::AcceptOffer(accepted) = answer else {
            panic!("the answer of another command: {answer:?}");
        };
        p::Work { assignment_id: accepted.assignment_id, ..offer.work.expect("an offer shows its Work") }
    }
}
