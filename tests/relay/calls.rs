//! What a call carries, whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use super::bed::{next, nodes, reason, until};
use super::echo::{POUR, POURED, REFUSE, SAY, TALK, WAIT, Words};

#[tokio::test(flavor = "multi_thread")]
async fn a_unary_call_takes_its_metadata_there_and_back() {
    let (_server, front, owner) = nodes().await;
    let mut request = Request::new(b"hello".to_vec());
    request.metadata_mut().insert("x-text", MetadataValue::from_static("words of text"));
    for bytes in [&[0_u8, 1, 255][..], b"second"] {
        request.metadata_mut().append_bin("x-bytes-bin", MetadataValue::from_bytes(bytes));
    }
    let response = front.one(SAY, request).await.expect("an answer");
    assert_eq!(response.get_ref(), b"hello");
    let metadata = response.metadata();
    assert_eq!(metadata.get("text").map(|text| text.to_str().unwrap()), Some("words of text"));
    assert_eq!(metadata.get("again"), metadata.get("text"));
    let bytes: Vec<Vec<u8>> =
        metadata.get_all_bin("bytes-bin").iter().map(|value| value.to_bytes().unwrap().to_vec()).collect();
    assert_eq!(bytes, [vec![0, 1, 255], b"second".to_vec()]);
    until("both ends forget it", || owner.open() == 0 && owner.live() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_comes_with_its_details() {
    let (_server, front, _owner) = nodes().await;
    let status = front.one(REFUSE, Request::new(Words::new())).await.expect_err("a refusal");
    assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "not now: ä"));
    assert_eq!(reason(&status).0, "WHY");
    let facts = status.get_error_details().error_info().map(|info| info.metadata.clone()).unwrap_or_default();
    assert_eq!(facts.get("fact").map(String::as_str), Some("true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_nobody_serves_is_answered_by_the_owner() {
    let (_server, front, _owner) = nodes().await;
    let status = front.one("/no.Such/Service", Request::new(Words::new())).await.expect_err("nobody");
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_talks_both_ways_and_its_requests_may_end_first() {
    let (_server, front, owner) = nodes().await;
    let (say, words) = mpsc::channel(4);
    let mut heard = front.many(TALK, ReceiverStream::new(words)).await.expect("a stream");
    for number in 0..500 {
        let word = format!("word {number}").into_bytes();
        say.send(word.clone()).await.expect("it is read");
        assert_eq!(next(&mut heard).await.expect("open"), Some(word));
    }
    drop(say);
    assert_eq!(next(&mut heard).await.expect("open"), Some(b"end".to_vec()));
    assert_eq!(next(&mut heard).await.expect("a clean end"), None);
    until("both ends forget it", || owner.open() == 0 && owner.live() == 0).await;
}

/// Waits until a number has stood still for a while: whoever moves it is stopped, or very slow, which the bound allows.
async fn still(count: &AtomicUsize) -> usize {
    let (mut before, mut rounds) = (usize::MAX, 0);
    while rounds < 20 {
        let now = count.load(Ordering::SeqCst);
        rounds = if now == before { rounds + 1 } else { 0 };
        before = now;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    before
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_holds_the_sender_up_both_ways_and_gets_everything() {
    /// Of 256 KiB windows, of HTTP/2 at the port and at the client, and of the buffers between: far below what is sent.
    const HELD: usize = 8 << 20;
    const COUNT: usize = 4_096;
    let (_server, front, owner) = nodes().await;
    owner.echo.gate.send_replace(false);
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let words = futures::stream::iter(0..COUNT).map(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        vec![7; POURED]
    });
    let first = futures::stream::iter([COUNT.to_string().into_bytes()]);
    let mut heard = front.many(POUR, first.chain(words)).await.expect("a stream");
    let held = still(&asked).await * POURED;
    assert!(held < HELD, "{held} bytes of the request are under way and nobody reads");
    let held = still(&owner.echo.poured).await * POURED;
    assert!(held < HELD, "{held} bytes of the response are under way and nobody reads");
    for number in 0..COUNT {
        let word = next(&mut heard).await.expect("open").expect("more");
        assert!(word == vec![u8::try_from(number % 251).unwrap(); POURED], "word {number} is another");
        if number == COUNT / 2 {
            owner.echo.gate.send_replace(true);
        }
    }
    assert_eq!(next(&mut heard).await.expect("open"), Some((COUNT * POURED).to_string().into_bytes()));
    assert_eq!(next(&mut heard).await.expect("a clean end"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_ends_the_call_at_the_owner() {
    let (_server, front, owner) = nodes().await;
    let (client, between) = front.cuttable().await;
    let (say, words) = mpsc::channel(4);
    let mut heard = client.many(TALK, ReceiverStream::new(words)).await.expect("a stream");
    say.send(b"one".to_vec()).await.expect("it is read");
    assert_eq!(next(&mut heard).await.expect("open"), Some(b"one".to_vec()));
    assert_eq!(owner.live(), 1);
    drop(between);
    until("the stream is dropped at the owner", || owner.live() == 0 && owner.open() == 0).await;

    owner.echo.gate.send_replace(false);
    let waiting = tokio::spawn({
        let relay = front.relay.clone();
        let request = http::Request::post(WAIT).body(tonic::body::Body::new(unary_body()));
        async move { relay.call("owner", "main", request.expect("a request")).await }
    });
    until("the owner serves it", || owner.live() == 1).await;
    waiting.abort();
    until("the call is dropped at the owner", || owner.live() == 0 && owner.open() == 0).await;
}

/// One empty gRPC message.
fn unary_body() -> axum::body::Body {
    axum::body::Body::from(vec![0; 5])
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_once_do_not_mix() {
    let (_server, front, _owner) = nodes().await;
    let front = Arc::new(front);
    let calls = (0..500).map(|number| {
        let front = Arc::clone(&front);
        async move {
            let word = format!("{number}").repeat(1 + number * 7);
            assert_eq!(front.say(&word).await.expect("an answer"), word);
        }
    });
    futures::stream::iter(calls).for_each_concurrent(64, |call| call).await;
}
