//! What providers and adapters send becomes inbound events: one pure function per format, bytes in, events out.
//!
//! Nothing here waits, keeps state, or knows a workspace: the same bytes give the same events for ever (as long as
//! [`SPLITTER_VERSION`] stands), because a position names an event by its place among those of its bytes. What is said is never
//! dropped: an unreadable sender, time or kind is kept and flagged, and what cannot be read at all is a [`Refusal`], whose bytes
//! become a dead letter. No provider URL leaves this module, and no refusal quotes what somebody wrote.

pub(crate) mod convert;
mod email;
mod escapes;
mod fields;
mod form;
mod format;
mod instagram;
mod json;
mod line;
mod messenger;
mod meta;
mod normalized;
mod place;
mod receipts;
mod refusal;
mod run;
mod skein;
mod telegram;
mod twilio;
mod vcard;
mod viber;
mod vonage;
mod whatsapp;
mod whole;

pub use email::limits::{MAX_HEADER_BYTES, MAX_HEADERS, MAX_MIME_DEPTH, MAX_MIME_PARTS};
pub use format::Format;
pub use json::{MAX_JSON_CONTAINERS, MAX_JSON_DEPTH};
pub use normalized::{Media, Normalized, Request};
pub use refusal::{Reason, Refusal};
pub use run::{MAX_BODY_BYTES, MAX_ID_BYTES, MAX_MAIL_BYTES, SPLITTER_VERSION, normalize};
pub use skein::{message_to_json, outbound_to_json, to_json};
