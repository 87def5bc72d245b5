//! The workspaces that this process serves: where the configuration of each comes from, and what is in force.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::task::ReloadError;
use crate::config::{Config, Overrides, Shown, load};
use crate::domain::id::Name;
use crate::domain::workspace::{IndexedConfig, WorkspaceConfig};

/// One workspace.
#[derive(Debug)]
pub struct ServedWorkspace {
    /// Its file; none: it is built in and never changes.
    pub file: Option<PathBuf>,
    in_force: watch::Sender<Arc<IndexedConfig>>,
    /// A configuration that hides something may be in force already: nobody has said yet whether it is.
    may_hide: AtomicBool,
}

impl ServedWorkspace {
    /// Its name, which never changes.
    #[must_use]
    pub fn name(&self) -> Name {
        self.in_force.borrow().name.clone()
    }

    /// The configuration that was accepted last.
    #[must_use]
    pub fn config(&self) -> Arc<IndexedConfig> {
        Arc::clone(&self.in_force.borrow())
    }

    /// Follows the configuration in force.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Arc<IndexedConfig>> {
        self.in_force.subscribe()
    }

    /// Whether every queue is shown to all agents, for certain: not where a configuration that hides one may be in force.
    #[must_use]
    pub fn shows_all(&self) -> bool {
        !self.may_hide.load(Ordering::Acquire) && self.in_force.borrow().shows_all()
    }

    /// A configuration is given to the shard.
    pub(super) fn offer(&self, config: &WorkspaceConfig) {
        if !config.shows_all() {
            self.may_hide.store(true, Ordering::Release);
        }
    }

    /// What was given was refused.
    pub(super) fn refused(&self) {
        self.may_hide.store(false, Ordering::Release);
    }

    /// What was given is in force.
    pub(super) fn accept(&self, config: WorkspaceConfig) {
        self.in_force.send_replace(Arc::new(IndexedConfig::new(config)));
        self.may_hide.store(false, Ordering::Release);
    }
}

/// All of them. Lives as long as the process: whoever owns the shard anew begins with what was accepted last.
#[derive(Debug)]
pub struct Served {
    /// Each workspace, in the order of the configuration.
    pub workspaces: Vec<ServedWorkspace>,
    /// What the daemon's own configuration came from; none: it is not read again.
    pub(super) layers: Option<Layers>,
    /// Whether SIGHUP has the files read again. Otherwise it ends the process, as when a terminal is closed.
    pub(super) hangup: bool,
}

/// The daemon's own configuration, and what it came from.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) overrides: Overrides,
    running: Vec<Shown>,
}

impl Layers {
    /// Dotted keys whose values are others than the running ones. Secrets cannot be told apart.
    pub(super) fn differs(&self, now: &[Shown]) -> Vec<String> {
        let is_same = |shown: &&Shown| {
            let running = self.running.iter().find(|it| (&it.section, &it.key) == (&shown.section, &shown.key));
            running.is_none_or(|running| running.value == shown.value)
        };
        now.iter().filter(|shown| !is_same(shown)).map(|shown| format!("{}.{}", shown.section, shown.key)).collect()
    }
}

impl Served {
    /// The workspaces as they were read at the start, in the order of `workspaces.files`; those beyond the files are built in.
    #[must_use]
    pub fn new(config: &Config, workspaces: Vec<WorkspaceConfig>) -> Self {
        let files = config.workspaces.files.iter().cloned().map(Some).chain(std::iter::repeat(None));
        let served = workspaces.into_iter().zip(files).map(|(config, file)| {
            let (in_force, _) = watch::channel(Arc::new(IndexedConfig::new(config)));
            ServedWorkspace { file, in_force, may_hide: AtomicBool::new(false) }
        });
        Self { workspaces: served.collect(), layers: None, hangup: false }
    }

    /// With the layers of the daemon's own configuration, so that it can be told what of them would change at the next start.
    #[must_use]
    pub fn layered(mut self, overrides: Overrides) -> Self {
        // A problem now would have kept the daemon from starting: the file has changed in this very moment.
        let running = load(&overrides).map(|loaded| loaded.shown).unwrap_or_default();
        self.layers = Some(Layers { overrides, running });
        self
    }

    /// With SIGHUP for a word to read the files again, from here on.
    ///
    /// # Errors
    /// [`ReloadError`]: the process may not listen for signals.
    pub fn on_hangup(mut self) -> Result<Self, ReloadError> {
        // The handler stays for good once it is there, whoever listens.
        drop(signal(SignalKind::hangup()).map_err(ReloadError)?);
        self.hangup = true;
        Ok(self)
    }

    /// What was accepted last, of all.
    #[must_use]
    pub fn configs(&self) -> Vec<WorkspaceConfig> {
        self.workspaces.iter().map(|workspace| WorkspaceConfig::clone(&**workspace.config())).collect()
    }
}
