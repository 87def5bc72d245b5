//! The shape of the command line.

use clap::{Parser, Subcommand};

use super::{
    admin, agent, channels, check, config, dead, dev, exec_nats, explain, export, keys, rehearse, repair, replay, say,
    schema, serve, stream, try_format, verify,
};

/// skein: one conversation per customer, the right agent, nothing lost.
#[derive(Debug, Parser)]
#[command(name = "skein", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs everything on this machine, with a nats-server of its own and a workspace to try.
    Dev(dev::Args),
    /// Runs the daemon.
    Serve(serve::Args),
    /// Reports every problem of a configuration file, and of the nats-servers if asked to; starts nothing.
    Check(check::Args),
    /// Prints the configuration that results from all layers, secrets hidden.
    Config(config::Args),
    /// What operators see and decide of a running daemon: configuration, agents, sessions, logs.
    Admin(admin::Args),
    /// An agent's desk in this terminal: offers, accept, reply, close.
    Agent(agent::Args),
    /// Everything that is known of a customer, as lines of JSON.
    Export(export::Args),
    /// Why a Work is where it is, and where its customer's wait went.
    Explain(explain::Args),
    /// The IN streams: lists them, takes a broken one into use again.
    Stream(stream::Args),
    /// Sends one message of a customer, as its provider would.
    Say(say::Args),
    /// What the recorded log would have been under another configuration of the workspace.
    Rehearse(rehearse::Args),
    /// Whether log, streams and what adapters and agents saw agree, and keep what is promised.
    Verify(verify::Args),
    /// What is missing at the end of a log that was truncated; gives it up if told to, so that the shard can be owned again.
    Repair(repair::Args),
    /// Plays recordings through a running daemon and says what became of them.
    Replay(replay::Args),
    /// Prints what each channel can carry; with a text, how it is cut into SMS.
    Channels(channels::Args),
    /// Lists what could not be used; `dead replay` publishes it again.
    Dead(dead::Args),
    /// Prints the channel contract for programs: JSON Schemas, AsyncAPI.
    Schema(schema::Args),
    /// Prints, offline, the events that bytes become.
    Try(try_format::Args),
    /// Workspace keys: replaces one.
    Keys(keys::Args),
    /// Becomes a nats-server that ends with its parent.
    #[command(hide = true)]
    ExecNats(exec_nats::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
