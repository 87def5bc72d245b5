//! `skein try FORMAT FILE`: offline, the events that bytes become.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::normalize::{Format, Request, normalize, to_json};

/// What a refusal ends with (`EX_DATAERR` of sysexits).
const EXIT_REFUSED: u8 = 65;

/// Flags of `skein try`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What the bytes are, as in the header `Skein-Format`: skein.v1+json, skein.v1+protobuf, whatsapp-cloud, twilio, email,
    /// messenger, instagram, telegram, line, viber, vonage.
    format: String,
    /// File with the bytes; `-` for standard input.
    file: PathBuf,
    /// A header of the message, as `Skein-Query=a=1`; may be repeated.
    #[arg(long = "header", value_name = "NAME=VALUE")]
    headers: Vec<String>,
    /// Query string of the provider's request, as in the header `Skein-Query`.
    #[arg(long)]
    query: Option<String>,
    /// Channel of the subject.
    #[arg(long, default_value = "")]
    channel: String,
}

/// Prints one event a line; ends with 65 when the bytes are refused.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Ok(format) = args.format.parse::<Format>() else {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        anyhow::bail!("unknown format {:?}; known are {}", args.format, names.join(", "));
    };
    let body = read(&args.file)?;
    let of_header = args.headers.iter().filter_map(|header| header.split_once('='));
    let query = of_header
        .filter(|(name, _)| name.eq_ignore_ascii_case("Skein-Query"))
        .map(|(_, value)| value)
        .next_back()
        .or(args.query.as_deref());
    let mut out = std::io::stdout().lock();
    match normalize(format, Request { body: &body, query, channel: &args.channel, ..Request::default() }) {
        Ok(normalized) => {
            for event in &normalized.events {
                writeln!(out, "{}", to_json(event))?;
            }
            for media in &normalized.media {
                eprintln!("attachment {} {} {} bytes", media.name, media.media_type, media.bytes.len());
            }
            for kind in &normalized.ignored {
                eprintln!("ignored {kind}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            eprintln!("refused as {}: {refusal}", refusal.reason().label());
            Ok(ExitCode::from(EXIT_REFUSED))
        }
    }
}

fn read(file: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    if file.as_os_str() == "-" {
        let mut body = Vec::new();
        std::io::stdin().lock().read_to_end(&mut body).context("cannot read standard input")?;
        return Ok(body);
    }
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
