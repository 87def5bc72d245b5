//! `vonage`: webhooks of the SMS API (form, query string or JSON; "inbound SMS" and "delivery receipts" of Vonage's developer
//! documentation) and of the Messages API, versions 0.1 and 1 ("inbound message" and "message status").
//!
//! Which of the four it is shows in the fields: the Messages API has a `message_uuid`, a report has a `status`.

mod content;
mod errors;
mod messages;
mod payload;
mod read;
mod sms;

pub(super) use read::read;
use read::{moment, our_id, phone};
