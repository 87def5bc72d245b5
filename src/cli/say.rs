//! `skein say`: one message of a customer, as its provider would send it.

use std::process::ExitCode;

use super::client::{Publisher, Target, default_endpoint, native};

/// Flags of `skein say`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Channel: whatsapp, sms, email, chat, messenger, ...
    #[arg(long)]
    channel: String,
    /// Address of the customer on that channel: a phone number, a mail address, a visitor's id.
    #[arg(long)]
    from: String,
    /// Our endpoint; that of the demo when left out.
    #[arg(long)]
    endpoint: Option<String>,
    /// The provider's id of the message; the same one again is a repeated webhook. A new one when left out.
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    target: Target,
    /// What the customer says.
    text: String,
}

/// Ends with 0 when the stream has acknowledged the message.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let id = args.id.unwrap_or_else(|| format!("{:016x}", rand::random::<u64>()));
    let endpoint = args.endpoint.unwrap_or_else(|| default_endpoint(&args.channel).to_owned());
    let event = native(&args.channel, &endpoint, &args.from, &id, &args.text);
    let publisher = Publisher::connect(&args.target.nats()?, args.target.workspace()?).await?;
    let sequence = publisher.publish(&event).await?;
    println!("{} {} id={id} acknowledged as {sequence}", publisher.subject(&event), event.format);
    Ok(ExitCode::SUCCESS)
}
