//! One workspace: its configuration, and everything the shard knows of it.

mod bodies;
mod config;
mod customers;
mod erased;
mod identity;
mod in_force;
mod keyed;
mod links;
mod live;
mod matters;
mod names;
mod opt_out;
mod people;
mod requests;
mod search;
mod skill;
mod standings;
mod state;
mod template;
mod views;

pub(crate) use bodies::body_digest;
pub use config::{
    Accept, AgentConfig, AgentKind, AgentProfile, EndpointConfig, GracePolicy, QueueConfig, WorkspaceConfig,
};
pub use identity::IdentityConfig;
pub(crate) use names::{Names, Symbol};
pub use opt_out::{OptOutConfig, OptWord};
pub use skill::{Levels, MAX_LEVEL, MAX_SKILLS};
pub use state::Workspace;
pub use template::TemplateConfig;
