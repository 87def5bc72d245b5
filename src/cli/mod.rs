//! The command line. One module a subcommand: `struct Args` (clap), and `run(args)`, which says how the process ends.
//!
//! To add one: a file with `Args` and `pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode>`, a line here, a variant of
//! `Command` in `args`, an arm in `dispatch`.

mod admin;
mod agent;
mod args;
mod channels;
mod check;
mod client;
mod config;
mod config_args;
mod dead;
mod dev;
mod dispatch;
mod exec_nats;
mod explain;
mod export;
mod keys;
mod rehearse;
mod repair;
mod replay;
mod say;
mod schema;
mod serve;
mod source;
mod stream;
mod synthetic;
mod try_format;
mod verify;

pub use dispatch::main;
