//! `skein repair`: what is missing at the end of a log, and, on an operator's word, its end without it.

use std::process::ExitCode;

use super::config_args::ConfigArgs;
use crate::app::{LogEnd, repair};

/// Flags of `skein repair`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Gives up what the log has lost, for ever: the shard can be owned again, and goes on behind it.
    #[arg(long)]
    accept_loss: bool,
}

/// Ends with 0 where nothing is missing or it was given up, with 1 where something is missing, with 64 where the configuration has problems.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (config, workspaces) = match args.config.load_with_keys() {
        Ok(all) => all,
        Err(code) => return Ok(code),
    };
    // Boxed: it holds what a start holds.
    let found = Box::pin(repair(&config, &workspaces, args.accept_loss)).await?;
    told(&found, args.accept_loss).iter().for_each(|line| println!("{line}"));
    Ok(if found.given_up.is_none() || args.accept_loss { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(LogEnd { shard, last, missed_by, given_up }: &LogEnd, accepted: bool) -> Vec<String> {
    let Some(given_up) = given_up else {
        return vec![format!("the log of shard {shard} ends with entry {last}, and nobody knows of more")];
    };
    let mut lines = vec![format!("the log of shard {shard} ends with entry {last}")];
    lines.extend(missed_by.iter().map(|witness| format!("  {} knows entry {}", witness.source, witness.index)));
    let range = format!("entries {} to {}", given_up.last + 1, given_up.to);
    lines.push(if accepted {
        format!("{range} are given up: the shard can be owned, and goes on with entry {}", given_up.to + 1)
    } else {
        format!("{range} are missing. Restore the log, or give them up for ever with --accept-loss")
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{GivenUp, Witness};

    #[test]
    fn what_is_missing_is_told_and_what_can_be_done() {
        let witness = |source, index| Witness { source, index, chain: None };
        let mut found =
            LogEnd { shard: "main".to_owned(), last: 7, missed_by: vec![witness("checkpoint", 9)], given_up: None };
        assert_eq!(told(&found, false).len(), 1);
        found.given_up = Some(GivenUp { last: 7, to: 10 });
        let lines = told(&found, false);
        assert_eq!(lines[1], "  checkpoint knows entry 9");
        assert!(lines[2].starts_with("entries 8 to 10 are missing"), "{lines:?}");
        assert!(told(&found, true)[2].ends_with("goes on with entry 11"));
    }
}
