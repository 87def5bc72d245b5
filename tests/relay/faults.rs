//! What happens to calls when something goes away.

use std::time::Duration;

use skein::agents::Reason;
use skein::relay::RelayOptions;
use skein::telemetry::{RelaySide, RelayWay};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status};

use super::bed::{Front, Owner, SOON, next, nodes, nodes_with, reason, serves, until};
use super::echo::{PANIC, TALK, WAIT, Words};
use super::nats::TestServer;

fn unreachable(why: &str) -> (String, String) {
    ("OWNER_UNREACHABLE".to_owned(), why.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_not_there_is_no_wait() {
    let server = TestServer::start();
    let front = Front::start(&server, RelayOptions::default()).await;
    let status = front.say("hello").await.expect_err("nobody is there");
    assert_eq!((status.code(), reason(&status)), (Code::Unavailable, unreachable("nobody")));
    let request = http::Request::new(tonic::body::Body::empty());
    let refusal = front.relay.call("not a name", "main", request).await.expect_err("it is not carried");
    assert_eq!(refusal.reason(), Reason::OwnerUnreachable);
}

/// Of a process that is killed nothing is heard; a task that is aborted may get a last word out.
fn ended_as(status: &Status, why: &'static str) {
    let reason = reason(status);
    assert_eq!(status.code(), Code::Unavailable);
    assert!(reason == unreachable(why) || reason == unreachable("failed"), "{reason:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_vanishes_amid_a_stream_ends_it_with_a_status() {
    let (_server, front, owner) = nodes().await;
    let (say, words) = mpsc::channel(4);
    let mut heard = front.many(TALK, ReceiverStream::new(words)).await.expect("a stream");
    say.send(b"one".to_vec()).await.expect("it is read");
    assert_eq!(next(&mut heard).await.expect("open"), Some(b"one".to_vec()));
    owner.serving.abort();
    let status = next(&mut heard).await.expect_err("nobody is there any more");
    ended_as(&status, "silent");
    until("nothing is left of it", || front.metrics.relays.open(RelaySide::Caller).get() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_began_anew_ends_the_streams_it_does_not_know() {
    let (server, front, owner) = nodes().await;
    let (say, words) = mpsc::channel(4);
    let mut heard = front.many(TALK, ReceiverStream::new(words)).await.expect("a stream");
    say.send(b"one".to_vec()).await.expect("it is read");
    assert_eq!(next(&mut heard).await.expect("open"), Some(b"one".to_vec()));
    owner.serving.abort();
    let _again = Owner::start(&server, RelayOptions::default()).await;
    let status = next(&mut heard).await.expect_err("another one is there");
    ended_as(&status, "unknown");
    serves(&front).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_service_panics_ends_and_others_go_on() {
    let (_server, front, owner) = nodes().await;
    let status = front.one(PANIC, Request::new(Words::new())).await.expect_err("it broke off");
    assert_eq!((status.code(), reason(&status)), (Code::Unavailable, unreachable("failed")));
    assert_eq!(front.say("hello").await.expect("an answer"), "hello");
    until("nothing is left of it", || owner.open() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_go_on_when_the_nats_server_was_killed_and_came_back() {
    let (mut server, front, owner) = nodes().await;
    let (say, words) = mpsc::channel::<Words>(64);
    let mut heard = front.many(TALK, ReceiverStream::new(words)).await.expect("a stream");
    let talking = tokio::spawn(async move {
        for number in 0..3_000_u32 {
            say.send(number.to_be_bytes().to_vec()).await.expect("it is read");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    for number in 0..3_000_u32 {
        let word = next(&mut heard).await.expect("the stream goes on").expect("more");
        assert_eq!(word, number.to_be_bytes().to_vec());
        if number == 500 || number == 1_500 {
            server.restart();
        }
    }
    assert_eq!(next(&mut heard).await.expect("open"), Some(b"end".to_vec()));
    talking.await.expect("all was said");
    let again = |metrics: &skein::telemetry::Metrics, side| metrics.relays.frames(side, RelayWay::Repeated).get();
    let repeated = again(&front.metrics, RelaySide::Caller) + again(&owner.metrics, RelaySide::Host);
    println!("{repeated} frames were sent again");
    serves(&front).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_refuses_new_calls_and_lets_those_in_flight_end() {
    let (_server, front, owner) = nodes().await;
    owner.echo.gate.send_replace(false);
    let front = std::sync::Arc::new(front);
    let waiting = tokio::spawn({
        let front = std::sync::Arc::clone(&front);
        async move { front.one(WAIT, Request::new(b"in flight".to_vec())).await }
    });
    until("the call is in flight", || owner.live() == 1).await;
    owner.stop.cancel();
    let refused = async {
        loop {
            if let Err(status) = front.say("new").await {
                return status;
            }
        }
    };
    let status = tokio::time::timeout(SOON, refused).await.expect("refused in time");
    assert_eq!((status.code(), reason(&status)), (Code::Unavailable, unreachable("stopping")));
    owner.echo.gate.send_replace(true);
    assert_eq!(waiting.await.expect("no panic").expect("an answer").into_inner(), b"in flight");
    let ended = tokio::time::timeout(SOON, owner.serving).await.expect("it ends in time");
    assert_eq!(ended.expect("no panic"), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_ends_what_does_not_end_in_its_time() {
    let options = RelayOptions { drain: Duration::from_millis(100), ..RelayOptions::default() };
    let (_server, front, owner) = nodes_with(options).await;
    let (_say, words) = mpsc::channel(4);
    let mut heard = front.many(TALK, ReceiverStream::<Words>::new(words)).await.expect("a stream");
    owner.stop.cancel();
    let status = next(&mut heard).await.expect_err("the owner stops");
    assert_eq!((status.code(), reason(&status)), (Code::Unavailable, unreachable("stopping")));
    assert_eq!(owner.serving.await.expect("no panic"), Ok(()));
}
