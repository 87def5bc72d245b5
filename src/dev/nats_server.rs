//! Starts, watches, restarts and ends one private nats-server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::binary::{BinaryError, Version, find_server};
use super::data_dir::{DataDir, DataDirError};
use super::keeper::Keeper;

/// Largest message the server takes; the daemon's streams take a little less.
const MAX_PAYLOAD: u32 = 1 << 20;
/// What the server lets streams reserve. By default it is three quarters of the free disk, and then a stream's own limit, which
/// is meant for production, could not be declared on a small machine.
const MAX_FILE_STORE: &str = "1TB";
/// How often the server is asked whether it is there: short against its start of some 50 ms.
const PROBE_INTERVAL: Duration = Duration::from_millis(5);
/// How long one probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an orderly stop may take before the server is killed: it only has to close files.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest greeting of a server that is read.
const GREETING_MAX: u64 = 64 << 10;
/// Lines of its log shown when it does not start.
const LOG_LINES_SHOWN: usize = 5;

/// How to start a server.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// Where its data lies; made if it is not there, held by one process at a time.
    pub data: PathBuf,
    /// Port on 127.0.0.1; `None` takes a free one. A restart keeps the port.
    pub port: Option<u16>,
    /// Whether every write reaches the disk before it is acknowledged.
    pub sync_always: bool,
    /// The server to run; `None` searches (see [`find_server`]).
    pub server: Option<PathBuf>,
    /// The skein executable that holds `exec-nats`; `None` is the running one. Tests pass `env!("CARGO_BIN_EXE_skein")`.
    pub skein: Option<PathBuf>,
    /// Lines added to the server's configuration, for clusters in tests and benches.
    pub extra_config: String,
    /// How long it may take until it answers. Includes reading a large store again.
    pub start_timeout: Duration,
}

impl NatsOptions {
    /// A free port, every write to disk, the server that is found.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            port: None,
            sync_always: true,
            server: None,
            skein: None,
            extra_config: String::new(),
            start_timeout: Duration::from_secs(30),
        }
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// No usable program.
    #[error("cannot start a private nats-server")]
    Binary(#[from] BinaryError),
    /// The data folder is taken or unusable.
    #[error("cannot start a private nats-server")]
    DataDir(#[from] DataDirError),
    /// Files or processes.
    #[error("cannot {action} for the private nats-server")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// It ended instead of answering.
    #[error("nats-server ended while starting ({status}); it said: {said}")]
    Ended {
        /// How.
        status: std::process::ExitStatus,
        /// The end of its log.
        said: String,
    },
    /// It does not answer.
    #[error("nats-server did not answer within {} ms; it said: {said}", waited.as_millis())]
    NoAnswer {
        /// How long it was given.
        waited: Duration,
        /// The end of its log.
        said: String,
    },
}

/// A running server. Dropping it kills the server and frees the data folder.
#[derive(Debug)]
pub struct NatsServer {
    // fields are dropped in this order: the process before the folder is free
    keeper: Keeper,
    data: DataDir,
    options: NatsOptions,
    server: PathBuf,
    version: Version,
    port: u16,
}

impl NatsServer {
    /// Starts a server and waits until it answers with JetStream.
    ///
    /// Not cancel safe in one respect only: a cancelled start kills what it started.
    ///
    /// # Errors
    /// [`NatsError`] says what to do.
    pub async fn start(options: NatsOptions) -> Result<Self, NatsError> {
        let data = DataDir::take(&options.data)?;
        let named = options.server.clone();
        let found = tokio::task::spawn_blocking(move || find_server(named.as_deref()));
        let (server, version) =
            found.await.map_err(|error| io("look for a program", std::io::Error::other(error)))??;
        let (keeper, port) = launch(&options, &data, &server, options.port).await?;
        Ok(Self { keeper, data, options, server, version, port })
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.keeper.pid().as_raw_nonzero().get().unsigned_abs()
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Which program it is.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.server
    }

    /// Where its data and its log (`nats-server.log`) lie.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.keeper.exit_status().is_none()
    }

    /// Waits until it ends, for whatever reason. Cancel safe.
    pub async fn ended(&self) {
        self.keeper.ended().await;
    }

    /// Stops it in order; killed if that takes longer than ten seconds.
    pub async fn stop(&self) {
        // a paused server must run to stop
        self.keeper.signal(Signal::CONT);
        self.keeper.signal(Signal::TERM);
        if timeout(STOP_TIMEOUT, self.keeper.ended()).await.is_err() {
            self.kill9().await;
        }
    }

    /// Kills it and waits for the end, as a crash would end it. [`NatsServer::restart`] starts it again.
    pub async fn kill9(&self) {
        self.keeper.signal(Signal::KILL);
        self.keeper.ended().await;
    }

    /// Stops every thread of it, as an overloaded machine would.
    pub fn pause(&self) {
        self.keeper.signal(Signal::STOP);
    }

    /// Undoes [`NatsServer::pause`].
    pub fn resume(&self) {
        self.keeper.signal(Signal::CONT);
    }

    /// Stops it if it runs, and starts it again on the same data and the same port.
    ///
    /// # Errors
    /// [`NatsError`]; also when somebody else took the port meanwhile.
    pub async fn restart(&mut self) -> Result<(), NatsError> {
        self.stop().await;
        let (keeper, port) = launch(&self.options, &self.data, &self.server, Some(self.port)).await?;
        self.keeper = keeper;
        self.port = port;
        Ok(())
    }
}

async fn launch(
    options: &NatsOptions,
    data: &DataDir,
    server: &Path,
    port: Option<u16>,
) -> Result<(Keeper, u16), NatsError> {
    let run = data.path().join("run");
    // ports of an earlier server that was killed
    let _ = std::fs::remove_dir_all(&run);
    std::fs::create_dir_all(&run).map_err(|source| io("make a folder", source))?;
    let log = data.path().join("nats-server.log");
    let log_began = std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
    let config = data.path().join("nats-server.conf");
    std::fs::write(&config, config_text(options, data.path(), &run, &log, port))
        .map_err(|source| io("write the configuration", source))?;
    let skein = match &options.skein {
        Some(path) => path.clone(),
        None => std::env::current_exe().map_err(|source| io("find the skein executable", source))?,
    };
    let complaints = std::fs::File::create(run.join("stderr")).map_err(|source| io("make a file", source))?;
    let mut command = Command::new(skein);
    command.arg("exec-nats").arg("--parent").arg(std::process::id().to_string());
    command.arg("--server").arg(server).arg("--config").arg(&config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
    let keeper = Keeper::spawn(command).map_err(|source| io("start a process", source))?;
    let said =
        || tail(&run.join("stderr"), 0).or_else(|| tail(&log, log_began)).unwrap_or_else(|| "nothing".to_owned());
    let gives_up = Instant::now() + options.start_timeout;
    loop {
        if let Some(status) = keeper.exit_status() {
            return Err(NatsError::Ended { status, said: said() });
        }
        if let Some(port) = listening_port(&run, keeper.pid().as_raw_nonzero().get())
            && answers(port).await
        {
            return Ok((keeper, port));
        }
        if Instant::now() >= gives_up {
            return Err(NatsError::NoAnswer { waited: options.start_timeout, said: said() });
        }
        // ends early when the server does
        let _ = timeout(PROBE_INTERVAL, keeper.ended()).await;
    }
}

fn config_text(options: &NatsOptions, data: &Path, run: &Path, log: &Path, port: Option<u16>) -> String {
    let port = port.map_or("-1".to_owned(), |port| port.to_string());
    let sync = if options.sync_always { "\n  sync_interval: always" } else { "" };
    format!(
        "# written by skein at every start\n\
         listen: \"127.0.0.1:{port}\"\n\
         max_payload: {MAX_PAYLOAD}\n\
         ports_file_dir: {run}\n\
         log_file: {log}\n\
         logfile_size_limit: 16MB\n\
         jetstream {{\n  store_dir: {store}\n  max_file_store: {MAX_FILE_STORE}{sync}\n}}\n\
         {extra}\n",
        run = quoted(run),
        log = quoted(log),
        store = quoted(&data.join("jetstream")),
        extra = options.extra_config,
    )
}

/// A path as a string of the server's configuration.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{path}\"")
}

#[derive(Deserialize)]
struct PortsFile {
    #[serde(default)]
    nats: Vec<String>,
}

/// The port in `<program>_<pid>.ports`, once the server has written it whole.
fn listening_port(run: &Path, pid: i32) -> Option<u16> {
    let ends_with = format!("_{pid}.ports");
    let mut files = std::fs::read_dir(run).ok()?.filter_map(Result::ok);
    let file = files.find(|file| file.file_name().to_string_lossy().ends_with(&ends_with))?;
    let ports: PortsFile = serde_json::from_slice(&std::fs::read(file.path()).ok()?).ok()?;
    ports.nats.iter().find_map(|url| url.rsplit_once(':')?.1.parse().ok())
}

#[derive(Deserialize)]
struct Greeting {
    #[serde(default)]
    jetstream: bool,
}

/// Whether a server greets on the port and says that it has JetStream.
async fn answers(port: u16) -> bool {
    let greeting = async {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        let mut line = String::new();
        BufReader::new(stream.take(GREETING_MAX)).read_line(&mut line).await.ok()?;
        serde_json::from_str::<Greeting>(line.strip_prefix("INFO ")?.trim()).ok()
    };
    timeout(PROBE_TIMEOUT, greeting).await.ok().flatten().is_some_and(|greeting| greeting.jetstream)
}

/// The last lines of a file after `from` bytes; `None` when there are none.
fn tail(path: &Path, from: u64) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(bytes.get(usize::try_from(from).ok()?..)?).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown =
        lines.iter().skip(lines.len().saturating_sub(LOG_LINES_SHOWN)).map(|line| line.trim()).collect::<Vec<_>>();
    (!shown.is_empty()).then(|| shown.join(" | "))
}

fn io(action: &'static str, source: std::io::Error) -> NatsError {
    NatsError::Io { action, source }
}
