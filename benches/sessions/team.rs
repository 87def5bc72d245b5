//! The process with the agents' clients, as the bench sees it: a line of JSON is asked, a line is answered.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::phases::own;
use crate::{CLIENTS, Result};

/// An answer that takes so long does not come.
const STALLED: Duration = Duration::from_secs(600);

/// What is asked of the clients.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// So many agents log in and are READY.
    Connect(usize),
    /// When so many offers have come.
    Offers(u64),
    /// When so many messages of customers have come.
    Heard(u64),
    /// All connections are cut.
    Drop,
    /// All sessions are gone on with.
    Resume,
}

/// What they answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// It is so.
    Done,
    /// Works that were offered, by their numbers, each with the time of its offer, microseconds since the Unix epoch.
    Offers(Vec<(u64, u64)>),
    /// All are back; so many with a snapshot, as something was no longer kept.
    Resumed(u64),
    /// What was heard in all.
    Heard(Heard),
    /// It went wrong.
    Failed(String),
}

/// What was heard in all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// Messages that are missing before one that came.
    pub(crate) lost: u64,
    /// Messages that came more than once.
    pub(crate) twice: u64,
    /// Works that were taken from their agent.
    pub(crate) gone: u64,
}

/// The process. Killed when dropped.
pub(crate) struct Team {
    asks: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Team {
    /// Starts it.
    pub(crate) fn start(grpc: SocketAddr) -> Result<Self> {
        let mut child = Command::new(own()?)
            .env(CLIENTS, grpc.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let asks = child.stdin.take().ok_or("no way in")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no way out")?).lines();
        Ok(Self { asks, answers, _child: child })
    }

    async fn ask(&mut self, asked: Asked) -> Result<Told> {
        let line = format!("{}\n", serde_json::to_string(&asked)?);
        self.asks.write_all(line.as_bytes()).await?;
        let answer = timeout(STALLED, self.answers.next_line()).await.map_err(|_| format!("stalled: {asked:?}"))??;
        match serde_json::from_str(&answer.ok_or("the clients have ended")?)? {
            Told::Failed(why) => Err(format!("{asked:?}: {why}").into()),
            told => Ok(told),
        }
    }

    pub(crate) async fn connect(&mut self, agents: usize) -> Result<()> {
        self.ask(Asked::Connect(agents)).await.map(drop)
    }

    pub(crate) async fn offers(&mut self, count: u64) -> Result<Vec<(u64, u64)>> {
        match self.ask(Asked::Offers(count)).await? {
            Told::Offers(offers) => Ok(offers),
            other => Err(format!("{other:?}").into()),
        }
    }

    pub(crate) async fn heard(&mut self, count: u64) -> Result<Heard> {
        match self.ask(Asked::Heard(count)).await? {
            Told::Heard(heard) => Ok(heard),
            other => Err(format!("{other:?}").into()),
        }
    }

    pub(crate) async fn drop_all(&mut self) -> Result<()> {
        self.ask(Asked::Drop).await.map(drop)
    }

    pub(crate) async fn resume(&mut self) -> Result<u64> {
        match self.ask(Asked::Resume).await? {
            Told::Resumed(anew) => Ok(anew),
            other => Err(format!("{other:?}").into()),
        }
    }
}
