//! `skein stream`: an operator's view of the IN streams, and the word about one that was made anew or rolled back.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use super::admin::Whose;
use crate::proto::admin::{InStream, ListStreamsRequest, ResumeStreamRequest};

/// Flags of `skein stream`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists the IN streams: how far each is applied, what the server has, which are broken.
    List(Whose),
    /// Takes a broken IN stream into use again, as it is now. Nothing is deleted.
    Resume {
        /// Name of the stream.
        stream: String,
        /// The first sequence to be read; one more than the last to pass over all that is stored.
        #[arg(long)]
        from: u64,
        #[command(flatten)]
        whose: Whose,
    },
}

/// Ends with the daemon's answer.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.verb {
        Verb::List(whose) => {
            let asked = ListStreamsRequest { workspace: whose.target.workspace()? };
            let mut client = whose.client().await?;
            let found = client.list_streams(whose.asks(asked)?).await.context("cannot list the streams")?;
            println!("{:<32}{:>9}{:>16}  state", "stream", "applied", "stored");
            found.into_inner().streams.iter().for_each(|stream| println!("{}", row(stream)));
        }
        Verb::Resume { stream, from, whose } => {
            let asked = ResumeStreamRequest {
                request_id: format!("{:016x}", rand::random::<u64>()),
                workspace: whose.target.workspace()?,
                stream,
                from_sequence: from,
            };
            let name = asked.stream.clone();
            let mut client = whose.client().await?;
            let done = client
                .resume_stream(whose.asks(asked)?)
                .await
                .with_context(|| format!("cannot take {name} into use again"))?;
            println!("{name} is read again from {from} (record {})", done.into_inner().record_index);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(stream: &InStream) -> String {
    let stored = match &stream.found {
        None => "-".to_owned(),
        Some(found) if found.first_sequence > found.last_sequence || found.last_sequence == 0 => "nothing".to_owned(),
        Some(found) => format!("{}..{}", found.first_sequence, found.last_sequence),
    };
    let state = match &stream.found {
        _ if !stream.broken => "in use",
        None => "BROKEN: the server has no such stream, or does not answer",
        Some(found) if found.created_at != stream.bound_created_at => "BROKEN: made anew",
        Some(_) => "BROKEN: rolled back, or gone for a while",
    };
    format!("{:<32}{:>9}{stored:>16}  {state}", stream.stream, stream.applied_sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::admin::FoundStream;

    fn at(seconds: i64) -> Option<prost_types::Timestamp> {
        Some(prost_types::Timestamp { seconds, nanos: 0 })
    }

    #[test]
    fn a_row_says_what_an_operator_has_to_know() {
        let mut stream = InStream {
            stream: "SKEIN_IN_demo".to_owned(),
            applied_sequence: 7,
            bound_created_at: at(1),
            found: Some(FoundStream { created_at: at(1), first_sequence: 2, last_sequence: 9 }),
            ..InStream::default()
        };
        assert!(row(&stream).ends_with("7            2..9  in use"), "{}", row(&stream));
        stream.broken = true;
        assert!(row(&stream).ends_with("BROKEN: rolled back, or gone for a while"), "{}", row(&stream));
        stream.found = Some(FoundStream { created_at: at(5), first_sequence: 0, last_sequence: 0 });
        assert!(row(&stream).ends_with("7         nothing  BROKEN: made anew"), "{}", row(&stream));
        stream.found = None;
        assert!(row(&stream).ends_with("7               -  BROKEN: the server has no such stream, or does not answer"));
    }
}
