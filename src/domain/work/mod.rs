//! One matter in a Conversation that needs attention: its states, clocks and owner (domain rules, sections 5 to 7).
//!
//! `QUEUED -> OFFERED -> ASSIGNED -> WRAPUP -> CLOSED`, reopened `CLOSED -> QUEUED`.

mod asking;
mod automation;
mod beside;
mod bots;
mod claim;
mod closed;
mod effort;
mod enrich;
mod follow;
mod heard;
mod idle;
mod joining;
mod lifecycle;
mod mails;
mod marks;
mod merge;
mod notice;
mod open;
mod oversee;
mod park;
mod pass;
mod passing;
mod patience;
mod relief;
mod resettle;
mod reshape;
mod routing;
mod said;
mod split;
mod transfer;
mod widened;
mod works;

pub(crate) use asking::Asking;
pub(crate) use automation::guard;
pub(crate) use beside::{Beside, Brought, Place};
pub(crate) use bots::{MAX_NOTES, hand, may_note, with_briefing};
pub(crate) use closed::{Closed, ClosedWork};
pub(crate) use effort::{
    Effort, charge, charge_repeat, charge_switch, charge_transfer, charge_unanswered, charge_wait, rekey,
};
pub(crate) use enrich::{await_facts, facts_came, facts_due};
pub(crate) use follow::follows;
pub(crate) use idle::{idle_due, visit_ended, watch_silence};
pub(crate) use joining::{beside_owner, consult_over, take_part};
pub(crate) use lifecycle::{
    accept, close, cooldown_due, decline, end, known, offer_expired, owned, recall, revoke_offers, revoke_unserved,
    speaks, work_grace_over, wrap_up_over,
};
pub(crate) use mails::go_on_with;
pub(crate) use merge::{goes_on, join, merge, settle_cost};
pub(crate) use notice::{await_opening, await_wait};
pub(crate) use open::{MailThread, OpenOffer, Owner, Work};
pub(crate) use oversee::oversee;
pub(crate) use park::{take_up_held, wake_by_facts, wake_due};
pub(crate) use pass::pass;
pub(crate) use passing::Transfer;
pub(crate) use patience::answer_due;
pub(crate) use relief::{relief_due, settle, wanted as relief_wanted};
pub(crate) use resettle::resettle;
pub(crate) use reshape::Part;
pub(crate) use said::Says;
pub(crate) use split::{part_off, split};
pub(crate) use transfer::{hold_to_channels, lapse, leave, obstacle, passed_back, show, with_note};
pub(crate) use widened::Stopwatch;
pub(crate) use works::Works;
