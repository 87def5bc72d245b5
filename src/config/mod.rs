//! Configuration of the daemon: layers, values with units, and problems that name their place.
//!
//! `config/default.toml` lists every key and is the manual. Over it lie the operator's file, `SKEIN__SECTION__KEY` variables and
//! flags. All problems are reported at once, before any port opens. What is *not* here: the meaning of workspace files (the core's);
//! they are only read through [`load_toml`].

mod document;
mod layers;
mod problem;
mod read;
mod reload;
mod rules;
mod schema;
mod show;
pub mod units;
mod workspace;

pub use layers::{Loaded, Overrides, load, load_with_workspaces};
pub use problem::{Origin, Problem, render};
pub use read::load_toml;
pub use reload::reload_workspace;
pub use schema::{
    Admin, Config, Grpc, Ingest, Keys, Log, LogFormat, Logging, Nats, Outbound, ProtectionPolicy, Shard, Shutdown,
    Snapshots, SyncPolicy, Tokens, Workspaces,
};
pub use show::Shown;
pub use units::{ByteSize, ServerUrl};
pub use workspace::{is_token, load_workspace, parse_workspace, workspace_schema, workspace_warnings};
