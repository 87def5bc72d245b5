//! A small kit for stories about one workspace: what customers say, what agents do, what time brings, and what came of it.

mod heard;
mod print;
mod scenario;
mod shop;

pub(crate) use heard::{Heard, chat, echo, mail, own_report, report, sms, whatsapp};
pub(crate) use print::print;
pub(crate) use scenario::{STREAM, Scenario, Step, answer_to};
pub(crate) use shop::{Shop, shop};

/// A second in the core's unit.
pub(crate) const SECOND: i64 = 1_000;
/// A minute in the core's unit.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// An hour in the core's unit.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// The name of the workspace of all stories.
pub(crate) const SPACE: &str = "shop";
/// The moment at which every story begins: 2026-01-01, in milliseconds.
pub(crate) const START: i64 = 1_767_225_600_000;
