//! `skein check FILE`: all problems of a configuration file and of the workspace files that it names, nothing started. With `--server`
//! also what a daemon would say of the nats-servers that it names; nothing is made or changed there.

use std::path::PathBuf;
use std::process::ExitCode;

use super::config_args::ConfigArgs;
use crate::app::{Weight, look_at_servers};
use crate::config::workspace_warnings;

/// Flags of `skein check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The daemon's configuration file.
    file: PathBuf,
    /// Looks at the nats-servers, too, as a daemon does before it starts: version, limits of the account, replicas, settings of what
    /// exists, clock. Changes nothing there.
    #[arg(long)]
    server: bool,
}

/// Ends with 0, or 64 with all problems on standard error, or 1 where a daemon would refuse the servers or nobody answers. What comes to
/// nothing and what is warned of are told there, too, and are no problem.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let shown = args.file.display().to_string();
    let (config, workspaces) = match (ConfigArgs { file: Some(args.file), ..ConfigArgs::default() }).load_with_keys() {
        Ok(all) => all,
        Err(code) => return Ok(code),
    };
    for warning in config.workspaces.files.iter().flat_map(|file| workspace_warnings(file)) {
        eprintln!("warning: {warning}");
    }
    println!("{shown}: ok, workspaces: {}", workspaces.len());
    if !args.server {
        return Ok(ExitCode::SUCCESS);
    }
    let verdicts = look_at_servers(&config, &workspaces).await?;
    for verdict in &verdicts {
        match verdict.weight {
            Weight::Fine => println!("{verdict}"),
            Weight::Warned | Weight::Refused => eprintln!("{verdict}"),
        }
    }
    let refused = verdicts.iter().any(|verdict| verdict.weight == Weight::Refused);
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
