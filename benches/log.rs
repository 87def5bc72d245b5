//! What the log reaches beside the naive pipe, in one run, so that the ratios mean something on any machine.
//!
//! `cargo bench --bench log`. Starts its own nats-server for each store (default sync, `sync_interval: always`). Measured are the bare
//! writer (512-byte entries, as many in flight as it takes) and an open loop at 2,000 entries/s; and a replay of what was written.
//! `SKEIN_BENCH_ROUNDS` (default 3) rounds are interleaved; medians are printed.

#[rustfmt::skip]
#[path = "naive.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the yardstick is included unchanged; its latency part serves another bench"
)]
mod naive;
#[path = "../tests/support/nats.rs"]
#[expect(dead_code, reason = "shared with the tests, which also kill and restart servers")]
mod server;

use std::{
    env,
    error::Error,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use skein::{
    log::{EventLog, JetStreamLog, LogOptions, Tip, Writer},
    nats::{Nats, NatsOptions, Subject},
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Bytes of an entry.
const SIZE: usize = 512;
/// Entries per second of the open loop, as in the naive pipe's figures.
const RATE: u32 = 2_000;

struct Store {
    name: &'static str,
    sync_always: bool,
    count: u64,
}

#[derive(Default)]
struct Figures {
    naive: Vec<f64>,
    writer: Vec<f64>,
    replay: Vec<f64>,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let rounds = env::var("SKEIN_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let stores = [
        Store { name: "default", sync_always: false, count: 200_000 },
        Store { name: "always", sync_always: true, count: 60_000 },
    ];
    println!("entries/s, medians of {rounds} rounds; latency of an append in µs at {RATE}/s");
    for store in stores {
        let mut figures = Figures::default();
        for _ in 0..rounds {
            runtime.block_on(round(&store, &mut figures))?;
        }
        let naive = median(&mut figures.naive);
        let writer = median(&mut figures.writer);
        println!(
            "{:8} naive {naive:8.0}  writer {writer:8.0}  ratio {:5.2}  replay {:8.0}  p50 {:6.0}  p99 {:6.0}",
            store.name,
            writer / naive,
            median(&mut figures.replay),
            median(&mut figures.p50_us),
            median(&mut figures.p99_us),
        );
    }
    Ok(())
}

async fn round(store: &Store, figures: &mut Figures) -> Result<()> {
    let server = server::TestServer::with_sync(store.sync_always);
    let payload = bytes::Bytes::from(vec![b'x'; SIZE]);
    let naive_count = if store.sync_always { 10_000 } else { 100_000 };
    figures.naive.push(naive::throughput(&server.url(), 1, payload, naive_count, 100).await?);
    // Again from nothing, so that neither pays for the other's files.
    drop(server);
    let server = server::TestServer::with_sync(store.sync_always);
    let log = open(&server.url(), store.sync_always).await?;
    let mut writer = log.take_over(Tip::ORIGIN, &[]).await?;
    figures.writer.push(throughput(&mut writer, store.count).await?);
    let latency = latency(&mut writer, 6_000).await?;
    figures.p50_us.push(latency.value_at_quantile(0.5) as f64);
    figures.p99_us.push(latency.value_at_quantile(0.99) as f64);
    let start = Instant::now();
    let mut replay = log.replay(Tip::ORIGIN).await?;
    let mut read = 0_u32;
    while replay.next().await?.is_some() {
        read += 1;
    }
    figures.replay.push(f64::from(read) / start.elapsed().as_secs_f64());
    Ok(())
}

async fn open(url: &str, sync_always: bool) -> Result<JetStreamLog> {
    let nats = Nats::connect(NatsOptions { servers: vec![url.to_owned()], ..NatsOptions::default() }).await?;
    let options = LogOptions { sync_always, ..LogOptions::new("bench") };
    Ok(JetStreamLog::open(&nats, options).await?)
}

fn subject() -> Subject {
    Subject::from_static("skein.log.bench.w.c")
}

async fn throughput(writer: &mut Writer, count: u64) -> Result<f64> {
    let body = [b'x'; SIZE];
    let start = Instant::now();
    let last = writer.head() + count;
    while writer.head() < last {
        writer.room().await?;
        while writer.head() < last && writer.has_room() {
            writer.append(subject(), &body)?;
        }
    }
    writer.progress().wait_for(|progress| progress.durable.index >= last).await?;
    let rate = count as f64 / start.elapsed().as_secs_f64();
    let reconciled = writer.progress().borrow().reconciled;
    if reconciled > 0 {
        return Err(format!("void: {reconciled} times without an answer").into());
    }
    Ok(rate)
}

/// From the moment an entry was due to the moment it was durable.
async fn latency(writer: &mut Writer, count: u32) -> Result<Histogram<u64>> {
    let body = [b'x'; SIZE];
    let first = writer.head();
    let due = |n: u64| Duration::from_secs(n) / RATE;
    let mut progress = writer.progress();
    let start = Instant::now();
    let watching = tokio::spawn(async move {
        let mut seen = Histogram::<u64>::new(3)?;
        let mut done = 0;
        while done < u64::from(count) {
            progress.changed().await?;
            let durable = progress.borrow_and_update().durable.index - first;
            let now = start.elapsed();
            for n in done..durable {
                seen.record(u64::try_from(now.saturating_sub(due(n)).as_micros())?)?;
            }
            done = durable;
        }
        Result::Ok(seen)
    });
    for n in 0..u64::from(count) {
        if let Some(wait) = due(n).checked_sub(start.elapsed()) {
            tokio::time::sleep(wait).await;
        }
        writer.room().await?;
        writer.append(subject(), &body)?;
    }
    watching.await?
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
