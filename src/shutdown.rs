//! How the daemon ends: one signal, one deadline for everything, a second signal ends it at once.
//!
//! [`Shutdown`] is a cheap-clone handle: a cancel token that says *stop taking new things*, a tracker of the long-lived tasks, and
//! the deadline that starts with the first signal. Tasks are spawned through [`Shutdown::spawn`], so each has a name and an owner.
//! The order within the deadline is the business of whoever composes the daemon.

use std::future::Future;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::telemetry::ErrorChain;

/// What a second signal ends the process with.
pub const EXIT_SECOND_SIGNAL: u8 = 130;

/// Why the signals cannot be listened to.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for signal {name}")]
pub struct SignalError {
    name: &'static str,
    source: std::io::Error,
}

/// How the wait for the tasks ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All tasks ended by themselves.
    Clean,
    /// The deadline came first; that many tasks were still running.
    Deadline {
        /// Tasks still running.
        running: usize,
    },
}

impl Ended {
    /// 0 when clean, 1 when tasks had to be abandoned.
    #[must_use]
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Clean => ExitCode::SUCCESS,
            Self::Deadline { .. } => ExitCode::FAILURE,
        }
    }
}

/// The handle; clones share everything.
#[derive(Debug, Clone)]
pub struct Shutdown {
    token: CancellationToken,
    tracker: TaskTracker,
    deadline: Duration,
    began: Arc<OnceLock<Instant>>,
}

impl Shutdown {
    /// Nothing is stopping yet. `deadline` counts from [`Shutdown::begin`].
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        Self { token: CancellationToken::new(), tracker: TaskTracker::new(), deadline, began: Arc::default() }
    }

    /// Cancelled when the daemon is to end. Child tokens may be cut from it.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Whether the end has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until the end begins. Cancel safe.
    pub async fn stopping(&self) {
        self.token.cancelled().await;
    }

    /// Begins the end, and the deadline. Further calls change nothing.
    pub fn begin(&self) {
        self.began.get_or_init(Instant::now);
        self.token.cancel();
    }

    /// When everything must have ended; `None` before [`Shutdown::begin`].
    #[must_use]
    pub fn ends_at(&self) -> Option<Instant> {
        self.began.get().map(|began| *began + self.deadline)
    }

    /// Runs a long-lived task that is waited for at the end. When it fails, the chain is logged once and the daemon ends: a daemon
    /// that has lost a part must not look alive. The task itself watches [`Shutdown::token`].
    pub fn spawn<E>(&self, name: &'static str, task: impl Future<Output = Result<(), E>> + Send + 'static)
    where
        E: std::error::Error + Send + 'static,
    {
        let shutdown = self.clone();
        self.tracker.spawn(async move {
            let mut guard = BeginOnDrop { shutdown: &shutdown, name, armed: true };
            match task.await {
                Ok(()) => tracing::debug!(task = name, "task ended"),
                Err(error) => {
                    tracing::error!(task = name, error = %ErrorChain(&error), "task failed, the daemon ends");
                    shutdown.begin();
                }
            }
            guard.armed = false;
        });
    }

    /// Waits until all tasks have ended or the deadline has come. Begins the end if nobody has.
    pub async fn finish(&self) -> Ended {
        self.begin();
        self.tracker.close();
        let ends_at = self.ends_at().unwrap_or_else(Instant::now);
        match tokio::time::timeout_at(ends_at, self.tracker.wait()).await {
            Ok(()) => Ended::Clean,
            Err(_) => Ended::Deadline { running: self.tracker.len() },
        }
    }

    /// Listens for SIGTERM and SIGINT in a task of its own until the process ends: the first begins the end, the second exits the
    /// process with 130. Not tracked: it must outlive all others.
    ///
    /// # Errors
    /// When the process may not install handlers.
    pub fn listen(&self) -> Result<(), SignalError> {
        let mut terminate = handler(SignalKind::terminate(), "SIGTERM")?;
        let mut interrupt = handler(SignalKind::interrupt(), "SIGINT")?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            one_of(&mut terminate, &mut interrupt).await;
            tracing::info!(deadline_ms = shutdown.deadline.as_millis(), "signal received, ending");
            stopping();
            shutdown.begin();
            one_of(&mut terminate, &mut interrupt).await;
            tracing::warn!("second signal received, exiting at once");
            std::process::exit(EXIT_SECOND_SIGNAL.into());
        });
        Ok(())
    }
}

/// A task that panics takes the daemon down in order instead of leaving it half alive.
struct BeginOnDrop<'s> {
    shutdown: &'s Shutdown,
    name: &'static str,
    armed: bool,
}

impl Drop for BeginOnDrop<'_> {
    fn drop(&mut self) {
        if self.armed {
            tracing::error!(task = self.name, "task panicked or was dropped, the daemon ends");
            self.shutdown.begin();
        }
    }
}

fn handler(kind: SignalKind, name: &'static str) -> Result<Signal, SignalError> {
    signal(kind).map_err(|source| SignalError { name, source })
}

async fn one_of(terminate: &mut Signal, interrupt: &mut Signal) {
    // cancel safe: a signal not yet received stays pending in its own stream
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Tells systemd, if it started us, that the daemon takes work. Call once every readiness check passes.
pub fn ready() {
    notify(&sd_notify::NotifyState::Ready);
}

/// Tells systemd, if it started us, that the end has begun.
pub fn stopping() {
    notify(&sd_notify::NotifyState::Stopping);
}

fn notify(state: &sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::warn!(error = %ErrorChain(&error), "systemd was not told of a change of state");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("lost the store")]
    struct Lost;

    #[tokio::test]
    async fn all_tasks_that_watch_the_token_end_clean() {
        let shutdown = Shutdown::new(Duration::from_secs(60));
        for _ in 0..3 {
            let token = shutdown.token().clone();
            shutdown.spawn("waiter", async move {
                token.cancelled().await;
                Ok::<(), Lost>(())
            });
        }
        assert_eq!(shutdown.finish().await, Ended::Clean);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_given_up_at_the_one_deadline() {
        let shutdown = Shutdown::new(Duration::from_secs(5));
        shutdown.spawn("stuck", std::future::pending::<Result<(), Lost>>());
        let began = Instant::now();
        shutdown.begin();
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(shutdown.finish().await, Ended::Deadline { running: 1 });
        assert_eq!(began.elapsed().as_secs(), 5, "the deadline counts from the begin, not from the wait");
    }

    #[tokio::test]
    async fn a_task_that_fails_or_panics_ends_the_daemon() {
        let failing = Shutdown::new(Duration::from_secs(60));
        failing.spawn("failing", async { Err(Lost) });
        failing.stopping().await;
        let panicking = Shutdown::new(Duration::from_secs(60));
        panicking.spawn("panicking", async {
            assert!(panicking_input().is_some(), "on purpose");
            Ok::<(), Lost>(())
        });
        panicking.stopping().await;
    }

    fn panicking_input() -> Option<()> {
        None
    }
}
