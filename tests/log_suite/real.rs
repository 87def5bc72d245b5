//! What only a real server can show: unknown outcomes over a bad line, restarts under load, batches, checkpoints.

use std::time::Duration;

use async_nats::HeaderMap;
use skein::{
    log::{
        Condition, EventLog, JetStreamLog, LogError, LogOptions, TakeOverError, Tip, Writer, checkpoint::Checkpoints,
    },
    nats::NatsError,
};

use crate::{
    bed::{
        Bed, OnServer, PATIENCE, append, assert_holds, body, connect, durable, end, open, read_all, subject, take,
        until,
    },
    proxy::{Gate, Proxy},
    support::nats::TestServer,
};

/// Impatient, so that tests of unknown outcomes are quick.
fn quick() -> LogOptions {
    LogOptions { stall_min: Duration::from_millis(300), ..LogOptions::new("t") }
}

async fn stalled(writer: &Writer) {
    until(writer, |progress| progress.condition == Condition::Stalled).await;
}

/// A server behind a proxy, a log through the proxy, and a writer with ten durable entries.
async fn behind_a_proxy(options: LogOptions) -> (OnServer, Proxy, JetStreamLog, Writer) {
    let bed = OnServer::with(options);
    let proxy = Proxy::start(bed.server.port()).await;
    let log = open(&proxy.url, bed.options.clone()).await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 10).await;
    durable(&writer, 10).await;
    (bed, proxy, log, writer)
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_landed_without_an_answer_nothing_is_appended_twice() {
    let (bed, proxy, _log, mut writer) = behind_a_proxy(quick()).await;
    proxy.set(Gate::HoldAnswers);
    append(&mut writer, 11, 200).await;
    stalled(&writer).await;
    assert_eq!(writer.tip().index, 10);
    proxy.set(Gate::Open);
    durable(&writer, 200).await;
    assert_holds(&bed.log().await, 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_none_landed_everything_is_appended_again() {
    let (bed, proxy, _log, mut writer) = behind_a_proxy(quick()).await;
    proxy.hold_requests_after(0);
    append(&mut writer, 11, 200).await;
    stalled(&writer).await;
    proxy.cut();
    proxy.set(Gate::Open);
    durable(&writer, 200).await;
    assert_holds(&bed.log().await, 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_prefix_landed_the_rest_is_appended_again() {
    for bytes in [5_000, 30_000] {
        let (bed, proxy, _log, mut writer) = behind_a_proxy(quick()).await;
        proxy.hold_requests_after(bytes);
        append(&mut writer, 11, 300).await;
        stalled(&writer).await;
        let landed = end(&bed.log().await).await.index;
        assert!(landed > 10 && landed < 300, "{landed} is a prefix");
        proxy.cut();
        proxy.set(Gate::Open);
        durable(&writer, 300).await;
        assert_holds(&bed.log().await, 300).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_with_an_unknown_outcome_are_looked_up_too() {
    let options = LogOptions { sync_always: true, ..quick() };
    let (bed, proxy, _log, mut writer) = behind_a_proxy(options).await;
    proxy.hold_requests_after(60_000);
    append(&mut writer, 11, 2_000).await;
    stalled(&writer).await;
    proxy.cut();
    proxy.set(Gate::Open);
    durable(&writer, 2_000).await;
    assert_holds(&bed.log().await, 2_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposed_writer_that_was_cut_off_changes_nothing_when_it_comes_back() {
    let (bed, proxy, _log, mut old) = behind_a_proxy(quick()).await;
    // Held on the line, these arrive long after the take-over.
    proxy.hold_requests_after(0);
    for n in 11..=60 {
        old.append(subject(), format!("stale {n}").as_bytes()).expect("taken");
    }
    stalled(&old).await;
    let log = bed.log().await;
    let mut new = take(&log).await;
    append(&mut new, 11, 40).await;
    durable(&new, 40).await;
    proxy.set(Gate::Open);
    until(&old, |progress| matches!(progress.condition, Condition::Deposed { .. })).await;
    append(&mut new, 41, 100).await;
    durable(&new, 100).await;
    assert_holds(&log, 100).await;
}

/// Publishes what a deposed writer's late append looks like: its fence fits, its epoch is old.
async fn publish_stale(bed: &OnServer, epoch: u64) {
    let nats = connect(&bed.server.url()).await;
    let (entries, tip, _) = read_all(&bed.log().await).await.expect("readable");
    let mut frame = vec![3];
    frame.extend((entries.len() as u64 + 1).to_le_bytes());
    frame.extend(tip.chain.to_le_bytes());
    frame.extend(b"stale");
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Sequence", tip.sequence.to_string());
    headers.insert("Skein-Epoch", epoch.to_string());
    async_nats::jetstream::new(nats.control().clone())
        .publish_with_headers(subject(), headers, frame.into())
        .await
        .expect("published")
        .await
        .expect("its fence fits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_append_that_lands_is_void_and_its_successor_goes_on() {
    let bed = OnServer::new();
    let log = bed.log().await;
    let mut old = take(&log).await;
    append(&mut old, 1, 3).await;
    durable(&old, 3).await;
    drop(old);
    let mut new = take(&log).await;
    publish_stale(&bed, new.tip().epoch - 1).await;
    append(&mut new, 4, 20).await;
    durable(&new, 20).await;
    assert_eq!(new.progress().borrow().reconciled, 1);
    assert_holds(&log, 20).await;
    let (_, _, voids) = read_all(&log).await.expect("readable");
    assert!(voids >= 1);
    let found = log.read(&[3, 4, 20]).await.expect("read");
    let found: Vec<_> = found.into_iter().map(|entry| entry.expect("there").body).collect();
    assert_eq!(found, [body(3), body(4), body(20)]);
}

/// Kills and restarts the server until outcomes were unknown three times: a kill may also find nothing on its way.
async fn restarts_under_load_lose_nothing(sync_always: bool) {
    let mut bed = OnServer::with(LogOptions { sync_always, ..quick() });
    let log = bed.log().await;
    let mut writer = take(&log).await;
    let mut rounds = 0;
    while writer.progress().borrow().reconciled < 3 {
        rounds += 1;
        assert!(rounds <= 50, "no kill met entries on their way");
        let from = writer.next_index();
        append(&mut writer, from, from + 2_999).await;
        durable(&writer, from + 100).await;
        bed.server.restart();
    }
    let last = writer.head();
    durable(&writer, last).await;
    assert_holds(&bed.log().await, last).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_server_under_load_loses_no_durable_record_and_doubles_none() {
    restarts_under_load_lose_nothing(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_server_under_load_in_batches_loses_and_doubles_nothing() {
    restarts_under_load_lose_nothing(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_waited_for() {
    let mut bed = OnServer::with(quick());
    let mut writer = take(&bed.log().await).await;
    append(&mut writer, 1, 5).await;
    durable(&writer, 5).await;
    bed.server.kill();
    append(&mut writer, 6, 50).await;
    stalled(&writer).await;
    bed.server.restart();
    durable(&writer, 50).await;
    assert_eq!(writer.progress().borrow().condition, Condition::Flowing);
    assert_holds(&bed.log().await, 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_respect_their_limits_in_count_and_bytes() {
    let bed = OnServer::with(LogOptions { sync_always: true, in_flight_bytes_max: 64 << 20, ..LogOptions::new("t") });
    let log = bed.log().await;
    let mut writer = take(&log).await;
    // Far more than 1,000 and than 900 KiB at once: the server refuses a batch that exceeds its limits, and the writer would reconcile.
    for n in 0..3_000_u64 {
        let large = if n % 100 == 0 { 200_000 } else { 300 };
        writer.room().await.expect("room");
        writer.append(subject(), &vec![7; large]).expect("taken");
    }
    durable(&writer, 3_000).await;
    assert_eq!(writer.progress().borrow().reconciled, 0);
    assert_eq!(end(&log).await.index, 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_its_last_records_is_refused_by_the_checkpoint() {
    let bed = OnServer::new();
    let nats = connect(&bed.server.url()).await;
    let log = bed.log().await;
    let checkpoints = Checkpoints::open(nats.control(), "t", 1).await.expect("checkpoints");
    assert_eq!(checkpoints.witness().await.expect("readable"), None);
    let mut writer = take(&log).await;
    let keeping = tokio::spawn(checkpoints.clone().keep(writer.progress()));
    append(&mut writer, 1, 20).await;
    durable(&writer, 20).await;
    writer.close().await;
    tokio::time::timeout(PATIENCE, keeping).await.expect("it ends with the writer").expect("no panic");
    let witness = checkpoints.witness().await.expect("readable").expect("written");
    assert_eq!(witness.index, 20);

    // The stream is lost and made again, as if restored from nothing.
    async_nats::jetstream::new(nats.control().clone()).delete_stream("SKEIN_LOG_t").await.expect("deleted");
    let again = bed.log().await;
    let tip = end(&again).await;
    assert_eq!(tip, Tip::ORIGIN);
    let refused = again.take_over(tip, &[witness]).await;
    assert!(matches!(refused, Err(TakeOverError::Truncated { witness: "checkpoint", index: 20, end: 0 })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_whose_log_lost_durable_records_stops_loudly() {
    let bed = OnServer::with(LogOptions { stall_max: Duration::from_millis(500), ..quick() });
    let log = bed.log().await;
    let mut writer = take(&log).await;
    append(&mut writer, 1, 20).await;
    durable(&writer, 20).await;
    let nats = connect(&bed.server.url()).await;
    async_nats::jetstream::new(nats.control().clone()).delete_stream("SKEIN_LOG_t").await.expect("deleted");
    let _again = bed.log().await;
    append(&mut writer, 21, 21).await;
    let progress = until(&writer, |progress| progress.condition.is_final()).await;
    assert!(matches!(progress.condition, Condition::Fatal(LogError::Truncated { end: 0, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_stream_with_other_settings_is_refused_and_left_alone() {
    let bed = OnServer::new();
    let nats = connect(&bed.server.url()).await;
    let jetstream = async_nats::jetstream::new(nats.control().clone());
    let mut config = skein::nats::streams::log("t", 1);
    config.max_age = Duration::from_secs(60);
    jetstream.create_stream(config.clone()).await.expect("created");
    let refused = JetStreamLog::open(&nats, LogOptions::new("t")).await;
    let Err(NatsError::StreamDiffers { differences, .. }) = refused else {
        panic!("{refused:?}");
    };
    let shown: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["max_age: found 1m, declared none"]);
    let mut stream = jetstream.get_stream("SKEIN_LOG_t").await.expect("there");
    let kept = stream.info().await.expect("info").config.max_age;
    assert_eq!(kept, config.max_age);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_last_messages_are_gone_is_read_as_it_stands_and_names_its_end() {
    let server = TestServer::start();
    let nats = connect(&server.url()).await;
    let jetstream = async_nats::jetstream::new(nats.control().clone());
    // As declared messages cannot be deleted one by one.
    let config = async_nats::jetstream::stream::Config { deny_delete: false, ..skein::nats::streams::log("t", 1) };
    let stream = jetstream.create_stream(config).await.expect("created");
    for _ in 0..4 {
        jetstream.publish(subject(), "damage".into()).await.expect("sent").await.expect("stored");
    }
    let log = JetStreamLog::open_to_read(&nats, LogOptions::new("t")).await.expect("open");
    let read = async || {
        let mut raw = log.raw().await.expect("its end");
        let mut found = Vec::new();
        while let Some(looked) = raw.next().await.expect("understood") {
            found.push(looked.sequence);
        }
        (found, raw.end_sequence())
    };
    stream.delete_message(3).await.expect("deleted");
    stream.delete_message(4).await.expect("deleted");
    assert_eq!(tokio::time::timeout(PATIENCE, read()).await.expect("it ends"), (vec![1, 2], 4));
    stream.purge().await.expect("purged");
    let replayed = tokio::time::timeout(PATIENCE, read_all(&log)).await.expect("it ends");
    assert_eq!(replayed.expect_err("it is lost"), LogError::Truncated { end: 0, durable: 4 });
    assert_eq!(tokio::time::timeout(PATIENCE, read()).await.expect("it ends"), (vec![], 4));
}
