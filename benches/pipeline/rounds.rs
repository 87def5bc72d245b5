//! The measurements, interleaved, and their medians.

use std::time::{Duration, Instant};

use bytes::Bytes;
use skein::dev::{NatsOptions, NatsServer};

use crate::agents::Agents;
use crate::daemon::{AGENTS, Daemon};
use crate::load::Adapter;
use crate::{Result, naive};

/// Customers whose Works the agents hold.
const CUSTOMERS: u64 = 20_000;
/// Every so many-th message of the cold run comes from a new customer.
const COLD_EVERY: u64 = 20;
/// Messages a second of the latency runs.
pub(crate) const LATENCY_RATE: f64 = 2_000.0;
/// Subjects that the naive pipe uses.
const NAIVE_KEYS: usize = 1_000;
/// Bytes of the naive pipe's messages: as large as the webhooks.
const PAYLOAD_BYTES: usize = 500;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode {
    pub(crate) sync_always: bool,
}

/// Medians over the rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    pub(crate) naive_per_s: f64,
    pub(crate) skein_per_s: f64,
    pub(crate) cold_per_s: f64,
    pub(crate) meanwhile_single_per_s: f64,
    pub(crate) meanwhile_batch_per_s: f64,
    pub(crate) naive_p50_ms: f64,
    pub(crate) naive_p99_ms: f64,
    pub(crate) skein_p50_ms: f64,
    pub(crate) skein_p99_ms: f64,
    pub(crate) rest_mb: f64,
    pub(crate) rest_core_percent: f64,
}

impl Results {
    pub(crate) fn ratio(&self) -> f64 {
        self.skein_per_s / self.naive_per_s
    }

    pub(crate) fn ratio_cold(&self) -> f64 {
        self.cold_per_s / self.skein_per_s
    }
}

struct Scale {
    rounds: usize,
    naive: usize,
    warm: u64,
    latency: u64,
}

impl Scale {
    fn of(mode: Mode) -> Result<Self> {
        let variable = |name, default: f64| std::env::var(name).map_or(Ok(default), |text| text.parse::<f64>());
        let scale = variable("SKEIN_BENCH_SCALE", 1.0)?;
        let counts: [f64; 3] =
            if mode.sync_always { [20_000.0, 100_000.0, 0.0] } else { [200_000.0, 200_000.0, 20_000.0] };
        let [naive, warm, latency] = counts.map(|count| whole(count * scale));
        let rounds = whole(variable("SKEIN_BENCH_ROUNDS", 5.0)?);
        Ok(Self { rounds: usize::try_from(rounds)?, naive: usize::try_from(naive)?, warm, latency })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "counts that somebody waits for")]
fn whole(count: f64) -> u64 {
    count as u64
}

/// Runs all rounds of a mode.
pub(crate) async fn run(mode: Mode) -> Result<Results> {
    let scale = Scale::of(mode)?;
    let folder = tempfile::tempdir()?;
    let mut options = NatsOptions::new(folder.path().join("nats"));
    options.sync_always = mode.sync_always;
    options.skein = Some(env!("CARGO_BIN_EXE_skein").into());
    let nats = NatsServer::start(options).await?;
    let url = nats.url();

    let daemon = Daemon::start(folder.path(), &url, mode.sync_always).await?;
    let rest = at_rest(&daemon).await?;
    let mut agents = Agents::connect(daemon.grpc, AGENTS).await?;
    let mut adapter = Adapter::connect(&url).await?;
    adapter.fill((0..CUSTOMERS).map(|customer| ("warm", customer))).await?;
    agents.until(CUSTOMERS, 0).await?;

    let mut samples: Vec<Results> = Vec::new();
    let mut new_customer = CUSTOMERS;
    for round in 1..=scale.rounds {
        let payload = Bytes::from(vec![b'x'; PAYLOAD_BYTES]);
        let mut sample = Results {
            naive_per_s: naive::throughput(&url, 1, payload, scale.naive, NAIVE_KEYS).await?,
            skein_per_s: warm(&daemon, &mut agents, &mut adapter, scale.warm).await?,
            cold_per_s: cold(&daemon, &mut agents, &mut adapter, scale.warm / 2, &mut new_customer).await?,
            meanwhile_single_per_s: meanwhile(&mut agents, &mut adapter, scale.naive as u64, false).await?,
            meanwhile_batch_per_s: meanwhile(&mut agents, &mut adapter, scale.warm / 2, true).await?,
            ..Results::default()
        };
        if scale.latency > 0 {
            latency(&url, &mut agents, &mut adapter, scale.latency, &mut sample).await?;
        }
        println!(
            "round {round}, sync {}: naive {:.0}/s, skein {:.0}/s ({:.2}), cold {:.0}/s, p50 {:.2} to {:.2} ms, p99 {:.2} to {:.2} ms",
            if mode.sync_always { "always" } else { "default" },
            sample.naive_per_s,
            sample.skein_per_s,
            sample.ratio(),
            sample.cold_per_s,
            sample.naive_p50_ms,
            sample.skein_p50_ms,
            sample.naive_p99_ms,
            sample.skein_p99_ms,
        );
        samples.push(sample);
    }
    Ok(medians(&samples, rest))
}

/// IN filled while the daemon stands still; from the moment it goes on until the last message is at its agent's client.
async fn warm(daemon: &Daemon, agents: &mut Agents, adapter: &mut Adapter, count: u64) -> Result<f64> {
    let (seen, closed) = (agents.messages(), agents.closed());
    daemon.pause()?;
    adapter.fill(warm_messages(count)).await?;
    let start = Instant::now();
    daemon.resume()?;
    agents.until(seen + count, closed).await?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

fn warm_messages(count: u64) -> impl Iterator<Item = (&'static str, u64)> {
    (0..count).map(|number| ("warm", number % CUSTOMERS))
}

/// The same with every 20th message from a new customer, until its Work is closed.
async fn cold(daemon: &Daemon, agents: &mut Agents, adapter: &mut Adapter, count: u64, new: &mut u64) -> Result<f64> {
    let (seen, closed) = (agents.messages(), agents.closed());
    let works = count / COLD_EVERY;
    daemon.pause()?;
    let first = *new;
    *new += works;
    let message = |number| match number % COLD_EVERY {
        0 => ("cold", first + number / COLD_EVERY),
        _ => ("warm", number % CUSTOMERS),
    };
    adapter.fill((0..works * COLD_EVERY).map(message)).await?;
    let start = Instant::now();
    daemon.resume()?;
    // The first message of an offered Work is read with the conversation, not pushed: 19 of 20 come on the stream.
    agents.until(seen + works * (COLD_EVERY - 1), closed + works).await?;
    Ok((works * COLD_EVERY) as f64 / start.elapsed().as_secs_f64())
}

/// End to end, with adapters that publish while the daemon works.
async fn meanwhile(agents: &mut Agents, adapter: &mut Adapter, count: u64, batches: bool) -> Result<f64> {
    let (seen, closed) = (agents.messages(), agents.closed());
    let start = Instant::now();
    if batches {
        adapter.fill_in_batches("warm", count, CUSTOMERS).await?;
    } else {
        adapter.fill(warm_messages(count)).await?;
    }
    agents.until(seen + count, closed).await?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

async fn latency(
    url: &str,
    agents: &mut Agents,
    adapter: &mut Adapter,
    count: u64,
    sample: &mut Results,
) -> Result<()> {
    let naive = naive::latency(url, 1, PAYLOAD_BYTES, usize::try_from(count)?, NAIVE_KEYS, LATENCY_RATE).await?;
    let (seen, closed) = (agents.messages(), agents.closed());
    let start = Instant::now();
    agents.time_from(start)?;
    adapter.steady("warm", count, LATENCY_RATE, CUSTOMERS, start).await?;
    agents.until(seen + count, closed).await?;
    let skein = agents.latencies();
    let ms =
        |histogram: &hdrhistogram::Histogram<u64>, quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
    (sample.naive_p50_ms, sample.naive_p99_ms) = (ms(&naive, 0.5), ms(&naive, 0.99));
    (sample.skein_p50_ms, sample.skein_p99_ms) = (ms(&skein, 0.5), ms(&skein, 0.99));
    Ok(())
}

/// Memory and processor of a daemon that has nothing to do.
async fn at_rest(daemon: &Daemon) -> Result<(f64, f64)> {
    const WATCHED: Duration = Duration::from_secs(5);
    let before = daemon.ticks()?;
    tokio::time::sleep(WATCHED).await;
    let ticks = daemon.ticks()? - before;
    Ok((daemon.resident_mb()?, ticks as f64 / WATCHED.as_secs_f64()))
}

fn medians(samples: &[Results], (rest_mb, rest_core_percent): (f64, f64)) -> Results {
    let median = |of: fn(&Results) -> f64| {
        let mut values: Vec<f64> = samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Results {
        naive_per_s: median(|r| r.naive_per_s),
        skein_per_s: median(|r| r.skein_per_s),
        cold_per_s: median(|r| r.cold_per_s),
        meanwhile_single_per_s: median(|r| r.meanwhile_single_per_s),
        meanwhile_batch_per_s: median(|r| r.meanwhile_batch_per_s),
        naive_p50_ms: median(|r| r.naive_p50_ms),
        naive_p99_ms: median(|r| r.naive_p99_ms),
        skein_p50_ms: median(|r| r.skein_p50_ms),
        skein_p99_ms: median(|r| r.skein_p99_ms),
        rest_mb,
        rest_core_percent,
    }
}
