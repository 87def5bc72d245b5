//! Three daemons that serve one shard. Each reaches each nats-server through a proxy of its own, and agents reach it through one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::host::Host;
use crate::lane::Lane;
use crate::nats::Cluster;
use crate::ports::Ports;
use crate::process::{Process, command};

/// How many.
pub(crate) const DAEMONS: usize = 3;
/// Name of the workspace.
pub(crate) const WORKSPACE: &str = "chaos";
/// The shard's name, as configured where nothing is said.
pub(crate) const SHARD: &str = "main";
/// How long a page of the admin port may take: one that is stopped does not answer.
const PAGE: Duration = Duration::from_millis(500);
/// What an agent has at once at most: with few agents more customers want one than there is room for.
const CAPACITY: u32 = 40;

/// Offers on whatsapp and chat, SMS is assigned at once. Who owns a Work loses it only by a clock, which nothing here may let run out; a
/// lost owner's Work returns to its queue, so that it is seen.
const WORKSPACE_FILE: &str = r#"
name = "chaos"
default_country = "DE"
[work]
max_messages_per_minute = 1000000
max_new_customers_per_minute = 1000000
[[queue]]
name = "offered"
accept = "manual"
offer_timeout = "60s"
recall_after = "0s"
grace = "requeue"
reexplain_cost = "5s"
[[queue]]
name = "given"
accept = "auto"
recall_after = "0s"
grace = "requeue"
reexplain_cost = "5s"
[[endpoint]]
name = "support"
channel = "whatsapp"
queue = "offered"
[[endpoint]]
name = "main"
channel = "sms"
queue = "given"
[[endpoint]]
name = "site"
channel = "chat"
queue = "offered"
[guest]
queues = ["offered", "given"]
"#;

/// One of them.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) name: String,
    program: PathBuf,
    pub(crate) config: PathBuf,
    said: PathBuf,
    pub(crate) grpc: u16,
    admin: u16,
    /// To each nats-server.
    pub(crate) ways: Vec<Lane>,
    /// From agents.
    pub(crate) agents: Lane,
    /// The library that changes its clock, and the file that says by how much.
    clock: Option<(PathBuf, PathBuf)>,
    pub(crate) process: Option<Process>,
}

/// Writes the configurations; starts nothing yet.
pub(crate) async fn lay_out(
    folder: &Path,
    host: &Host,
    cluster: &Cluster,
    ports: &mut Ports,
) -> anyhow::Result<Vec<Daemon>> {
    let text = format!("{WORKSPACE_FILE}capacity = {CAPACITY}\n");
    std::fs::write(folder.join("chaos.toml"), text).context("write the workspace")?;
    skein::keys::make_missing(&folder.join("keys"), WORKSPACE).context("make the workspace's key")?;
    let program =
        std::env::var_os("SKEIN_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_skein")), PathBuf::from);
    let mut daemons = Vec::new();
    for number in 1..=DAEMONS {
        let name = format!("node-{number}");
        let mut ways = Vec::new();
        for server in &cluster.servers {
            ways.push(Lane::to(server.port).await?);
        }
        let urls: Vec<String> = ways.iter().map(|lane| format!("nats://{}", lane.address())).collect();
        let (grpc, admin) = (ports.free()?, ports.free()?);
        let config = folder.join(format!("{name}.toml"));
        let text = format!(
            "[nats]\nurl = \"{}\"\n[log]\nreplicas = 3\nsync_always = true\n[node]\nname = \"{name}\"\n\
             [keys]\nfolder = \"keys\"\n[snapshots]\nfolder = \"snapshots-{number}\"\ninterval = \"20s\"\n\
             [grpc]\nlisten = \"127.0.0.1:{grpc}\"\n[admin]\nlisten = \"127.0.0.1:{admin}\"\n\
             [shutdown]\ndeadline = \"10s\"\n[workspaces]\nfiles = [\"chaos.toml\"]\n",
            urls.join(","),
        );
        std::fs::write(&config, text).context("write the configuration of a daemon")?;
        let clock = host.clock.clone().map(|library| (library, folder.join(format!("{name}.clock"))));
        daemons.push(Daemon {
            program: program.clone(),
            config,
            said: folder.join(format!("{name}.log")),
            grpc,
            admin,
            ways,
            agents: Lane::to(grpc).await?,
            clock,
            process: None,
            name,
        });
    }
    Ok(daemons)
}

impl Daemon {
    /// Starts it; it does not run.
    pub(crate) fn start(&mut self) -> anyhow::Result<()> {
        self.set_clock(0)?;
        let mut command = command(&self.program, &self.said)?;
        command.args(["serve", "-c"]).arg(&self.config);
        if let Some((library, file)) = &self.clock {
            // The monotonic clock stays: that of the wall alone jumps.
            command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", file);
            command
                .env("FAKETIME_NO_CACHE", "1")
                .env("DONT_FAKE_MONOTONIC", "1")
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        self.process = Some(Process::spawn(command)?);
        Ok(())
    }

    /// Starts it again if it has ended, although nobody ended it.
    pub(crate) fn started_again(&mut self) -> anyhow::Result<bool> {
        let ended = self.process.as_mut().map(Process::ended).transpose()?.flatten();
        let Some(ended) = ended else { return Ok(false) };
        println!("          {} ended by itself ({ended}): started again", self.name);
        self.start()?;
        Ok(true)
    }

    /// Its wall clock goes wrong by so many seconds.
    pub(crate) fn set_clock(&self, seconds: i64) -> anyhow::Result<()> {
        let Some((_, file)) = &self.clock else { return Ok(()) };
        // In its place at once: it is read with each look at the clock.
        let new = file.with_extension("new");
        std::fs::write(&new, format!("{seconds:+}\n")).context("write an offset of a clock")?;
        std::fs::rename(&new, file).context("put an offset of a clock in its place")
    }

    /// A page of its admin port; none: it does not answer, or not with 200.
    async fn page(&self, path: &str) -> Option<String> {
        let asked = async {
            let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.admin)).await.ok()?;
            let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            stream.write_all(ask.as_bytes()).await.ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.ok()?;
            answer.starts_with("HTTP/1.1 200").then_some(answer)
        };
        tokio::time::timeout(PAGE, asked).await.ok().flatten()
    }

    pub(crate) async fn is_ready(&self) -> bool {
        self.page("/readyz").await.is_some()
    }

    /// Whether it says that it owns the shard.
    pub(crate) async fn owns(&self) -> bool {
        self.page("/metrics").await.is_some_and(|page| page.lines().any(|line| line == "skein_owner 1"))
    }
}
