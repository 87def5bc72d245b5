//! A shard's place in this process: it is followed, owned when it is this node's turn, and followed again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tracing::{debug, info, warn};

use super::alarms::alarm;
use super::generation::{Checks, Generation, Outcome, Turn, Warm};
use super::hours::KeptHours;
use super::shelving::Shelving;
use super::streams::Made;
use super::{App, may_pass, streams};
use crate::agents::Owner;
use crate::agents::feed::Feeds;
use crate::clock::SystemTimeSource;
use crate::domain::id::Name;
use crate::log::LogError;
use crate::log::hours::{HourFolder, Hours};
use crate::log::snapshot::{Copies, Folder, Shelf};
use crate::nats::Nats;
use crate::node::{Granted, Held, Lease, Next, Patience, Seen, Tenure, Written};
use crate::reload::Onlooker;
use crate::shard::{self, Before, RecoveryError, Standby};
use crate::telemetry::ErrorChain;

/// How often the lease is looked at and the log read on: a part of a second until a shard that is given away is owned again.
const POLL: Duration = Duration::from_millis(250);
/// A free shard is left for so long to others, for each that is owned here already.
const MODESTY: Duration = Duration::from_millis(500);

/// Why a node that stands by is not ready.
const NOBODY: &str = "no node is known to own the shard";

/// How it came that the shard is not owned here any longer.
#[derive(Debug)]
pub(super) enum Left {
    /// By the shutdown.
    Stopped,
    /// Another process took it over, or was given it.
    Lost,
}

/// Follows the shard until it is this node's turn, and owns it until it is no longer. `again`: this process has owned it before.
///
/// # Errors
/// What only an operator can change; and what passes by itself ([`may_pass`]): to be begun again.
pub(super) async fn sit(app: &App, nats: &Nats, checks: &Checks, made: Made, again: bool) -> anyhow::Result<Left> {
    checks.shard.not_ready("folding the log");
    app.serving.send_replace(false);
    let mut made = made;
    // Boxed, as the next two: each holds all that a start needs, and that once.
    let folding = async {
        tokio::select! {
            warm = stand_by(app, nats, &made) => warm,
            // Looks only.
            never = carry_meanwhile(app, &made) => match never {},
        }
    };
    let Some(mut warm) = Box::pin(until_stop(app, folding)).await.transpose()? else {
        return Ok(Left::Stopped);
    };
    let patience = Patience::new(app.roster.me().clone(), app.plan.lease, POLL);
    let patience = if again { patience.again() } else { patience };
    let now = Instant::now();
    let snapshots = warm.snapshots.clone().map(|shelf| Shelving::new(app, shelf));
    let waits = Waits { app, nats, checks, patience, since: now, heard: now, short: None, stale: false, snapshots };
    let turn = Box::pin(until_stop(app, waits.turn(&mut warm, &mut made))).await.transpose();
    app.roster.drops(&app.plan.shard);
    let Some(turn) = turn? else { return Ok(Left::Stopped) };
    app.directory.set(&app.plan.shard, Owner::Nobody);
    let generation = Box::pin(Generation::begin(app, nats, made, warm, checks, turn)).await?;
    Ok(match generation.run().await? {
        Outcome::Stopped => Left::Stopped,
        Outcome::Given { to } => {
            info!(node = %to, "shard given to another node");
            Left::Lost
        }
        Outcome::Deposed { epoch } => {
            tracing::error!(
                epoch,
                "another process took the shard over: everything here is discarded and folded again"
            );
            Left::Lost
        }
    })
}

/// None: the shutdown came first.
async fn until_stop<T>(app: &App, what: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = what => Some(done),
        () = app.shutdown.stopping() => None,
    }
}

/// Has calls carried to the owner, if there is one, while this node folds the log and is no help otherwise.
async fn carry_meanwhile(app: &App, made: &Made) -> Infallible {
    loop {
        if let Ok(Seen { revision, lease: Some(lease) }) = made.leases.look().await
            && lease.held == Held::Owned
            && !lease.is_of(app.roster.me())
        {
            app.directory.set(&app.plan.shard, Owner::At { node: lease.node, revision });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Folds the log.
async fn stand_by(app: &App, nats: &Nats, made: &Made) -> anyhow::Result<Warm> {
    let plan = &app.plan;
    let shard_name = plan.shard.clone();
    let backlogs = streams::backlogs(nats, &shard_name, &app.served.configs()).await?;
    let witnesses = shard::witnesses(made.checkpoints.witness().await?, &backlogs);
    let keys = streams::keys(nats, &app.keys).await.context("read the keys")?;
    let copies = plan.snapshots.store.then(|| Copies::new(made.snapshots.clone(), shard_name.clone()));
    let folder = plan.snapshots.folder.as_deref().map(|folder| Folder::new(folder, shard_name.clone()));
    let snapshots = folder.map(|folder| Shelf::new(folder, copies));
    if snapshots.is_none() {
        info!("snapshots.folder is not set: each start folds the whole log");
    }
    let hours = plan.snapshots.folder.as_deref().map(|folder| HourFolder::new(folder, shard_name.clone()));
    let hours = hours.map(|folder| (folder, Hours::default()));
    let before = Before {
        shard: shard_name,
        backlogs,
        witnesses,
        rings: plan.feeds.ring_age,
        keys,
        snapshots: snapshots.clone(),
        hours: hours.as_ref().map(|(_, hours)| hours.clone()),
    };
    let (log, feeds) = (Arc::new(made.log.clone()), Feeds::new(plan.feeds));
    let begun = Standby::begin(Arc::clone(&log), before, feeds, Arc::new(SystemTimeSource::new())).await;
    let standby = begun.inspect_err(|error| alarm(app, error))?;
    let hours = hours.map(|(folder, hours)| KeptHours::begin(log, folder, hours, standby.reached()));
    Ok(Warm { standby, snapshots, hours })
}

/// The wait for the turn to own the shard.
struct Waits<'a> {
    app: &'a App,
    nats: &'a Nats,
    checks: &'a Checks,
    patience: Patience,
    since: Instant,
    /// When the servers answered last.
    heard: Instant,
    /// Since when the log looks shorter than what is folded.
    short: Option<Instant>,
    /// Workspace files say something for which the servers were not asked yet.
    stale: bool,
    /// None: there is no folder for them.
    snapshots: Option<Shelving<'a>>,
}

impl Waits<'_> {
    /// Follows the log until it is this node's turn. Cancelled: the lease may have been written, and will lapse.
    async fn turn(mut self, warm: &mut Warm, made: &mut Made) -> anyhow::Result<Turn> {
        let mut files = Onlooker::new(Arc::clone(&self.app.served));
        loop {
            match self.look(warm, made, &mut files).await {
                Ok(Some(turn)) => return Ok(turn),
                Ok(None) => self.heard = Instant::now(),
                Err(error) if may_pass(&error) => {
                    debug!(error = %format!("{error:#}"), "nothing is heard of the shard");
                    self.patience.unanswered();
                    if self.heard.elapsed() > self.app.plan.lease {
                        self.follows_nobody("nothing is heard of the servers");
                    }
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn look(&mut self, warm: &mut Warm, made: &mut Made, files: &mut Onlooker) -> anyhow::Result<Option<Turn>> {
        self.stale |= files.look().await;
        if self.stale {
            // New endpoints want consumers, before it is too late for that.
            match streams::make(self.nats, &self.app.plan, &self.app.served.configs()).await {
                Ok(now) => *made = now,
                Err(error) if error.is_transient() => return Err(error.into()),
                Err(error) => {
                    warn!(error = %ErrorChain(&error), "what workspace files say now is not used: the servers refuse it");
                }
            }
            self.stale = false;
        }
        if let Err(error) = warm.standby.follow().await {
            return self.believe(error).map(|()| None);
        }
        self.short = None;
        warm.hours.iter().for_each(|hours| hours.reached(warm.standby.reached()));
        if let Some(snapshots) = &mut self.snapshots {
            snapshots.look(self.nats, &mut warm.standby).await?;
        }
        let (app, shard) = (self.app, &self.app.plan.shard);
        app.roster.follows(shard);
        self.patience.be_modest(MODESTY * u32::try_from(app.roster.owned()).unwrap_or(u32::MAX));
        let seen = made.leases.look().await?;
        match self.patience.look(&seen, self.since.elapsed()) {
            Next::Follow { node, revision } => self.follows(node, revision),
            Next::Wait => self.follows_nobody(NOBODY),
            Next::Try { revision } => {
                // With a clock that is wrong it is not for this node, and the lease is left to others.
                made.log.check_clock().await.map_err(RecoveryError::from)?;
                let lease = Lease::new(app.roster.me(), Held::Changing, warm.standby.tip());
                let since = tokio::time::Instant::now();
                match made.leases.write(&lease, revision).await {
                    Written::Stands(revision) => {
                        let witness = seen.lease.as_ref().map(Lease::witness);
                        let (leases, me) = (made.leases.clone(), app.roster.me().clone());
                        let granted = Granted { leases, me, revision, since, lasts: app.plan.lease };
                        let tenure = Tenure::begin(granted, warm.standby.tip());
                        return Ok(Some(Turn { tenure, witness }));
                    }
                    Written::Lost | Written::Unknown => self.patience.unanswered(),
                }
                self.follows_nobody(NOBODY);
            }
        }
        Ok(None)
    }

    /// A log that is shorter than what is folded is believed only when it stays so: a server that is cut off from the others may say so.
    fn believe(&mut self, error: RecoveryError) -> anyhow::Result<()> {
        if matches!(error, RecoveryError::Log(LogError::Truncated { .. })) {
            let since = *self.short.get_or_insert_with(Instant::now);
            if since.elapsed() < self.app.plan.log.stall_max {
                return Ok(());
            }
        } else {
            self.short = None;
        }
        alarm(self.app, &error);
        Err(error.into())
    }

    fn follows(&self, node: Name, revision: u64) {
        if !*self.app.serving.borrow() {
            info!(owner = %node, "standing by: another node owns the shard");
        }
        self.app.directory.set(&self.app.plan.shard, Owner::At { node, revision });
        self.checks.shard.ready();
        self.checks.ingest.ready();
        self.app.serving.send_replace(true);
    }

    fn follows_nobody(&self, why: &'static str) {
        self.app.directory.set(&self.app.plan.shard, Owner::Nobody);
        self.checks.shard.not_ready(why);
        self.app.serving.send_replace(false);
    }
}
