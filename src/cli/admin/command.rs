//! The verbs.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;

use super::whose::Whose;
use super::{config, logs, sessions};
use crate::config::units::parse_duration;

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
    /// Lists agents: presence, session, Works, load.
    Agents {
        #[command(flatten)]
        whose: Whose,
        /// Only those with an open session.
        #[arg(long)]
        with_session: bool,
    },
    /// Ends the session of an agent: its offers go on at once, its Works after their grace.
    EndSession {
        /// Name of the agent.
        agent: String,
        /// Only this session, by its epoch; whichever is open when left out.
        #[arg(long, default_value_t = 0)]
        epoch: u64,
        #[command(flatten)]
        whose: Whose,
    },
    /// Takes no new sessions and has the open ones end with DRAINING.
    Drain {
        /// Takes sessions again.
        #[arg(long)]
        end: bool,
        /// Of all workspaces, whatever --workspace says.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// Prints the log levels, or sets others for a while.
    LogLevel {
        /// Levels such as `info,skein::log=debug`; `configured` for those of the configuration; left out: prints.
        levels: Option<String>,
        /// For how long, for example `90s`, `15m` or `2h`.
        #[arg(long = "for", default_value = "15m", value_name = "TIME", value_parser = parse_duration)]
        lasting: Duration,
        #[command(flatten)]
        whose: Whose,
    },
}

/// Ends with 0 when it was done.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.verb {
        Verb::Reload { whose, all } => config::reload(&whose, all).await,
        Verb::Config(whose) => config::show(&whose).await,
        Verb::Agents { whose, with_session } => sessions::list(&whose, with_session).await,
        Verb::EndSession { agent, epoch, whose } => sessions::end(&whose, agent, epoch).await,
        Verb::Drain { end, all, whose } => sessions::drain(&whose, end, all).await,
        Verb::LogLevel { levels, lasting, whose } => logs::level(&whose, levels, lasting).await,
    }
}
