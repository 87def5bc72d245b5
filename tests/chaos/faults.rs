//! Carries faults out, and heals them.

use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Signal;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::bed::Bed;
use crate::lane::Lane;
use crate::nats::{SERVERS, SMALL_DISK};
use crate::plan::{Fault, Kind};
use crate::process::Process;
use crate::words::now_ms;

/// An owner that ends in order ends in this time: its own deadline, and a little.
const ORDERLY: Duration = Duration::from_secs(14);
/// How long a sync takes on a slow disk, microseconds.
const SLOW_SYNC_US: u64 = 150_000;
/// Where system calls cannot be delayed the server stands still and goes on in turn.
const PULSE: [Duration; 2] = [Duration::from_millis(120), Duration::from_millis(40)];

/// A fault that was carried out.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) kind: Kind,
    /// What it was about.
    pub(crate) target: String,
    /// From when to when, wall clock, milliseconds.
    pub(crate) from_ms: u64,
    pub(crate) healed_ms: u64,
}

impl Bed {
    /// Carries it out and heals it. Returns when it is healed, not when all goes on.
    pub(crate) async fn carry_out(&mut self, fault: Fault) -> anyhow::Result<Done> {
        let Fault { kind, lasts, pick, jump_s, .. } = fault;
        let mut from_ms = now_ms();
        let target = match kind {
            Kind::OwnerKilled | Kind::StandbyKilled | Kind::DaemonsKilled => {
                let owner = self.owner().await;
                let whom: Vec<usize> = match kind {
                    Kind::OwnerKilled => vec![owner],
                    Kind::StandbyKilled => vec![(owner + 1 + pick % 2) % self.daemons.len()],
                    _ => (0..self.daemons.len()).collect(),
                };
                from_ms = now_ms();
                self.kill_daemons(&whom, lasts).await?
            }
            Kind::OwnerEnded => {
                let owner = self.owner().await;
                from_ms = now_ms();
                self.end_daemon(owner, lasts).await?
            }
            Kind::OwnerPaused | Kind::DaemonPaused => {
                let owner = self.owner().await;
                let whom = if kind == Kind::OwnerPaused { owner } else { pick % self.daemons.len() };
                from_ms = now_ms();
                self.signal_daemon(whom, Signal::STOP);
                self.wait(lasts).await?;
                self.signal_daemon(whom, Signal::CONT);
                self.daemons[whom].name.clone()
            }
            Kind::OwnerCutOff => {
                let owner = self.owner().await;
                from_ms = now_ms();
                self.daemons[owner].ways.iter().for_each(Lane::hold);
                self.wait(lasts).await?;
                self.daemons[owner].ways.iter().for_each(Lane::open);
                self.daemons[owner].name.clone()
            }
            Kind::LeaderKilled | Kind::FollowerKilled | Kind::ServersKilled => {
                let leader = self.leader().await;
                let whom: Vec<usize> = match kind {
                    Kind::LeaderKilled => vec![leader],
                    Kind::FollowerKilled => vec![(leader + 1 + pick % 2) % SERVERS],
                    _ => (0..SERVERS).collect(),
                };
                from_ms = now_ms();
                self.kill_servers(&whom, lasts).await?
            }
            Kind::LeaderPaused | Kind::ServerPaused => {
                let leader = self.leader().await;
                let whom = if kind == Kind::LeaderPaused { leader } else { pick % SERVERS };
                from_ms = now_ms();
                self.signal_server(whom, Signal::STOP);
                self.wait(lasts).await?;
                self.signal_server(whom, Signal::CONT);
                self.cluster.servers[whom].name.clone()
            }
            Kind::LeaderCutOff | Kind::RoutesCut => {
                let leader = self.leader().await;
                let whom = if kind == Kind::LeaderCutOff { leader } else { pick % SERVERS };
                from_ms = now_ms();
                self.cut_off_server(whom, kind == Kind::LeaderCutOff, lasts).await?
            }
            Kind::DiskFull => {
                self.cluster.fill_disk()?;
                self.wait(lasts).await?;
                self.cluster.free_disk()?;
                // A server whose disk was full keeps no streams until somebody starts it again.
                self.kill_servers(&[SMALL_DISK], Duration::ZERO).await?
            }
            Kind::SlowSync => self.slow_sync(pick % SERVERS, lasts).await?,
            Kind::AgentsDropped => {
                let whom = pick % (self.daemons.len() + 1);
                let ways = self.daemons.iter().enumerate().filter(|(at, _)| whom == *at || whom == self.daemons.len());
                let names: Vec<&str> = ways
                    .map(|(_, daemon)| {
                        daemon.agents.cut();
                        daemon.name.as_str()
                    })
                    .collect();
                let names = names.join(", ");
                self.wait(lasts).await?;
                names
            }
            Kind::ClockJump => {
                let owner = self.owner().await;
                from_ms = now_ms();
                self.daemons[owner].set_clock(jump_s)?;
                self.wait(lasts).await?;
                self.daemons[owner].set_clock(0)?;
                format!("{} by {jump_s} s", self.daemons[owner].name)
            }
        };
        Ok(Done { kind, target, from_ms, healed_ms: now_ms() })
    }

    async fn kill_daemons(&mut self, whom: &[usize], lasts: Duration) -> anyhow::Result<String> {
        let names: Vec<String> = whom.iter().map(|at| self.daemons[*at].name.clone()).collect();
        self.down.clone_from(&names);
        // At once: none is waited for before all are hit.
        whom.iter().for_each(|at| self.signal_daemon(*at, Signal::KILL));
        for at in whom {
            self.reap_daemon(*at).await?;
        }
        self.wait(lasts).await?;
        self.down.clear();
        for at in whom {
            self.daemons[*at].start()?;
        }
        Ok(names.join(", "))
    }

    async fn reap_daemon(&mut self, at: usize) -> anyhow::Result<()> {
        match &mut self.daemons[at].process {
            Some(process) => process.kill9().await,
            None => Ok(()),
        }
    }

    async fn end_daemon(&mut self, at: usize, lasts: Duration) -> anyhow::Result<String> {
        let mut name = self.daemons[at].name.clone();
        self.down = vec![name.clone()];
        self.signal_daemon(at, Signal::TERM);
        let until = Instant::now() + ORDERLY;
        loop {
            let process = self.daemons[at].process.as_mut().context("it was started")?;
            match process.ended()? {
                Some(status) if status.success() => break,
                Some(status) => {
                    name = format!("{name}, which ended with {status}");
                    break;
                }
                None if Instant::now() > until => {
                    process.kill9().await?;
                    name = format!("{name}, which did not end in time");
                    break;
                }
                None => self.wait(Duration::from_millis(20)).await?,
            }
        }
        self.wait(lasts).await?;
        self.down.clear();
        self.daemons[at].start()?;
        Ok(name)
    }

    fn signal_daemon(&self, at: usize, signal: Signal) {
        if let Some(process) = &self.daemons[at].process {
            process.signal(signal);
        }
    }

    fn signal_server(&self, at: usize, signal: Signal) {
        if let Some(process) = &self.cluster.servers[at].process {
            process.signal(signal);
        }
    }

    async fn kill_servers(&mut self, whom: &[usize], lasts: Duration) -> anyhow::Result<String> {
        let names: Vec<String> = whom.iter().map(|at| self.cluster.servers[*at].name.clone()).collect();
        self.down.clone_from(&names);
        whom.iter().for_each(|at| self.signal_server(*at, Signal::KILL));
        for at in whom {
            if let Some(process) = &mut self.cluster.servers[*at].process {
                process.kill9().await?;
            }
        }
        self.wait(lasts).await?;
        self.down.clear();
        for at in whom {
            self.cluster.start(*at)?;
        }
        Ok(names.join(", "))
    }

    /// Nothing passes between a server and the others, and with `clients` between it and whoever uses it.
    async fn cut_off_server(&mut self, at: usize, clients: bool, lasts: Duration) -> anyhow::Result<String> {
        let of_clients = self.daemons.iter().map(|daemon| &daemon.ways[at]).chain([&self.cluster.ways[at]]);
        let ways: Vec<_> = self.cluster.ways_of(at).chain(of_clients.filter(|_| clients)).collect();
        ways.iter().for_each(|way| way.hold());
        self.wait(lasts).await?;
        let of_clients = self.daemons.iter().map(|daemon| &daemon.ways[at]).chain([&self.cluster.ways[at]]);
        self.cluster.ways_of(at).chain(of_clients).for_each(Lane::open);
        Ok(self.cluster.servers[at].name.clone())
    }

    async fn slow_sync(&mut self, at: usize, lasts: Duration) -> anyhow::Result<String> {
        let name = self.cluster.servers[at].name.clone();
        let pid = self.cluster.servers[at].process.as_ref().and_then(Process::pid);
        let Some(pid) = pid.filter(|_| self.host.strace) else {
            let until = Instant::now() + lasts;
            while Instant::now() < until {
                self.signal_server(at, Signal::STOP);
                self.wait(PULSE[0]).await?;
                self.signal_server(at, Signal::CONT);
                self.wait(PULSE[1]).await?;
            }
            return Ok(format!("{name}, by pulses"));
        };
        let mut tracer = delays(pid.as_raw_nonzero().get())?;
        self.wait(lasts).await?;
        let tracer_pid = tracer.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(tracer) = tracer_pid {
            // It lets go of the server first.
            let _ = rustix::process::kill_process(tracer, Signal::INT);
        }
        let ended = tokio::time::timeout(Duration::from_secs(5), tracer.wait()).await;
        if ended.is_err() {
            tracer.kill().await.context("end the tracer")?;
        }
        // What it may have left standing.
        self.signal_server(at, Signal::CONT);
        Ok(format!("{name}, {} ms each", SLOW_SYNC_US / 1_000))
    }
}

/// Delays each sync of a process.
fn delays(pid: i32) -> anyhow::Result<Child> {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e"]);
    command.arg(format!("inject=fsync,fdatasync:delay_enter={SLOW_SYNC_US}")).arg("-p").arg(pid.to_string());
    command.kill_on_drop(true).process_group(0);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null()).spawn().context("start strace")
}
