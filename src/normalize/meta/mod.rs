//! What Messenger and Instagram have in common: one shape of webhook with entries, each with messaging events, standby events
//! and changes (Meta's developer documentation, "Messenger Platform webhooks" and "Instagram webhooks").
//!
//! A [`Platform`] says what differs: its name, its addresses, and how it tells of comments. Events stand in the payload's
//! order: by entry, and in it messaging, standby, changes. The counterpart is never the account that the entry is about. A
//! standby event was meant for another application that has the thread now: its words are kept, but open no Work. No link to
//! Meta's servers is kept: a medium is known by its message and its place in it.

mod content;
mod message;
mod notice;
mod payload;
mod read;

pub(super) use content::shared_link;
pub(super) use message::named as reaction_named;
pub(super) use notice::timed_id;
pub(super) use payload::{Change, Party};
pub(super) use read::{Platform, read};
