//! `twilio`: webhooks of Twilio's messaging (Twilio documentation, "Messaging webhooks" and "Message status callback"): SMS, MMS,
//! WhatsApp, RCS, Messenger, told apart by the scheme of the address. A request with `MessageStatus` is a callback about a message
//! of ours, one with `ConversationSid` comes from Conversations, a JSON body from Event Streams, any other is a message. Twilio
//! joins the parts of a long SMS itself.

mod base64;
mod conversations;
mod errors;
mod message;
mod read;
mod status;
mod stream;
#[cfg(test)]
mod tests;

use message::attachment_kind;
pub(super) use read::read;
use read::{People, assurance, read_form, sender, set_iso_time, split};

const FORMAT: &str = "twilio";
