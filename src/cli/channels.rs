//! `skein channels`: what each channel can carry, as skein checks it before a message of ours is stored.

use std::process::ExitCode;

use serde_json::json;

use crate::domain::channel::{CHANNELS, Capabilities, TextLimit, segments, unencodable};

/// Flags of `skein channels`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Prints JSON: one array of all that is known.
    #[arg(long)]
    json: bool,
    /// Instead: how this text is cut into SMS.
    #[arg(long, value_name = "TEXT")]
    sms: Option<String>,
}

/// Ends with 0.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match (&args.sms, args.json) {
        (Some(text), json) => sms(text, json),
        (None, true) => println!("{}", serde_json::to_string_pretty(CHANNELS)?),
        (None, false) => table(),
    }
    Ok(ExitCode::SUCCESS)
}

fn sms(text: &str, json: bool) {
    let found = segments(text);
    let outside: String = unencodable(text).collect();
    if json {
        println!(
            "{}",
            json!({"encoding": found.encoding, "segments": found.count, "units": found.units, "outside": outside})
        );
    } else {
        println!("{} segments, {} units of {}", found.count, found.units, found.encoding.name());
        if !outside.is_empty() {
            println!("outside the GSM-7 alphabet: {outside}");
        }
    }
}

fn table() {
    println!(
        "{:<10} {:<20} {:<20} {:<14} {:<8} {:<9} {:<7} {:<38} attachments",
        "channel", "text", "beside attachment", "buttons", "list", "templates", "window", "receipts"
    );
    for row in CHANNELS {
        println!(
            "{:<10} {:<20} {:<20} {:<14} {:<8} {:<9} {:<7} {:<38} {}",
            row.channel,
            limit(row.text),
            limit(row.caption),
            row.buttons.map_or_else(|| "-".to_owned(), |it| format!("{} of {}", it.max, it.title_max)),
            row.list.map_or_else(|| "-".to_owned(), |it| format!("{} rows", it.max)),
            if row.templates { "yes" } else { "-" },
            row.reply_window_h.map_or_else(|| "-".to_owned(), |hours| format!("{hours} h")),
            receipts(row),
            attachments(row),
        );
    }
}

fn limit(limit: TextLimit) -> String {
    if limit.max == 0 { "-".to_owned() } else { format!("{} {}", limit.max, limit.unit.name()) }
}

/// With `up to T` where they may name a time instead of a message.
fn receipts(row: &Capabilities) -> String {
    let by_time = row.receipts_through.then(|| "(up to T)".to_owned());
    let statuses = row.receipts.iter().map(|status| format!("{status:?}").to_uppercase());
    statuses.chain(by_time).collect::<Vec<_>>().join(" ")
}

fn attachments(row: &Capabilities) -> String {
    let sorts = row.media.iter().map(|sort| format!("{} {} KiB", sort.types.join(","), sort.max_bytes >> 10));
    format!("{}: {}", row.attachments_max, sorts.collect::<Vec<_>>().join("; "))
}
