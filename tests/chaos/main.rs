//! Chaos: three nats-servers and three daemons under load, adapters and agents in processes of their own, and faults of every kind. In the
//! end everything heals, comes to rest, and the history is proven.
//!
//! As a test it makes a short run. `run` makes a long one (`deploy/chaos`); the other subcommands are what this program starts itself as.

mod adapters;
mod agents;
mod bed;
mod crew;
mod daemons;
mod faults;
mod host;
mod lane;
mod list;
mod long;
mod mind;
mod nats;
mod notes;
mod payload;
mod plan;
mod ports;
mod process;
mod proof;
mod role;
mod run;
mod short;
mod words;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

#[derive(Debug, clap::Parser)]
enum Role {
    /// Makes a run.
    Run(long::Args),
    #[command(hide = true)]
    Adapters(adapters::Args),
    #[command(hide = true)]
    Agents(agents::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next().unwrap_or_default();
    match first.to_str() {
        Some(process::BECOME) => {
            let parent = arguments.next().and_then(|parent| parent.to_str()?.parse().ok());
            let never = process::become_other(parent.context("a process id")?, &arguments.collect::<Vec<_>>())?;
            match never {}
        }
        Some("run" | "adapters" | "agents" | "help") => match Role::parse() {
            Role::Run(args) => {
                host::in_own_namespace()?;
                wait_for(long::run(args))
            }
            Role::Adapters(args) => wait_for(adapters::run(args)).map(|()| ExitCode::SUCCESS),
            Role::Agents(args) => wait_for(agents::run(args)).map(|()| ExitCode::SUCCESS),
        },
        _ => list::run(std::env::args().skip(1)),
    }
}

/// Runs on this thread, which lives as long as the children that it starts; other tasks run beside it.
fn wait_for<T>(what: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.context("start the runtime")?.block_on(what)
}
