//! The command: a list, or a replay.

use std::io::Write as _;
use std::process::ExitCode;

use super::replay;
use super::selected::Selected;
use crate::cli::client::{Publisher, Target};
use crate::dead::{Letters, Wanted};

/// Flags of `skein dead`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    selected: Selected,
    /// Goes on with the letters to come.
    #[arg(long)]
    follow: bool,
    /// Shows the bytes of each letter below its line: they are what a customer wrote.
    #[arg(long)]
    body: bool,
    /// One line of JSON for each letter.
    #[arg(long, conflicts_with = "body")]
    json: bool,
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Publishes letters again as they were: for the same endpoint, with the same bytes and headers.
    Replay(replay::Args),
}

/// Ends with 0 when everything was listed, or everything chosen was published again and acknowledged.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(Action::Replay(args)) = args.action {
        return replay::run(args).await;
    }
    let publisher = Publisher::connect(&args.target.nats()?, args.target.workspace()?).await?;
    let wanted = Wanted { after: 0, follow: args.follow, bytes: args.body };
    let selection = args.selected.selection();
    let mut letters = Letters::open(publisher.context(), publisher.workspace(), wanted).await?;
    while let Some((letter, message)) = letters.next().await? {
        if !selection.takes(&letter) {
            continue;
        }
        let mut out = std::io::stdout().lock();
        if args.json {
            writeln!(out, "{}", serde_json::to_string(&letter)?)?;
        } else {
            writeln!(out, "{}", letter.line())?;
        }
        if args.body {
            let text = String::from_utf8_lossy(&message.payload);
            for line in text.lines() {
                // Strangers' bytes: nothing in them may steer a terminal.
                let safe: String = line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
                writeln!(out, "    {safe}")?;
            }
        }
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}
