//! Who answers next: waiting Work in serving order, READY agents by load, and the matching of both (domain rules, sections 6, 7).
//!
//! *Eligible now* is defined once, in `matching`; engine, invariants and explanations use that definition.

mod matching;
mod ready;
mod requirement;
mod waiting;

pub(crate) use matching::{answer_by, assign, eligible, fill, key, place, requeue, revisit_cooled};
pub(crate) use ready::ReadyAgents;
pub(crate) use requirement::Requirements;
pub(crate) use waiting::Waiting;
