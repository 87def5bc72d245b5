//! Rules: into which queue a new Work goes, and what is wanted of whoever takes it (domain rules, section 7).
//!
//! Rules are asked in their order, the first that fits decides; where none does, the endpoint's own queue is the mandatory default. They
//! run only in `decide`: for a new Work, and for one that is QUEUED when a fact of its customer changes. What they were given and what
//! they said stands in the record, so a fold asks nothing.

mod expression;
mod inputs;
mod rule;
mod when;

pub use expression::{Expression, Function, Input, List, Operator};
pub use inputs::{Situation, Told, language};
pub use rule::{Rule, Rules};
pub use when::{Hours, Missed, When};
