//! From the command line to a subcommand, and from its outcome to an exit code.

use std::future::Future;
use std::process::ExitCode;

use clap::Parser;

use super::args::{Cli, Command};
use super::config_args::{EXIT_CONFIGURATION, WrongUse};
use super::{
    admin, agent, channels, check, config, dead, dev, exec_nats, explain, export, keys, rehearse, repair, replay, say,
    schema, serve, stream, try_format, verify,
};

/// Runs the subcommand of this process's command line.
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        // before any thread is started: the process becomes another program
        Command::ExecNats(args) => exec_nats::run(&args),
        Command::Dev(args) => on_runtime(dev::run(args)),
        Command::Serve(args) => on_runtime(serve::run(args)),
        Command::Check(args) => on_runtime(check::run(args)),
        Command::Config(args) => on_runtime(config::run(args)),
        Command::Admin(args) => on_runtime(admin::run(args)),
        Command::Agent(args) => on_runtime(agent::run(args)),
        Command::Explain(args) => on_runtime(explain::run(args)),
        Command::Export(args) => on_runtime(export::run(args)),
        Command::Rehearse(args) => on_runtime(rehearse::run(args)),
        Command::Repair(args) => on_runtime(repair::run(args)),
        Command::Replay(args) => on_runtime(replay::run(args)),
        Command::Stream(args) => on_runtime(stream::run(args)),
        Command::Say(args) => on_runtime(say::run(args)),
        Command::Channels(args) => on_runtime(channels::run(args)),
        Command::Dead(args) => on_runtime(dead::run(args)),
        Command::Schema(args) => on_runtime(schema::run(args)),
        Command::Keys(args) => on_runtime(keys::run(args)),
        Command::Verify(args) => on_runtime(verify::run(args)),
        Command::Try(args) => on_runtime(try_format::run(args)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {}", crate::telemetry::ErrorChain(error.as_ref()));
        if error.is::<WrongUse>() { ExitCode::from(EXIT_CONFIGURATION) } else { ExitCode::FAILURE }
    })
}

fn on_runtime(run: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run);
    // What was to end in order has ended; a read of the terminal that nobody waits for any more must not keep the process.
    runtime.shutdown_background();
    outcome
}
