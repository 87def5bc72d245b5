//! Two publishers contend for one stream while the server is killed: nothing doubled, nothing missing (design, law 7).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use skein::domain::command::Command;
use skein::domain::id::{Index, Name, Position};
use skein::domain::record::{Cause, Change, DeadLettered, Input, Record};
use skein::domain::time::Timestamp;
use skein::nats::{Nats, Ordered, OrderedOptions, stream_state, streams};
use skein::outbound::{Anchor, Backlog, HandOver, Kind, LOG_HEADER, Of, OutboundError, Outbox, Outgoing, anchor};
use skein::telemetry::Metrics;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::nats::TestServer;
use crate::world::{connect, eventually, publish};

const OUTPUTS: u64 = 3_000;
const DEAD: &str = "SKEIN_DEAD_acme";

/// Every record has one dead letter, all about the first message of IN.
fn outgoing(index: u64) -> Outgoing {
    let letter = Change::DeadLettered(DeadLettered {
        input: Input { sequence: 1, of: 1, ..Input::default() },
        stream: Name::new("SKEIN_IN_acme"),
        channel: Name::new("sms"),
        endpoint: Name::new("line1"),
        reason: Name::new("malformed"),
    });
    Outgoing {
        position: Position { index: Index(index), output: 0 },
        record: Arc::new(Record {
            index: Index(index),
            time: Timestamp(0),
            workspace: Name::new("acme"),
            cause: Cause::System,
            touches: Default::default(),
            changes: [letter].into_iter().collect(),
            content: Vec::new(),
            content_leaf: None,
        }),
        place: 0,
    }
}

fn of() -> Of {
    Of { shard: Name::new("main"), workspace: Name::new("acme"), stream: Name::new(DEAD) }
}

/// A publisher that believes it owns the shard and has every output to hand over.
async fn publisher(
    nats: &Nats,
    stop: CancellationToken,
    reported: Arc<AtomicU64>,
) -> JoinHandle<Result<(), OutboundError>> {
    let client = nats.open("publisher").await.expect("connect");
    let outbox = Outbox::new(Arc::new(Notify::new()));
    outbox.put(&mut (1..=OUTPUTS).map(outgoing).collect());
    let report = Box::new(move |command: Command| {
        if let Command::HandedOver { position, .. } = command {
            reported.fetch_max(position.index.0, Ordering::AcqRel);
        }
        true
    });
    let kind = Kind::Dead(client.clone());
    let hand_over = HandOver::new(client, of(), kind, outbox, report, Metrics::new(), Duration::from_secs(10));
    tokio::spawn(hand_over.run(stop))
}

async fn streams_made(nats: &Nats) {
    for declared in [streams::inbound("acme", 1 << 30, 1), streams::dead("acme", Duration::from_secs(3_600), 1)] {
        streams::ensure(nats.control(), &declared).await.expect("make a stream");
    }
    publish(nats.control(), "skein.in.acme.sms.line1", "skein.v1+json", "{oops").await;
}

async fn last_sequence(nats: &Nats) -> Option<u64> {
    Some(stream_state(nats.control(), DEAD).await.ok()?.last_sequence)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contending_publishers_and_a_killed_server_double_and_lose_nothing() {
    let mut server = TestServer::start();
    let nats = connect(&server).await;
    streams_made(&nats).await;
    let stop = CancellationToken::new();
    let reported = Arc::new(AtomicU64::new(0));
    let first = publisher(&nats, stop.clone(), reported.clone()).await;
    let second = publisher(&nats, stop.clone(), reported.clone()).await;
    for share in [OUTPUTS / 10, OUTPUTS / 2] {
        eventually("some are handed over", async || last_sequence(&nats).await.filter(|last| *last >= share)).await;
        server.restart();
    }
    // A publisher that comes late finds out by itself where to go on.
    let third = publisher(&nats, stop.clone(), reported.clone()).await;
    eventually("all are handed over", async || last_sequence(&nats).await.filter(|last| *last >= OUTPUTS)).await;
    eventually("the hand-over is reported", async || (reported.load(Ordering::Acquire) == OUTPUTS).then_some(())).await;
    stop.cancel();
    for task in [first, second, third] {
        task.await.expect("no panic").expect("no operator needed");
    }

    assert_eq!(last_sequence(&nats).await, Some(OUTPUTS));
    let mut reader = Ordered::new(nats.control().clone(), DEAD, 1, OrderedOptions::default());
    for expected in 1..=OUTPUTS {
        let message = reader.next().await.expect("no gap");
        let headers = message.headers.expect("headers");
        assert_eq!(headers.get(LOG_HEADER).map(|value| value.as_str().to_owned()), Some(format!("main/{expected}/0")));
        assert_eq!(message.payload.as_ref(), b"{oops", "the original bytes");
        assert_eq!(message.subject.as_str(), "skein.dead.acme.malformed");
    }
}

#[tokio::test]
async fn a_restarted_owner_derives_only_what_the_stream_lacks() {
    let server = TestServer::start();
    let nats = connect(&server).await;
    streams_made(&nats).await;
    let end = anchor(nats.control(), DEAD, "main").await.expect("its end");
    assert_eq!(end, Anchor::Start);
    let stop = CancellationToken::new();
    let task = publisher(&nats, stop.clone(), Arc::default()).await;
    eventually("all are handed over", async || last_sequence(&nats).await.filter(|last| *last >= OUTPUTS)).await;
    stop.cancel();
    task.await.expect("no panic").expect("no operator needed");
    let end = anchor(nats.control(), DEAD, "main").await.expect("its end");
    let backlog = Backlog::new(Name::new(DEAD), end);
    let wanted = |index| backlog.wants(outgoing(index).position);
    assert!(!wanted(OUTPUTS) && wanted(OUTPUTS + 1));
    assert!(
        matches!(anchor(nats.control(), DEAD, "other").await, Err(OutboundError::Foreign { .. })),
        "another shard's stream"
    );
}
