//! Reads log and streams, and what adapters and agents saw, and tells every breach. Nothing is written anywhere.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use tonic::Request;
use tonic::metadata::MetadataValue;

use super::lines;
use super::walk::walk;
use crate::cli::client::{Proofs, Reach};
use crate::cli::config_args::WrongUse;
use crate::cli::source::{Access, Source};
use crate::domain::id::Index;
use crate::proto::admin::GetStateDigestRequest;
use crate::proto::admin::admin_service_client::AdminServiceClient;
use crate::verify::{Checker, Report, Wishes};

/// Flags of `skein verify`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// What adapters saw: lines of JSON. README says how they are written.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    adapters: Vec<PathBuf>,
    /// What agents saw: lines of JSON.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    agents: Vec<PathBuf>,
    /// Everything has come to rest: nothing that was acknowledged may wait to be applied, handed over or told.
    #[arg(long)]
    settled: bool,
    /// Folds the log once, not twice beside each other: half the memory.
    #[arg(long)]
    once: bool,
    /// Address of the agents' port of the daemon that owns the shard: it is asked what its state is, and that is compared.
    #[arg(long, value_name = "URL")]
    addr: Option<String>,
    #[command(flatten)]
    proofs: Box<Proofs>,
    /// For programs: the last line is one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

/// Checks, and prints. Ends with 1 where something does not hold or cannot be read, with 64 where what it was told to read is not as it
/// should be.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let source = Source::open(&args.access).await?;
    let report = check(&args, &source).await;
    source.close().await;
    let report = report?;
    report.table().iter().for_each(|line| println!("{line}"));
    if args.json {
        println!("{}", report.json());
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn check(args: &Args, source: &Source) -> anyhow::Result<Report> {
    let wishes = Wishes { settled: args.settled, twice: !args.once };
    let mut checker = Checker::new(source.shard(), wishes);
    witnesses(args, &mut checker).context(WrongUse("a file of witnesses is not understood".to_owned()))?;
    if let Some(address) = &args.addr {
        live(address, &args.proofs, source, &mut checker).await?;
    }
    walk(source, checker).await
}

/// Asks the daemon for its state, before the end of the log is.
async fn live(address: &str, proofs: &Proofs, source: &Source, checker: &mut Checker) -> anyhow::Result<()> {
    let reach = Reach::named(address, proofs);
    let mut client = AdminServiceClient::new(reach.connect().await?);
    let mut request = Request::new(GetStateDigestRequest {});
    if !reach.has_token() {
        request.metadata_mut().insert("skein-operator", MetadataValue::from_static("operator"));
    }
    let told = client.get_state_digest(request).await.context("ask the daemon for its state")?.into_inner();
    if told.shard != source.shard() || told.version != env!("CARGO_PKG_VERSION") {
        bail!("the daemon at {address} owns shard {} and is of version {}", told.shard, told.version);
    }
    checker.daemon(Index(told.record_index), told.digest);
    Ok(())
}

fn witnesses(args: &Args, checker: &mut Checker) -> anyhow::Result<()> {
    for file in &args.adapters {
        lines::each(file, |line| checker.adapter(line))?;
    }
    for file in &args.agents {
        lines::each(file, |line| checker.agent(line))?;
    }
    Ok(())
}
