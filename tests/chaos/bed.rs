//! Everything that a run stands on, and whoever starts again what has ended: as a service manager would.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::Instant;

use crate::crew::{Crew, Heard, Progress};
use crate::daemons::{self, Daemon, SHARD};
use crate::host::Host;
use crate::nats::{Cluster, SERVERS};
use crate::ports::Ports;
use crate::process::Process;

/// How often it is looked whether something has ended.
const TICK: Duration = Duration::from_millis(50);
/// How long the servers and daemons may take to be ready at first.
const READY: Duration = Duration::from_secs(120);
/// How long a server may take to say who leads.
const ASKED: Duration = Duration::from_secs(2);

/// Servers, daemons, adapters and agents.
#[derive(Debug)]
pub(crate) struct Bed {
    pub(crate) host: Host,
    pub(crate) cluster: Cluster,
    pub(crate) daemons: Vec<Daemon>,
    /// Past the proxies.
    pub(crate) bus: async_nats::Client,
    pub(crate) adapters: Crew<Progress>,
    pub(crate) agents: Crew<Heard>,
    /// Of servers and daemons those that a fault keeps down.
    pub(crate) down: Vec<String>,
    /// Servers and daemons that ended although nobody ended them.
    pub(crate) ended: u64,
    pub(crate) random: StdRng,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Messages a second.
    pub(crate) rate: u64,
    pub(crate) agents: u64,
}

impl Bed {
    /// Starts all of it, and waits until the daemons are ready.
    pub(crate) async fn make(folder: &Path, host: Host, seed: u64, load: Load) -> anyhow::Result<Self> {
        let mut ports = Ports::new();
        let mut cluster = Cluster::lay_out(folder, &host, &mut ports).await?;
        let mut daemons = daemons::lay_out(folder, &host, &cluster, &mut ports).await?;
        for at in 0..SERVERS {
            cluster.start(at)?;
        }
        for daemon in &mut daemons {
            daemon.start()?;
        }
        let options =
            async_nats::ConnectOptions::new().retry_on_initial_connect().ping_interval(Duration::from_secs(1));
        let urls = cluster.urls();
        let bus = options.connect(urls.split(',').collect::<Vec<_>>()).await.context("connect to the bus")?;
        let until = Instant::now() + READY;
        let mut ended = 0;
        for daemon in &mut daemons {
            while !daemon.is_ready().await {
                anyhow::ensure!(Instant::now() < until, "{} is not ready", daemon.name);
                ended += u64::from(daemon.started_again()?);
                tokio::time::sleep(TICK).await;
            }
        }
        let ways: Vec<String> = daemons.iter().map(|daemon| daemon.agents.address().to_string()).collect();
        let agents = [
            "agents".to_owned(),
            format!("--addresses={}", ways.join(",")),
            format!("--notes={}", folder.join("agents.jsonl").display()),
            format!("--agents={}", load.agents),
            format!("--seed={seed}"),
        ];
        let adapters = [
            "adapters".to_owned(),
            format!("--urls={}", cluster.client_urls()),
            format!("--notes={}", folder.join("adapters.jsonl").display()),
            format!("--rate={}", load.rate),
            format!("--seed={seed}"),
        ];
        Ok(Self {
            host,
            cluster,
            daemons,
            bus,
            adapters: Crew::start(&adapters, &folder.join("adapters.log"))?,
            agents: Crew::start(&agents, &folder.join("agents.log"))?,
            down: Vec::new(),
            ended,
            random: StdRng::seed_from_u64(seed),
        })
    }

    /// Waits, and starts again what ends meanwhile.
    pub(crate) async fn wait(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + time;
        loop {
            self.tend()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(left.min(TICK)).await;
        }
    }

    /// Starts again what has ended, but for what a fault keeps down.
    fn tend(&mut self) -> anyhow::Result<()> {
        self.adapters.works()?;
        self.agents.works()?;
        for at in 0..SERVERS {
            let server = &mut self.cluster.servers[at];
            let ended = server.process.as_mut().map(Process::ended).transpose()?.flatten();
            if let Some(ended) = ended.filter(|_| !self.down.contains(&server.name)) {
                println!("          {} ended by itself ({ended}): started again", server.name);
                self.ended += 1;
                self.cluster.start(at)?;
            }
        }
        for daemon in self.daemons.iter_mut().filter(|daemon| !self.down.contains(&daemon.name)) {
            self.ended += u64::from(daemon.started_again()?);
        }
        Ok(())
    }

    /// Which daemon owns the shard; one by chance where none says so.
    pub(crate) async fn owner(&mut self) -> usize {
        let says = futures::future::join_all(self.daemons.iter().map(Daemon::owns)).await;
        says.iter().position(|owns| *owns).unwrap_or_else(|| self.random.random_range(0..self.daemons.len()))
    }

    /// Which server leads the log; one by chance where none says so.
    pub(crate) async fn leader(&mut self) -> usize {
        let context = jetstream::new(self.bus.clone());
        let asked = async {
            let stream = context.get_stream(format!("SKEIN_LOG_{SHARD}")).await.ok()?;
            let leader = stream.cached_info().cluster.as_ref()?.leader.clone()?;
            self.cluster.named(&leader)
        };
        let leads = tokio::time::timeout(ASKED, asked).await.ok().flatten();
        leads.unwrap_or_else(|| self.random.random_range(0..SERVERS))
    }

    /// How many messages the log's stream has ever had; none: nobody answers.
    pub(crate) async fn log_end(&self) -> Option<u64> {
        let name = format!("SKEIN_LOG_{SHARD}");
        let state = skein::nats::stream_state(&self.bus, &name);
        tokio::time::timeout(ASKED, state).await.ok()?.ok().map(|state| state.last_sequence)
    }

    /// How many messages of ours adapters have not taken; none: nobody answers.
    pub(crate) async fn not_taken(&self) -> Option<u64> {
        let context = jetstream::new(self.bus.clone());
        let asked = async {
            let stream = context.get_stream(format!("SKEIN_OUT_{}", daemons::WORKSPACE)).await.ok()?;
            let mut left = 0;
            for endpoint in crate::payload::ENDPOINTS {
                let info = stream.consumer_info(endpoint.name).await.ok()?;
                left += info.num_pending + u64::try_from(info.num_ack_pending).ok()?;
            }
            Some(left)
        };
        tokio::time::timeout(ASKED, asked).await.ok().flatten()
    }
}
