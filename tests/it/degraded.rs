//! An adapter that lags or falls silent: operators and agents who send are told, and told when it is well again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, consumer::PullConsumer};
use async_nats::{Client, ConnectOptions, Message, Subscriber};
use futures::StreamExt as _;
use serde_json::json;
use skein::agents::feed::Feeds;
use skein::config::parse_workspace;
use skein::domain::id::Name;
use skein::domain::workspace::{IndexedConfig, WorkspaceConfig};
use skein::outbound::{AdapterHealth, AdapterWatch};
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::live::Live;
use skein::proto::agent::{SendMessageResponse, WorkAssigned};
use skein::telemetry::Metrics;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::adapter::{Adapter, sms};
use crate::agent::{Agent, reply};
use crate::bed::{Bed, PATIENCE, WORKSPACE, carried_out, eventually};
use crate::daemon::Daemon;

const PHONE: &str = "4915112345678";
/// Heartbeats of a living adapter come several times in `degraded_after`, here 1 s.
const BEAT: Duration = Duration::from_millis(200);
/// A watch beside a server that does not answer gives a question up after it.
const NO_ANSWER: Duration = Duration::from_secs(4);

async fn sends(agent: &mut Agent, assigned: &WorkAssigned, text: &str) -> SendMessageResponse {
    let work = assigned.work.as_ref().expect("its Work");
    let seen = work.last_customer_message_id.clone();
    let result = agent.command(|id| reply(id, &work.work_id, &work.assignment_id, &seen, text)).await;
    let Some(Outcome::SendMessage(sent)) = result.result else { panic!("no message but {result:?}") };
    sent
}

async fn health(agent: &mut Agent) -> (String, bool) {
    let Live::Endpoint(health) = agent.glimpses().await else { panic!("something else is live") };
    (health.endpoint, health.degraded)
}

async fn gauge(daemon: &Daemon, endpoint: &str) -> Option<String> {
    let (_, page) = daemon.page("/metrics").await?;
    let line = format!("skein_adapter_degraded{{workspace=\"{WORKSPACE}\",endpoint=\"{endpoint}\"}} ");
    page.lines().find_map(|found| found.strip_prefix(&line).map(str::to_owned))
}

/// Acknowledges everything that waits for an adapter.
async fn catches_up(bus: &Client, endpoint: &str) {
    let stream = jetstream::new(bus.clone()).get_stream(format!("SKEIN_OUT_{WORKSPACE}")).await.expect("OUT");
    let consumer: PullConsumer = stream.get_consumer(endpoint).await.expect("the daemon has made it");
    let mut waiting = consumer.fetch().max_messages(10).messages().await.expect("messages");
    while let Some(Ok(message)) = waiting.next().await {
        message.ack().await.expect("acknowledged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lagging_adapter_degrades_its_endpoint_until_it_has_caught_up() {
    let bed = Bed::new(false).await;
    bed.set("[outbound]\ndegraded_after = \"1s\"\n");
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    Adapter::new(bed.connect().await).publish(&sms(PHONE, "1", "hello")).await;
    let assigned = agent.take("main", false).await;
    assert!(!sends(&mut agent, &assigned, "one").await.endpoint_degraded, "nothing is known against it");

    assert_eq!(health(&mut agent).await, ("main".to_owned(), true));
    assert!(sends(&mut agent, &assigned, "two").await.endpoint_degraded, "who sends is told");
    assert_eq!(gauge(&daemon, "main").await.as_deref(), Some("1"));
    assert_eq!(gauge(&daemon, "second").await.as_deref(), Some("0"), "the other adapter is not to blame");
    catches_up(&bus, "main").await;
    assert_eq!(health(&mut agent).await, ("main".to_owned(), false));
    let lines = async |level: &str, words: &str| {
        eventually("a line of the change", async || {
            let found = daemon.lines_of(level).into_iter().filter(|line| line.contains(words)).count();
            (found == 1).then_some(())
        })
        .await;
    };
    lines("WARN", "endpoint degraded").await;
    lines("INFO", "endpoint is well again").await;
    assert!(!sends(&mut agent, &assigned, "three").await.endpoint_degraded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_that_stops_its_heartbeats_degrades_its_endpoint_and_one_that_never_sent_any_does_not() {
    let bed = Bed::new(false).await;
    bed.set("[outbound]\ndegraded_after = \"1s\"\n");
    let daemon = bed.daemon().await;
    let bus = bed.connect().await;
    let mut agent = Agent::log_in(daemon.channel().await, "ann").await;
    let beat = async || {
        let subject = format!("skein.live.{WORKSPACE}.heartbeat.sms.second");
        bus.publish(subject, "".into()).await.expect("published");
        bus.flush().await.expect("the bus answers");
    };
    beat().await;
    assert_eq!(health(&mut agent).await, ("second".to_owned(), true));
    let beating = async {
        let mut next = tokio::time::interval(BEAT);
        loop {
            next.tick().await;
            beat().await;
        }
    };
    tokio::select! {
        () = beating => {}
        well = health(&mut agent) => assert_eq!(well, ("second".to_owned(), false)),
    }
    assert_eq!(gauge(&daemon, "main").await.as_deref(), Some("0"), "it has never sent one");
}

/// A watch beside a server that keeps no stream: what it asks for, the test answers.
struct Watched {
    /// Held until the end.
    _bed: Bed,
    bus: Client,
    /// What the watch asks by.
    client: Client,
    /// What it hears by.
    live: Client,
    asked: Subscriber,
    metrics: Metrics,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// A workspace with so many sms endpoints.
fn config(endpoints: usize) -> WorkspaceConfig {
    let endpoint = |at| format!("[[endpoint]]\nname = \"e{at}\"\nchannel = \"sms\"\nqueue = \"all\"\n");
    let endpoints: String = (0..endpoints).map(endpoint).collect();
    let text = format!("name = \"{WORKSPACE}\"\n[[queue]]\nname = \"all\"\n{endpoints}");
    parse_workspace(Path::new("it.toml"), &text).expect("a workspace")
}

impl Watched {
    /// Watches sms endpoints `e0`, `e1` and so on.
    async fn of(endpoints: usize, patience: Duration) -> Self {
        let users = "users: [ { user: alone, password: a1 } ]";
        // The server answers questions about JetStream even where there is none: it must not see them.
        let accounts = format!("accounts {{ ALONE {{ {users}, mappings: {{ \"$JS.API.>\": \"asked.>\" }} }} }}\n");
        let bed = Bed::guarded(false, accounts, "alone:a1").await;
        let (bus, live) = (bed.connect().await, bed.connect().await);
        let options = ConnectOptions::with_user_and_password("alone".to_owned(), "a1".to_owned());
        let client = options.request_timeout(Some(NO_ANSWER)).connect(bed.url_of("")).await.expect("connect");
        let mut asked = bus.subscribe("asked.>").await.expect("subscribed");
        carried_out(&bus).await;
        let metrics = Metrics::new();
        let watch = AdapterWatch {
            client: client.clone(),
            live: live.clone(),
            workspace: Name::new(WORKSPACE),
            config: tokio::sync::watch::channel(Arc::new(IndexedConfig::new(config(endpoints)))).1,
            patience,
            health: AdapterHealth::default(),
            feeds: Feeds::default(),
            metrics: metrics.clone(),
            repeat_interval: PATIENCE,
        };
        let known = async {
            let question = asked.next().await.expect("whether the server knows the subscription");
            assert!(question.subject.starts_with("asked.STREAM.INFO."), "{}", question.subject);
            answer(&bus, &question).await;
        };
        let (listening, ()) = tokio::join!(watch.listen(), known);
        let listening = listening.expect("it listens");
        let stop = CancellationToken::new();
        let task = tokio::spawn(listening.run(stop.clone()));
        Self { _bed: bed, bus, client, live, asked, metrics, stop, task }
    }

    async fn question(&mut self) -> Message {
        tokio::time::timeout(PATIENCE, self.asked.next()).await.expect("in time").expect("a question")
    }

    async fn beat(&self, endpoint: &str) {
        let subject = format!("skein.live.{WORKSPACE}.heartbeat.sms.{endpoint}");
        self.bus.publish(subject, "".into()).await.expect("published");
    }

    /// The second question after a heartbeat, not answered; the look before it has heard that.
    async fn held_after_a_beat(&mut self) -> Message {
        self.beat("e0").await;
        let first = self.question().await;
        answer(&self.bus, &first).await;
        self.question().await
    }

    /// What the gauge of an endpoint shows; none: nobody has looked.
    fn gauge(&self, endpoint: &str) -> Option<String> {
        let line = format!("skein_adapter_degraded{{workspace=\"{WORKSPACE}\",endpoint=\"{endpoint}\"}} ");
        let page = self.metrics.encode().expect("text");
        page.lines().find_map(|found| found.strip_prefix(&line).map(str::to_owned))
    }

    /// Answers whatever is asked until the check holds.
    async fn answers_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            let question = tokio::time::timeout_at(deadline.into(), self.asked.next()).await;
            let question = question.unwrap_or_else(|_| panic!("not in time: {what}")).expect("a question");
            answer(&self.bus, &question).await;
        }
    }
}

/// Nothing waits for that adapter.
async fn answer(bus: &Client, question: &Message) {
    let nothing = json!({"ack_floor": {"stream_seq": 0}, "num_pending": 0, "num_ack_pending": 0});
    let to = question.reply.clone().expect("where to answer");
    bus.publish(to, nothing.to_string().into()).await.expect("published");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_are_looked_at_side_by_side_within_a_bound() {
    let mut watched = Watched::of(20, PATIENCE).await;
    let mut questions = Vec::new();
    for _ in 0..16 {
        questions.push(watched.question().await);
    }
    // Whatever else it asked for before it has an answer is before this.
    watched.client.publish("asked.nothing", "".into()).await.expect("published");
    assert_eq!(watched.question().await.subject.as_str(), "asked.nothing");
    for question in &questions[..2] {
        answer(&watched.bus, question).await;
    }
    let next = [watched.question().await, watched.question().await];
    for question in &next {
        assert!(questions.iter().all(|before| before.subject != question.subject), "asked twice: {}", question.subject);
    }
    assert_eq!(watched.gauge("e0"), None, "judged when all are known");
    for question in questions[2..].iter().chain(&next) {
        answer(&watched.bus, question).await;
    }
    watched.answers_until("all were looked at", |watched| watched.gauge("e19").as_deref() == Some("0")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_beats_while_the_others_are_looked_at_is_not_silent() {
    let patience = Duration::from_millis(300);
    let mut watched = Watched::of(1, patience).await;
    let held = watched.held_after_a_beat().await;
    let mut beats = tokio::time::interval(patience / 10);
    for _ in 0..20 {
        beats.tick().await;
        watched.beat("e0").await;
    }
    answer(&watched.bus, &held).await;
    watched.question().await;
    assert_eq!(watched.gauge("e0").as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_new_connection_of_our_own_silence_counts_anew() {
    let patience = Duration::from_secs(1);
    let mut watched = Watched::of(1, patience).await;
    let held = watched.held_after_a_beat().await;
    let begin = Instant::now();
    watched.live.force_reconnect().await.expect("the connection is there");
    eventually("longer than it may be silent", async || {
        let connects = watched.live.statistics().connects.load(Ordering::Relaxed);
        (connects > 1 && begin.elapsed() > patience + BEAT).then_some(())
    })
    .await;
    answer(&watched.bus, &held).await;
    let next = watched.question().await;
    assert_eq!(watched.gauge("e0").as_deref(), Some("0"), "its heartbeats may have been lost");
    answer(&watched.bus, &next).await;
    watched.answers_until("it is silent", |watched| watched.gauge("e0").as_deref() == Some("1")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_question_without_an_answer_silence_counts_anew() {
    let mut watched = Watched::of(1, NO_ANSWER - Duration::from_secs(1)).await;
    // Given up after longer than an adapter may be silent.
    watched.held_after_a_beat().await;
    let next = watched.question().await;
    answer(&watched.bus, &next).await;
    watched.question().await;
    assert_eq!(watched.gauge("e0").as_deref(), Some("0"), "it could not have been heard either");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_no_longer_looks_shows_nothing() {
    let mut watched = Watched::of(1, Duration::from_millis(300)).await;
    watched.beat("e0").await;
    watched.answers_until("it is silent", |watched| watched.gauge("e0").as_deref() == Some("1")).await;
    watched.stop.cancel();
    tokio::time::timeout(PATIENCE, &mut watched.task).await.expect("in time").expect("it ends well");
    assert_eq!(watched.gauge("e0"), None);
}
