//! The process of the agents: a session each, opened again wherever it can be, with commands repeated under their ids.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use skein::proto::agent as p;
use skein::proto::agent::agent_service_client::AgentServiceClient;
use skein::proto::agent::session_request::Request as Ask;
use skein::proto::agent::session_response::Response as Told;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::daemons::WORKSPACE;
use crate::mind::{Mind, Tally};
use crate::notes::Notes;
use crate::role::Orders;
use crate::words::now_ms;

/// Commands on their way; with more the agent waits.
const AHEAD: usize = 4_096;
/// Before the next daemon is tried.
const AGAIN: Duration = Duration::from_millis(50);
/// How long a connection may take.
const CONNECTS: Duration = Duration::from_secs(1);
/// How long a session may take to open: calls wait for 5 s where nobody owns the shard.
const OPENS: Duration = Duration::from_secs(8);
/// How often a silent connection is probed, and how long it may not answer.
const PROBES: Duration = Duration::from_secs(1);
/// How often it is looked what is to be closed, and what was not decided is asked again.
const LOOKS: Duration = Duration::from_millis(100);
/// How often it is told when somebody was told something.
const PULSE: Duration = Duration::from_millis(20);

/// What the agents' process is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where daemons are, by commas.
    #[arg(long, value_delimiter = ',')]
    addresses: Vec<String>,
    #[arg(long)]
    notes: PathBuf,
    #[arg(long)]
    agents: u64,
    #[arg(long)]
    seed: u64,
}

/// Runs until it is told to end.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let notes = Arc::new(Notes::begin(&args.notes)?);
    let channels: Vec<Channel> = args.addresses.iter().map(|address| channel(address)).collect::<Result<_, _>>()?;
    let mut minds = Vec::new();
    let mut tasks = JoinSet::new();
    for number in 1..=args.agents {
        let mind = Arc::new(Mutex::new(Mind::new(format!("agent{number}"), args.seed ^ number)));
        let first = usize::try_from(number)? % channels.len();
        tasks.spawn(works(Arc::clone(&mind), channels.clone(), first, Arc::clone(&notes)));
        minds.push(mind);
    }
    let mut orders = Orders::read();
    let mut pulse = tokio::time::interval(PULSE);
    let mut told = 0;
    for beat in 0u64.. {
        tokio::select! {
            // Cancel-safe: a line that was not taken stays.
            order = orders.next() => match order.as_deref() {
                Some("finish") => minds.iter().for_each(|mind| lock(mind).finishing = true),
                _ => break,
            },
            // Cancel-safe: a tick that was not taken stays.
            _ = pulse.tick() => {}
        }
        let mut all = Tally::default();
        minds.iter().for_each(|mind| all.add(&lock(mind).tally()));
        if all.told != told || beat % 10 == 0 {
            let newest = minds.iter().map(|mind| lock(mind).newest_ms).max();
            println!("{}", json!({"at_ms": now_ms(), "newest_ms": newest, "tells": all.told != told, "tally": all}));
            told = all.told;
        }
    }
    tasks.shutdown().await;
    minds.iter().for_each(|mind| lock(mind).saw.drain(..).for_each(|line| notes.note(&line)));
    notes.flush()
}

fn channel(address: &str) -> anyhow::Result<Channel> {
    let endpoint = Channel::from_shared(format!("http://{address}")).context("an address of a daemon")?;
    let endpoint = endpoint.connect_timeout(CONNECTS).http2_keep_alive_interval(PROBES).keep_alive_timeout(PROBES * 2);
    Ok(endpoint.keep_alive_while_idle(true).connect_lazy())
}

fn lock(mind: &Mutex<Mind>) -> MutexGuard<'_, Mind> {
    mind.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Session after session, until the process ends.
async fn works(mind: Arc<Mutex<Mind>>, channels: Vec<Channel>, first: usize, notes: Arc<Notes>) {
    for at in first.. {
        if let Err(error) = session(&mind, &channels[at % channels.len()], &notes).await {
            let name = lock(&mind).name().to_owned();
            eprintln!("{} {name}: {error:#}", now_ms());
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn session(mind: &Mutex<Mind>, channel: &Channel, notes: &Notes) -> anyhow::Result<()> {
    let (asks, requests) = mpsc::channel(AHEAD);
    let ask = async |ask| asks.send(p::SessionRequest { request: Some(ask) }).await.context("the session is over");
    let (hello, name) = {
        let mind = lock(mind);
        (mind.hello(), mind.name().to_owned())
    };
    ask(Ask::Hello(hello)).await?;
    let mut request = tonic::Request::new(ReceiverStream::new(requests));
    request.metadata_mut().insert("skein-workspace", WORKSPACE.parse()?);
    request.metadata_mut().insert("skein-agent", name.parse()?);
    let opens = async {
        let mut frames = AgentServiceClient::new(channel.clone()).session(request).await?.into_inner();
        let welcome = match frames.message().await?.and_then(|frame| frame.response) {
            Some(Told::Welcome(welcome)) => welcome,
            other => anyhow::bail!("no welcome but {other:?}"),
        };
        anyhow::Ok((frames, welcome))
    };
    let (mut frames, welcome) = tokio::time::timeout(OPENS, opens).await.context("no welcome in time")??;
    let first = lock(mind).welcomed(welcome);
    for first in first {
        ask(first).await?;
    }
    let mut looks = tokio::time::interval(LOOKS);
    let mut again = Vec::new();
    loop {
        let frame = tokio::select! {
            // Cancel-safe: a frame that was not taken stays.
            frame = frames.message() => Some(frame?.context("the stream ended")?),
            // Cancel-safe: a tick that was not taken stays.
            _ = looks.tick() => None,
        };
        let (asked, saw) = {
            let mut mind = lock(mind);
            let asked = match frame.map(|frame| frame.response) {
                None => again.drain(..).chain(mind.looks_at_the_clock()).collect(),
                Some(Some(Told::Events(events))) => {
                    let mut asked: Vec<Ask> = events.events.into_iter().flat_map(|event| mind.told(event)).collect();
                    asked.push(mind.acknowledges());
                    asked
                }
                Some(Some(Told::Result(result))) => {
                    again.extend(mind.done(result));
                    Vec::new()
                }
                Some(Some(Told::Live(_)) | None) => Vec::new(),
                Some(Some(Told::Welcome(_))) => anyhow::bail!("a second welcome"),
            };
            (asked, std::mem::take(&mut mind.saw))
        };
        saw.iter().for_each(|line| notes.note(line));
        for asked in asked {
            ask(asked).await?;
        }
    }
}
