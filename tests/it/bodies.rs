//! Bodies by reference, and attachments out of the real object store.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream;
use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use skein::ingest::Bodies;
use skein::proto::agent::conversation_service_client::ConversationServiceClient;
use skein::proto::agent::{GetAttachmentRequest, Message, NewAttachment, PutAttachmentRequest};
use skein::proto::channel::part::Part;
use tokio::io::AsyncReadExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::Channel;

use crate::bed::{Bed, WORKSPACE, eventually};
use crate::daemon::Daemon;
use crate::reads;

/// Larger than any inline body and than several pieces of an attachment.
const FILE_BYTES: usize = 300_000;

fn file() -> Vec<u8> {
    (0..FILE_BYTES).map(|at| u8::try_from(at * 7 % 251).expect("below 251")).collect()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A mail with the file, in 7-bit clean text.
fn mail_with_file() -> Vec<u8> {
    use std::fmt::Write as _;
    let mut hexed = String::new();
    for line in file().chunks(30) {
        line.iter().for_each(|byte| write!(hexed, "={byte:02X}").expect("a String takes everything"));
        // A soft line end: nothing of the file.
        hexed.push_str("=\r\n");
    }
    format!(
        "From: ann@example.org\r\nTo: office@example.com\r\nSubject: A plan\r\nMessage-ID: <plan@example.org>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=here\r\n\r\n\
         --here\r\nContent-Type: text/plain\r\n\r\nSee the plan.\r\n\
         --here\r\nContent-Type: application/octet-stream; name=plan.bin\r\n\
         Content-Disposition: attachment; filename=plan.bin\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         {hexed}\r\n--here--\r\n"
    )
    .into_bytes()
}

async fn put(bed: &Bed, name: &str, bytes: &[u8]) {
    let bus = jetstream::new(bed.connect().await);
    let store = bus.get_object_store(format!("SKEIN_MEDIA_{WORKSPACE}")).await.expect("the store");
    let mut rest = bytes;
    store.put(name, &mut rest).await.expect("stored");
}

/// Publishes a mail whose body is elsewhere.
async fn refer(bed: &Bed, reference: &str) {
    let mut headers = HeaderMap::new();
    headers.insert("Skein-Format", "email");
    headers.insert("Skein-Body", reference);
    let bus = jetstream::new(bed.connect().await);
    let subject = format!("skein.in.{WORKSPACE}.email.office");
    bus.publish_with_headers(subject, headers, "".into()).await.expect("sent").await.expect("acknowledged");
}

/// The only message of the only Work.
async fn arrived(daemon: &Daemon) -> Message {
    let channel = daemon.channel().await;
    eventually("the mail is in", async || {
        let works = reads::works(&channel).await;
        reads::messages(&channel, &works.first()?.conversation_id).await.pop()
    })
    .await
}

async fn attachment(channel: Channel, message_id: &str, number: u32) -> Result<(Vec<u8>, usize), tonic::Status> {
    let ask = GetAttachmentRequest { message_id: message_id.to_owned(), attachment: number };
    let mut pieces = ConversationServiceClient::new(channel).get_attachment(reads::by("ann", ask)).await?.into_inner();
    let head = pieces.message().await?.and_then(|first| first.attachment).expect("a description comes first");
    let promised = usize::try_from(head.bytes.unwrap_or_default()).expect("a size");
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.message().await? {
        assert!(piece.data.len() <= 64 << 10, "{} bytes in a piece", piece.data.len());
        bytes.extend(piece.data);
    }
    Ok((bytes, promised))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_by_reference_is_read_and_its_attachment_comes_back_as_it_was() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let body = mail_with_file();
    put(&bed, "mail-1", &body).await;
    refer(&bed, &format!("object=mail-1;bytes={};sha256={}", body.len(), hex(&body))).await;
    let message = arrived(&daemon).await;
    let content = message.content.as_ref().expect("content");
    assert_eq!(content.text.trim(), "See the plan.");
    let attached = content.parts.iter().filter_map(|part| match &part.part {
        Some(Part::Attachment(attachment)) => Some(attachment),
        _ => None,
    });
    let attached: Vec<_> = attached.collect();
    let [plan] = attached.as_slice() else { panic!("one attachment and not {attached:?}") };
    assert_eq!(plan.name.as_deref(), Some("plan.bin"));
    assert_eq!(plan.sha256.as_deref(), Some(hex(&file()).as_str()));

    let (bytes, promised) = attachment(daemon.channel().await, &message.message_id, 0).await.expect("the file");
    assert_eq!((bytes.len(), promised), (FILE_BYTES, FILE_BYTES));
    assert_eq!(hex(&bytes), hex(&file()));
    let none = attachment(daemon.channel().await, &message.message_id, 1).await.expect_err("there is one");
    assert_eq!(none.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_is_gone_is_said_and_the_message_stays() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let body = mail_with_file();
    put(&bed, "mail-1", &body).await;
    refer(&bed, &format!("object=mail-1;bytes={};sha256={}", body.len(), hex(&body))).await;
    let message = arrived(&daemon).await;
    let bus = jetstream::new(bed.connect().await);
    let store = bus.get_object_store(format!("SKEIN_MEDIA_{WORKSPACE}")).await.expect("the store");
    let plan = message.content.as_ref().and_then(|content| {
        content.parts.iter().find_map(|part| match &part.part {
            Some(Part::Attachment(attachment)) => attachment.object.clone(),
            _ => None,
        })
    });
    store.delete(plan.expect("the object's name")).await.expect("deleted");
    let gone = attachment(daemon.channel().await, &message.message_id, 0).await.expect_err("it is gone");
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(arrived(&daemon).await.message_id, message.message_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_missing_or_not_what_was_promised_is_set_aside_and_nothing_else_lost() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let body = mail_with_file();
    put(&bed, "mail-1", &body).await;
    let (bytes, sha256) = (body.len(), hex(&body));
    for reference in [
        format!("object=nowhere;bytes={bytes};sha256={sha256}"),
        format!("object=mail-1;bytes={};sha256={sha256}", bytes - 1),
        format!("object=mail-1;bytes={bytes};sha256={}", hex(b"something else")),
        "nonsense".to_owned(),
        format!("object=mail-1;bytes={bytes};sha256={sha256}"),
    ] {
        refer(&bed, &reference).await;
    }
    arrived(&daemon).await;
    let bus = bed.connect().await;
    let dead = eventually("the four are set aside", async || {
        let dead = reads::stored(&bus, &format!("SKEIN_DEAD_{WORKSPACE}")).await;
        (dead.len() == 4).then_some(dead)
    })
    .await;
    for letter in dead {
        assert_eq!(letter.subject.as_str(), format!("skein.dead.{WORKSPACE}.body_missing"));
    }
}

async fn stored(bed: &Bed) -> Vec<String> {
    let bus = jetstream::new(bed.connect().await);
    let store = bus.get_object_store(format!("SKEIN_MEDIA_{WORKSPACE}")).await.expect("the store");
    let objects = store.list().await.expect("a list").map_ok(|object| object.name);
    let mut names: Vec<String> = objects.try_collect().await.expect("names");
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_agent_put_and_no_message_named_in_time_is_deleted_and_nothing_else() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    daemon.kill9();
    daemon.ended().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let (young, old) = (format!("put.{now}.abc"), format!("put.{}.abc", now - 26 * 3_600));
    for name in [&young, &old, "mail-1"] {
        put(&bed, name, b"bytes").await;
    }
    assert_eq!(stored(&bed).await.len(), 3);
    let _daemon = bed.daemon().await;
    let left = eventually("the old one is gone", async || Some(stored(&bed).await).filter(|left| !left.contains(&old)));
    assert_eq!(left.await, ["mail-1".to_owned(), young]);
}

/// How many messages the store has of pieces and entries.
async fn messages(bed: &Bed, kind: &str) -> u64 {
    let bus = jetstream::new(bed.connect().await);
    let stream = bus.get_stream(format!("OBJ_SKEIN_MEDIA_{WORKSPACE}")).await.expect("the store");
    let filter = format!("$O.SKEIN_MEDIA_{WORKSPACE}.{kind}.>");
    let counts = stream.info_with_subjects(filter).await.expect("counts").map_ok(|(_, count)| count as u64);
    counts.try_fold(0, async |sum, count| Ok(sum + count)).await.expect("a sum")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pieces_that_belong_to_no_object_are_deleted_once_nobody_can_be_storing_them_and_nothing_else() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    daemon.kill9();
    daemon.ended().await;
    let client = bed.connect().await;
    let bucket = format!("SKEIN_MEDIA_{WORKSPACE}");
    let bus = jetstream::new(client.clone());
    for name in ["mail-1", "mail-2"] {
        put(&bed, name, &file()).await;
    }
    bus.get_object_store(&bucket).await.expect("the store").delete("mail-2").await.expect("deleted");
    let whole = messages(&bed, "C").await;
    for piece in [[1_u8; 1_000], [2; 1_000]] {
        let pieces = format!("$O.{bucket}.C.AbrokenOffUpload1234");
        bus.publish(pieces, piece.to_vec().into()).await.expect("sent").await.expect("stored");
    }
    let bodies = Bodies::open(&client, &bucket).await.expect("the store");
    let names = bodies.erase_broken_off(Duration::from_secs(60)).await.expect("it answers");
    assert_eq!((names, messages(&bed, "C").await), (vec!["mail-1".to_owned()], whole + 2), "somebody may go on");
    let names = bodies.erase_broken_off(Duration::ZERO).await.expect("it answers");
    assert_eq!((names, messages(&bed, "C").await), (vec!["mail-1".to_owned()], whole));
    let mut kept = Vec::new();
    let mut object = bodies.open_object("mail-1").await.expect("it is there");
    object.read_to_end(&mut kept).await.expect("its bytes");
    assert_eq!(kept, file());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_swept_is_said_to_be_that_and_not_a_customer() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    daemon.kill9();
    daemon.ended().await;
    let bus = jetstream::new(bed.connect().await);
    let entry = format!("$O.SKEIN_MEDIA_{WORKSPACE}.M.bm9uc2Vuc2U=");
    bus.publish(entry, "no entry of any client".into()).await.expect("sent").await.expect("stored");
    let daemon = bed.daemon().await;
    let left = "what nobody names is in the object store still";
    eventually("it is said", async || daemon.said(left).then_some(())).await;
    assert!(!daemon.said("customer not erased yet"), "{}", daemon.log());
}

fn head(sha256: &str) -> PutAttachmentRequest {
    let attachment = NewAttachment {
        channel: "telegram".to_owned(),
        name: "plan.bin".to_owned(),
        media_type: "application/octet-stream".to_owned(),
        bytes: FILE_BYTES as u64,
        sha256: sha256.to_owned(),
        ..Default::default()
    };
    PutAttachmentRequest { attachment: Some(attachment), data: Vec::new() }
}

fn pieces(bytes: &[u8]) -> Vec<PutAttachmentRequest> {
    let piece = |piece: &[u8]| PutAttachmentRequest { attachment: None, data: piece.to_vec() };
    std::iter::once(head(&hex(&file()))).chain(bytes.chunks(64 << 10).map(piece)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_breaks_off_leaves_nothing_in_the_store_and_a_whole_one_comes_back_as_it_was() {
    let bed = Bed::new(false).await;
    let daemon = bed.daemon().await;
    let mut talk = ConversationServiceClient::new(daemon.channel().await);
    let half = pieces(&file()[..FILE_BYTES / 2]);
    let ended = talk.put_attachment(reads::by("ann", futures::stream::iter(half.clone()))).await;
    assert_eq!(ended.expect_err("half of it").code(), Code::InvalidArgument);
    let other: Vec<u8> = file().into_iter().rev().collect();
    let other = talk.put_attachment(reads::by("ann", futures::stream::iter(pieces(&other)))).await;
    assert_eq!(other.expect_err("another file").code(), Code::InvalidArgument);
    let (more, rest) = tokio::sync::mpsc::channel(1);
    let mut gone = ConversationServiceClient::new(daemon.channel().await);
    let put =
        tokio::spawn(async move { gone.put_attachment(reads::by("ann", ReceiverStream::new(rest))).await.map(drop) });
    for piece in half {
        more.send(piece).await.expect("it is read");
    }
    put.abort();
    assert!(put.await.is_err_and(|gone| gone.is_cancelled()));

    let stored_now = talk.put_attachment(reads::by("ann", futures::stream::iter(pieces(&file())))).await;
    let object = stored_now.expect("stored").into_inner().attachment.expect("it").object.expect("its name");
    assert_eq!(stored(&bed).await, std::slice::from_ref(&object), "and nothing of the others");
    let bodies = Bodies::open(&bed.connect().await, &format!("SKEIN_MEDIA_{WORKSPACE}")).await.expect("the store");
    let before = messages(&bed, "C").await;
    bodies.erase_broken_off(Duration::ZERO).await.expect("it answers");
    assert_eq!(messages(&bed, "C").await, before, "not a piece");
    let mut kept = Vec::new();
    bodies.open_object(&object).await.expect("it is there").read_to_end(&mut kept).await.expect("its bytes");
    assert_eq!(kept, file());
}
