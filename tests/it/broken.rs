//! IN is not what it was: alarm, not silence; and what does not need it goes on.

use std::path::Path;

use rustix::process::Signal;
use skein::domain::record::Change;
use skein::proto::admin::admin_service_client::AdminServiceClient;
use skein::proto::admin::{ListStreamsRequest, ResumeStreamRequest};

use crate::adapter::{Adapter, whatsapp};
use crate::bed::{Bed, WORKSPACE, eventually};
use crate::daemon::Daemon;
use crate::reads;

const PHONE: &str = "4915112345678";

fn in_stream() -> String {
    format!("SKEIN_IN_{WORKSPACE}")
}

/// Publishes so many, and waits until all are in the conversation with those before.
pub(crate) async fn say(adapter: &Adapter, daemon: &Daemon, from: usize, to: usize) {
    for number in from..to {
        adapter.publish(&whatsapp(PHONE, &number.to_string(), &format!("number {number}"))).await;
    }
    let channel = daemon.channel().await;
    eventually("all are in", async || (said(&channel).await.len() == to).then_some(())).await;
}

pub(crate) async fn said(channel: &tonic::transport::Channel) -> Vec<String> {
    let works = reads::works(channel).await;
    let Some(work) = works.first() else { return Vec::new() };
    reads::messages(channel, &work.conversation_id)
        .await
        .iter()
        .map(|message| reads::text(message).to_owned())
        .collect()
}

/// Not ready with a reason, a record, a line for people; reads go on and nothing of the other stream gets in.
async fn alarmed(bed: &Bed, daemon: &Daemon, applied: usize) {
    let reason = format!("stream {} was made anew or rolled back", in_stream());
    eventually("it is not ready and says why", async || {
        let (status, page) = daemon.page("/readyz").await?;
        (status == 503 && page.contains(&reason)).then_some(())
    })
    .await;
    let errors = daemon.lines_of("ERROR");
    assert!(errors.iter().any(|line| line.contains("made anew or rolled back")), "{errors:?}");
    let broken = eventually("a record says so", async || {
        reads::changes(bed, |change| matches!(change, Change::InputBroken { .. })).await.pop()
    })
    .await;
    let Change::InputBroken { applied: noted, .. } = broken else { unreachable!("only of that kind") };
    assert_eq!(noted, applied as u64);
    let channel = daemon.channel().await;
    assert_eq!(said(&channel).await.len(), applied, "reads go on");
    let metrics = daemon.page("/metrics").await.expect("metrics").1;
    assert!(metrics.lines().any(|line| line.contains("alarm=\"broken\"") && line.ends_with(" 1")), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_deleted_and_made_anew_is_an_alarm_now_and_after_a_restart() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    say(&adapter, &daemon, 0, 3).await;
    let bus = async_nats::jetstream::new(client.clone());
    let config = bus.get_stream(in_stream()).await.expect("IN").cached_info().config.clone();
    bus.delete_stream(in_stream()).await.expect("deleted");
    bus.create_stream(config).await.expect("made anew");
    for number in 3..8 {
        adapter.publish(&whatsapp(PHONE, &number.to_string(), &format!("number {number}"))).await;
    }
    alarmed(&bed, &daemon, 3).await;
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0));
    let mut again = bed.daemon().await;
    alarmed(&bed, &again, 3).await;

    let mut admin = AdminServiceClient::new(again.channel().await);
    let listed = admin.list_streams(by_operator(ListStreamsRequest::default())).await.expect("a list").into_inner();
    let stream = listed.streams.first().expect("one stream");
    assert!(stream.broken && stream.stream == in_stream() && stream.applied_sequence == 3, "{stream:?}");
    let found = stream.found.as_ref().expect("the server has it");
    assert_eq!((found.first_sequence, found.last_sequence), (1, 5));
    assert_ne!(found.created_at, stream.bound_created_at);
    let beyond = admin.resume_stream(by_operator(resume(7))).await.expect_err("there are five");
    assert_eq!(beyond.code(), tonic::Code::InvalidArgument);
    admin.resume_stream(by_operator(resume(2))).await.expect("an operator's word");
    let channel = again.channel().await;
    eventually("what was asked for is in", async || (said(&channel).await.len() == 7).then_some(())).await;
    assert_eq!(said(&channel).await[3..], ["number 4", "number 5", "number 6", "number 7"]);
    eventually("it is ready again", async || (again.page("/readyz").await?.0 == 200).then_some(())).await;
    let unnamed = ResumeStreamRequest { request_id: String::new(), ..resume(1) };
    let refused = admin.resume_stream(by_operator(unnamed)).await.expect_err("a retry could not be told");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    let late = admin.resume_stream(by_operator(resume(1))).await.expect_err("it is in use");
    assert_eq!(late.code(), tonic::Code::FailedPrecondition);
    again.signal(Signal::TERM);
    assert_eq!(again.ended().await.code(), Some(0));
    let third = bed.daemon().await;
    eventually("a restart goes on", async || (third.page("/readyz").await?.0 == 200).then_some(())).await;
    adapter.publish(&whatsapp(PHONE, "8", "number 8")).await;
    let channel = third.channel().await;
    eventually("the next is in", async || (said(&channel).await.len() == 8).then_some(())).await;
}

fn resume(from_sequence: u64) -> ResumeStreamRequest {
    let request_id = format!("resume-{from_sequence}");
    ResumeStreamRequest { request_id, workspace: WORKSPACE.to_owned(), stream: in_stream(), from_sequence }
}

fn by_operator<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("skein-operator", "olga".parse().expect("a name"));
    request
}

/// IN as it was after 3 of 6 messages, and `grown` others since.
async fn rolled_back(grown: usize) {
    let mut bed = Bed::new(true).await;
    let mut daemon = bed.daemon().await;
    let adapter = Adapter::new(bed.connect().await);
    say(&adapter, &daemon, 0, 3).await;
    let files = bed.store().join("jetstream/jetstream/$G/streams").join(in_stream());
    let copy = bed.store().join("copy");
    bed.nats.stop().await;
    copy_folder(&files, &copy);
    bed.nats.restart().await.expect("the bus starts again");
    say(&adapter, &daemon, 3, 6).await;
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0), "{}", daemon.log());

    bed.nats.stop().await;
    std::fs::remove_dir_all(&files).expect("remove the newer files");
    copy_folder(&copy, &files);
    bed.nats.restart().await.expect("the bus starts again");
    for number in 0..grown {
        let sequence = adapter.publish(&whatsapp(PHONE, &format!("other-{number}"), "something else")).await;
        assert_eq!(sequence, 4 + number as u64, "it was rolled back");
    }
    let again = bed.daemon().await;
    alarmed(&bed, &again, 6).await;
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("make a folder");
    for entry in std::fs::read_dir(from).expect("read a folder") {
        let entry = entry.expect("read a folder");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("its type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copy a file");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_rolled_back_and_shorter_than_what_was_read_is_an_alarm() {
    rolled_back(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_rolled_back_and_grown_beyond_what_was_read_is_an_alarm() {
    rolled_back(5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_purged_unread_are_an_alarm_and_those_after_them_are_read() {
    let bed = Bed::new(false).await;
    let mut daemon = bed.daemon().await;
    let client = bed.connect().await;
    let adapter = Adapter::new(client.clone());
    say(&adapter, &daemon, 0, 2).await;
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0));
    for number in 2..5 {
        adapter.publish(&whatsapp(PHONE, &number.to_string(), "never read")).await;
    }
    let bus = async_nats::jetstream::new(client);
    bus.get_stream(in_stream()).await.expect("IN").purge().await.expect("purged");
    adapter.publish(&whatsapp(PHONE, "5", "after the gap")).await;
    let daemon = bed.daemon().await;
    let channel = daemon.channel().await;
    eventually("the one after is in", async || (said(&channel).await.len() == 3).then_some(())).await;
    assert_eq!(said(&channel).await, ["number 0", "number 1", "after the gap"]);
    let gaps = reads::changes(&bed, |change| matches!(change, Change::InputGap { .. })).await;
    assert!(matches!(gaps.as_slice(), [Change::InputGap { from: 3, to: 5, .. }]), "{gaps:?}");
    let errors = daemon.lines_of("ERROR");
    assert!(errors.iter().any(|line| line.contains("never read")), "{errors:?}");
}
