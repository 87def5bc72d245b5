//! `skein serve -c FILE`: the daemon.

use std::process::ExitCode;

use super::config_args::ConfigArgs;
use crate::app::{self, Started};
use crate::config::Config;
use crate::reload::Served;
use crate::shutdown::Shutdown;
use crate::telemetry;

/// Flags of `skein serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Serves until a signal; ends with 0, or 64 with all problems of the configuration on standard error.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let overrides = args.config.overrides();
    let (config, workspaces) = match args.config.load_with_keys() {
        Ok(all) => all,
        Err(code) => return Ok(code),
    };
    let served = Served::new(&config, workspaces).layered(overrides).on_hangup()?;
    let shutdown = Shutdown::new(config.shutdown.deadline);
    shutdown.listen()?;
    daemon(config, served, shutdown, |_| ()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the daemon in this process, with its logs.
pub(super) async fn daemon(
    config: Config,
    served: Served,
    shutdown: Shutdown,
    started: impl FnOnce(Started) + Send,
) -> anyhow::Result<()> {
    let logs = telemetry::init(&config.logging)?;
    // Boxed: it holds all that the daemon is made of, and that once.
    Box::pin(app::serve(config, served, Some(logs), shutdown, started)).await
}
