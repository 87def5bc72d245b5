//! The processes of adapters and agents, as the run sees them.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::task::AbortOnDropHandle;

use crate::mind::Tally;

/// How long one may take to end.
const ENDS: Duration = Duration::from_secs(20);

/// A line of the adapters.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Progress {
    /// Messages of customers that are acknowledged.
    pub(crate) acked: u64,
    /// Lanes that publish still.
    pub(crate) publishing: u64,
}

/// A line of the agents.
#[derive(Clone, Debug, Default, Deserialize)]
struct Beat {
    at_ms: u64,
    newest_ms: Option<u64>,
    tells: bool,
    tally: Tally,
}

/// At a time somebody was told something, and by then what was published at the other time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulse {
    pub(crate) at_ms: u64,
    pub(crate) newest_ms: u64,
}

/// What the agents have said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) tally: Tally,
    pub(crate) pulses: Vec<Pulse>,
}

/// A process with a role.
#[derive(Debug)]
pub(crate) struct Crew<T> {
    child: Child,
    orders: Option<ChildStdin>,
    heard: Arc<Mutex<T>>,
    _reader: AbortOnDropHandle<()>,
}

/// What a line changes.
pub(crate) trait Hears: Default + Send + 'static {
    fn hears(&mut self, line: &str);
}

impl Hears for Progress {
    fn hears(&mut self, line: &str) {
        *self = serde_json::from_str(line).unwrap_or(*self);
    }
}

impl Hears for Heard {
    fn hears(&mut self, line: &str) {
        let Ok(Beat { at_ms, newest_ms, tells, tally }) = serde_json::from_str(line) else { return };
        self.tally = tally;
        if tells {
            self.pulses.push(Pulse { at_ms, newest_ms: newest_ms.unwrap_or(0) });
        }
    }
}

impl<T: Hears> Crew<T> {
    /// Starts this program in a role.
    pub(crate) fn start(arguments: &[String], said: &Path) -> anyhow::Result<Self> {
        let said = std::fs::File::create(said).context("make a file for what a process says")?;
        let mut command = Command::new(std::env::current_exe().context("find this program")?);
        command.args(arguments).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(said);
        let mut child = command.spawn().context("start a process")?;
        let lines = child.stdout.take().context("its output")?;
        let orders = child.stdin.take();
        let heard = Arc::new(Mutex::new(T::default()));
        let into = Arc::clone(&heard);
        // Ends with the process's output.
        let reader = tokio::spawn(async move {
            let mut lines = BufReader::new(lines).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                lock(&into).hears(&line);
            }
        });
        Ok(Self { child, orders, heard, _reader: AbortOnDropHandle::new(reader) })
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, T> {
        lock(&self.heard)
    }

    pub(crate) async fn order(&mut self, order: &str) -> anyhow::Result<()> {
        let orders = self.orders.as_mut().context("it was told to end")?;
        orders.write_all(format!("{order}\n").as_bytes()).await.context("tell a process what to do")?;
        orders.flush().await.context("tell a process what to do")
    }

    /// It goes on, which it has to until it is told to end.
    pub(crate) fn works(&mut self) -> anyhow::Result<()> {
        let ended = self.child.try_wait().context("ask for a process")?;
        anyhow::ensure!(ended.is_none(), "adapters or agents ended by themselves: {ended:?}");
        Ok(())
    }

    /// Tells it to end, and waits until it has.
    pub(crate) async fn end(&mut self) -> anyhow::Result<()> {
        self.orders = None;
        let ended = tokio::time::timeout(ENDS, self.child.wait()).await.context("it does not end")?;
        let ended = ended.context("wait for a process")?;
        anyhow::ensure!(ended.success(), "it ended with {ended}");
        Ok(())
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
