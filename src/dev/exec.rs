//! The body of the hidden subcommand `exec-nats`: asks the kernel to end this process with its parent, then becomes nats-server.
//!
//! The signal follows the parent's *thread* that spawned us (the keeper's, which lives as long as its child). It survives the exec,
//! because the program is not set-uid. If the parent is gone before the signal was asked for, nobody would send it: so that is
//! checked after asking.

use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// Why this process did not become nats-server.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The kernel does not do it.
    #[error("cannot ask for a signal at the parent's death")]
    DeathSignal(#[source] std::io::Error),
    /// The parent ended meanwhile.
    #[error("the parent process is gone")]
    ParentGone,
    /// The program cannot be executed.
    #[error("cannot execute {}", server.display())]
    Exec {
        /// Which.
        server: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Replaces this process by `server -c config`. Call from the main thread before any other is started; returns only on failure.
///
/// # Errors
/// [`ExecError`].
pub fn exec_nats(parent: u32, server: &Path, config: &Path) -> Result<Infallible, ExecError> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|errno| ExecError::DeathSignal(errno.into()))?;
    let is_parent = |pid: Pid| u32::try_from(pid.as_raw_nonzero().get()) == Ok(parent);
    if !getppid().is_some_and(is_parent) {
        return Err(ExecError::ParentGone);
    }
    let source = Command::new(server).arg("-c").arg(config).exec();
    Err(ExecError::Exec { server: server.to_owned(), source })
}
