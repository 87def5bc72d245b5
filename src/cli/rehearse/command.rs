//! Reads the log of a data folder, or of a daemon's servers, and prints what would have been different. Nothing is written to either.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::cli::config_args::refuse;
use crate::cli::source::{Access, Source};
use crate::clock::wall_ms;
use crate::config::load_workspace;
use crate::config::units::parse_duration;
use crate::domain::id::Name;
use crate::domain::time::Timestamp;
use crate::rehearse::{Recording, json, table};

/// Flags of `skein rehearse`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The workspace file that is tried: its name says of which workspace.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How far back it begins: `24h`, `90m`.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_duration)]
    since: Duration,
    /// For programs: one JSON value.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

/// Rehearses, and prints. Ends with 64 where the configuration has problems.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = match load_workspace(&args.config) {
        Ok(config) => config,
        Err(problems) => return Ok(refuse(&problems)),
    };
    let source = Source::open(&args.access).await?;
    let since = Timestamp(wall_ms()) - args.since;
    let mut recording = Recording::new(source.shard(), Name::new(&config.name), since);
    let mut taken = Ok(());
    source
        .read(|record| {
            taken = recording.take(record);
            taken.is_ok()
        })
        .await?;
    source.close().await;
    taken.context("cannot rehearse")?;
    let rehearsal = recording.rehearse(&config).context("cannot rehearse")?;
    if args.json {
        println!("{:#}", json(&rehearsal));
    } else {
        table(&rehearsal).iter().for_each(|line| println!("{line}"));
    }
    Ok(ExitCode::SUCCESS)
}
