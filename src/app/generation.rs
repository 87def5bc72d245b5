//! One ownership of the shard, from the take-over to its end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use async_nats::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tracing::{info, warn};

use super::alarms::{alarm, log_alarm};
use super::hours::KeptHours;
use super::ports::{EdgeShard, LiveAdapters, Stores};
use super::streams::Made;
use super::{App, streams};
use crate::admin::{Check, Operators, Owned, Readiness};
use crate::agents::{self, Local, Owner};
use crate::domain::id::Name;
use crate::erasure::Eraser;
use crate::ingest::{self, IngestHealth, Source, Trim};
use crate::keys::{self, KeyBook};
use crate::log::snapshot::Shelf;
use crate::log::{Condition, JetStreamLog, Progress, Witness};
use crate::nats::Nats;
use crate::node::Tenure;
use crate::outbound::{AdapterHealth, AdapterWatch, HandOver, Of};
use crate::relay::{self, RelayOptions};
use crate::reload::{Reloader, ServedWorkspace};
use crate::shard::{self, Ended, Now, ShardEnds, ShardHandle, Snapshots, Standby};
use crate::telemetry::{LiveLoss, RateLimit, fields};

/// Time for the first records of an owner to become durable: the log's own patience is shorter.
const FIRST_RECORDS: Duration = Duration::from_secs(60);
/// How long the end may take when no shutdown set a deadline (another writer took over).
const DISCARD: Duration = Duration::from_secs(5);

/// How often it is looked who should own the shard, and the lease told what is durable.
const BEAT: Duration = Duration::from_secs(1);
/// For so many beats another node must be wanted as owner before the shard is given to it: nodes that come and go together settle first.
const WANTED_BEATS: u32 = 5;
/// Time to give the lease up.
const RELEASE: Duration = Duration::from_secs(2);

/// Who is wanted as owner, and for how long.
#[derive(Debug, Default)]
struct Wanted(Option<(Name, u32)>);

impl Wanted {
    /// One beat later; whoever has been wanted for long enough.
    fn by(&mut self, now: Option<Name>) -> Option<Name> {
        let before = self.0.take();
        let to = now?;
        let beats = before.filter(|(before, _)| *before == to).map_or(1, |(_, beats)| beats + 1);
        self.0 = Some((to.clone(), beats));
        (beats >= WANTED_BEATS).then_some(to)
    }
}

/// How a generation ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// In order, by the shutdown.
    Stopped,
    /// Another writer took over.
    Deposed { epoch: u64 },
    /// In order, because another node is to own the shard.
    Given { to: Name },
}

/// A shard that is folded and followed.
#[derive(Debug)]
pub(super) struct Warm {
    pub(super) standby: Standby<JetStreamLog>,
    /// Where its snapshots are.
    pub(super) snapshots: Option<Shelf>,
    /// Hourly files of remembered ids.
    pub(super) hours: Option<KeptHours>,
}

/// What this process owns a shard by.
#[derive(Debug)]
pub(super) struct Turn {
    /// The lease that it wrote.
    pub(super) tenure: Tenure,
    /// What the lease before it knew of the log.
    pub(super) witness: Option<Witness>,
}

/// The parts of readiness.
#[derive(Debug)]
pub(super) struct Checks {
    /// The shard is owned here, or by a node that calls are carried to.
    pub(super) shard: Check,
    /// Events are taken in, here or there.
    pub(super) ingest: Check,
}

impl Checks {
    pub(super) fn register(readiness: &Readiness) -> Self {
        Self { shard: readiness.register("shard"), ingest: readiness.register("ingest") }
    }
}

type Tasks = JoinSet<(&'static str, anyhow::Result<()>)>;

/// An owned shard with everything around it.
#[derive(Debug)]
pub(super) struct Generation<'a> {
    app: &'a App,
    checks: &'a Checks,
    progress: watch::Receiver<Progress>,
    /// The loop.
    shard: JoinSet<Ended>,
    shard_stop: CancellationToken,
    /// What brings something in: sources, trims, the agents' server.
    takers: Tasks,
    take_stop: CancellationToken,
    /// What brings something out: hand-over, checkpoints.
    givers: Tasks,
    give_stop: CancellationToken,
    /// The lease, as long as it is owned.
    tenure: Tenure,
}

impl<'a> Generation<'a> {
    /// Takes the shard over, whose lease is kept meanwhile, and starts everything. Returns when the first records are durable.
    ///
    /// # Errors
    /// What keeps it from starting.
    pub(super) async fn begin(
        app: &'a App,
        nats: &Nats,
        Made { found, checkpoints, .. }: Made,
        Warm { standby, snapshots, hours }: Warm,
        checks: &'a Checks,
        Turn { tenure, witness }: Turn,
    ) -> anyhow::Result<Self> {
        checks.shard.not_ready("taking the shard over");
        let plan = &app.plan;
        let shard_name = plan.shard.clone();
        let rings = standby.keys().rings();
        let books: Vec<KeyBook> = standby.keys().iter().cloned().collect();
        let now = Now {
            workspaces: found.setups.clone(),
            ends: streams::ends(nats, &shard_name, &app.served.configs()).await?,
            witnesses: checkpoints.witness().await?.into_iter().chain(witness).collect(),
        };
        let shard_stop = CancellationToken::new();
        let started = standby.own(now, tenure.standing(), app.metrics.clone(), shard_stop.clone());
        let (ends, run) = started.await.inspect_err(|error| alarm(app, error))?;
        let mut generation = Self {
            app,
            checks,
            progress: ends.progress.clone(),
            shard: JoinSet::new(),
            shard_stop,
            takers: Tasks::new(),
            take_stop: CancellationToken::new(),
            givers: Tasks::new(),
            give_stop: CancellationToken::new(),
            tenure,
        };
        generation.shard.spawn(run);
        let erasers = books.clone();
        for book in books {
            let keeper = keys::Keeper::new(book, app.metrics.clone(), plan.repeat_interval);
            let stop = generation.give_stop.clone();
            generation.give("keys", async move { Ok(keeper.run(stop).await?) });
        }
        generation.give("checkpoints", {
            let keep = checkpoints.keep(ends.progress.clone());
            async move {
                keep.await;
                Ok(())
            }
        });
        generation.give("samples", {
            let stop = generation.give_stop.clone();
            let sample = shard::sample(ends.handle.clone(), ends.outboxes.clone(), app.metrics.clone(), stop);
            async move {
                sample.await;
                Ok(())
            }
        });
        if let Some(hours) = hours {
            let (handle, stop) = (ends.handle.clone(), generation.give_stop.clone());
            generation.give("hours", async move {
                hours.run(handle, stop).await;
                Ok(())
            });
        }
        if let Some(shelf) = snapshots {
            let snapshots = Snapshots {
                handle: ends.handle.clone(),
                outboxes: ends.outboxes.clone(),
                shelf,
                keys: rings,
                interval: plan.snapshots.interval,
                keep: plan.snapshots.keep,
                metrics: app.metrics.clone(),
            };
            let stop = generation.take_stop.clone();
            generation.take("snapshots", async move {
                snapshots.run(stop).await;
                Ok(())
            });
        }
        generation.start_hand_over(nats, &shard_name, &ends).await?;
        for book in erasers {
            let Some(ways) = ends.outboxes.iter().find(|ways| ways.workspace == *book.workspace()) else { continue };
            let Some(bodies) = found.bodies.get(book.workspace()).cloned() else { continue };
            let (handle, out) = (ends.handle.clone(), Arc::clone(&ways.out));
            let eraser = Eraser::new(handle, book, bodies, out, app.metrics.clone(), plan.repeat_interval);
            let stop = generation.take_stop.clone();
            generation.take("erasures", async move { Ok(eraser.run(stop).await?) });
        }
        let media = Stores(Arc::new(found.bodies.clone()));
        let live = generation.open_live(nats).await?;
        // What is live is heard before anybody is told that this is ready: it is told once.
        let health = generation.start_adapters(nats.control(), &live, &ends.handle).await?;
        let (reloader, reload) =
            Reloader::new(Arc::clone(&app.served), ends.handle.clone(), nats.control().clone(), app.metrics.clone());
        let operators = Operators {
            owned: Some(Owned { shard: ends.handle.clone(), client: nats.control().clone(), reload }),
            served: Arc::clone(&app.served),
            levels: app.levels.clone(),
            drains: app.drains.clone(),
            proven: app.access.tokens.is_some(),
        };
        let relay = nats.open("relay").await?;
        let local = generation.start_agents(&ends.handle, media, nats.control().clone(), (health, operators));
        generation.start_host(relay, &local);
        let handle = ends.handle.clone();
        generation.start_ingest((nats, &live), &checks.ingest, found, ends).await?;
        let stop = generation.take_stop.clone();
        generation.take("reload", async move { Ok(reloader.run(stop).await?) });
        let first_records = tokio::time::timeout(FIRST_RECORDS, handle.query(|_| ()))
            .await
            .context("append the first records: no answer in time")?;
        // Taken over by another already: the run says so.
        if first_records.is_ok() {
            app.metrics.owner.set(1);
            app.roster.owns(&shard_name);
            app.directory.set(&shard_name, Owner::Here(local));
            generation.tenure.serves(true);
            generation.serves();
        }
        Ok(generation)
    }

    async fn start_hand_over(&mut self, nats: &Nats, shard: &Name, ends: &ShardEnds) -> anyhow::Result<()> {
        let client = nats.open("outbound").await?;
        let reads = nats.open("dead letters").await?;
        for ways in &ends.outboxes {
            let of = |stream: String| Of {
                shard: shard.clone(),
                workspace: ways.workspace.clone(),
                stream: Name::new(stream),
            };
            let out = HandOver::out(
                client.clone(),
                of(crate::nats::streams::out_name(&ways.workspace)),
                Arc::clone(&ways.out),
                ends.handle.clone(),
                self.app.metrics.clone(),
                self.app.plan.repeat_interval,
            );
            let dead = HandOver::dead(
                client.clone(),
                reads.clone(),
                of(crate::nats::streams::dead_name(&ways.workspace)),
                Arc::clone(&ways.dead),
                ends.handle.clone(),
                self.app.metrics.clone(),
                self.app.plan.repeat_interval,
            );
            for hand_over in [out, dead] {
                let stop = self.give_stop.clone();
                self.give("hand-over", async move { Ok(hand_over.run(stop).await?) });
            }
        }
        Ok(())
    }

    /// The connection for what is live: what it has no room for is counted.
    async fn open_live(&self, nats: &Nats) -> anyhow::Result<Client> {
        let metrics = self.app.metrics.clone();
        let line = RateLimit::new(self.app.plan.repeat_interval, metrics.clone());
        let dropped = move || {
            metrics.leave_out(LiveLoss::NoRoom);
            if let Some(left_out) = line.pass() {
                warn!(
                    { fields::LEFT_OUT } = left_out,
                    "live messages dropped: more came at once than there is room for"
                );
            }
        };
        Ok(nats.open_live(dropped).await?)
    }

    /// What looks after adapters, and what it finds.
    async fn start_adapters(
        &mut self,
        control: &Client,
        live: &Client,
        handle: &ShardHandle,
    ) -> anyhow::Result<AdapterHealth> {
        let health = AdapterHealth::default();
        for workspace in &self.app.served.workspaces {
            let watch = AdapterWatch {
                client: control.clone(),
                live: live.clone(),
                workspace: workspace.name(),
                config: workspace.follow(),
                patience: self.app.plan.degraded_after,
                health: health.clone(),
                feeds: handle.feeds().clone(),
                metrics: self.app.metrics.clone(),
                repeat_interval: self.app.plan.repeat_interval,
            };
            let listening = watch.listen().await?;
            let stop = self.take_stop.clone();
            self.take("adapters", async move {
                listening.run(stop).await;
                Ok(())
            });
        }
        Ok(health)
    }

    fn start_agents(
        &mut self,
        handle: &ShardHandle,
        media: Stores,
        control: Client,
        (health, operators): (AdapterHealth, Operators),
    ) -> Local {
        let parts = agents::Parts {
            shard: Arc::new(EdgeShard { handle: handle.clone(), served: Arc::clone(&self.app.served) }),
            media: Arc::new(media),
            adapters: Arc::new(LiveAdapters { client: control, health }),
            metrics: self.app.edge_metrics.clone(),
            drains: self.app.drains.clone(),
            tokens: self.app.access.tokens.clone(),
            beside: Routes::new(operators.service()),
        };
        let (local, over) = agents::local(self.app.plan.serve.clone(), parts, self.take_stop.clone());
        self.take("agents", async move {
            over.await;
            Ok(())
        });
        local
    }

    /// Serves the calls that come by other nodes.
    fn start_host(&mut self, client: Client, local: &Local) {
        let (node, shard) = (self.app.roster.me().node.clone(), self.app.plan.shard.clone());
        let (routes, metrics) = (local.gated(), self.app.metrics.clone());
        let options = RelayOptions { drain: self.app.plan.serve.drain, ..RelayOptions::default() };
        let stop = self.take_stop.clone();
        self.take(
            "relay",
            async move { Ok(relay::host(client, &node, &shard, routes, options, metrics, stop).await?) },
        );
    }

    async fn start_ingest(
        &mut self,
        (nats, live): (&Nats, &Client),
        check: &Check,
        found: streams::Found,
        ends: ShardEnds,
    ) -> anyhow::Result<()> {
        let client = nats.open("ingest").await?;
        let health = IngestHealth::new(check.clone());
        let plan = &self.app.plan;
        let mut inlets = ends.inlets.into_iter();
        for setup in found.setups {
            let workspace = setup.config.name.clone();
            let bodies = found.bodies.get(&workspace).cloned();
            let ways = ends.outboxes.iter().find(|ways| ways.workspace == workspace);
            let (Some(bodies), Some(ways)) = (bodies, ways) else {
                return Err(anyhow!("workspace {workspace} has no streams"));
            };
            let served = self.app.served.workspaces.iter().find(|served| served.name() == workspace);
            let config = served.map(ServedWorkspace::follow).with_context(|| format!("{workspace} is not served"))?;
            let (typing_inlet, typing) = ingest::typing(self.app.metrics.clone());
            let typing = typing.watch(live, workspace.clone(), ends.handle.clone(), plan.repeat_interval).await?;
            let stop = self.take_stop.clone();
            self.take("typing", async move {
                typing.run(stop).await;
                Ok(())
            });
            for (stream, _) in setup.streams {
                let inlet = inlets.next().with_context(|| format!("stream {stream} has no inlet"))?;
                let source = Source {
                    client: client.clone(),
                    workspace: workspace.clone(),
                    stream: stream.clone(),
                    config: config.clone(),
                    bodies: bodies.clone(),
                    typing: typing_inlet.clone(),
                    handle: ends.handle.clone(),
                    inlet,
                    metrics: self.app.metrics.clone(),
                    repeat_interval: plan.repeat_interval,
                    health: health.stream(stream.clone()),
                };
                let trim = Trim {
                    client: nats.control().clone(),
                    stream,
                    handle: ends.handle.clone(),
                    dead: Arc::clone(&ways.dead),
                    keep: plan.ingest_keep,
                    max_bytes: plan.streams.in_max_bytes,
                    trim_at_percent: plan.trim_at_percent,
                };
                let stop = self.take_stop.clone();
                // Boxed: it holds the buffers of two tasks.
                self.take("ingest", async move { Ok(Box::pin(source.run(stop)).await?) });
                let stop = self.take_stop.clone();
                self.take("trim", async move {
                    trim.run(stop).await;
                    Ok(())
                });
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &'static str, task: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.takers.spawn(async move { (name, task.await) });
    }

    fn give(&mut self, name: &'static str, task: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.givers.spawn(async move { (name, task.await) });
    }

    /// Runs until the shutdown or until a part ends, then ends the rest in order.
    ///
    /// # Errors
    /// A part failed, or the deadline came before the end.
    pub(super) async fn run(mut self) -> anyhow::Result<Outcome> {
        let cause = self.first_end().await;
        self.serves_not("ending");
        // Calls of other nodes wait there for the next owner.
        self.tenure.serves(false);
        self.app.metrics.owner.set(0);
        self.app.roster.drops(&self.app.plan.shard);
        let ends_at = self.app.shutdown.ends_at().unwrap_or_else(|| Instant::now() + DISCARD);
        let ended = tokio::time::timeout_at(ends_at, self.end()).await;
        // Calls from here on wait for whoever owns it next.
        self.app.directory.set(&self.app.plan.shard, Owner::Nobody);
        let cause = cause?;
        let to = match &cause {
            Outcome::Stopped => Some(None),
            Outcome::Given { to } => Some(Some(to.clone())),
            Outcome::Deposed { .. } => None,
        };
        if let (Ok(Ended::Stopped), Some(to)) = (&ended, to) {
            self.tenure.durable(self.progress.borrow().durable);
            // Not written in time it is taken for lost, a little later.
            let _ = tokio::time::timeout(RELEASE, self.tenure.release(to)).await;
        }
        match ended {
            Ok(Ended::Stopped) if matches!(cause, Outcome::Stopped | Outcome::Given { .. }) => Ok(cause),
            Ok(Ended::Deposed { epoch }) => Ok(Outcome::Deposed { epoch }),
            Ok(_) if matches!(cause, Outcome::Deposed { .. }) => Ok(cause),
            Ok(Ended::Failed(error)) => Err(error).context("the log cannot be trusted"),
            Ok(_) => Err(anyhow!("the shard's log writer is gone")),
            Err(_) if matches!(cause, Outcome::Deposed { .. }) => Ok(cause),
            Err(_) => Err(anyhow!(
                "the deadline of the shutdown came before everything had ended; what is left is done at the next start"
            )),
        }
    }

    /// Waits for whatever ends the generation; keeps readiness true meanwhile.
    async fn first_end(&mut self) -> anyhow::Result<Outcome> {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut wanted = Wanted::default();
        loop {
            tokio::select! {
                // Cancel-safe: a tick that was not taken stays.
                _ = beats.tick() => {
                    self.tenure.durable(self.progress.borrow().durable);
                    if let Some(to) = wanted.by(self.app.roster.should_own(&self.app.plan.shard)) {
                        info!(node = %to, "ending here: another node is to own the shard");
                        return Ok(Outcome::Given { to });
                    }
                }
                () = self.app.shutdown.stopping() => {
                    info!("ending: nothing more is taken");
                    return Ok(Outcome::Stopped);
                }
                // Cancel-safe: an ended task stays in its set until it is returned.
                Some(ended) = self.shard.join_next() => return match ended {
                    Ok(Ended::Deposed { epoch }) => Ok(Outcome::Deposed { epoch }),
                    Ok(Ended::Failed(error)) => {
                        log_alarm(self.app, &error);
                        Err(error).context("the log cannot be trusted")
                    }
                    Ok(Ended::Stopped | Ended::Lost) => Err(anyhow!("the shard's log writer is gone")),
                    Err(error) => Err(error).context("the shard's task"),
                },
                Some(ended) = self.takers.join_next() => part_ended(ended)?,
                Some(ended) = self.givers.join_next() => {
                    // Where the log ends, so do these; the shard says why.
                    if !self.progress.borrow().condition.is_final() {
                        part_ended(ended)?;
                    }
                }
                // Cancel-safe: a change stays unseen until it is looked at.
                Ok(()) = self.progress.changed() => self.follow_log(),
            }
        }
    }

    fn serves(&self) {
        self.checks.shard.ready();
        self.app.serving.send_replace(true);
    }

    fn serves_not(&self, why: &'static str) {
        self.checks.shard.not_ready(why);
        self.app.serving.send_replace(false);
    }

    fn follow_log(&mut self) {
        let condition = self.progress.borrow_and_update().condition.clone();
        match condition {
            Condition::Flowing if !*self.app.serving.borrow() => self.serves(),
            Condition::Stalled if *self.app.serving.borrow() => {
                warn!("appends are not acknowledged, looking up what became of them");
                self.serves_not("the log does not acknowledge appends");
            }
            _ => {}
        }
    }

    /// The order of the end.
    async fn end(&mut self) -> Ended {
        self.take_stop.cancel();
        drain(&mut self.takers).await;
        self.shard_stop.cancel();
        let ended = match self.shard.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Ended::Lost,
            // It had ended before and was asked why.
            None => Ended::Lost,
        };
        self.give_stop.cancel();
        drain(&mut self.givers).await;
        ended
    }
}

async fn drain(tasks: &mut Tasks) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = part_ended(ended) {
            warn!(error = %format!("{error:#}"), "a part ended badly");
        }
    }
}

/// A part that ends by itself is an error only when it says so.
fn part_ended(ended: Result<(&'static str, anyhow::Result<()>), tokio::task::JoinError>) -> anyhow::Result<()> {
    let (name, result) = ended.context("a part of the daemon panicked")?;
    result.with_context(|| format!("{name} ended"))
}
