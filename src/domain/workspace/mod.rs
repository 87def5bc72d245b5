//! One workspace: its configuration, and everything the shard knows of it.

mod config;
mod customers;
mod live;
mod matters;
mod names;
mod opt_out;
mod requests;
mod search;
mod state;
mod views;

pub use config::{
    Accept, AgentConfig, AgentKind, AgentProfile, EndpointConfig, GracePolicy, QueueConfig, WorkspaceConfig,
};
pub(crate) use names::{Names, Symbol};
pub use opt_out::{OptOutConfig, OptWord};
pub use state::Workspace;
