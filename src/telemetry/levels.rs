//! Other log levels for a while: an operator sets them, and they fall back by themselves.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::error_chain::ErrorChain;
use super::logs::{LogError, LogHandle};

/// Levels for a while.
#[derive(Clone, Debug)]
struct Passing {
    levels: String,
    until: Instant,
    until_wall: SystemTime,
}

/// What is logged now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    /// The levels in force.
    pub now: String,
    /// Those of the configuration.
    pub configured: String,
    /// When the configured ones are in force again; none: they are.
    pub until: Option<SystemTime>,
}

/// Sets log levels for a while. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct LogLevels {
    /// None: logs that this process was not given, of which nothing is known or changed.
    handle: Arc<Option<LogHandle>>,
    passing: watch::Sender<Option<Passing>>,
}

impl LogLevels {
    /// Over the logs of this process.
    #[must_use]
    pub fn new(handle: Option<LogHandle>) -> Self {
        Self { handle: Arc::new(handle), passing: watch::Sender::new(None) }
    }

    /// Sets the levels for so long, in the notation of `logging.level`; what was set before is over.
    ///
    /// # Errors
    /// [`LogError::Levels`]; the levels stay as they were.
    pub fn set(&self, levels: &str, lasting: Duration) -> Result<(), LogError> {
        self.change(levels)?;
        let (until, until_wall) = (Instant::now() + lasting, SystemTime::now() + lasting);
        self.passing.send_replace(Some(Passing { levels: levels.to_owned(), until, until_wall }));
        Ok(())
    }

    /// Falls back now.
    ///
    /// # Errors
    /// [`LogError::Gone`].
    pub fn fall_back(&self) -> Result<(), LogError> {
        self.change(&self.configured())?;
        self.passing.send_replace(None);
        Ok(())
    }

    fn change(&self, levels: &str) -> Result<(), LogError> {
        self.handle.as_ref().as_ref().ok_or(LogError::Gone)?.set_levels(levels)
    }

    fn configured(&self) -> String {
        self.handle.as_ref().as_ref().map(|handle| handle.levels().to_owned()).unwrap_or_default()
    }

    /// What is logged now.
    #[must_use]
    pub fn get(&self) -> Levels {
        let configured = self.configured();
        match &*self.passing.borrow() {
            Some(passing) => Levels { now: passing.levels.clone(), configured, until: Some(passing.until_wall) },
            None => Levels { now: configured.clone(), configured, until: None },
        }
    }

    /// Falls back when the time has come, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut passing = self.passing.subscribe();
        loop {
            let until = passing.borrow_and_update().as_ref().map(|passing| passing.until);
            tokio::select! {
                // Cancel-safe: a change stays unseen until it is looked at. The sender lives in `self`.
                _ = passing.changed() => {}
                () = over(until) => match self.fall_back() {
                    Ok(()) => info!("log levels are the configured ones again"),
                    Err(error) => return error!(error = %ErrorChain(&error), "log levels cannot be changed any more"),
                },
                // Cancel-safe: a token keeps what it was told.
                () = stop.cancelled() => return,
            }
        }
    }
}

async fn over(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
