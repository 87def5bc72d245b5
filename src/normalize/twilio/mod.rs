//! `twilio`: webhooks of Twilio's messaging (Twilio documentation, "Messaging webhooks" and "Message status callback"): SMS, MMS,
//! WhatsApp. A request with `MessageStatus` is a callback about a message of ours, any other is a message.

mod base64;
mod errors;
mod form;
mod message;
mod read;
mod status;

pub(super) use read::read;
use read::{is_whatsapp, sender, split};
