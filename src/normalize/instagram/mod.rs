//! `instagram`: webhooks of a professional account (Meta's developer documentation, "Instagram webhooks").
//!
//! Conversations are read as Messenger's are; comments are messages in public, in the thread of what they comment.

mod comment;
mod read;

use read::PLATFORM;
pub(super) use read::read;
