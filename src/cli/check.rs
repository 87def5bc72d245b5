//! `skein check FILE`: all problems of a configuration file and of the workspace files that it names, or of one workspace file by itself,
//! nothing started. With `--server` also what a daemon would say of the nats-servers that it names; nothing is made or changed there.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::config_args::{ConfigArgs, WrongUse, refuse};
use crate::app::{Weight, look_at_servers};
use crate::config::{load_workspace, workspace_warnings};

/// Keys at the top of workspace files, of which every one has some; the daemon's configuration has none of them.
const OF_WORKSPACES: [&str; 4] = ["name", "queue", "endpoint", "agent"];

/// Flags of `skein check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The daemon's configuration file, or a workspace file.
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
    if is_workspace(&args.file) {
        if args.server {
            return Err(
                WrongUse(format!("{shown} is a workspace file: --server wants the daemon's configuration")).into()
            );
        }
        return Ok(check_workspace(&args.file, &shown));
    }
    let (config, workspaces) = match (ConfigArgs { file: Some(args.file), ..ConfigArgs::default() }).load_with_keys() {
        Ok(all) => all,
        Err(code) => return Ok(code),
    };
    config.workspaces.files.iter().for_each(|file| warn_of(file));
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

/// Whether the file is a workspace's, by what stands at its top. Of what is no TOML the daemon's reader says why.
fn is_workspace(file: &Path) -> bool {
    let table = std::fs::read_to_string(file).ok().and_then(|text| text.parse::<toml::Table>().ok());
    table.is_some_and(|table| OF_WORKSPACES.iter().any(|key| table.contains_key(*key)))
}

fn check_workspace(file: &Path, shown: &str) -> ExitCode {
    match load_workspace(file) {
        Ok(workspace) => {
            warn_of(file);
            println!("{shown}: ok, workspace {}", workspace.name);
            ExitCode::SUCCESS
        }
        Err(problems) => refuse(&problems),
    }
}

fn warn_of(file: &Path) {
    for warning in workspace_warnings(file) {
        eprintln!("warning: {warning}");
    }
}
