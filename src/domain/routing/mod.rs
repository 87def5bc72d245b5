//! Who answers next: waiting Work in serving order, READY agents by load, and the matching of both (domain rules, sections 6, 7).
//!
//! *Eligible now* is defined once, in `eligible`; engine, invariants and explanations use that definition.

mod able;
mod affinity;
mod answered;
mod board;
mod due;
mod eligible;
mod matching;
mod overflow;
mod pace;
mod plan;
mod ready;
mod requirement;
mod reroute;
pub mod rules;
mod stranded;
mod unserved;
mod waiting;

pub(crate) use able::{Able, Registered};
pub(crate) use affinity::{hold_over, review_holds};
pub(crate) use answered::count_answers;
pub(crate) use board::{Board, InLine, KEPT_MS, KeptDesk, SLICE_MS, There};
pub(crate) use due::{credit_ms, goal, key, terms};
pub(crate) use eligible::{Hurdle, eligible, hurdle, lifted_now, standing, unable};
pub(crate) use matching::{Given, answer_by, assign, demanded, fill, install, place, requeue, revisit_cooled};
pub(crate) use overflow::{begin as await_overflow, overflow_due};
pub(crate) use pace::{CONFIDENCE, Range};
pub(crate) use plan::{begin as begin_plan, put_right, require, skip, step_due, widen};
pub(crate) use ready::ReadyAgents;
pub(crate) use requirement::{Requirement, Requirements};
pub(crate) use reroute::{Chosen, choose, reroute, route, route_anew};
pub(crate) use rules::{Rules, Told};
pub(crate) use stranded::Stranded;
pub(crate) use unserved::hold_unserved;
pub(crate) use waiting::{Due, Waiting};
