//! `skein export`: everything that is known of a customer, as lines of JSON.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;

use super::client::{Target, as_agent};
use crate::proto::agent::ExportCustomerRequest;
use crate::proto::agent::customer_service_client::CustomerServiceClient;

/// Flags of `skein export`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the agent who asks: it is logged.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    target: Target,
    /// The customer, as `who` shows it: `c7`.
    customer: String,
}

/// Prints line by line as they come; ends with 0 when all did.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let workspace = args.target.workspace()?;
    let channel = args.target.reach()?.connect().await?;
    let request = as_agent(ExportCustomerRequest { customer_id: args.customer }, &workspace, &args.name)?;
    let mut lines =
        CustomerServiceClient::new(channel).export_customer(request).await.context("cannot export")?.into_inner();
    let mut out = std::io::stdout().lock();
    while let Some(next) = lines.message().await.context("the export has ended early")? {
        writeln!(out, "{}", next.line).context("cannot write")?;
    }
    Ok(ExitCode::SUCCESS)
}
