//! `skein check FILE`: all problems of a configuration file and of the workspace files that it names, nothing started.

use std::path::PathBuf;
use std::process::ExitCode;

use super::config_args::ConfigArgs;
use crate::config::workspace_warnings;

/// Flags of `skein check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The daemon's configuration file.
    file: PathBuf,
}

/// Ends with 0, or 64 with all problems on standard error. What comes to nothing is told there, too, and is no problem.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let shown = args.file.display().to_string();
    match (ConfigArgs { file: Some(args.file), ..ConfigArgs::default() }).load_with_keys() {
        Ok((config, workspaces)) => {
            for warning in config.workspaces.files.iter().flat_map(|file| workspace_warnings(file)) {
                eprintln!("warning: {warning}");
            }
            println!("{shown}: ok, workspaces: {}", workspaces.len());
            Ok(ExitCode::SUCCESS)
        }
        Err(code) => Ok(code),
    }
}
