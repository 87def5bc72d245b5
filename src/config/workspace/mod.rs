//! Workspace files: a company as operators write it, turned into the core's configuration. One file here per section there; each says
//! what its keys are, what they default to, and what they become. What stands above a key here is what an editor shows (`schema`): the
//! same types are read and described, so that neither knows a key that the other does not.
//!
//! What is checked here: names that become tokens of subjects, references between sections, limits. All problems at once.

mod agent;
#[cfg(test)]
mod agree;
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
mod period;
mod plan;
mod queue;
mod rule;
mod schema;
mod shape;
mod silence;
mod skill;
mod spanned;
mod template;
mod work;

pub use check::is_token;
pub use file::{load_workspace, parse_workspace, workspace_warnings};
pub use schema::workspace_schema;
