//! `telegram`: updates of the Telegram Bot API (Telegram, "Bot API, Update"). One update is one event, but for several messages
//! taken back at once.
//!
//! `update_id` is what a retry repeats. A message's id is unique in its chat only: outside of private chats with the bot it is
//! known as `chat:id`. A private chat is direct, a group has its thread, a channel is public. Messages of a connected business
//! account are direct too; those of its owner are echoes. Links to files hold the bot's token and never occur here: a file is
//! known by its id.

mod content;
mod message;
mod notice;
mod payload;
mod people;
mod read;

pub(super) use read::read;
