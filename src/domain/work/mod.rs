//! One matter in a Conversation that needs attention: its states, clocks and owner (domain rules, sections 5 to 7).
//!
//! `QUEUED -> OFFERED -> ASSIGNED -> WRAPUP -> CLOSED`, reopened `CLOSED -> QUEUED`.

mod closed;
mod lifecycle;
mod open;
mod side;

pub(crate) use closed::{Closed, ClosedWork};
pub(crate) use lifecycle::{
    accept, close, cooldown_due, decline, known, offer_expired, owned, recall, revoke_offers, revoke_unserved,
    work_grace_over, wrap_up_over,
};
pub(crate) use open::Work;
