//! One child process and the thread that spawned it and waits for it.
//!
//! The child's parent-death signal follows the spawning thread, so that thread must live as long as the child: it does nothing but
//! wait. A signal is sent under the lock that is also held while the child is reaped: a process id is never used after it could
//! have been given to somebody else.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Keeper {
    pid: Pid,
    /// `None` once reaped.
    running: Arc<Mutex<Option<Child>>>,
    exited: watch::Receiver<Option<ExitStatus>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Spawns in a thread of its own, in a process group of its own: a Ctrl-C in the terminal is for us, and the child must outlive
    /// our orderly end.
    ///
    /// # Errors
    /// When the thread or the process cannot be started.
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        let running = Arc::new(Mutex::new(None));
        let (exited_to, exited) = watch::channel(None);
        let (spawned_to, spawned) = std::sync::mpsc::sync_channel(1);
        let kept = Arc::clone(&running);
        let thread = std::thread::Builder::new().name("nats-keeper".to_owned()).spawn(move || {
            let pid = command.process_group(0).spawn().and_then(|child| {
                let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
                *lock(&kept) = Some(child);
                Ok(pid)
            });
            let waits_for = pid.as_ref().ok().copied();
            // nobody listens any more only if spawn() itself was unwound
            let _ = spawned_to.send(pid);
            if let Some(pid) = waits_for {
                exited_to.send_replace(Some(wait(pid, &kept)));
            }
        })?;
        let pid = spawned.recv().map_err(|_| io::Error::other("the keeper thread ended"))??;
        Ok(Self { pid, running, exited, thread: Some(thread) })
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, if it has.
    pub(super) fn exit_status(&self) -> Option<ExitStatus> {
        *self.exited.borrow()
    }

    /// Waits for the end. Cancel safe.
    pub(super) async fn ended(&self) {
        let mut exited = self.exited.clone();
        // an error means the keeper is gone, and with it the child
        let _ = exited.wait_for(Option::is_some).await;
    }

    /// Sends a signal unless the child has ended; the child may be ending at the same moment, so failures mean nothing.
    pub(super) fn signal(&self, signal: Signal) {
        if lock(&self.running).is_some() {
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if let Some(thread) = self.thread.take() {
            // a keeper that panicked has nothing left to wait for
            let _ = thread.join();
        }
    }
}

/// Waits without reaping, then reaps under the lock.
fn wait(pid: Pid, running: &Mutex<Option<Child>>) -> ExitStatus {
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {}
    let mut running = lock(running);
    running.take().and_then(|mut child| child.wait().ok()).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
