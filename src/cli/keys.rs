//! `skein keys rotate`: a new workspace key before the present one.

use std::process::ExitCode;

use clap::Subcommand;

use super::config_args::ConfigArgs;
use crate::domain::id::Name;
use crate::keys;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Puts a new key before those in the workspace's key file; the next start of the daemon wraps everything with it.
    Rotate {
        /// The workspace.
        workspace: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Rotate { workspace, config } = args.command;
    let (config, workspaces) = match config.load_all() {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let workspace = Name::new(workspace);
    if !workspaces.iter().any(|known| known.name == workspace) {
        anyhow::bail!("there is no workspace {workspace}");
    }
    if std::env::var_os(keys::variable(&workspace)).is_some() {
        anyhow::bail!(
            "the key of workspace {workspace} comes from the variable {}: put a new key before it there, with a space between",
            keys::variable(&workspace)
        );
    }
    let Some(folder) = config.keys.folder.as_deref() else {
        anyhow::bail!("keys.folder is not set: there is no key file");
    };
    let path = keys::rotate(folder, &workspace)?;
    println!(
        "{}: a new key stands first. Copy it elsewhere, restart the daemon, wait for its line \"all keys are wrapped with the \
         workspace's first key\", then remove the other lines.",
        path.display()
    );
    Ok(ExitCode::SUCCESS)
}
