//! How much is taken, and what bad frames do.

use std::time::Duration;

use futures::StreamExt as _;
use prost::Message as _;
use skein::agents::Reason;
use skein::proto::node as p;
use skein::relay::{Relay, RelayError, RelayOptions, host};
use skein::telemetry::Metrics;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::bed::{Front, OWNER, Owner, SOON, connect, next, nodes, reason, serves, until};
use super::echo::{SAY, TALK, Words};
use super::nats::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_limited_at_both_ends_and_there_is_room_when_one_has_ended() {
    let server = TestServer::start();
    let one = RelayOptions { max_calls: 1, ..RelayOptions::default() };
    let owner = Owner::start(&server, one.clone()).await;
    let (wide, narrow) = (Front::start(&server, RelayOptions::default()).await, Front::start(&server, one).await);
    serves(&wide).await;
    until("there is room", || owner.open() == 0).await;
    let (say, words) = mpsc::channel(4);
    let heard = narrow.many(TALK, ReceiverStream::<Words>::new(words)).await.expect("a stream");
    for front in [&wide, &narrow] {
        let status = front.say("one more").await.expect_err("one only");
        assert_eq!((status.code(), reason(&status).0.as_str()), (Code::ResourceExhausted, "LIMIT_REACHED"));
    }
    drop((say, heard));
    until("there is room", || owner.open() == 0).await;
    assert_eq!(wide.say("now").await.expect("an answer"), "now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_larger_than_is_carried_is_refused() {
    let (_server, front, _owner) = nodes().await;
    let mut request = http::Request::post(SAY).body(tonic::body::Body::empty()).expect("a request");
    let value = http::HeaderValue::from_maybe_shared(vec![b'x'; 70 << 10]).expect("a value");
    request.headers_mut().insert("large", value);
    let refusal = front.relay.call(OWNER, "main", request).await.expect_err("it is not carried");
    assert_eq!(refusal.reason(), Reason::LimitReached);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_no_tokens_are_refused() {
    let server = TestServer::start();
    let client = connect(&server).await;
    let relay = Relay::new(client.clone(), "a.b", RelayOptions::default(), Metrics::new()).await;
    assert!(matches!(relay, Err(RelayError::Name { .. })));
    let hosting = host(
        client,
        OWNER,
        ">",
        tonic::service::Routes::default(),
        RelayOptions::default(),
        Metrics::new(),
        CancellationToken::new(),
    );
    assert!(matches!(hosting.await, Err(RelayError::Name { .. })));
}

fn opening(version: u32) -> p::RelayFrame {
    opening_of(version, SAY)
}

fn opening_of(version: u32, path: &str) -> p::RelayFrame {
    let head = p::RelayHead { method: "POST".to_owned(), path: path.to_owned(), ..p::RelayHead::default() };
    p::RelayFrame { version, number: 1, head: Some(head), ..p::RelayFrame::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_frames_are_counted_and_passed_over() {
    let (server, front, owner) = nodes().await;
    let (say, words) = mpsc::channel(4);
    let mut heard = front.many(TALK, ReceiverStream::new(words)).await.expect("a stream");
    let client = connect(&server).await;
    let mut all = client.subscribe("skein.node.>").await.expect("a subscription");
    // Where the answers of the call go, as its frames say: one that brings a word, once the subscription is there.
    let of_call = |message: async_nats::Message| {
        let frame = p::RelayFrame::decode(message.payload).expect("a frame");
        message.reply.filter(|_| !frame.data.is_empty())
    };
    let mut reply = None;
    while reply.is_none() {
        say.send(b"one".to_vec()).await.expect("it is read");
        assert_eq!(next(&mut heard).await.expect("open"), Some(b"one".to_vec()));
        while let Ok(Some(message)) = tokio::time::timeout(Duration::from_millis(50), all.next()).await {
            reply = reply.or(of_call(message));
        }
    }
    let reply = reply.expect("it was found");
    let garbage = bytes::Bytes::from_static(b"\xff\xff\xff garbage");
    let beyond = p::RelayFrame { received: 1 << 40, ..p::RelayFrame::default() };
    let late = p::RelayFrame { number: 1 << 50, data: "x".into(), ..p::RelayFrame::default() };
    let frames = [garbage, beyond.encode_to_vec().into(), late.encode_to_vec().into()];
    for bytes in frames {
        client.publish(reply.clone(), bytes.clone()).await.expect("sent");
        client.publish_with_reply("skein.node.owner.main", reply.clone(), bytes.clone()).await.expect("sent");
        client
            .publish_with_reply("skein.node.owner.main", "skein.in.demo.sms.main", bytes.clone())
            .await
            .expect("sent");
        client.publish("skein.node.owner.main", bytes).await.expect("sent");
    }
    client.flush().await.expect("sent");
    say.send(b"two".to_vec()).await.expect("it is read");
    assert_eq!(next(&mut heard).await.expect("open"), Some(b"two".to_vec()));
    drop(say);
    assert_eq!(next(&mut heard).await.expect("open"), Some(b"end".to_vec()));
    let text = owner.metrics.encode().expect("text");
    for reason in ["malformed", "never_sent", "beyond_window", "nameless"] {
        let line = format!("relay_frames_refused_total{{side=\"host\",reason=\"{reason}\"}}");
        assert!(text.contains(&line), "{reason}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_the_owner_does_not_speak_is_refused_and_so_is_a_call_that_begins_in_the_middle() {
    let (server, _front, _owner) = nodes().await;
    let client = connect(&server).await;
    let mut answers = client.subscribe("skein.node.other.answers.1.*").await.expect("a subscription");
    let middle = p::RelayFrame { number: 2, ..p::RelayFrame::default() };
    for (call, frame, wanted) in [
        (1, opening(99), p::RelayResetReason::Version),
        (2, opening(0), p::RelayResetReason::Version),
        (3, middle, p::RelayResetReason::Unknown),
    ] {
        let reply = format!("skein.node.other.answers.1.{call}");
        let bytes = frame.encode_to_vec().into();
        client.publish_with_reply("skein.node.owner.main", reply, bytes).await.expect("sent");
        let answer = tokio::time::timeout(SOON, answers.next()).await.expect("in time").expect("an answer");
        let frame = p::RelayFrame::decode(answer.payload).expect("a frame");
        assert_eq!(frame.reset.map(|reset| reset.reason()), Some(wanted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_frame_that_comes_twice_begins_one_call_also_when_that_is_over() {
    let (server, _front, owner) = nodes().await;
    let client = connect(&server).await;
    let reply = "skein.node.other.answers.1.1";
    let mut answers = client.subscribe(reply).await.expect("a subscription");
    let first = opening(1);
    let send = |frame: &p::RelayFrame| {
        let bytes = frame.encode_to_vec().into();
        client.publish_with_reply("skein.node.owner.main", reply, bytes)
    };
    send(&first).await.expect("sent");
    send(&first).await.expect("sent");
    until("it is served", || owner.open() == 1).await;
    let over = p::RelayFrame {
        reset: Some(p::RelayReset { reason: p::RelayResetReason::Canceled.into(), limit: 0 }),
        ..p::RelayFrame::default()
    };
    send(&over).await.expect("sent");
    until("it is over", || owner.open() == 0).await;
    while tokio::time::timeout(Duration::from_millis(50), answers.next()).await.is_ok() {}
    send(&first).await.expect("sent");
    let beat = p::RelayBeat { calls: vec![1], newest: 1 };
    send(&p::RelayFrame { version: 1, beat: Some(beat), ..p::RelayFrame::default() }).await.expect("sent");
    let answer = tokio::time::timeout(SOON, answers.next()).await.expect("in time").expect("an answer");
    let frame = p::RelayFrame::decode(answer.payload).expect("a frame");
    assert_eq!(frame.beat_answer.map(|answer| answer.unknown), Some(vec![1]), "it began again");
    assert_eq!(owner.open(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_gives_no_sign_any_more_has_no_calls_at_the_owner_and_one_that_beats_keeps_them() {
    let (server, _front, owner) = nodes().await;
    until("there are no other calls", || owner.open() == 0).await;
    let client = connect(&server).await;
    let send = |instance: u32, frame: &p::RelayFrame| {
        let bytes = frame.encode_to_vec().into();
        client.publish_with_reply("skein.node.owner.main", format!("skein.node.other.answers.{instance}.1"), bytes)
    };
    let mut answers = client.subscribe("skein.node.other.answers.2.1").await.expect("a subscription");
    for instance in [1, 2] {
        send(instance, &opening_of(1, TALK)).await.expect("sent");
    }
    until("both are served", || owner.live() == 2).await;
    let beat = p::RelayBeat { calls: vec![1], newest: 1 };
    let beat = p::RelayFrame { version: 1, beat: Some(beat), received: 1, ..p::RelayFrame::default() };
    // The head of its response, which is acknowledged; the other one's is not.
    tokio::time::timeout(SOON, answers.next()).await.expect("in time").expect("a frame");
    send(2, &p::RelayFrame { received: 1, taken: 1, ..p::RelayFrame::default() }).await.expect("sent");
    let one_left = async {
        while owner.live() > 1 {
            send(2, &beat).await.expect("sent");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(SOON, one_left).await.expect("the silent one is gone in time");
    assert_eq!(owner.open(), 1);
    let none = p::RelayBeat { calls: Vec::new(), newest: 1 };
    send(2, &p::RelayFrame { version: 1, beat: Some(none), ..p::RelayFrame::default() }).await.expect("sent");
    until("what is not listed has ended", || owner.live() == 0 && owner.open() == 0).await;
}
