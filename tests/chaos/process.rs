//! A child process: signals, its end, and that it does not outlive this one.
//!
//! A child is this program first (`become`), which asks the kernel to be killed with its parent, and then becomes the other one. That signal
//! follows the *thread* that spawned it: children are spawned by the main thread alone.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, getppid, kill_process, set_parent_process_death_signal};
use tokio::process::{Child, Command};

/// Hidden subcommand of this program.
pub(crate) const BECOME: &str = "become";

/// Asks to be killed with the parent, then becomes the program. Returns only on failure.
pub(crate) fn become_other(parent: u32, program: &[OsString]) -> anyhow::Result<Infallible> {
    set_parent_process_death_signal(Some(Signal::KILL)).context("ask for a signal at the parent's death")?;
    let is_parent = |pid: Pid| u32::try_from(pid.as_raw_nonzero().get()) == Ok(parent);
    anyhow::ensure!(getppid().is_some_and(is_parent), "the parent is gone");
    let (name, arguments) = program.split_first().context("no program is named")?;
    let error = std::process::Command::new(name).args(arguments).exec();
    Err(error).with_context(|| format!("become {}", name.display()))
}

/// The command that becomes `program`; what it writes is added to a file.
pub(crate) fn command(program: &Path, said: &Path) -> anyhow::Result<Command> {
    let said = File::options().create(true).append(true).open(said).context("open a file for what a process says")?;
    let own = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(own);
    command.arg(BECOME).arg(std::process::id().to_string()).arg(program);
    // A group of its own: Ctrl-C at the terminal is for this program, which ends them.
    command.process_group(0).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(said.try_clone().context("share a file")?).stderr(said);
    Ok(command)
}

/// A process that is started again and again. Dropped: killed.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let child = command.spawn().context("start a process")?;
        Ok(Self { child })
    }

    pub(crate) fn pid(&self) -> Option<Pid> {
        self.child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw)
    }

    /// Sends a signal, unless it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            // It may be ending at this moment.
            let _ = kill_process(pid, signal);
        }
    }

    /// As a crash ends it.
    pub(crate) async fn kill9(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::KILL);
        self.child.wait().await.context("wait for a process that was killed")?;
        Ok(())
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().context("ask for a process")
    }
}
