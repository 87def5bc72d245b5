//! A run of minutes or hours, from the command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::bed::Load;
use crate::plan::Kind;
use crate::run::{self, Wishes};

/// Runs of at least so many minutes are for endurance: with less load than shorter ones.
const LONG: u64 = 30;
/// Messages a second: with what a run owes, and time for its faults.
const RATES: [u64; 2] = [1_300, 750];
/// Acknowledged messages and faults that a minute owes, in a short run and in a long one; in 60 s, and of 60 min.
const OWES: [(u64, u64); 2] = [(60_000, 360), (33_334, 400)];
const AGENTS: u64 = 16;

/// What can be said of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long faults come, minutes.
    #[arg(long, default_value_t = 5)]
    minutes: u64,
    /// The same seed gives the same faults; left out: one by chance, which is told.
    #[arg(long)]
    seed: Option<u64>,
    /// Messages a second.
    #[arg(long)]
    rate: Option<u64>,
    /// From one fault to the next, milliseconds.
    #[arg(long, default_value_t = 7_000)]
    every_ms: u64,
    /// Only these faults, in this order, again and again: names as a run prints them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where everything is kept, and stays; left out: in a folder that goes when nothing was found.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Ends with 1 where anything is not as promised, or was not tried often enough.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let is_long = usize::from(args.minutes >= LONG);
    let kinds: Vec<Kind> = args
        .only
        .iter()
        .map(|name| Kind::named(name).with_context(|| format!("no fault is called {name}")))
        .collect::<Result<_, _>>()?;
    let wishes = Wishes {
        seed: args.seed.unwrap_or_else(|| rand::random::<u32>().into()),
        time: Duration::from_secs(args.minutes * 60),
        every: Duration::from_millis(args.every_ms),
        load: Load { rate: args.rate.unwrap_or(RATES[is_long]), agents: AGENTS },
        kinds: (!kinds.is_empty()).then_some(kinds),
        controls: false,
    };
    let (folder, vanishes) = match args.folder {
        Some(folder) => (folder, None),
        None => {
            let made = tempfile::Builder::new().prefix("skein-chaos-").tempdir().context("make a folder")?;
            (made.path().to_owned(), Some(made))
        }
    };
    std::fs::create_dir_all(&folder).context("make the folder")?;
    let folder = folder.canonicalize().context("find the folder")?;
    let outcome = run::run(&folder, &wishes).await;
    let (owed_messages, owed_faults) = OWES[is_long];
    let (messages, faults) = (owed_messages * args.minutes, owed_faults * args.minutes / 60);
    let good = outcome.as_ref().is_ok_and(|outcome| {
        let enough = args.rate.is_some() || outcome.acked >= messages && outcome.faults >= faults;
        if !enough {
            println!("too little: {messages} acknowledged messages and {faults} faults are owed");
        }
        enough && outcome.proof.holds()
    });
    if !good {
        println!("everything is in {}, what skein verify says in verified.txt there", folder.display());
        vanishes.map(tempfile::TempDir::keep);
    }
    println!("{}", outcome?.line);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
