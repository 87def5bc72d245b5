//! What we send and what becomes of it: where an answer goes, fenced sends, receipts (domain rules, section 3).

mod receipt;
mod send;

pub(crate) use receipt::{Delivery, ParkedReceipt, receipt};
pub(crate) use send::{mark_read, send};
