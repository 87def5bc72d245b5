//! One workspace: its configuration, and everything the shard knows of it.

mod bodies;
mod config;
mod customers;
mod entities;
mod erased;
mod explain;
mod graces;
mod hours;
mod identity;
mod in_force;
mod indexed;
mod keyed;
mod links;
mod lists;
mod live;
mod matters;
mod names;
mod openings;
mod opt_out;
mod people;
mod plan;
mod present;
mod recorded;
mod requests;
mod rooms;
mod search;
mod sight;
mod skill;
mod standings;
mod state;
mod template;
mod views;

pub(crate) use bodies::body_digest;
pub use config::{
    Accept, AgentConfig, AgentKind, AgentProfile, CreditConfig, EndpointConfig, GracePolicy, QueueConfig, Targets,
    WorkspaceConfig,
};
pub use hours::{Calendar, DAY_MINUTES, HoursConfig, Opening, Turn, is_zone};
pub use identity::IdentityConfig;
pub use indexed::IndexedConfig;
pub use lists::{DispositionConfig, PresenceReasonConfig};
pub(crate) use names::{Names, Symbol};
pub use opt_out::{OptOutConfig, OptWord};
pub use plan::{
    MAX_ADDED, MAX_OVERFLOWS, MAX_PLANS, MAX_STEPS, OverflowConfig, OverflowWhen, PlanConfig, Relax, StepConfig,
};
pub use sight::{Sight, Visibility};
pub use skill::{Levels, MAX_LEVEL, MAX_SKILLS};
pub use state::Workspace;
pub use template::TemplateConfig;
