//! Resuming by position: a crash in the middle of a message of several events applies each of them exactly once (design, law 6).

use std::sync::Arc;

use skein::admin::Readiness;
use skein::clock::{SystemTimeSource, TimeSource};
use skein::domain::id::{Index, Name};
use skein::domain::record::{Change, DeadLettered, Record};
use skein::domain::workspace::IndexedConfig;
use skein::ingest::{Bodies, IngestHealth, Source, Trim};
use skein::keys::{KeyBooks, MemoryKeys, WorkspaceKey};
use skein::log::hours::Hours;
use skein::log::{EventLog as _, LogOptions, MemoryLog, Tip, codec};
use skein::nats::{Nats, stream_state, streams};
use skein::outbound::{Outbox, Outgoing};
use skein::shard::{self, Before, Now, ShardEnds, WorkspaceSetup};
use skein::telemetry::Metrics;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::support::nats::TestServer;
use crate::world::{connect, eventually, publish, whatsapp, workspace};

pub(crate) const IN: &str = "SKEIN_IN_acme";

/// A shard over `log` and a reader of IN. Dropped: as if killed.
pub(crate) struct Process {
    pub(crate) ends: ShardEnds,
    readiness: Readiness,
    _tasks: [AbortOnDropHandle<()>; 2],
}

/// A log, and the keys of what is in it.
pub(crate) struct Stored {
    pub(crate) log: MemoryLog,
    keys: MemoryKeys,
    key: WorkspaceKey,
}

impl Stored {
    pub(crate) fn new() -> Self {
        Self { log: MemoryLog::new(LogOptions::new("test")), keys: MemoryKeys::default(), key: WorkspaceKey::random() }
    }

    async fn keys(&self) -> KeyBooks {
        let mut books = KeyBooks::default();
        let store = Arc::new(self.keys.clone());
        books.open(Name::new("acme"), self.key.clone(), store).await.expect("the keys open");
        books
    }
}

async fn process(nats: &Nats, stored: &Stored) -> Process {
    begin(nats, stored, None, Arc::new(SystemTimeSource::new())).await
}

/// With these hourly files, and by that clock.
pub(crate) async fn begin(nats: &Nats, stored: &Stored, hours: Option<Hours>, clock: Arc<dyn TimeSource>) -> Process {
    let log = &stored.log;
    let state = stream_state(nats.control(), IN).await.expect("IN exists");
    let before = Before {
        shard: Name::new("test"),
        backlogs: Vec::new(),
        witnesses: Vec::new(),
        rings: Duration::from_secs(600),
        keys: stored.keys().await,
        snapshots: None,
        hours,
    };
    let setup = WorkspaceSetup { config: workspace(), streams: vec![(Name::new(IN), state.created_ns)] };
    let (mut ends, run) = shard::start(
        Arc::new(log.clone()),
        before,
        Now { workspaces: vec![setup], ..Now::default() },
        clock,
        Metrics::new(),
        CancellationToken::new(),
    )
    .await
    .expect("own the shard");
    let readiness = Readiness::new();
    let source = Source {
        client: nats.open("ingest").await.expect("connect"),
        workspace: Name::new("acme"),
        stream: Name::new(IN),
        config: tokio::sync::watch::channel(Arc::new(IndexedConfig::new(workspace()))).1,
        bodies: Bodies::open(nats.control(), &streams::media_bucket("acme")).await.expect("the store"),
        typing: skein::ingest::typing(Metrics::new()).0,
        handle: ends.handle.clone(),
        inlet: ends.inlets.remove(0),
        metrics: Metrics::new(),
        repeat_interval: Duration::from_secs(10),
        health: IngestHealth::new(readiness.register("ingest")).stream(Name::new(IN)),
    };
    let tasks = [
        AbortOnDropHandle::new(tokio::spawn(async move {
            run.await;
        })),
        AbortOnDropHandle::new(tokio::spawn(async move {
            // Ends with the shard, which the tests drop.
            let _ = Box::pin(source.run(CancellationToken::new())).await;
        })),
    ];
    Process { ends, readiness, _tasks: tasks }
}

pub(crate) async fn world() -> (TestServer, Nats) {
    let server = TestServer::start();
    let nats = connect(&server).await;
    for declared in [streams::inbound("acme", 1 << 30, 1), streams::media("acme", 1)] {
        streams::ensure(nats.control(), &declared).await.expect("make a stream");
    }
    (server, nats)
}

pub(crate) async fn records(stored: &Stored) -> Vec<Record> {
    let (log, keys) = (&stored.log, stored.keys().await.rings());
    let mut replay = log.replay(Tip::ORIGIN).await.expect("the log");
    let mut records = Vec::new();
    while let Some(entry) = replay.next().await.expect("a whole log") {
        records.extend(
            codec::unpack(entry.index, &entry.body, &keys).expect("an entry").map(|record| record.expect("a record")),
        );
    }
    records
}

/// Texts of all messages stored, in order.
async fn stored(log: &Stored) -> Vec<u64> {
    records(log)
        .await
        .iter()
        .flat_map(|record| {
            record.changes.iter().filter(|change| matches!(change, Change::MessageStored(_))).map(|_| {
                match record.cause {
                    skein::domain::record::Cause::Input(input) => input.sequence * 100 + u64::from(input.event),
                    _ => 0,
                }
            })
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_applied_in_part_is_resumed_in_the_middle() {
    let (_server, nats) = world().await;
    let log = Stored::new();
    let first = process(&nats, &log).await;
    first.ends.handle.query(|_| ()).await.expect("it answers");
    // From here on appends wait to be delivered: the process decides all forty events, the first two entries of them get into the log.
    log.log.stepwise();
    publish(nats.control(), "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &whatsapp(0, 40)).await;
    let delivered = {
        let mut delivered = 0;
        eventually("two appends are on their way", async || {
            delivered += log.log.deliver(2 - delivered);
            (delivered == 2).then_some(delivered)
        })
        .await
    };
    assert_eq!(delivered, 2);
    drop(first);
    let got_in = stored(&log).await;
    assert_eq!(got_in, (100..132).collect::<Vec<_>>());

    let deliver = AbortOnDropHandle::new(tokio::spawn({
        let log = log.log.clone();
        async move {
            loop {
                log.deliver(usize::MAX);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }));
    let second = process(&nats, &log).await;
    publish(nats.control(), "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &whatsapp(40, 1)).await;
    let all =
        eventually("the rest is applied", async || Some(stored(&log).await).filter(|stored| stored.len() >= 41)).await;
    assert_eq!(all, (100..140).chain([200]).collect::<Vec<_>>());
    drop((second, deliver));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_made_anew_is_an_alarm_and_a_record_and_nothing_of_it_is_applied() {
    let (_server, nats) = world().await;
    let log = Stored::new();
    let process = process(&nats, &log).await;
    publish(nats.control(), "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &whatsapp(0, 1)).await;
    eventually("the first message is applied", async || (stored(&log).await.len() == 1).then_some(())).await;
    async_nats::jetstream::new(nats.control().clone()).delete_stream(IN).await.expect("delete IN");
    streams::ensure(nats.control(), &streams::inbound("acme", 1 << 30, 1)).await.expect("make it anew");
    for n in 10..13 {
        publish(nats.control(), "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &whatsapp(n, 1)).await;
    }
    eventually("the break is recorded", async || {
        let broken = |change: &Change| matches!(change, Change::InputBroken { applied: 1, .. });
        records(&log).await.iter().any(|record| record.changes.iter().any(broken)).then_some(())
    })
    .await;
    assert_eq!(stored(&log).await, [100]);
    assert!(!process.readiness.is_ready());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_set_aside_with_its_reason_and_nothing_else_is_lost() {
    let (_server, nats) = world().await;
    let log = Stored::new();
    let _process = process(&nats, &log).await;
    let client = nats.control();
    publish(client, "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", "{oops").await;
    publish(client, "skein.in.acme.whatsapp.wa1", "morse", "...").await;
    publish(client, "skein.in.acme.whatsapp.nowhere", "whatsapp-cloud", &whatsapp(0, 1)).await;
    publish(client, "skein.in.acme.odd", "whatsapp-cloud", &whatsapp(0, 1)).await;
    publish(client, "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &whatsapp(0, 1)).await;
    let reasons = eventually("all five are done with", async || {
        let mut reasons = Vec::new();
        for record in records(&log).await {
            for change in &record.changes {
                match change {
                    Change::DeadLettered(DeadLettered { reason, .. }) => reasons.push(reason.to_string()),
                    Change::MessageStored(_) => reasons.push("stored".into()),
                    _ => {}
                }
            }
        }
        (reasons.len() == 5).then_some(reasons)
    })
    .await;
    assert_eq!(reasons, ["malformed", "unknown_format", "unknown_endpoint", "bad_subject", "stored"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_applied_handed_over_and_old_is_trimmed_and_the_last_position_stays() {
    let (_server, nats) = world().await;
    let log = Stored::new();
    let process = process(&nats, &log).await;
    for n in 0..3 {
        publish(nats.control(), "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &whatsapp(n, 1)).await;
    }
    eventually("all are applied", async || (stored(&log).await.len() == 3).then_some(())).await;
    let dead = Outbox::new(Arc::default());
    let trim = |keep, trim_at_percent| Trim {
        client: nats.control().clone(),
        stream: Name::new(IN),
        handle: process.ends.handle.clone(),
        dead: Arc::clone(&dead),
        keep,
        max_bytes: 1 << 30,
        trim_at_percent,
    };
    let day = Duration::from_secs(86_400);
    assert_eq!(trim(day, 80).once().await, Ok(None), "young");
    dead.put(&mut vec![letter()]);
    assert_eq!(trim(Duration::ZERO, 80).once().await, Ok(None), "a dead letter needs its bytes");
    dead.settled(1);
    assert_eq!(trim(day, 0).once().await, Ok(Some(3)), "young, but the stream is full");
    let state = stream_state(nats.control(), IN).await.expect("IN exists");
    assert_eq!((state.first_sequence, state.last_sequence), (3, 3));
    publish(nats.control(), "skein.in.acme.whatsapp.wa1", "whatsapp-cloud", &whatsapp(3, 1)).await;
    eventually("the next is applied", async || (stored(&log).await.len() == 4).then_some(())).await;
    assert_eq!(trim(Duration::ZERO, 80).once().await, Ok(Some(4)), "old");
}

/// An output whose content does not matter.
fn letter() -> Outgoing {
    Outgoing {
        position: Default::default(),
        record: Arc::new(Record {
            index: Index(1),
            time: Default::default(),
            workspace: Name::new("acme"),
            cause: skein::domain::record::Cause::System,
            touches: Default::default(),
            changes: Default::default(),
            content: Vec::new(),
            content_leaf: None,
        }),
        place: 0,
    }
}
