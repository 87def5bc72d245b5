//! The verbs.

use std::process::ExitCode;

use clap::Subcommand;

use super::config;
use super::whose::Whose;

/// Flags of `skein admin`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Has the workspace files read again now; exit 1 with all problems when one is refused.
    Reload {
        #[command(flatten)]
        whose: Whose,
        /// All workspaces of the daemon, whatever --workspace says.
        #[arg(long)]
        all: bool,
    },
    /// Prints the configuration of the workspace that is in force, as JSON.
    Config(Whose),
}

/// Ends with 0 when it was done.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.verb {
        Verb::Reload { whose, all } => config::reload(&whose, all).await,
        Verb::Config(whose) => config::show(&whose).await,
    }
}
