//! `messenger`: webhooks of a page (Meta's developer documentation, "Messenger Platform webhooks" and "Page webhooks, feed").
//!
//! Conversations are read as Instagram's are; of what happens in public, posts and comments of others are messages, reactions to
//! them are reactions, and the rest is counted.

mod feed;
mod read;

use read::PLATFORM;
pub(super) use read::read;
