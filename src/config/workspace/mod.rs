//! Workspace files: a company as operators write it, turned into the core's configuration. One file here per section there; each says
//! what its keys are, what they default to, and what they become.
//!
//! What is checked here: names that become tokens of subjects, references between sections, limits. All problems at once.

mod agent;
mod cel;
mod check;
mod credit;
mod effort;
mod endpoint;
mod enrich;
mod file;
mod hours;
mod identity;
mod idle;
mod list;
mod notice;
mod opt_out;
mod overflow;
mod plan;
mod queue;
mod rule;
mod silence;
mod skill;
mod template;
mod work;

pub use check::is_token;
pub use file::{load_workspace, parse_workspace, workspace_warnings};
