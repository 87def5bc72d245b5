//! What we send and what becomes of it: where an answer goes, fenced sends, receipts (domain rules, section 3).

mod open_sends;
mod opt_out;
mod receipt;
mod send;
mod through;

pub(crate) use open_sends::{OpenSends, WaitingReport};
pub(crate) use opt_out::{Opt, OptOuts, has_refused, note_opt};
pub(crate) use receipt::{Delivery, ParkedReceipt, receipt};
pub(crate) use send::{mark_read, send};
