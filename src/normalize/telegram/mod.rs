//! `telegram`: updates of the Telegram Bot API (Telegram, "Bot API, Update"). One update is one event, but for several messages
//! taken back at once.
//!
//! `update_id` is what a retry repeats. A message's id is unique in its chat only: outside of private chats with the bot it is
//! known as `chat:id`. A private chat is direct, a group has its thread, a channel is public. What people write to a channel,
//! each in a topic of their own, and messages of a connected business account are direct too; those of the channel or the
//! account's owner are echoes, whatever they hold. A guest query is asked in somebody else's chat, where all read the answer.
//! Links to files hold the bot's token and never occur here: a file is known by its id.

mod content;
mod links;
mod message;
mod notice;
mod payload;
mod people;
mod read;
mod rich;

pub(super) use read::read;
