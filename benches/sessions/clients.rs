//! The process with the agents' clients: does what it is asked, one thing after the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::Result;
use crate::session::{Agent, Seen};
use crate::team::{Asked, Heard, Told};

/// Connections that are being made at once: as many as a listener has room for.
const AT_ONCE: usize = 256;
/// A count that does not move for so long does not move any more.
const STALLED: Duration = Duration::from_secs(60);

/// All clients.
struct Clients {
    grpc: SocketAddr,
    per_connection: usize,
    seen: Arc<Seen>,
    agents: Vec<Arc<Agent>>,
    sessions: Vec<JoinHandle<()>>,
}

/// Answers until nothing more is asked.
pub(crate) async fn serve(grpc: SocketAddr) -> Result<()> {
    let per_connection = std::env::var("SKEIN_BENCH_PER_CONNECTION").map_or(Ok(1), |text| text.parse::<usize>())?;
    let per_connection = per_connection.max(1);
    let (seen, agents, sessions) = (Arc::default(), Vec::new(), Vec::new());
    let mut clients = Clients { grpc, per_connection, seen, agents, sessions };
    let mut asks = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = asks.next_line().await? {
        let asked: Asked = serde_json::from_str(&line)?;
        let told = clients.does(asked).await.unwrap_or_else(|error| Told::Failed(error.to_string()));
        println!("{}", serde_json::to_string(&told)?);
    }
    Ok(())
}

impl Clients {
    async fn does(&mut self, asked: Asked) -> Result<Told> {
        match asked {
            Asked::Connect(count) => {
                self.agents = (0..count).map(|number| Arc::new(Agent::new(format!("agent-{number}")))).collect();
                self.open().await?;
                Ok(Told::Done)
            }
            Asked::Offers(count) => {
                self.until(count, || self.seen.offered()).await?;
                Ok(Told::Offers(self.seen.offers()))
            }
            Asked::Heard(count) => {
                self.until(count, || self.seen.messages.load(Relaxed)).await?;
                let (mut heard, gone) = (Heard::default(), self.seen.gone.load(Relaxed));
                for agent in &self.agents {
                    let (lost, twice) = agent.missed();
                    heard = Heard { lost: heard.lost + lost, twice: heard.twice + twice, gone };
                }
                Ok(Told::Heard(heard))
            }
            Asked::Drop => {
                for session in self.sessions.drain(..) {
                    session.abort();
                    // Aborted is what it was to be.
                    let _ = session.await;
                }
                Ok(Told::Done)
            }
            Asked::Resume => Ok(Told::Resumed(self.open().await?)),
        }
    }

    /// Opens a session of each agent, or goes on with it. Gives how many began anew.
    async fn open(&mut self) -> Result<u64> {
        let (grpc, seen) = (self.grpc, &self.seen);
        let opened = stream::iter(self.agents.chunks(self.per_connection))
            .map(|agents| async move {
                let channel = Channel::from_shared(format!("http://{grpc}"))?.tcp_nodelay(true).connect().await?;
                let mut opened = Vec::with_capacity(agents.len());
                for agent in agents {
                    let (welcomed, welcome) = oneshot::channel();
                    let going = Arc::clone(agent).run(channel.clone(), Arc::clone(seen), welcomed);
                    opened.push((tokio::spawn(going), welcome));
                }
                let mut sessions = Vec::with_capacity(agents.len());
                for (session, welcome) in opened {
                    sessions.push((session, welcome.await.map_err(|_| "a session ended before its welcome")?));
                }
                Result::Ok(sessions)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let mut anew = 0;
        for (session, resumed) in opened.into_iter().flatten() {
            anew += u64::from(!resumed);
            self.sessions.push(session);
        }
        Ok(anew)
    }

    /// Waits until a count is reached, or moves no more.
    async fn until(&self, wanted: u64, count: impl Fn() -> u64) -> Result<()> {
        let mut before = count();
        loop {
            let moved = async {
                while count() < wanted && count() == before {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            if tokio::time::timeout(STALLED, moved).await.is_err() {
                return Err(format!("stalled at {before} of {wanted}: {}", self.seen.trouble()).into());
            }
            before = count();
            if before >= wanted {
                return Ok(());
            }
        }
    }
}
