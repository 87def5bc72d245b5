//! Attachments of agents: put piece by piece, checked, named by a message, and fetched again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use skein::agents::ServeOptions;
use skein::agents::feed::FeedLimits;
use skein::proto::agent as p;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::channel;
use skein::proto::channel::part::Part as Kind;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::harness::{Server, answer_to, named, server, server_with, until};
use crate::{CUSTOMER, fact, reason};

/// Bytes of a picture.
const BYTES: usize = 150_000;

fn head() -> p::NewAttachment {
    p::NewAttachment {
        channel: "whatsapp".to_owned(),
        kind: channel::AttachmentKind::Image.into(),
        name: "parcel.jpg".to_owned(),
        media_type: "image/jpeg".to_owned(),
        bytes: BYTES as u64,
        sha256: String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn put(server: &Server, head: p::NewAttachment, data: &[u8]) -> Result<p::PutAttachmentResponse, Status> {
    let first = p::PutAttachmentRequest { attachment: Some(head), data: Vec::new() };
    let piece = |piece: &[u8]| p::PutAttachmentRequest { attachment: None, data: piece.to_vec() };
    let pieces: Vec<_> = std::iter::once(first).chain(data.chunks(60_000).map(piece)).collect();
    put_by(server.channel().await, pieces).await
}

async fn put_by(channel: Channel, pieces: Vec<p::PutAttachmentRequest>) -> Result<p::PutAttachmentResponse, Status> {
    let mut talk = ConversationServiceClient::new(channel);
    talk.put_attachment(named("ana", futures::stream::iter(pieces))).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn what_is_put_is_named_by_a_message_and_fetched_as_it_was() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "what does it look like?");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let bytes: Vec<u8> = (0..BYTES).map(|at| u8::try_from(at % 251).expect("below 251")).collect();
    let sha256 = hex(&bytes);
    let stored = put(&server, p::NewAttachment { sha256: sha256.clone(), ..head() }, &bytes).await.expect("stored");
    assert!(stored.usable_until.is_some());
    let attachment = stored.attachment.expect("an attachment");
    assert_eq!((attachment.bytes, attachment.sha256.as_deref()), (Some(BYTES as u64), Some(sha256.as_str())));
    assert_eq!(attachment.state(), channel::AttachmentState::Stored);

    let mut send = answer_to(&work, "s1", "this");
    let part = channel::Part { part: Some(Kind::Attachment(attachment)) };
    send.content.as_mut().expect("content").parts.push(part);
    let mut talk = ConversationServiceClient::new(server.channel().await);
    let sent = talk.send_message(named("ana", send)).await.expect("sent").into_inner();
    let get = p::GetAttachmentRequest { message_id: sent.message_id, attachment: 0 };
    let mut pieces = talk.get_attachment(named("ana", get)).await.expect("there").into_inner();
    let mut fetched = Vec::new();
    while let Some(piece) = pieces.message().await.expect("a piece") {
        fetched.extend(piece.data);
    }
    assert_eq!(fetched, bytes);
}

#[tokio::test]
async fn what_the_channel_does_not_carry_is_refused_before_its_bytes() {
    let server = server().await;
    let _ana = server.ready("ana").await;
    let tiff = p::NewAttachment { media_type: "image/tiff".to_owned(), ..head() };
    let refused = put(&server, tiff, &[]).await.expect_err("WhatsApp takes none");
    assert_eq!((reason(&refused).as_str(), fact(&refused, "channel").as_deref()), ("NOT_CARRIED", Some("whatsapp")));
    let large = p::NewAttachment { bytes: 6 << 20, ..head() };
    assert_eq!(reason(&put(&server, large, &[]).await.expect_err("at most 5 MiB")), "NOT_CARRIED");
    let huge = p::NewAttachment { channel: "telegram".to_owned(), bytes: 51 << 20, ..head() };
    let refused = put(&server, huge, &[]).await.expect_err("more than anybody sends by hand");
    assert_eq!(
        (reason(&refused).as_str(), fact(&refused, "limit").as_deref()),
        ("LIMIT_REACHED", Some("max_upload_bytes"))
    );
}

#[tokio::test]
async fn what_is_not_what_it_was_to_be_is_stored_nowhere() {
    let server = server().await;
    let _ana = server.ready("ana").await;
    let invalid = [
        (put(&server, head(), &[9; BYTES - 1]).await, "fewer bytes"),
        (put(&server, head(), &[9; BYTES + 1]).await, "more bytes"),
        (put(&server, p::NewAttachment { sha256: hex(b"other"), ..head() }, &[9; BYTES]).await, "another digest"),
        (put(&server, p::NewAttachment { sha256: "x".to_owned(), ..head() }, &[]).await, "no digest"),
        (put(&server, p::NewAttachment { bytes: 0, ..head() }, &[]).await, "nothing"),
        (put(&server, p::NewAttachment { media_type: "Image/JPEG".to_owned(), ..head() }, &[]).await, "upper case"),
        (put(&server, p::NewAttachment { name: "a\nb".to_owned(), ..head() }, &[]).await, "a line end"),
        (put(&server, p::NewAttachment { channel: String::new(), ..head() }, &[]).await, "no channel"),
    ];
    for (answer, what) in invalid {
        assert_eq!(reason(&answer.expect_err(what)), "INVALID", "{what}");
    }
    let mut talk = ConversationServiceClient::new(server.channel().await);
    let without = futures::stream::iter([p::PutAttachmentRequest { attachment: None, data: vec![1] }]);
    assert_eq!(reason(&talk.put_attachment(named("ana", without)).await.expect_err("no head")), "INVALID");
    let piece = p::PutAttachmentRequest { attachment: Some(head()), data: vec![9; 70_000] };
    let large = talk.put_attachment(named("ana", futures::stream::iter([piece]))).await.expect_err("too large a piece");
    assert_eq!(reason(&large), "LIMIT_REACHED");
}

#[tokio::test]
async fn what_nobody_has_named_for_a_day_is_named_by_no_message_any_more() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "what does it look like?");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let mut send = answer_to(&work, "s1", "this");
    let old = channel::Attachment { object: Some("put.1000.abc".to_owned()), ..Default::default() };
    let part = channel::Part { part: Some(Kind::Attachment(old)) };
    send.content.as_mut().expect("content").parts.push(part);
    let mut talk = ConversationServiceClient::new(server.channel().await);
    assert_eq!(reason(&talk.send_message(named("ana", send)).await.expect_err("too old")), "UNKNOWN_ATTACHMENT");
}

#[tokio::test]
async fn what_a_message_names_is_named_again_days_after() {
    let server = server().await;
    server.memory.say_text(CUSTOMER, "what does it look like?");
    let mut ana = server.ready("ana").await;
    let work = ana.accept().await;
    let bytes = vec![7; BYTES];
    let object = put(&server, head(), &bytes).await.expect("stored").attachment;
    let mut talk = ConversationServiceClient::new(server.channel().await);
    for (request_id, hours) in [("s1", 0), ("s2", 72)] {
        server.memory.pass_hours(hours);
        server.memory.say_text(CUSTOMER, "once more, please");
        let mut send = answer_to(&work, request_id, "this");
        let part = channel::Part { part: object.clone().map(Kind::Attachment) };
        send.content.as_mut().expect("content").parts.push(part);
        talk.send_message(named("ana", send)).await.expect("sent");
    }
}

#[tokio::test]
async fn what_is_there_whole_is_stored_to_its_end_though_nobody_waits_for_it_any_more() {
    let server = server().await;
    let _ana = server.ready("ana").await;
    let channel = server.channel().await;
    let held = server.media.held.lock().await;
    let pieces = vec![first(p::NewAttachment { bytes: 9, ..head() }), piece(b"a picture")];
    let put = tokio::spawn(put_by(channel.clone(), pieces));
    until("it is being stored", || server.media.begun.load(Ordering::Relaxed) == 1).await;
    put.abort();
    assert!(put.await.is_err_and(|gone| gone.is_cancelled()));
    // What comes by the same connection after comes after.
    for _ in 0..8 {
        let list = p::ListTemplatesRequest::default();
        ConversationServiceClient::new(channel.clone()).list_templates(named("ana", list)).await.expect("a list");
    }
    drop(held);
    until("it is stored", || server.media.stored() == 1).await;
}

#[tokio::test]
async fn one_file_that_two_put_at_once_is_two_objects() {
    let server = server().await;
    let _ana = server.ready("ana").await;
    let bytes = vec![7; BYTES];
    let (one, other) = tokio::join!(put(&server, head(), &bytes), put(&server, head(), &bytes));
    let object = |put: Result<p::PutAttachmentResponse, Status>| put.expect("stored").attachment.expect("it").object;
    assert_ne!(object(one), object(other));
    assert_eq!(server.media.stored(), 2);
}

fn first(head: p::NewAttachment) -> p::PutAttachmentRequest {
    p::PutAttachmentRequest { attachment: Some(head), data: Vec::new() }
}

fn piece(bytes: &[u8]) -> p::PutAttachmentRequest {
    p::PutAttachmentRequest { attachment: None, data: bytes.to_vec() }
}

/// As large as there is.
fn film() -> p::NewAttachment {
    let (channel, name) = ("telegram".to_owned(), "film.mp4".to_owned());
    p::NewAttachment { channel, name, media_type: "video/mp4".to_owned(), bytes: 50 << 20, ..head() }
}

/// Which limit keeps an attachment of the agent's out; none: there is room.
async fn kept_out(channel: Channel, agent: &str, head: p::NewAttachment) -> Option<String> {
    let mut talk = ConversationServiceClient::new(channel);
    let refused = talk.put_attachment(named(agent, futures::stream::iter([first(head)]))).await;
    let refused = refused.expect_err("its bytes are missing");
    match reason(&refused).as_str() {
        "INVALID" => None,
        "LIMIT_REACHED" => fact(&refused, "limit"),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn large_ones_that_come_slowly_keep_neither_others_nor_small_ones_out() {
    let server = server().await;
    let channel = server.channel().await;
    let one = || p::NewAttachment { bytes: 1, ..head() };
    let mut slow = Vec::new();
    for agent in ["ana", "bob"] {
        let mut talk = ConversationServiceClient::new(channel.clone());
        let pieces = futures::StreamExt::chain(futures::stream::iter([first(film())]), futures::stream::pending());
        slow.push(tokio::spawn(async move { talk.put_attachment(named(agent, pieces)).await.map(drop) }));
        let begun = async {
            while kept_out(channel.clone(), agent, one()).await.is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(crate::harness::SOON, begun).await.expect("it is taken in");
        assert_eq!(kept_out(channel.clone(), agent, one()).await.as_deref(), Some("agent_uploads_kib"));
    }
    assert_eq!(kept_out(channel.clone(), "cem", film()).await, None, "a third has room");
    let mut talk = ConversationServiceClient::new(channel.clone());
    let pieces = futures::StreamExt::chain(futures::stream::iter([first(film())]), futures::stream::pending());
    slow.push(tokio::spawn(async move { talk.put_attachment(named("cem", pieces)).await.map(drop) }));
    let full = async {
        while kept_out(channel.clone(), "eve", film()).await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(crate::harness::SOON, full).await.expect("it is taken in");
    assert_eq!(kept_out(channel.clone(), "eve", film()).await.as_deref(), Some("uploads_kib"));
    put(&server, p::NewAttachment { bytes: 9, ..head() }, b"a picture").await.expect_err("ana has her share");
    assert_eq!(kept_out(channel.clone(), "eve", one()).await, None, "a picture is never kept out");
    slow.iter().for_each(tokio::task::JoinHandle::abort);
    let free = async {
        while kept_out(channel.clone(), "ana", film()).await.is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(crate::harness::SOON, free).await.expect("who breaks off gives room back");
}

#[tokio::test]
async fn what_does_not_come_in_time_is_refused_and_stored_nowhere() {
    let waits = |upload_piece_wait, upload_wait| ServeOptions { upload_piece_wait, upload_wait, ..Default::default() };
    let hour = Duration::from_secs(3_600);
    let no_piece = server_with(waits(Duration::from_millis(20), hour), FeedLimits::default()).await;
    let mut talk = ConversationServiceClient::new(no_piece.channel().await);
    let pieces = futures::StreamExt::chain(futures::stream::iter([first(head())]), futures::stream::pending());
    let refused = talk.put_attachment(named("ana", pieces)).await.expect_err("no piece comes");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::DeadlineExceeded, "UPLOAD_TIMEOUT"));
    let drops = server_with(waits(hour, Duration::ZERO), FeedLimits::default()).await;
    let mut talk = ConversationServiceClient::new(drops.channel().await);
    let pieces = futures::stream::unfold(true, |begins| async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((if begins { first(head()) } else { piece(&[1]) }, false))
    });
    let refused = talk.put_attachment(named("ana", pieces)).await.expect_err("it would take an hour");
    assert_eq!(reason(&refused), "UPLOAD_TIMEOUT");
    assert_eq!((no_piece.media.stored(), drops.media.stored()), (0, 0));
}

#[tokio::test]
async fn a_piece_without_bytes_is_refused() {
    let server = server().await;
    let pieces = vec![first(p::NewAttachment { bytes: 9, ..head() }), piece(b""), piece(b"a picture")];
    assert_eq!(reason(&put_by(server.channel().await, pieces).await.expect_err("it says nothing")), "INVALID");
    let pieces = vec![first(p::NewAttachment { bytes: 9, ..head() }), piece(b"a picture")];
    put_by(server.channel().await, pieces).await.expect("the control");
}
