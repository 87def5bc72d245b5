//! The command: one document to standard output, or all of them into a folder.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

use super::asyncapi::document;
use super::contract::Contract;
use super::json_schema::schema;
use crate::config::workspace_schema;
use crate::domain::channel::CHANNELS;

/// The documents, by the names of their files.
const NAMES: [&str; 5] =
    [ASYNCAPI, CHANNELS_TABLE, "InboundEvent.schema.json", "OutboundMessage.schema.json", WORKSPACE];
const ASYNCAPI: &str = "asyncapi.json";
const CHANNELS_TABLE: &str = "channels.json";
const WORKSPACE: &str = "workspace.schema.json";

/// Flags of `skein schema`.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(in crate::cli) struct Args {
    /// asyncapi.json, channels.json (what each channel can carry), InboundEvent.schema.json, OutboundMessage.schema.json or
    /// workspace.schema.json (workspace files, for editors).
    #[arg(required_unless_present = "write", value_parser = clap::builder::PossibleValuesParser::new(NAMES))]
    name: Option<String>,
    /// Writes all of them into this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    write: Option<PathBuf>,
}

/// Ends with 0.
pub(in crate::cli) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let contract = Contract::load()?;
    if let Some(name) = &args.name {
        print!("{}", text(&contract, name)?);
    }
    if let Some(folder) = &args.write {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for name in NAMES {
            let file = folder.join(name);
            let text = text(&contract, name)?;
            std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(contract: &Contract, name: &str) -> anyhow::Result<String> {
    let made: Value = match name {
        ASYNCAPI => document(),
        CHANNELS_TABLE => serde_json::to_value(CHANNELS)?,
        WORKSPACE => workspace_schema(),
        message => schema(contract, message.trim_end_matches(".schema.json"))?,
    };
    Ok(format!("{}\n", serde_json::to_string_pretty(&sorted(made))?))
}

/// Keys in order, whether the library's maps keep them so or not: the text must be the same in every build.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let keys: BTreeMap<String, Value> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(keys.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        plain => plain,
    }
}
