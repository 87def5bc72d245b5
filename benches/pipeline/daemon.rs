//! The daemon as a process of its own, with the workspace of the bench.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use skein::config::parse_workspace;
use skein::domain::workspace::WorkspaceConfig;

use crate::Result;

/// Agents who hold the Works.
pub(crate) const AGENTS: usize = 50;
/// How long the daemon may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Warm: assigned at once. Cold: offered, so that agents accept. Nobody is recalled, nobody is full, nobody floods, nobody waits in quarantine.
const WORKSPACE: &str = r#"
name = "bench"
[work]
max_messages_per_minute = 1000000
max_new_customers_per_minute = 1000000000
[[queue]]
name = "warm"
accept = "auto"
recall_after = "0s"
grace = "keep"
[[queue]]
name = "cold"
accept = "manual"
offer_timeout = "10m"
recall_after = "0s"
[[endpoint]]
name = "warm"
channel = "whatsapp"
queue = "warm"
[[endpoint]]
name = "cold"
channel = "whatsapp"
queue = "cold"
[guest]
queues = ["warm", "cold"]
capacity = 100000
"#;

/// The workspace as the core sees it.
pub(crate) fn workspace() -> WorkspaceConfig {
    parse_workspace(Path::new("bench.toml"), WORKSPACE).expect("the bench's workspace is valid")
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) grpc: SocketAddr,
}

impl Daemon {
    /// Starts `skein serve` beside the nats-server at `url` and waits until it is ready.
    pub(crate) async fn start(folder: &Path, url: &str, sync_always: bool) -> Result<Self> {
        Self::start_with(folder, url, sync_always, (WORKSPACE, "")).await
    }

    /// The same with another workspace `bench`, and more lines for `[grpc]`.
    pub(crate) async fn start_with(
        folder: &Path,
        url: &str,
        sync_always: bool,
        (workspace, port): (&str, &str),
    ) -> Result<Self> {
        std::fs::write(folder.join("bench.toml"), workspace)?;
        let (grpc, admin) = (free_address()?, free_address()?);
        let config = format!(
            "[nats]\nurl = \"{url}\"\n[log]\nreplicas = 1\nrequire_sync_always = \"warn\"\nsync_always = {sync_always}\n\
             [grpc]\nlisten = \"{grpc}\"\n{port}[admin]\nlisten = \"{admin}\"\n[logging]\nlevel = \"warn\"\n\
             [workspaces]\nfiles = [\"{}\"]\n[keys]\nfolder = \"keys\"\n",
            folder.join("bench.toml").display(),
        );
        std::fs::write(folder.join("skein.toml"), config)?;
        skein::keys::make_missing(&folder.join("keys"), "bench")?;
        let child = Command::new(env!("CARGO_BIN_EXE_skein"))
            .args(["serve", "-c"])
            .arg(folder.join("skein.toml"))
            .stdout(Stdio::null())
            .spawn()?;
        let daemon = Self { child, grpc };
        let start = Instant::now();
        while !ready(admin).await {
            if start.elapsed() > READY_WITHIN {
                return Err("the daemon did not get ready".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(daemon)
    }

    /// Stops it where it stands, so that IN can be filled beforehand.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        Command::new("kill").arg(signal).arg(self.child.id().to_string()).status()?;
        Ok(())
    }

    /// Resident megabytes now.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse::<f64>()? / 1_024.0)
    }

    /// Processor time used so far, in ticks of 1/100 s.
    pub(crate) fn ticks(&self) -> Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().ok_or("no fields")?.split_whitespace().collect();
        Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.resume());
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn ready(admin: SocketAddr) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(admin).await.ok()?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer.starts_with("HTTP/1.1 200"))
    };
    tokio::time::timeout(Duration::from_secs(1), ask).await.ok().flatten().unwrap_or(false)
}
