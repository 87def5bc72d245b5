//! What is measured, one after the other, each with a daemon and a store of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use skein::dev::{NatsOptions, NatsServer};
use tempfile::TempDir;

use crate::Result;
use crate::daemon::Daemon;
use crate::load::Adapter;
use crate::team::Team;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Agents while new Work comes.
    pub(crate) agents: usize,
    /// New Work a second.
    pub(crate) rate: f64,
    /// New Work in all.
    pub(crate) offers: u64,
    /// Sessions that are open at once.
    pub(crate) sessions: usize,
    /// Works of each.
    pub(crate) works: u64,
    /// Events of each that it has not acknowledged.
    pub(crate) events: u64,
}

impl Scale {
    /// As the figures want it, or a part of it.
    pub(crate) fn read() -> Result<Self> {
        let scale = std::env::var("SKEIN_BENCH_SCALE").map_or(Ok(1.0), |text| text.parse::<f64>())?;
        let count = |full: f64| whole((full * scale).max(1.0));
        Ok(Self {
            agents: usize::try_from(count(1_000.0))?,
            rate: (500.0 * scale).max(1.0),
            // Twenty seconds, whatever the rate is.
            offers: count(10_000.0),
            sessions: usize::try_from(count(10_000.0))?,
            works: 5,
            events: 100,
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts that somebody waits for")]
fn whole(count: f64) -> u64 {
    count as u64
}

/// What was measured.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) scale: Scale,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) most_ms: f64,
    pub(crate) empty_mb: f64,
    pub(crate) sessions_mb: f64,
    pub(crate) full_mb: f64,
    pub(crate) resume_s: f64,
    pub(crate) anew: u64,
    pub(crate) lost: u64,
    pub(crate) twice: u64,
    pub(crate) gone: u64,
}

/// Runs all of it.
pub(crate) async fn run(scale: Scale) -> Result<Figures> {
    let offered = offers(scale).await?;
    let ms = |micros: u64| micros as f64 / 1_000.0;
    let mut figures = Figures {
        scale,
        p50_ms: ms(offered.value_at_quantile(0.5)),
        p99_ms: ms(offered.value_at_quantile(0.99)),
        most_ms: ms(offered.max()),
        empty_mb: 0.0,
        sessions_mb: 0.0,
        full_mb: 0.0,
        resume_s: 0.0,
        anew: 0,
        lost: 0,
        twice: 0,
        gone: 0,
    };
    sessions(scale, &mut figures).await?;
    if figures.lost + figures.twice + figures.gone > 0 {
        return Err(format!("lost {}, twice {}, gone {}", figures.lost, figures.twice, figures.gone).into());
    }
    Ok(figures)
}

/// A store and a daemon that end with it.
struct Bed {
    daemon: Daemon,
    url: String,
    _nats: NatsServer,
    _folder: TempDir,
}

impl Bed {
    async fn start(workspace: &str, sessions: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut options = NatsOptions::new(folder.path().join("nats"));
        options.skein = Some(env!("CARGO_BIN_EXE_skein").into());
        let nats = NatsServer::start(options).await?;
        let url = nats.url();
        let port = format!("max_sessions = {}\n", sessions + 16);
        let daemon = Daemon::start_with(folder.path(), &url, false, (workspace, &port)).await?;
        Ok(Self { daemon, url, _nats: nats, _folder: folder })
    }
}

/// New Work is offered; agents take it, answer and close.
const OFFERED: &str = r#"
name = "bench"
[work]
max_messages_per_minute = 1000000
max_new_customers_per_minute = 1000000000
[[queue]]
name = "cold"
accept = "manual"
offer_timeout = "10m"
recall_after = "0s"
[[endpoint]]
name = "cold"
channel = "whatsapp"
queue = "cold"
[guest]
queues = ["cold"]
capacity = 10
"#;

/// New Work is assigned at once, so many to each agent; what a lost agent has goes back to the queue after its grace.
fn assigned(works: u64) -> String {
    format!(
        r#"
name = "bench"
[work]
max_messages_per_minute = 1000000
max_new_customers_per_minute = 1000000000
[[queue]]
name = "warm"
accept = "auto"
recall_after = "0s"
[[endpoint]]
name = "warm"
channel = "whatsapp"
queue = "warm"
[guest]
queues = ["warm"]
capacity = {works}
"#
    )
}

/// Microseconds from the moment each new Work was due in IN to its offer at an agent's client.
async fn offers(scale: Scale) -> Result<Histogram<u64>> {
    let bed = Bed::start(OFFERED, scale.agents).await?;
    let mut team = Team::start(bed.daemon.grpc)?;
    team.connect(scale.agents).await?;
    let mut adapter = Adapter::connect(&bed.url).await?;
    let (start, begun) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH)?);
    adapter.steady("cold", scale.offers, scale.rate, u64::MAX, start).await?;
    let mut offers = team.offers(scale.offers).await?;
    // Works are numbered as their messages came, and each message is of a new customer: the n-th Work is of the n-th message.
    offers.sort_unstable();
    let mut latency = Histogram::new(3)?;
    for (number, (_, at_micros)) in offers.into_iter().enumerate() {
        let due = begun + Duration::from_secs_f64(number as f64 / scale.rate);
        latency.record(at_micros.saturating_sub(u64::try_from(due.as_micros())?))?;
    }
    Ok(latency)
}

/// Memory with all sessions, and how all of them come back.
async fn sessions(scale: Scale, figures: &mut Figures) -> Result<()> {
    let bed = Bed::start(&assigned(scale.works), scale.sessions).await?;
    figures.empty_mb = bed.daemon.resident_mb()?;
    let mut team = Team::start(bed.daemon.grpc)?;
    team.connect(scale.sessions).await?;
    figures.sessions_mb = bed.daemon.resident_mb()? - figures.empty_mb;
    let mut adapter = Adapter::connect(&bed.url).await?;
    let customers = u64::try_from(scale.sessions)? * scale.works;
    let each = scale.events / scale.works;
    let everybody = |rounds: std::ops::Range<u64>| {
        rounds.flat_map(move |round| (0..customers).map(move |customer| ("warm", customer, round.to_string())))
    };
    // The first of each makes the Work; the others are told one by one.
    adapter.say(everybody(0..each)).await?;
    team.heard(customers * each).await?;
    figures.full_mb = bed.daemon.resident_mb()?;
    // All drop at once, customers go on writing, and all come back.
    team.drop_all().await?;
    let start = Instant::now();
    let (written, resumed) = tokio::join!(adapter.say(everybody(each..each + 1)), team.resume());
    written?;
    figures.anew = resumed?;
    figures.resume_s = start.elapsed().as_secs_f64();
    let told = team.heard(customers * (each + 1)).await?;
    (figures.lost, figures.twice, figures.gone) = (told.lost, told.twice, told.gone);
    Ok(())
}

/// Where the bench's own program is.
pub(crate) fn own() -> Result<PathBuf> {
    Ok(std::env::current_exe()?)
}
