//! `whatsapp-cloud`: webhooks of the WhatsApp Cloud API (Meta's developer documentation, "webhooks reference").
//!
//! One payload holds many changes; each message, status and notice in it is one event, in the payload's order. A person can have
//! a phone, a business-scoped user id, or both: all are listed, the phone first. What our own number said (echoes of the business
//! app, its half of the history) is an echo whose counterpart is the recipient. A change of a kind that nobody knows concerns our
//! account and is kept as sent; a message of such a kind is `unsupported`, with what it holds.

mod account;
mod content;
mod errors;
mod events;
mod message;
mod payload;
mod people;
mod read;
mod status;
#[cfg(test)]
mod tests;

use events::Events;
use people::{address, addresses};
pub(super) use read::read;

const FORMAT: &str = "whatsapp-cloud";
