//! `skein exec-nats` (hidden): see [`crate::dev::exec_nats`].

use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `skein exec-nats`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Process id of the parent that must be alive.
    #[arg(long)]
    parent: u32,
    /// The nats-server to become.
    #[arg(long)]
    server: PathBuf,
    /// Its configuration file.
    #[arg(long)]
    config: PathBuf,
}

/// Returns only on failure.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let never = crate::dev::exec_nats(args.parent, &args.server, &args.config)?;
    match never {}
}
