//! `skein dead replay`: publishes letters again, each as a request whose answer is checked.

use std::collections::BTreeSet;
use std::process::ExitCode;

use async_nats::HeaderMap;
use bytes::Bytes;

use super::selected::Selected;
use crate::cli::client::{Publisher, Target};
use crate::dead::{self, Letter, Letters, Wanted};

/// Flags of `skein dead replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Sequences of letters, as `skein dead` lists them; all that the flags choose when left out.
    #[arg(value_name = "SEQ")]
    sequences: Vec<u64>,
    #[command(flatten)]
    selected: Selected,
    /// Every letter there is.
    #[arg(long, conflicts_with_all = ["sequences", "endpoint", "reason"])]
    all: bool,
    #[command(flatten)]
    target: Target,
}

/// Ends with 0 when every letter that was chosen is stored in IN again.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        args.all || !args.sequences.is_empty() || !args.selected.is_everything(),
        "say which letters: sequences, --endpoint, --reason, or --all"
    );
    let publisher = Publisher::connect(&args.target.nats()?, args.target.workspace()?).await?;
    let sequences: BTreeSet<u64> = args.sequences.into_iter().collect();
    let selection = args.selected.selection();
    let mut replays = Replays { publisher, published: 0, refused: 0 };
    for &sequence in &sequences {
        match dead::get(&replays.publisher.client(), replays.publisher.workspace(), sequence).await? {
            Some((letter, stored)) if selection.takes(&letter) => {
                replays.again(&letter, stored.headers.as_ref(), &stored.payload).await;
            }
            _ => replays.not_there(sequence),
        }
    }
    if sequences.is_empty() {
        let publisher = replays.publisher.clone();
        let wanted = Wanted { bytes: true, ..Wanted::default() };
        let mut letters = Letters::open(publisher.context(), publisher.workspace(), wanted).await?;
        while let Some((letter, message)) = letters.next().await? {
            if selection.takes(&letter) {
                replays.again(&letter, message.headers.as_ref(), &message.payload).await;
            }
        }
    }
    println!("{} published, {} refused", replays.published, replays.refused);
    Ok(if replays.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Letters that are published again, one after the other.
struct Replays {
    publisher: Publisher,
    published: u64,
    refused: u64,
}

impl Replays {
    async fn again(&mut self, letter: &Letter, headers: Option<&HeaderMap>, body: &Bytes) {
        let publisher = &self.publisher;
        match dead::replay(publisher.context(), publisher.workspace(), letter, headers, body).await {
            Ok(sequence) => {
                self.published += 1;
                println!("{:>8}  {}/{} published as {sequence}", letter.sequence, letter.channel, letter.endpoint);
            }
            Err(why) => {
                self.refused += 1;
                println!("{:>8}  {}/{} refused: {why}", letter.sequence, letter.channel, letter.endpoint);
            }
        }
    }

    fn not_there(&mut self, sequence: u64) {
        self.refused += 1;
        println!("{sequence:>8}  refused: no such letter among those chosen");
    }
}
