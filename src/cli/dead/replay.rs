//! `skein dead replay`: publishes letters again, each as a request whose answer is checked.

use std::collections::BTreeSet;
use std::process::ExitCode;

use super::read::{How, Selection, letters};
use crate::cli::client::{Publisher, Target};

/// Flags of `skein dead replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Sequences of letters, as `skein dead` lists them; all that the flags choose when left out.
    #[arg(value_name = "SEQ")]
    sequences: Vec<u64>,
    #[command(flatten)]
    selection: Selection,
    /// Every letter there is.
    #[arg(long, conflicts_with_all = ["sequences", "endpoint", "reason"])]
    all: bool,
    #[command(flatten)]
    target: Target,
}

/// Ends with 0 when every letter that was chosen is stored in IN again.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        args.all || !args.sequences.is_empty() || !args.selection.is_everything(),
        "say which letters: sequences, --endpoint, --reason, or --all"
    );
    let publisher = Publisher::connect(&args.target.nats()?, args.target.workspace()?).await?;
    let sequences: BTreeSet<u64> = args.sequences.into_iter().collect();
    let (mut published, mut refused) = (0_u64, 0_u64);
    let how = How { follow: false, bytes: true };
    let missing = letters(&publisher, &args.selection, &sequences, how, async |letter, message| {
        let again = match letter.original(publisher.workspace(), &message) {
            Ok((subject, headers)) => publisher
                .publish_bytes(subject, headers, message.payload.clone())
                .await
                .map_err(|failure| failure.to_string()),
            Err(why) => Err(why.to_owned()),
        };
        match again {
            Ok(sequence) => {
                published += 1;
                println!("{:>8}  {}/{} published as {sequence}", letter.sequence, letter.channel, letter.endpoint);
            }
            Err(why) => {
                refused += 1;
                println!("{:>8}  {}/{} refused: {why}", letter.sequence, letter.channel, letter.endpoint);
            }
        }
        Ok(())
    })
    .await?;
    for sequence in &missing {
        println!("{sequence:>8}  refused: no such letter among those chosen");
    }
    refused += missing.len() as u64;
    println!("{published} published, {refused} refused");
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
