//! `email`: a mail as received (RFC 5322, MIME), with or without an mbox line before it.
//!
//! One mail is one message. Attachments leave as [`Media`](super::Media) beside the event, which refers to them by digest. The
//! text is the plain body, or the words of the HTML body; the HTML stays beside it. Its assurance is that
//! anybody could claim it, unless a host that the endpoint's configuration names vouches for the sender (DMARC).

mod attachments;
mod authentic;
mod body;
mod charset;
mod class;
mod head;
mod html;
pub(super) mod limits;
mod read;
mod repair;
mod report;
mod split;
mod tokens;

pub(super) use read::read;
use read::{header, one_line, texts};
