//! `skein check FILE`: all problems of a configuration file and of the workspace files that it names, nothing started.

use std::path::PathBuf;
use std::process::ExitCode;

use super::config_args::ConfigArgs;

/// Flags of `skein check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The daemon's configuration file.
    file: PathBuf,
}

/// Ends with 0, or 64 with all problems on standard error.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let shown = args.file.display().to_string();
    match (ConfigArgs { file: Some(args.file), ..ConfigArgs::default() }).load_with_keys() {
        Ok((_, workspaces)) => {
            println!("{shown}: ok, workspaces: {}", workspaces.len());
            Ok(ExitCode::SUCCESS)
        }
        Err(code) => Ok(code),
    }
}
