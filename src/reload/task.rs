//! The task that reads workspace files again.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::file::{self, Looks};
use super::handle::{Ask, Daemon, Outcome, Reload, ReloadHandle, Reloaded};
use super::served::{Served, ServedWorkspace};
use crate::config::{Origin, Problem, load};
use crate::domain::command::Command;
use crate::domain::rejection::Rejection;
use crate::domain::workspace::WorkspaceConfig;
use crate::nats::streams;
use crate::shard::{CommandError, ShardHandle};
use crate::telemetry::{ErrorChain, Metrics, ReloadOutcome, fields};

/// How often it is looked whether a file has changed. One that looks the same at two looks is read, so a change takes effect after
/// two to four seconds.
pub const POLL: Duration = Duration::from_secs(2);
/// Lines about the problems of one file: the answer to an operator has them all.
const LINES: usize = 20;

/// Why the files cannot be followed.
#[derive(Debug, thiserror::Error)]
#[error("listen for signal SIGHUP")]
pub struct ReloadError(#[source] pub(super) std::io::Error);

/// Reads workspace files again, for one owner of the shard.
#[derive(Debug)]
pub struct Reloader {
    served: Arc<Served>,
    shard: ShardHandle,
    client: Client,
    metrics: Metrics,
    asked: mpsc::Receiver<Ask>,
    files: Vec<Followed>,
}

/// What is known of one file.
#[derive(Clone, Copy, Debug, Default)]
struct Followed {
    /// What it looked like when it was read last; none: it was not read here.
    read: Option<Option<Looks>>,
    /// What it looked like at the last look.
    seen: Option<Option<Looks>>,
    /// It is good and could not be brought into force at the last try: said once.
    waits: bool,
}

/// What the wait brought.
enum Wake {
    Ask(Ask),
    Hangup,
    Look,
    Stop,
}

impl Reloader {
    /// The task's part, and the part of those who ask.
    #[must_use]
    pub fn new(served: Arc<Served>, shard: ShardHandle, client: Client, metrics: Metrics) -> (Self, ReloadHandle) {
        let (handle, asked) = ReloadHandle::new();
        let files = vec![Followed::default(); served.workspaces.len()];
        (Self { served, shard, client, metrics, asked, files }, handle)
    }

    /// Follows the files until `stop`.
    ///
    /// # Errors
    /// [`ReloadError`]: the process may not listen for signals.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), ReloadError> {
        let mut hangup = self.served.hangup.then(|| signal(SignalKind::hangup())).transpose().map_err(ReloadError)?;
        let mut tick = tokio::time::interval(POLL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = tokio::select! {
                // Cancel-safe: what is asked stays in the channel.
                Some(ask) = self.asked.recv() => Wake::Ask(ask),
                // Cancel-safe: a signal not yet received stays pending.
                Some(()) = hung_up(&mut hangup) => Wake::Hangup,
                // Cancel-safe: a missed tick comes late.
                _ = tick.tick() => Wake::Look,
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => Wake::Stop,
            };
            if matches!(wake, Wake::Stop) {
                return Ok(());
            }
            tokio::select! {
                () = self.wake(wake) => {}
                // Not cancel-safe, which harms nobody at the end: what became a record is read from the log by whoever is next.
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    async fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Stop => {}
            Wake::Look => self.look().await,
            Wake::Hangup => {
                info!("signal received, reading the workspace files again");
                self.all(None).await;
            }
            Wake::Ask(ask) => {
                let reloaded = self.all(ask.workspace.as_deref()).await;
                // Whoever asked may be gone.
                let _ = ask.answer.send(reloaded);
            }
        }
    }

    /// Reads what has changed and is changed no more.
    async fn look(&mut self) {
        for at in 0..self.files.len() {
            let Some(path) = self.served.workspaces[at].file.clone() else { continue };
            let now = blocking(move || file::looks(&path)).await;
            let followed = &mut self.files[at];
            let settled = followed.seen.replace(now) == Some(now);
            if settled && followed.read != Some(now) {
                self.reload(at).await;
            }
        }
    }

    /// Reads all that is meant, and the daemon's own configuration, which cannot change.
    async fn all(&mut self, workspace: Option<&str>) -> Reloaded {
        let mut reloaded = Reloaded::default();
        for at in 0..self.files.len() {
            let name = self.served.workspaces[at].name();
            if workspace.is_some_and(|wanted| name != wanted) {
                continue;
            }
            let outcome = self.reload(at).await;
            let file = self.served.workspaces[at].file.clone();
            reloaded.workspaces.push(Reload { workspace: name, file, outcome });
        }
        reloaded.daemon = self.daemon().await;
        reloaded
    }

    /// Reads one file, and brings what it says into force.
    async fn reload(&mut self, at: usize) -> Outcome {
        let served = Arc::clone(&self.served);
        let workspace = &served.workspaces[at];
        let Some(path) = workspace.file.clone() else { return Outcome::Unchanged };
        let running = workspace.config();
        let name = running.name.clone();
        let (looks, config) = blocking(move || file::read(&path, &running)).await;
        let outcome = match config {
            Ok(config) => self.bring_into_force(workspace, config).await,
            Err(problems) => Outcome::Refused(problems),
        };
        // What could not be brought into force is read again at the next look.
        let done = !matches!(outcome, Outcome::Unavailable);
        let waited = std::mem::replace(
            &mut self.files[at],
            Followed { read: done.then_some(looks), seen: Some(looks), waits: !done },
        );
        let counted = match &outcome {
            Outcome::Applied(index) => {
                info!(
                    { fields::WORKSPACE } = %name,
                    { fields::RECORD_INDEX } = index.0,
                    "workspace configuration in force"
                );
                ReloadOutcome::Applied
            }
            Outcome::Unchanged => ReloadOutcome::Unchanged,
            Outcome::Refused(problems) => {
                refused(&name, problems);
                ReloadOutcome::Refused
            }
            Outcome::Unavailable if waited.waits => ReloadOutcome::Unavailable,
            Outcome::Unavailable => {
                warn!({ fields::WORKSPACE } = %name, "workspace file not in force yet: the shard or the bus does not answer");
                ReloadOutcome::Unavailable
            }
        };
        self.metrics.reloads.count(&name, counted);
        outcome
    }

    async fn bring_into_force(&self, workspace: &ServedWorkspace, config: WorkspaceConfig) -> Outcome {
        let name = config.name.clone();
        let running = workspace.config();
        let in_force = self.shard.query({
            let name = name.clone();
            move |state| state.workspace(&name).and_then(|space| space.config_sha256().copied())
        });
        let Ok(in_force) = in_force.await else { return Outcome::Unavailable };
        if in_force == Some(config.sha256()) {
            // An answer that never came: it is in force all the same.
            if running.sha256() != config.sha256() {
                workspace.accept(config);
            }
            return Outcome::Unchanged;
        }
        // Before anything is sent by it: the endpoint's adapter finds its consumer, and nothing is missed.
        for endpoint in config.endpoints.iter().filter(|it| running.endpoint(&it.channel, &it.name).is_none()) {
            let made = streams::ensure_adapter(&self.client, &name, &endpoint.channel, &endpoint.name).await;
            match made {
                Ok(()) => {}
                Err(error) if error.is_transient() => return Outcome::Unavailable,
                Err(error) => {
                    let rule = format!("endpoint {}: {}", endpoint.name, ErrorChain(&error));
                    return refusal(workspace, rule);
                }
            }
        }
        workspace.offer(&config);
        let command = Command::ApplyConfig { workspace: name, config: Box::new(config.clone()) };
        match self.shard.command(command).await {
            Ok(answer) => {
                workspace.accept(config);
                Outcome::Applied(answer.position.index)
            }
            Err(CommandError::Unavailable) => Outcome::Unavailable,
            Err(CommandError::Rejected(rejection)) => {
                // Else the one before may be in force, of which nobody knows yet.
                if in_force == Some(running.sha256()) {
                    workspace.refused();
                }
                match rejection {
                    Rejection::Limit(limit) => refusal(workspace, format!("is too much: {limit}")),
                    rejection => refusal(workspace, rejection.to_string()),
                }
            }
        }
    }

    /// What the daemon's own configuration says by now.
    async fn daemon(&self) -> Daemon {
        let Some(layers) = &self.served.layers else { return Daemon::default() };
        let overrides = layers.overrides.clone();
        let daemon = match blocking(move || load(&overrides)).await {
            Ok(loaded) => Daemon { differs: layers.differs(&loaded.shown), problems: Vec::new() },
            Err(problems) => Daemon { differs: Vec::new(), problems },
        };
        for key in &daemon.differs {
            warn!(key, "daemon configuration changed: it takes effect at the next start");
        }
        for problem in daemon.problems.iter().take(LINES) {
            line("daemon configuration would be refused at the next start", None, problem);
        }
        daemon
    }
}

/// The next signal, where it is listened to.
async fn hung_up(hangup: &mut Option<Signal>) -> Option<()> {
    match hangup {
        Some(hangup) => hangup.recv().await,
        None => std::future::pending().await,
    }
}

/// Runs what waits for a disk. It has no other way to fail than a panic, which is passed on.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn refusal(workspace: &ServedWorkspace, rule: String) -> Outcome {
    let origin = Origin::File(workspace.file.clone().unwrap_or_default());
    Outcome::Refused(vec![Problem::unplaced(origin, rule)])
}

pub(super) fn refused(workspace: &str, problems: &[Problem]) {
    for problem in problems.iter().take(LINES) {
        line("workspace file refused, what was in force stays", Some(workspace), problem);
    }
    if let Some(left_out) = problems.len().checked_sub(LINES).filter(|left_out| *left_out > 0) {
        warn!({ fields::WORKSPACE } = workspace, { fields::LEFT_OUT } = left_out, "workspace file has more problems");
    }
}

/// One problem, without the value: nobody knows what was mistyped there.
fn line(message: &'static str, workspace: Option<&str>, problem: &Problem) {
    let (row, column) = problem.position.unwrap_or_default();
    warn!(
        { fields::WORKSPACE } = workspace,
        at = %format_args!("{}:{row}:{column}", problem.origin),
        key = problem.key,
        rule = problem.rule,
        hint = problem.hint,
        "{message}"
    );
}
