//! What this machine lets a run do, asked before it begins; what it does not is said, and left out.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

/// Set in the environment of a program that runs where it may mount.
const MAY_MOUNT: &str = "SKEIN_CHAOS_MAY_MOUNT";
/// Where distributions put the library that changes a process's clock.
const CLOCKS: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];
/// Names another place of it.
const CLOCK: &str = "SKEIN_CHAOS_FAKETIME";

/// What can be done here.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// A file system of a given size can be mounted.
    pub(crate) mounts: bool,
    /// System calls of a process can be delayed.
    pub(crate) strace: bool,
    /// The library by which a process has a clock of its own.
    pub(crate) clock: Option<PathBuf>,
}

impl Host {
    pub(crate) fn look() -> Self {
        let named = std::env::var_os(CLOCK).map(PathBuf::from);
        let clock = named.into_iter().chain(CLOCKS.map(PathBuf::from)).find(|path| path.is_file());
        Self { mounts: std::env::var_os(MAY_MOUNT).is_some(), strace: traces(), clock }
    }

    /// What is left out, and why.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.mounts {
            lines.push(
                "left out: disk full (no mount namespace of its own: `unshare -rm mount -t tmpfs` does not work here)"
                    .to_owned(),
            );
        }
        if !self.strace {
            lines.push("slow fsync is made by pulses of SIGSTOP: strace is not installed, or may not trace".to_owned());
        }
        if self.clock.is_none() {
            lines.push(format!("left out: clock jumps (libfaketime is not installed, and {CLOCK} names none)"));
        }
        lines
    }
}

/// Goes on as the same program in a mount namespace of its own, where one is allowed: then no privileges are needed to mount, and nothing
/// is left when it ends. Returns where that does not work, or has been done.
pub(crate) fn in_own_namespace() -> anyhow::Result<()> {
    let tried = "d=$(mktemp -d) && mount -t tmpfs -o size=1m none \"$d\" && umount \"$d\"; e=$?; rmdir \"$d\"; exit $e";
    if std::env::var_os(MAY_MOUNT).is_some() || !works("unshare", &["-rm", "sh", "-c", tried]) {
        return Ok(());
    }
    let own = std::env::current_exe().context("find this program")?;
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let error = Command::new("unshare").arg("-rm").arg(own).args(arguments).env(MAY_MOUNT, "1").exec();
    Err(error).context("go on in a mount namespace")
}

/// Mounts a file system in memory that holds so many bytes.
pub(crate) fn mount(folder: &Path, bytes: u64) -> anyhow::Result<()> {
    mounted(&["-t", "tmpfs", "-o", &format!("size={bytes}"), "none"], folder)
}

/// Changes how many bytes it holds.
pub(crate) fn resize(folder: &Path, bytes: u64) -> anyhow::Result<()> {
    mounted(&["-o", &format!("remount,size={bytes}")], folder)
}

fn mounted(arguments: &[&str], folder: &Path) -> anyhow::Result<()> {
    let status = Command::new("mount").args(arguments).arg(folder).status().context("run mount")?;
    anyhow::ensure!(status.success(), "mount {arguments:?} {}: {status}", folder.display());
    Ok(())
}

/// Whether a process can be traced, and its system calls changed.
fn traces() -> bool {
    works("strace", &["-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:delay_enter=1", "true"])
}

fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
