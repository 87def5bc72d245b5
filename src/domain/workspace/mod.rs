//! One workspace: its configuration, and everything the shard knows of it.

mod bodies;
mod config;
mod customers;
mod effort;
mod ended;
mod entities;
mod erased;
mod explain;
mod graces;
mod hours;
mod identity;
mod in_force;
mod indexed;
mod kept;
mod keyed;
mod links;
mod lists;
mod live;
mod matters;
mod names;
mod notice;
mod openings;
mod opt_out;
mod people;
mod plan;
mod present;
mod recorded;
mod requests;
mod rooms;
mod search;
mod selection;
mod sight;
mod skill;
mod standings;
mod state;
mod template;
mod views;

pub(crate) use bodies::body_digest;
pub use config::{
    Accept, AgentConfig, AgentKind, AgentProfile, CreditConfig, EndpointConfig, GracePolicy, IdleConfig,
    MAX_OFFERS_AT_ONCE, QueueConfig, Targets, WorkspaceConfig,
};
pub use effort::{EFFORT_CREDIT, EffortConfig};
pub(crate) use ended::{End, EndRow, Ended};
pub use hours::{Calendar, DAY_MINUTES, HoursConfig, Opening, Turn, is_zone};
pub use identity::IdentityConfig;
pub use indexed::IndexedConfig;
pub(crate) use kept::{KeptWorkspace, Returning};
pub use lists::{DispositionConfig, OWN_DISPOSITIONS, PresenceReasonConfig};
pub(crate) use names::{Names, Symbol};
pub use notice::{MINUTES, NoticeConfig, OPENS};
pub use opt_out::{OptOutConfig, OptWord};
pub use plan::{
    MAX_ADDED, MAX_OVERFLOWS, MAX_PLANS, MAX_STEPS, OverflowConfig, OverflowWhen, PlanConfig, Relax, StepConfig,
};
pub(crate) use requests::{RequestRow, Requests};
pub use selection::Selection;
pub(crate) use sight::{Forgotten, ForgottenOfLeaf};
pub use sight::{Sight, Visibility};
pub use skill::{Levels, MAX_LEVEL, MAX_SKILLS};
pub use state::Workspace;
pub use template::TemplateConfig;
