//! What an operator decides about a log that has lost its end: nobody owns the shard before that.

use anyhow::{Context as _, bail};

use super::{Plan, streams};
use crate::config::Config;
use crate::domain::workspace::WorkspaceConfig;
use crate::log::snapshot::{Copies, Folder, Shelf};
use crate::log::{EventLog as _, GivenUp, JetStreamLog, Tip, Witness};
use crate::nats::Nats;
use crate::shard;
use crate::telemetry::LogMetrics;

/// How a log stands against those who know how long it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// Name of the shard.
    pub shard: String,
    /// The last entry that the log has.
    pub last: u64,
    /// Who knows of more, or of another entry at the end.
    pub missed_by: Vec<Witness>,
    /// What is to be given up, or was; none: nothing is missing.
    pub given_up: Option<GivenUp>,
}

/// Holds the log of the configuration's shard against everybody who knows how long it was; `accept_loss`: gives up what it has lost, so that
/// it can be owned again. The streams are made where they are missing, as by a daemon that starts. Cancelled:
/// it may have been given up, which the next call tells.
///
/// # Errors
/// The servers do not answer. The log is damaged before its end, or is another than a snapshot saw: that is not to be given up. Somebody
/// appended meanwhile.
pub async fn repair(config: &Config, workspaces: &[WorkspaceConfig], accept_loss: bool) -> anyhow::Result<LogEnd> {
    let plan = Plan::of(config, LogMetrics::default());
    let nats = Nats::connect(plan.nats.clone()).await.context("reach the servers")?;
    let made = streams::make(&nats, &plan, workspaces).await.context("make the streams")?;
    let backlogs = streams::backlogs(&nats, &plan.shard, workspaces).await.context("find what is handed over")?;
    let mut witnesses = shard::witnesses(made.checkpoints.witness().await?, &backlogs);
    witnesses.extend(made.leases.look().await?.lease.map(|lease| lease.witness()));
    if let Some(folder) = plan.snapshots.folder.as_deref() {
        let copies = plan.snapshots.store.then(|| Copies::new(made.snapshots.clone(), plan.shard.clone()));
        witnesses.extend(Shelf::new(Folder::new(folder, plan.shard.clone()), copies).witnesses().await);
    }
    let given_up = made.log.given_up().await.context("ask the log")?;
    let tip = read(&made.log, &witnesses, given_up).await?;
    let misses = |witness: &Witness| {
        let other = witness.index == tip.index && witness.chain.is_some_and(|chain| chain != tip.chain);
        witness.index > tip.index || other
    };
    witnesses.retain(misses);
    let to = witnesses.iter().map(|witness| witness.index + 1).max();
    let given_up = to.map(|to| GivenUp { last: tip.index, to });
    if let Some(given_up) = given_up.filter(|_| accept_loss) {
        made.log.give_up(tip, given_up.to).await.context("give up what is lost")?;
    }
    Ok(LogEnd { shard: plan.shard.to_string(), last: tip.index, missed_by: witnesses, given_up })
}

/// Reads the log to its end, past all whose entry is there.
async fn read(log: &JetStreamLog, witnesses: &[Witness], given_up: Option<GivenUp>) -> anyhow::Result<Tip> {
    let mut replay = log.replay(Tip::ORIGIN).await.context("read the log")?;
    while let Some(entry) = replay.next().await.context("the log is damaged: only a copy of its stream helps")? {
        let chain = replay.tip().chain;
        let other = |witness: &&Witness| {
            let known = witness.index == entry.index && witness.chain.is_some_and(|known| known != chain);
            known && witness.source == "snapshot" && !given_up.is_some_and(|given_up| given_up.has(witness.index))
        };
        if let Some(witness) = witnesses.iter().find(other) {
            bail!(
                "at entry {} the log is not the one that a {} saw: restore the log, or remove that snapshot from the folder and the store",
                witness.index,
                witness.source
            );
        }
    }
    Ok(replay.tip())
}
