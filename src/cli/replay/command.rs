//! The command: what is read, in which order it is played, how it ends.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::dialogues;
use super::progress::Progress;
use super::read::{Item, read};
use super::streams::Marks;
use super::summary::Summary;
use crate::cli::client::{Event, Publisher, Target};

/// Flags of `skein replay`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Files (.jsonl of payloads or dialogues, .box and .eml mails) or folders of mails.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Payloads and mails a second; without it as fast as they are acknowledged.
    #[arg(long, conflicts_with = "speed")]
    rate: Option<f64>,
    /// Dialogues run so many times faster than they were recorded.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// At most so many rows or mails of each file.
    #[arg(long)]
    limit: Option<usize>,
    /// At most so many agents answer dialogues.
    #[arg(long, default_value_t = 20)]
    agents: usize,
    /// At most so many Works an agent of this replay takes at once.
    #[arg(long, default_value_t = 5)]
    capacity: usize,
    /// Our endpoint; that of the demo for each channel when left out.
    #[arg(long)]
    endpoint: Option<String>,
    /// Nothing new in the streams for so many seconds, and the replay looks no further.
    #[arg(long, default_value_t = 3)]
    settle: u64,
    /// Prints the summary as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Ends with 0 when everything was acknowledged, every customer's turn was seen by exactly one agent, and every recorded agent turn
/// came out once and in order.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    for (name, value) in [("--speed", args.speed), ("--rate", args.rate.unwrap_or(1.0))] {
        anyhow::ensure!(value.is_finite() && value > 0.0, "{name} must be above 0");
    }
    let mut items = Vec::new();
    for path in &args.paths {
        read(path, args.limit, args.endpoint.as_deref(), &mut items)?;
    }
    let (mut events, mut recorded) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Event(event) => events.push(event),
            Item::Dialogue(dialogue) => recorded.push(dialogue),
        }
    }
    anyhow::ensure!(!events.is_empty() || !recorded.is_empty(), "nothing to replay in what was named");

    let publisher = Publisher::connect(&args.target.nats()?, args.target.workspace()?).await?;
    let marks = Marks::now(&publisher).await?;
    let mut summary = Summary::default();
    publish(&publisher, &events, args.rate, &mut summary).await;
    let settle = Duration::from_secs(args.settle);
    if !recorded.is_empty() {
        let play = dialogues::Play {
            reach: args.target.reach()?,
            endpoint: args.endpoint.clone(),
            speed: args.speed,
            agents: args.agents.max(1),
            capacity: args.capacity.max(1),
            settle,
        };
        dialogues::play(&publisher, &play, recorded, &marks, &mut summary).await?;
    }
    summary.dead_letters = marks.dead_letters(&publisher, settle).await?;
    if args.json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        print!("{summary}");
    }
    Ok(if summary.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn publish(publisher: &Publisher, events: &[Event], rate: Option<f64>, summary: &mut Summary) {
    let start = Instant::now();
    let mut progress = Progress::new(events.len(), "payloads");
    for (done, event) in (0_u32..).zip(events) {
        if let Some(rate) = rate {
            sleep_until(start + Duration::from_secs_f64(f64::from(done) / rate)).await;
        }
        summary.published += 1;
        match publisher.publish(event).await {
            Ok(_) => summary.acknowledged += 1,
            Err(failure) => summary.refuse(&failure),
        }
        progress.show(summary.published);
    }
}
