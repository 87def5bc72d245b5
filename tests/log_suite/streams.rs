//! Every declared stream can be made, and is found as declared afterwards.

use std::time::Duration;

use async_nats::jetstream;
use skein::nats::{Nats, NatsError, stream_state, streams};

use crate::{bed::connect, support::nats::TestServer};

/// How long handed out messages stay.
const KEEP: Duration = Duration::from_secs(3_600);

async fn nats() -> (TestServer, Nats) {
    let server = TestServer::start();
    let nats = connect(&server.url()).await;
    (server, nats)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_declared_stream_is_made_once_and_then_found_unchanged() {
    let (_server, nats) = nats().await;
    let trusted = vec!["skein.in.other.sms.a".to_owned()];
    let declared = [
        streams::log("s1", 1),
        streams::inbound("acme", 1 << 30, 1),
        streams::inbound_of_trust("other", "bank", trusted, 1 << 30, 1),
        streams::outbound("acme", KEEP, 1),
        streams::dead("acme", KEEP, 1),
        streams::media("acme", 1),
        streams::checkpoints(1),
    ];
    for config in &declared {
        let made = streams::ensure(nats.control(), config).await;
        let made = made.unwrap_or_else(|error| panic!("{}: {error}", config.name));
        let found = streams::ensure(nats.control(), config).await.expect("found");
        assert_eq!(made.created_ns, found.created_ns, "{}", config.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_library_can_use_the_declared_buckets() {
    let (_server, nats) = nats().await;
    for config in [streams::media("acme", 1), streams::checkpoints(1)] {
        streams::ensure(nats.control(), &config).await.expect("made");
    }
    let context = jetstream::new(nats.control().clone());
    let media = context.get_object_store(streams::media_bucket("acme")).await.expect("an object store");
    let mut body: &[u8] = b"a body";
    media.put("one", &mut body).await.expect("put");
    assert_eq!(media.info("one").await.expect("info").size, 6);
    let checkpoints = context.get_key_value(streams::CHECKPOINTS_BUCKET).await.expect("a bucket");
    for value in ["1", "2"] {
        checkpoints.put("s1", value.into()).await.expect("put");
    }
    let read = checkpoints.get("s1").await.expect("get");
    assert_eq!(read.as_deref(), Some(b"2".as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_cannot_be_deleted_from_a_log_or_an_inbound_stream() {
    let (_server, nats) = nats().await;
    for (config, subject) in
        [(streams::log("s1", 1), "skein.log.s1.w.c"), (streams::inbound("acme", 1 << 30, 1), "skein.in.acme.sms.a")]
    {
        streams::ensure(nats.control(), &config).await.expect("made");
        let context = jetstream::new(nats.control().clone());
        let ack = context.publish(subject, "x".into()).await.expect("sent");
        ack.await.expect("stored");
        let stream = context.get_stream(&config.name).await.expect("there");
        assert!(stream.delete_message(1).await.is_err(), "{}", config.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_clock_is_seen_and_a_missing_stream_is_told_by_its_code() {
    let (_server, nats) = nats().await;
    streams::ensure(nats.control(), &streams::log("s1", 1)).await.expect("made");
    let state = stream_state(nats.control(), "SKEIN_LOG_s1").await.expect("state");
    assert!(state.clock.least() < Duration::from_secs(1), "one machine has one clock: {:?}", state.clock);
    let missing = stream_state(nats.control(), "NONE").await;
    assert!(matches!(missing, Err(NatsError::Refused { code, .. }) if code.0 == 10_059));
}
