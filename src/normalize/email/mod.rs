//! `email`: a mail as received (RFC 5322, MIME), with or without an mbox line before it.
//!
//! One mail is one message. Attachments leave as [`Media`](super::Media) beside the event, which refers to them by digest. The
//! text is the plain body, or the words of the HTML body; the HTML stays beside it. Whether a mail may be believed (DMARC) is
//! not decided here: its assurance is that anybody could claim it.

mod attachments;
mod auto;
mod body;
mod head;
mod html;
pub(super) mod limits;
mod read;

pub(super) use read::read;
use read::{header, one_line, texts};
