//! The history checker: whether log, streams and what adapters and agents saw agree, and keep what is promised (`skein verify`).
//!
//! Pure: whoever reads log and streams gives them in their order, and asks what is wanted next; nothing here waits, reads a clock or
//! stops at the first breach. The log is folded on the way (`domain::evolve`), so that what was decided can be held against what was known.
//!
//! Memory: the folded state (twice, if that is wished), what is open (Works, offers, outputs not handed over), one position for each
//! customer, stream and endpoint, and what the witnesses' lines take (`adapters`, `agents`). The log itself is never held.

mod adapters;
mod agents;
mod chain;
mod check;
mod checker;
mod findings;
mod folds;
mod handed;
mod inputs;
mod lane;
mod ranges;
mod report;
mod witness;
mod works;

pub use check::Check;
pub use checker::{Checker, Wishes};
pub use findings::{Breach, Findings, SHOWN_MAX, Tally};
pub use handed::Handed;
pub use inputs::Wanted;
pub use lane::Extent;
pub use report::{Counts, Report};
pub use witness::{AdapterLine, AgentLine, Given, Saw};
pub use works::OpenOffer;
