//! `whatsapp-cloud`: webhooks of the WhatsApp Cloud API (Meta's developer documentation, "webhooks reference").
//!
//! One payload holds many changes; each message, status and notice in it is one event, in the payload's order. A person can have
//! a phone, a business-scoped user id, or both: all are listed, the phone first.

mod account;
mod content;
mod errors;
mod message;
mod payload;
mod read;
mod status;

pub(super) use read::read;
use read::{FORMAT, address, addresses};
