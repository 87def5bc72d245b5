//! The flags every subcommand that reads the daemon's configuration has, and what happens when it has problems.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::access::AccessPlan;
use crate::config::{Config, Loaded, Overrides, Problem, load, load_with_workspaces, render};
use crate::domain::workspace::WorkspaceConfig;
use crate::keys::WorkspaceKey;
use crate::telemetry::ErrorChain;

/// What a process with a wrong configuration ends with (`EX_USAGE` of sysexits).
pub(super) const EXIT_CONFIGURATION: u8 = 64;

/// What the command was told to read is not there or not as it should be: its process ends with [`EXIT_CONFIGURATION`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct WrongUse(pub(super) String);

/// Layers over the built-in default.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ConfigArgs {
    /// Configuration file.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Sets one key, over file and environment; may be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE", value_parser = key_value)]
    pub(super) set: Vec<(String, String)>,
}

impl ConfigArgs {
    /// The layers, to be read again later.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides::from_process(self.file.clone(), self.set.clone())
    }

    /// Loads and checks; all problems are written to standard error.
    ///
    /// # Errors
    /// The exit code to end with: 64.
    pub(super) fn load(self) -> Result<Loaded, ExitCode> {
        load(&Overrides::from_process(self.file, self.set)).map_err(|problems| refuse(&problems))
    }
}

impl ConfigArgs {
    /// Loads and checks the configuration and the workspace files that it names; all problems of all files are written to standard
    /// error.
    ///
    /// # Errors
    /// The exit code to end with: 64.
    pub(super) fn load_all(self) -> Result<(Config, Vec<WorkspaceConfig>), ExitCode> {
        load_with_workspaces(&Overrides::from_process(self.file, self.set)).map_err(|problems| refuse(&problems))
    }

    /// As [`ConfigArgs::load_all`], and looks whether every workspace has its key, and the agents' port its keys and certificates.
    ///
    /// # Errors
    /// The exit code to end with: 64.
    pub(super) fn load_with_keys(self) -> Result<(Config, Vec<WorkspaceConfig>), ExitCode> {
        let (config, workspaces) = self.load_all()?;
        let folder = config.keys.folder.as_deref();
        let missing = workspaces.iter().filter_map(|workspace| WorkspaceKey::load(&workspace.name, folder).err());
        let mut problems: Vec<String> = missing.map(|problem| format!("error: {}", ErrorChain(&problem))).collect();
        let access = AccessPlan::of(&config.grpc, &config.tokens).load().err().unwrap_or_default();
        problems.extend(access.iter().map(|problem| format!("error: {problem}")));
        if problems.is_empty() {
            return Ok((config, workspaces));
        }
        eprintln!("{}", problems.join("\n"));
        Err(ExitCode::from(EXIT_CONFIGURATION))
    }
}

/// Shows problems and gives the exit code for them.
pub(super) fn refuse(problems: &[Problem]) -> ExitCode {
    let mut to = std::io::stderr();
    // with standard error closed the exit code still says it
    let _ = write!(to, "{}", render(problems, to.is_terminal()));
    ExitCode::from(EXIT_CONFIGURATION)
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be SECTION.KEY=VALUE".to_owned()),
    }
}
