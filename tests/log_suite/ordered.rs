//! The ordered reader and what recognises a stream.

use std::time::{SystemTime, UNIX_EPOCH};

use async_nats::jetstream::{self, stream};
use futures::TryStreamExt as _;
use skein::nats::{NatsError, Ordered, OrderedError, OrderedOptions, stream_identity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::{
    bed::{PATIENCE, connect},
    proxy::Proxy,
    support::nats::TestServer,
};

async fn stream_of(server: &TestServer, count: u64) -> jetstream::Context {
    let context = jetstream::new(connect(&server.url()).await.control().clone());
    context
        .create_stream(stream::Config { name: "S".into(), subjects: vec!["s.>".into()], ..stream::Config::default() })
        .await
        .expect("created");
    let mut acks = Vec::new();
    for n in 1..=count {
        let sent = context.publish("s.x", n.to_string().into()).await;
        acks.push(sent.expect("sent"));
    }
    for ack in acks {
        ack.await.expect("stored");
    }
    context
}

async fn next(reader: &mut Ordered) -> Result<(u64, String), OrderedError> {
    let stored = tokio::time::timeout(PATIENCE, reader.next()).await.expect("in time")?;
    let text = String::from_utf8(stored.payload.to_vec()).expect("text");
    Ok((stored.sequence, text))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_comes_once_and_in_order_over_lost_connections() {
    let server = TestServer::start();
    stream_of(&server, 5_000).await;
    let proxy = Proxy::start(server.port()).await;
    let client = connect(&proxy.url).await.control().clone();
    let mut reader = Ordered::new(client, "S", 1, OrderedOptions { prefetch: 300 });
    for n in 1..=5_000 {
        if n % 1_000 == 500 {
            proxy.cut();
        }
        assert_eq!(next(&mut reader).await, Ok((n, n.to_string())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_tells_when_it_was_stored() {
    let server = TestServer::start();
    let now_ns = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let before = now_ns();
    let context = stream_of(&server, 1).await;
    let mut reader = Ordered::new(context.client(), "S", 1, OrderedOptions::default());
    let stored = tokio::time::timeout(PATIENCE, reader.next()).await.expect("in time").expect("stored");
    let at = stored.stored_ns.and_then(|at| u128::try_from(at).ok()).expect("a time");
    assert!((before..=now_ns()).contains(&at), "{at}, not since {before}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_later_comes_too_also_after_a_restart() {
    let mut server = TestServer::start();
    let context = stream_of(&server, 2).await;
    let client = connect(&server.url()).await.control().clone();
    let mut reader = Ordered::new(client, "S", 2, OrderedOptions::default());
    assert_eq!(next(&mut reader).await, Ok((2, "2".into())));
    server.restart();
    let later = async {
        loop {
            let sent = context.publish("s.x", "3".into()).await;
            if let Ok(ack) = sent
                && ack.await.is_ok()
            {
                return;
            }
        }
    };
    let (read, ()) = tokio::join!(next(&mut reader), later);
    assert_eq!(read, Ok((3, "3".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_lost_with_a_connection_come_again_although_nothing_new_is_published() {
    let server = TestServer::start();
    stream_of(&server, 3_000).await;
    let proxy = Proxy::start(server.port()).await;
    let client = connect(&proxy.url).await.control().clone();
    let mut reader = Ordered::new(client, "S", 1, OrderedOptions { prefetch: 2_000 });
    for n in 1..=3_000 {
        // All of them have been given to the consumer by then.
        if n == 1_500 || n == 2_990 {
            proxy.cut();
        }
        assert_eq!(next(&mut reader).await, Ok((n, n.to_string())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_is_deleted_under_the_reader_is_made_again_where_it_stood() {
    let server = TestServer::start();
    let context = stream_of(&server, 400).await;
    let client = connect(&server.url()).await.control().clone();
    let mut reader = Ordered::new(client, "S", 1, OrderedOptions { prefetch: 100 });
    let stream = context.get_stream("S").await.expect("there");
    let mut deleted = 0;
    for n in 1..=400 {
        if n % 150 == 0 {
            let names: Vec<_> = stream.consumer_names().try_collect().await.expect("names");
            for name in names {
                stream.delete_consumer(&name).await.expect("deleted");
                deleted += 1;
            }
        }
        assert_eq!(next(&mut reader).await, Ok((n, n.to_string())));
    }
    assert!(deleted >= 2, "the reader had a consumer each time");
}

/// More bytes than one request may bring, in few messages: each request ends early and is asked for again.
#[tokio::test(flavor = "multi_thread")]
async fn large_messages_end_a_request_before_it_is_full_and_all_come() {
    let server = TestServer::start();
    let context = stream_of(&server, 0).await;
    for n in 1..=25_u8 {
        context.publish("s.x", vec![n; 900 << 10].into()).await.expect("sent").await.expect("stored");
    }
    let client = connect(&server.url()).await.control().clone();
    let mut reader = Ordered::new(client, "S", 1, OrderedOptions { prefetch: 1_000 });
    for n in 1..=25_u8 {
        let stored = tokio::time::timeout(PATIENCE, reader.next()).await.expect("in time").expect("no hole");
        assert_eq!((stored.sequence, stored.payload.len()), (u64::from(n), 900 << 10));
        assert!(stored.payload.iter().all(|byte| *byte == n));
    }
}

/// The last message of a stream in which the second is unreadable.
const BEHIND: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_bytes_that_are_no_headers_does_not_stop_the_reader() {
    let server = TestServer::start();
    let context = stream_of(&server, 1).await;
    let head = b"NATS/1.0\r\nSkein-Format: t\xffx\r\nA: 1\r\n\r\n";
    let mut raw = TcpStream::connect(("127.0.0.1", server.port())).await.expect("connected");
    let mut sent = b"CONNECT {\"headers\":true,\"verbose\":false,\"pedantic\":false}\r\n".to_vec();
    sent.extend(format!("HPUB s.x {} {}\r\n", head.len(), head.len() + 1).into_bytes());
    sent.extend([&head[..], b"2\r\nPING\r\n"].concat());
    raw.write_all(&sent).await.expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"PONG\r\n") {
        raw.read_buf(&mut answer).await.expect("an answer");
    }
    for n in 3..=BEHIND {
        context.publish("s.x", n.to_string().into()).await.expect("sent").await.expect("stored");
    }

    let client = connect(&server.url()).await.control().clone();
    let mut reader = Ordered::new(client, "S", 1, OrderedOptions::default());
    let read = async {
        for n in 1..=BEHIND {
            let stored = reader.next().await.expect("no hole");
            assert_eq!((stored.sequence, stored.payload, stored.bad_headers), (n, n.to_string().into(), n == 2));
        }
    };
    // One after the other, each fetched by itself, those behind it would take minutes.
    tokio::time::timeout(PATIENCE, read).await.expect("a consumer brings those behind it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_the_stream_is_an_error_and_never_skipped() {
    let server = TestServer::start();
    let context = stream_of(&server, 6).await;
    let stream = context.get_stream("S").await.expect("there");
    stream.delete_message(3).await.expect("deleted");
    let client = connect(&server.url()).await.control().clone();
    let mut reader = Ordered::new(client, "S", 1, OrderedOptions::default());
    for n in 1..=2 {
        assert_eq!(next(&mut reader).await, Ok((n, n.to_string())));
    }
    for _ in 0..2 {
        assert_eq!(next(&mut reader).await, Err(OrderedError::Gap { stream: "S".into(), expected: 3, found: 4 }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stream_still_holds_is_read_to_its_end_though_its_last_messages_are_deleted() {
    let server = TestServer::start();
    let context = stream_of(&server, 6).await;
    let stream = context.get_stream("S").await.expect("there");
    for sequence in [1, 3, 5, 6] {
        stream.delete_message(sequence).await.expect("deleted");
    }
    let client = connect(&server.url()).await.control().clone();
    let mut reader = Ordered::new(client, "S", 1, OrderedOptions::default());
    let read = async {
        let mut found = Vec::new();
        while let Some(stored) = reader.first_up_to(6).await.expect("understood") {
            found.push(stored.sequence);
        }
        found
    };
    assert_eq!(tokio::time::timeout(PATIENCE, read).await.expect("it ends"), [2, 4]);
    assert_eq!(reader.next_sequence(), 7);
    context.publish("s.x", "later".into()).await.expect("sent").await.expect("stored");
    assert_eq!(reader.first_up_to(6).await.expect("understood").map(|stored| stored.sequence), None);
    assert_eq!(next(&mut reader).await, Ok((7, "later".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_made_again_has_another_identity() {
    let server = TestServer::start();
    let context = stream_of(&server, 3).await;
    let client = connect(&server.url()).await.control().clone();
    let before = stream_identity(&client, "S", 2).await.expect("identity");
    assert!(before.digest.is_some());
    assert_eq!(stream_identity(&client, "S", 2).await, Ok(before));
    assert_ne!(stream_identity(&client, "S", 3).await, Ok(before));
    let beyond = stream_identity(&client, "S", 4).await.expect("identity");
    assert_eq!(beyond.digest, None);

    context.delete_stream("S").await.expect("deleted");
    let missing = stream_identity(&client, "S", 2).await;
    assert!(matches!(missing, Err(NatsError::Refused { .. })));
    stream_of(&server, 3).await;
    let after = stream_identity(&client, "S", 2).await.expect("identity");
    assert_ne!(after.created_ns, before.created_ns);
    assert_eq!(after.digest, before.digest, "the same bytes at the same place");
}
