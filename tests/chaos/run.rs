//! A run: load, faults one after the other, rest, and the proof.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::bed::{Bed, Load};
use crate::crew::Pulse;
use crate::faults::Done;
use crate::host::Host;
use crate::plan::{Fault, Kind, Plan};
use crate::proof::{Proof, Seen, p99_s};
use crate::words::now_ms;

/// Longest wait for messages to go on after a fault.
const RECOVERS: Duration = Duration::from_secs(60);
/// Longest wait for the first messages.
const BEGINS: Duration = Duration::from_secs(60);
/// Longest wait for everything to come to rest.
const RESTS: Duration = Duration::from_secs(180);
/// So long nothing may be appended at rest.
const QUIET: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// What is asked of a run.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    pub(crate) seed: u64,
    /// From the first message to the last fault.
    pub(crate) time: Duration,
    /// From the beginning of a fault to that of the next, where it has healed by then.
    pub(crate) every: Duration,
    pub(crate) load: Load,
    /// These, and no others; none: all in an order of the seed, again and again.
    pub(crate) kinds: Option<Vec<Kind>>,
    /// The history is broken afterwards, which has to be found.
    pub(crate) controls: bool,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) proof: Proof,
    pub(crate) acked: u64,
    pub(crate) faults: u64,
    /// The last line.
    pub(crate) line: String,
}

/// A fault and for how long nobody was told anything because of it, milliseconds.
#[derive(Clone, Debug)]
struct Told {
    done: Done,
    silence_ms: Option<u64>,
}

/// The whole of it, in a folder that is there.
pub(crate) async fn run(folder: &Path, wishes: &Wishes) -> anyhow::Result<Outcome> {
    let host = Host::look();
    println!(
        "seed {}, {} s, {} messages/s; everything is kept in {}",
        wishes.seed,
        wishes.time.as_secs(),
        wishes.load.rate,
        folder.display()
    );
    host.left_out().iter().for_each(|line| println!("{line}"));
    let mut plan = match &wishes.kinds {
        Some(kinds) => Plan::of(wishes.seed, kinds.clone()),
        None => Plan::new(wishes.seed, &host),
    };
    let mut bed = Bed::make(folder, host, wishes.seed, wishes.load).await?;
    let from = now_ms();
    recovered(&mut bed, from, from, BEGINS).await?.context("no message comes through at the beginning")?;
    let began = Instant::now();
    let mut told: Vec<Told> = Vec::new();
    while began.elapsed() < wishes.time {
        let due = Instant::now() + wishes.every;
        let fault = plan.next();
        let done = one(&mut bed, fault, began).await?;
        told.push(done);
        let left = due.saturating_duration_since(Instant::now());
        bed.wait(if left.is_zero() { Duration::ZERO } else { left.max(fault.pause) }).await?;
    }
    let took = began.elapsed();
    let unsettled = rests(&mut bed).await?;
    println!("{:8.1}  at rest, {} things are not settled", began.elapsed().as_secs_f64(), unsettled);
    let acked = bed.adapters.heard().acked;
    bed.agents.end().await.context("end the agents")?;
    bed.adapters.end().await.context("end the adapters")?;
    let agents = bed.agents.heard().tally.clone();
    let owner = bed.owner().await;
    let live = format!("127.0.0.1:{}", bed.daemons[owner].grpc);
    let verified =
        verify(folder, &bed.daemons[owner].config, Some(&live), "adapters.jsonl", "agents.jsonl", "verified.txt")?;
    if wishes.controls {
        finds_what_is_broken(folder, acked)?;
    }
    let late = told.iter().filter(|told| told.silence_ms.is_none()).count() as u64;
    let seen = Seen { acked, faults: told.len() as u64, stuck: late + unsettled, agents };
    let proof = Proof::of(&verified, &seen);
    let line = line(&proof, &seen, &told, &bed, wishes, took);
    let line = serde_json::to_string(&line).context("write the last line")?;
    Ok(Outcome { proof, acked, faults: seen.faults, line })
}

/// One fault, until messages go on.
async fn one(bed: &mut Bed, fault: Fault, began: Instant) -> anyhow::Result<Told> {
    let done = bed.carry_out(fault).await.with_context(|| format!("carry out {fault:?}"))?;
    let silence_ms = recovered(bed, done.from_ms, done.healed_ms, RECOVERS).await?;
    let silence = silence_ms.map_or("messages do not go on".to_owned(), |ms| format!("silent for {ms} ms"));
    let (name, lasted) = (done.kind.name(), done.healed_ms - done.from_ms);
    let acked = bed.adapters.heard().acked;
    let at = began.elapsed().as_secs_f64();
    println!("{at:8.1}  {name}: {} ({lasted} ms), {silence}, {acked} acknowledged", done.target);
    Ok(Told { done, silence_ms })
}

/// Waits until somebody is told a message that was published after all was healed. Gives the longest time in which nobody was told
/// anything, milliseconds; none: too late.
async fn recovered(bed: &mut Bed, from_ms: u64, healed_ms: u64, patience: Duration) -> anyhow::Result<Option<u64>> {
    let until = Instant::now() + patience;
    loop {
        let silence = silence(&bed.agents.heard().pulses, from_ms, healed_ms);
        if silence.is_some() || Instant::now() > until {
            // Those before it are of no fault to come.
            bed.agents.heard().pulses.retain(|pulse| pulse.at_ms + 1_000 > healed_ms);
            return Ok(silence);
        }
        bed.wait(LOOK).await?;
    }
}

/// The longest time between two pulses, from a time to the first one by which something newer than another time was told.
fn silence(pulses: &[Pulse], from_ms: u64, healed_ms: u64) -> Option<u64> {
    let end = pulses.iter().position(|pulse| pulse.newest_ms >= healed_ms)?;
    let times = pulses[..=end].iter().map(|pulse| pulse.at_ms.max(from_ms));
    let befores = std::iter::once(from_ms).chain(times.clone());
    befores.zip(times).map(|(before, at)| at.saturating_sub(before)).max()
}

/// Stops the load and waits until nothing is under way. Gives what is then.
async fn rests(bed: &mut Bed) -> anyhow::Result<u64> {
    let until = Instant::now() + RESTS;
    bed.adapters.order("stop").await?;
    while bed.adapters.heard().publishing > 0 && Instant::now() < until {
        bed.wait(LOOK).await?;
    }
    bed.agents.order("finish").await?;
    let (mut end, mut since) = (None, Instant::now());
    while Instant::now() < until {
        bed.wait(LOOK * 5).await?;
        let now = bed.log_end().await;
        let quiet = bed.agents.heard().tally.open == 0 && bed.not_taken().await == Some(0) && now.is_some();
        if !quiet || now != end {
            since = Instant::now();
        }
        end = now;
        if since.elapsed() >= QUIET {
            break;
        }
    }
    let not_taken = bed.not_taken().await.unwrap_or(1);
    let publishing = bed.adapters.heard().publishing;
    Ok(publishing + not_taken)
}

/// Asks `skein verify` of the history; its last line. Everything it says goes into a file.
fn verify(
    folder: &Path,
    config: &Path,
    live: Option<&str>,
    adapters: &str,
    agents: &str,
    into: &str,
) -> anyhow::Result<Value> {
    let program =
        std::env::var_os("SKEIN_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_skein")), PathBuf::from);
    let mut command = Command::new(program);
    command.args(["verify", "--json", "--settled", "--daemon"]).arg(config);
    command.args(["--adapters", adapters, "--agents", agents]).current_dir(folder).stdin(Stdio::null());
    if let Some(live) = live {
        command.args(["--addr", live]);
    }
    let output = command.output().context("run skein verify")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    std::fs::write(folder.join(into), format!("{text}\n{errors}")).context("write what skein verify says")?;
    let last = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
    last.with_context(|| format!("skein verify ended with {}: {errors}", output.status))
}

/// The negative control on a run's own history: an event that an agent does not know of, and an acknowledged message that is nowhere.
fn finds_what_is_broken(folder: &Path, acked: u64) -> anyhow::Result<()> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).context("read the lines of a witness");
    let (adapters, agents) = (read("adapters.jsonl")?, read("agents.jsonl")?);
    let event = agents.lines().position(|line| line.contains("\"event\"")).context("an agent was told something")?;
    let fewer: Vec<&str> = agents.lines().enumerate().filter(|(at, _)| *at != event).map(|(_, line)| line).collect();
    std::fs::write(folder.join("fewer.jsonl"), fewer.join("\n")).context("write lines")?;
    let given = adapters.lines().find(|line| line.contains("\"id\"")).context("a message was acknowledged")?;
    let mut strange: Value = serde_json::from_str(given).context("a line of a witness")?;
    strange["published"]["message"]["id"] = "nobodys".into();
    std::fs::write(folder.join("more.jsonl"), format!("{adapters}{strange}\n")).context("write lines")?;
    let config = folder.join("node-1.toml");
    let seen = Seen { acked, ..Seen::default() };
    for (adapters, agents) in [("more.jsonl", "agents.jsonl"), ("adapters.jsonl", "fewer.jsonl")] {
        let verified = verify(folder, &config, None, adapters, agents, "broken.txt")?;
        let found = Proof::of(&verified, &seen).lost;
        anyhow::ensure!(found == 1, "{adapters} and {agents}: {found} lost, not one");
    }
    Ok(())
}

/// The last line: what it has to say of a run, in this order.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    acked: u64,
    faults: u64,
    #[serde(flatten)]
    proof: Proof,
    /// Of those in which an owner was lost that nobody asked to end, how long nobody was told anything.
    failover_p99_s: Option<f64>,
    daemon_killed_p99_s: Option<f64>,
    nats_leader_killed_p99_s: Option<f64>,
    handover_p99_s: Option<f64>,
    replies: u64,
    works_closed: u64,
    refused_stale: u64,
    refused: BTreeMap<String, u64>,
    resumes: u64,
    resyncs: u64,
    ended_by_themselves: u64,
    seconds: u64,
    seed: u64,
}

fn line(proof: &Proof, seen: &Seen, told: &[Told], bed: &Bed, wishes: &Wishes, took: Duration) -> Line {
    let of = |which: &dyn Fn(Kind) -> bool| {
        p99_s(told.iter().filter(|told| which(told.done.kind)).filter_map(|told| told.silence_ms))
    };
    let agents = seen.agents.clone();
    Line {
        acked: seen.acked,
        faults: seen.faults,
        proof: proof.clone(),
        failover_p99_s: of(&|kind| kind.loses_owner()),
        daemon_killed_p99_s: of(&|kind| kind == Kind::OwnerKilled),
        nats_leader_killed_p99_s: of(&|kind| kind == Kind::LeaderKilled),
        handover_p99_s: of(&|kind| kind == Kind::OwnerEnded),
        replies: agents.replies,
        works_closed: agents.closed,
        refused_stale: agents.refused_stale,
        refused: agents.refused,
        resumes: agents.resumes,
        resyncs: agents.resyncs,
        ended_by_themselves: bed.ended,
        seconds: took.as_secs(),
        seed: wishes.seed,
    }
}
