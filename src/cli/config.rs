//! `skein config`: the merged configuration as TOML, with the origin of what is not default.

use std::io::Write;
use std::process::ExitCode;

use super::config_args::ConfigArgs;

/// Flags of `skein config`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Ends with 0, or 64 with all problems on standard error.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let loaded = match args.config.load() {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let mut out = std::io::stdout().lock();
    let mut section = None;
    for shown in &loaded.shown {
        if section != Some(&shown.section) {
            let blank = if section.is_some() { "\n" } else { "" };
            writeln!(out, "{blank}[{}]", shown.section)?;
            section = Some(&shown.section);
        }
        writeln!(out, "{shown}")?;
    }
    Ok(ExitCode::SUCCESS)
}
