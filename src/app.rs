//! The daemon put together: configuration, bus, log, shard, ingest, hand-over, agents, probes; and how it all ends.
//!
//! A process follows the shard until it is its turn; then one generation owns it, from the take-over to its end. When another writer took
//! the log over, the whole generation is discarded and the log is folded again. Agents' tools are answered all the while: by the generation,
//! or by the node that owns the shard, to which their calls are carried. The order of the end: nothing new is taken, sessions are told, what was decided
//! becomes durable, what is durable is handed over, the checkpoint is written; all of it within the one deadline of the shutdown.

mod alarms;
mod checks;
mod declared;
mod generation;
mod hours;
mod plan;
mod ports;
mod repair;
mod seat;
mod shelving;
mod streams;

pub use checks::{Verdict, Weight};
pub(crate) use plan::nats_options;
pub use repair::{LogEnd, repair};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tracing::{info, warn};

use crate::access::{self, Access};
use crate::admin::{self, Operators, Readiness};
use crate::agents::{self, Directory, Drains, EdgeMetrics, Front, Port};
use crate::config::Config;
use crate::domain::id::Name;
use crate::domain::warm_up;
use crate::domain::workspace::WorkspaceConfig;
use crate::keys::{KeysError, WorkspaceKey};
use crate::log::TakeOverError;
use crate::nats::{ApiCode, Nats, NatsError};
use crate::node::{Identity, Roster};
use crate::outbound::OutboundError;
use crate::reload::{Served, ServedWorkspace};
use crate::shard::RecoveryError;
use crate::shutdown::{self, Shutdown};
use crate::telemetry::{ErrorChain, LogHandle, LogLevels, LogMetrics, Metrics, RateLimit, fields};

use checks::{advised, settle};
use declared::Declared;
use plan::Plan;
use ports::Carriage;
use seat::Left;
use streams::Made;

/// First and longest wait before folding again, after another writer took over or the servers did not answer.
const DEPOSED_PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Wait between attempts to reach the servers.
const CONNECT_PAUSE: Duration = Duration::from_secs(1);
/// So long fewer servers than copies are no refusal: those of a cluster come up one after the other.
const SERVERS_COMING: Duration = Duration::from_secs(60);

/// Where the daemon serves. Told once it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Port of the agents' tools.
    pub grpc_addr: SocketAddr,
    /// Port of probes and metrics.
    pub admin_addr: SocketAddr,
}

/// Everything the daemon is given.
#[derive(Debug)]
struct App {
    plan: Plan,
    /// The workspaces it serves.
    served: Arc<Served>,
    /// Their keys.
    keys: Vec<(Name, WorkspaceKey)>,
    /// Where it counts.
    metrics: Metrics,
    /// Where the agents' edge counts.
    edge_metrics: EdgeMetrics,
    /// What it logs.
    levels: LogLevels,
    /// Workspaces that take no sessions now.
    drains: Drains,
    /// Who may call the agents' port.
    access: Access,
    /// When it ends.
    shutdown: Shutdown,
    /// Who this process is, and which others there are.
    roster: Roster,
    /// Who owns which shard.
    directory: Directory,
    /// Whether agents' tools are served, here or by another node: their port's health.
    serving: watch::Sender<bool>,
}

/// Serves until the shutdown begins, and ends in order within its deadline. `started` is called once, when everything is ready.
///
/// # Errors
/// What keeps the daemon from starting, or ended it early: the chain says what an operator has to do.
pub async fn serve(
    config: Config,
    served: Served,
    logs: Option<LogHandle>,
    shutdown: Shutdown,
    started: impl FnOnce(Started) + Send,
) -> anyhow::Result<()> {
    let edge_metrics = EdgeMetrics::default();
    let metrics = Metrics::with(|registry| edge_metrics.register(registry));
    let plan = Plan::of(&config, metrics.log.clone());
    let load = |workspace: &ServedWorkspace| {
        let name = workspace.name();
        WorkspaceKey::load(&name, plan.key_folder.as_deref()).map(|key| (name, key))
    };
    let keys = served.workspaces.iter().map(load).collect::<Result<_, _>>()?;
    let access = plan.access.load().map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!("read keys and certificates of the agents' port: {}", told.join("; "))
    })?;
    let shards = served.workspaces.iter().map(|workspace| (workspace.name(), plan.shard.clone())).collect();
    App {
        roster: Roster::new(Identity::new(&plan.node)),
        directory: Directory::new(shards),
        serving: watch::Sender::new(false),
        plan,
        access,
        served: Arc::new(served),
        keys,
        metrics,
        edge_metrics,
        levels: LogLevels::new(logs),
        drains: Drains::default(),
        shutdown,
    }
    .serve(started)
    .await
}

impl App {
    async fn serve(self, started: impl FnOnce(Started) + Send) -> anyhow::Result<()> {
        let (sync_always, policy) = (self.plan.log.sync_always, self.plan.require_sync_always);
        if let (Weight::Refused, text) = checks::sync(sync_always, policy) {
            // Known without a server: before anything is bound.
            bail!(text);
        }
        if let Some(missing) = self.plan.access.unprotected(!self.plan.grpc_listen.ip().is_loopback()) {
            warn!(
                missing,
                "THE AGENTS' PORT IS REACHED BY OTHERS WITHOUT {missing}: anybody who reaches it could be any agent; \
                 grpc.require_protection = \"warn\" allows it"
            );
        }
        let readiness = Readiness::new();
        let admin = admin::bind(self.plan.admin_listen).await?;
        let admin_addr = admin.address();
        let (listener, grpc_addr) = agents::bind(self.plan.grpc_listen).await?;
        // With port 0 this is how an operator, or a test, learns where they are, long before everything is ready.
        info!(grpc = %grpc_addr, admin = %admin_addr, "listening");
        let probes_stop = CancellationToken::new();
        let probes = admin.serve(readiness.clone(), self.metrics.clone(), probes_stop.clone());
        let probes = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(probes));

        // Named by what it does: it falls back to the configured levels. Ended with this.
        let levels = self.levels.clone().run(probes_stop.clone());
        let _levels = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(levels));

        // Named by what it does: it reads keys and certificates again. Ended with this.
        let counts = self.edge_metrics.clone();
        let refused = move |kind, is_refused| counts.access_refused(kind, is_refused);
        let access = access::follow(self.access.clone(), refused, probes_stop.clone());
        let _access = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(access));

        // The first phone number takes tens of milliseconds: not at the first customer's expense.
        tokio::task::spawn_blocking(warm_up);
        let over = CancellationToken::new();
        let carriage = Carriage::default();
        let port = agents::serve(
            self.plan.serve.clone(),
            listener,
            self.port(carriage.clone()),
            self.shutdown.token().clone(),
            over.clone(),
        );
        // Named by what it does: it serves agents' tools. Ended with this.
        let mut port = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(port));
        let mut serving = self.serving.subscribe();
        let ready = async {
            // Both ends live as long as this.
            let _ = serving.wait_for(|serving| *serving).await;
            started(Started { grpc_addr, admin_addr });
            shutdown::ready();
            info!(grpc = %grpc_addr, "ready");
            std::future::pending::<std::convert::Infallible>().await
        };
        let served = tokio::select! {
            served = self.seats(&readiness, &carriage) => served,
            never = ready => match never {},
            ended = &mut port => Err(ended.map_or_else(anyhow::Error::from, |ended| match ended {
                Ok(()) => anyhow!("the agents' port ended"),
                Err(error) => error.into(),
            })),
        };
        over.cancel();
        probes_stop.cancel();
        let ends_at = self.shutdown.ends_at();
        if let Some(ends_at) = ends_at {
            // What was said last is handed out, and probes in flight are answered, while there is time.
            let _ = tokio::time::timeout_at(ends_at, async { (port.await, probes.await) }).await;
        }
        served
    }

    /// What the agents' port needs.
    fn port(&self, carriage: Carriage) -> Port {
        let of_the_node = Operators {
            owned: None,
            served: Arc::clone(&self.served),
            levels: self.levels.clone(),
            drains: self.drains.clone(),
            proven: self.access.tokens.is_some(),
        };
        let front = Front {
            directory: self.directory.clone(),
            carrier: Arc::new(carriage),
            node: Routes::new(of_the_node.service()),
            drains: self.drains.clone(),
            owner_wait: self.plan.owner_wait,
            shutdown: self.shutdown.token().clone(),
            metrics: self.edge_metrics.clone(),
        };
        let (access, metrics) = (self.access.clone(), self.edge_metrics.clone());
        Port { front, ready: self.serving.subscribe(), access, metrics }
    }

    async fn seats(&self, readiness: &Readiness, carriage: &Carriage) -> anyhow::Result<()> {
        let mut pause = DEPOSED_PAUSE.0;
        let checks = generation::Checks::register(readiness);
        let Some(nats) = self.connect().await? else {
            return Ok(());
        };
        carriage.open(&nats, self).await.context("listen to other nodes")?;
        let roster = self.roster.clone().run(nats.control().clone(), self.shutdown.token().clone());
        // Named by what it does: it speaks with other nodes. Ended with this.
        let _roster = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(roster));
        let mut again = false;
        while !self.shutdown.is_stopping() {
            let Some(made) = Box::pin(self.make(&nats)).await? else {
                return Ok(());
            };
            match Box::pin(seat::sit(self, &nats, &checks, made, again)).await {
                Ok(Left::Stopped) => return Ok(()),
                Ok(Left::Lost) => {
                    again = true;
                    pause = DEPOSED_PAUSE.0;
                }
                // Begun again it folds anew, as after a crash.
                Err(error) if may_pass(&error) => {
                    warn!(
                        error = %format!("{error:#}"),
                        pause_ms = pause.as_millis(),
                        "nats-servers did not answer while the shard was taken over, trying again"
                    );
                }
                Err(error) => return Err(error),
            }
            if !self.waited(&mut pause).await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Waits, the next time for longer. False: the shutdown came first.
    async fn waited(&self, pause: &mut Duration) -> bool {
        let now = *pause;
        *pause = (now * 2).min(DEPOSED_PAUSE.1);
        tokio::select! {
            () = tokio::time::sleep(now) => true,
            () = self.shutdown.stopping() => false,
        }
    }

    /// Connects, and looks whether the servers are such that it can start; tries again while nobody answers. None: the shutdown came
    /// first.
    async fn connect(&self) -> anyhow::Result<Option<Nats>> {
        let silent = RateLimit::new(self.plan.repeat_interval, self.metrics.clone());
        let declared = Declared::of(&self.plan, &self.served.configs());
        // Kept while it is asked again: a server that answers late is not helped by a new connection each second.
        let mut reached = None;
        loop {
            let error = tokio::select! {
                looked = look(&self.plan, &declared, &mut reached) => match looked {
                    Ok((nats, verdicts)) => {
                        settle(&verdicts)?;
                        return Ok(Some(nats));
                    }
                    Err(error) => error,
                },
                () = self.shutdown.stopping() => return Ok(None),
            };
            if !error.is_transient() {
                return Err(advised(error)).context("use the nats-server");
            }
            if !self.may_try_again(&error, &silent).await {
                return Ok(None);
            }
        }
    }

    /// Makes what is missing at the servers; tries again while they do not answer, and for a while when too few of them do. None: the
    /// shutdown came first.
    async fn make(&self, nats: &Nats) -> anyhow::Result<Option<Made>> {
        let silent = RateLimit::new(self.plan.repeat_interval, self.metrics.clone());
        let workspaces = self.served.configs();
        let since = Instant::now();
        loop {
            let error = tokio::select! {
                made = streams::make(nats, &self.plan, &workspaces) => match made {
                    Ok(made) => return Ok(Some(made)),
                    Err(error) => error,
                },
                // What was made stays, and is found by the next start.
                () = self.shutdown.stopping() => return Ok(None),
            };
            let coming = error.code() == Some(ApiCode::NO_PLACE) && since.elapsed() < SERVERS_COMING;
            if !error.is_transient() && !coming {
                return Err(advised(error)).context("make the streams");
            }
            if !self.may_try_again(&error, &silent).await {
                return Ok(None);
            }
        }
    }

    /// Says why it has to be tried again, and waits. False: the shutdown came first.
    async fn may_try_again(&self, error: &NatsError, silent: &RateLimit) -> bool {
        if let Some(left_out) = silent.pass() {
            warn!(
                error = %ErrorChain(error),
                { fields::LEFT_OUT } = left_out,
                "nats-servers are not ready, trying again"
            );
        }
        tokio::select! {
            () = tokio::time::sleep(CONNECT_PAUSE) => true,
            () = self.shutdown.stopping() => false,
        }
    }
}

/// Whether what kept a generation from beginning passes without anybody's help.
fn may_pass(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<NatsError>().is_some_and(NatsError::is_transient)
            || matches!(cause.downcast_ref(), Some(TakeOverError::Unanswered | TakeOverError::Moved { .. }))
            || matches!(cause.downcast_ref(), Some(OutboundError::Shortened { .. }))
            // Another process was quicker, or the first records were not durable in time.
            || matches!(cause.downcast_ref(), Some(RecoveryError::Ended(_)))
            || matches!(cause.downcast_ref(), Some(KeysError::Contended { .. }))
            || cause.is::<tokio::time::error::Elapsed>()
    })
}

/// Connects where nothing is `reached` yet, asks and judges. Nothing is made or changed.
async fn look(plan: &Plan, declared: &Declared, reached: &mut Option<Nats>) -> Result<(Nats, Vec<Verdict>), NatsError> {
    let nats = match reached {
        Some(nats) => nats.clone(),
        None => reached.insert(Nats::connect(plan.nats.clone()).await?).clone(),
    };
    let found = checks::ask(&nats, declared).await?;
    Ok((nats, checks::judge(declared, &found)))
}

/// What a daemon with this configuration would find at its servers: the verdicts of all checks. Nothing is made or changed there.
///
/// # Errors
/// The servers do not answer, or are of no use at all: too old, or without JetStream.
pub async fn look_at_servers(config: &Config, workspaces: &[WorkspaceConfig]) -> anyhow::Result<Vec<Verdict>> {
    let plan = Plan::of(config, LogMetrics::default());
    let looked = look(&plan, &Declared::of(&plan, workspaces), &mut None).await;
    let (_, verdicts) = looked.map_err(advised).context("use the nats-server")?;
    Ok(verdicts)
}
