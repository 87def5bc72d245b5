//! What we send and what becomes of it: where an answer goes, fenced sends, receipts (domain rules, section 3).

mod afterwards;
mod copies;
mod mail;
mod notice;
mod nudge;
mod open_sends;
mod opt_out;
mod options;
mod reach;
mod receipt;
mod reply_keys;
mod reply_token;
mod send;
mod start;
mod through;
mod window;

pub(crate) use afterwards::{cancel, edit, retract, retry};
pub(crate) use copies::MailState;
pub(crate) use notice::notice_due;
pub(crate) use nudge::{Voice, notify, nudge, reaches_elsewhere};
pub(crate) use open_sends::{OpenOfLeaf, OpenSends, WaitingReport};
pub(crate) use opt_out::{Opt, OptOuts, carry_refusals, has_refused, note_opt};
pub use options::{OptionsOf, ReplyOption, ReplyOptions};
pub(crate) use reach::reaches;
pub(crate) use receipt::{Delivery, ParkedReceipt, receipt};
pub(crate) use reply_keys::renew_reply_key;
pub(crate) use reply_token::Candidate;
pub use reply_token::looks_like_token;
pub(crate) use send::{check, mark_read, send};
pub(crate) use start::start;
pub(crate) use window::{WindowRow, Windows};
